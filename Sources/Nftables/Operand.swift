import PacketSets
import RuleGraph

/// The left side of a match: a value of the packet, perhaps with bits taken out of it.
///
/// The value is `((field & keep) ^ flip) >> shift`, less `offset`.
struct Operand {
  /// Sets of values in which nft and the graph number things differently.
  enum Domain: UInt8 {
    case same
    /// `NFPROTO_IPV4` and `NFPROTO_IPV6`.
    case networkProtocol
    /// Ethernet types of IPv4 and IPv6.
    case etherType
    /// Bits of connection tracking's states.
    case ctState
  }

  var type: DataType
  /// The width of the value in bits.
  var bits: Int
  /// The modelled field; nil when the value is not known offline.
  var field: Field?
  /// Why it is not known, as an id of `RuleGraph.reasons`.
  var reason: UInt32 = 0
  /// The kind of TCP option whose presence the value is.
  var optionKind: UInt32?
  /// A field that the packet must have for the value to exist at all.
  var presence: Field?
  var keep: UInt128 = .max
  var flip: UInt128 = 0
  var shift = 0
  var offset: UInt128 = 0
  var domain = Domain.same
  /// The interface that is `lo` where this value is that of the loopback device.
  var loopback: Field?
  /// Whether the value was computed with an operator.
  var isComputed = false
  /// Whether nft knows no checksum that covers the value, so that writing it leaves a wrong one behind.
  var lacksChecksum = false
  /// Whether writing the value may change any field of the packet.
  var isStructural = false
  /// Whether the value lies in a header inside of a tunnel.
  var isInner = false
  /// What a comparison with one value of this operand settles.
  var settles = Settles.nothing

  /// What a comparison with one value tells later expressions of the same rule.
  enum Settles: UInt8 {
    case nothing
    case networkProtocol
    case transportProtocol
  }

  /// A field of the model.
  init(_ type: DataType, _ field: Field, bits: Int? = nil) {
    self.type = type
    self.bits = bits ?? type.bits
    self.field = field
  }

  /// A value that is not known.
  init(_ type: DataType, reason: UInt32, bits: Int? = nil, presence: Field? = nil) {
    self.type = type
    self.bits = bits ?? type.bits
    self.reason = reason
    self.presence = presence
  }

  /// Whether values of the field are what the text compares.
  var isPlain: Bool { !isComputed && offset == 0 && domain == .same }

  /// The largest value of the operand.
  var last: UInt128 { bits >= 128 ? .max : (UInt128(1) << UInt128(bits)) - 1 }

  /// The largest value of the field.
  var fieldLast: UInt128 {
    guard let field else { return 0 }
    if field.isWide { return .max }
    switch field {
    case .protocolNumber, .icmpType, .icmpCode, .tcpFlags, .timeToLive, .ctProtocol: return 255
    case .dscp: return 63
    case .sourcePort, .destinationPort, .length, .ctOriginalSourcePort, .ctOriginalDestinationPort, .ctReplySourcePort,
      .ctReplyDestinationPort:
      return 65535
    case .ctDirection, .fragment: return 1
    case .packetType: return 7
    default: return UInt128(UInt32.max)
    }
  }

  /// The operand's value for a value of the field.
  func value(of fieldValue: UInt128) -> UInt128 { ((fieldValue & keep) ^ flip) >> UInt128(shift) &- offset }

  /// The values of the field for which the operand lies in an interval; nil when they are too many to list.
  func preimage(_ wanted: Interval<UInt128>) -> [Interval<UInt128>]? {
    switch domain {
    case .same: break
    case .networkProtocol:
      var result: [Interval<UInt128>] = []
      if wanted.contains(2) { result.append(Interval(4)) }
      if wanted.contains(10) { result.append(Interval(6)) }
      return result
    case .etherType:
      var result: [Interval<UInt128>] = []
      if wanted.contains(0x0800) { result.append(Interval(4)) }
      if wanted.contains(0x86DD) { result.append(Interval(6)) }
      return result
    case .ctState:
      return ConntrackState.allCases
        .filter { wanted.contains(value(of: UInt128($0.netfilterBit))) }
        .map { Interval(UInt128($0.rawValue)) }
    }
    if !isComputed {
      let (lower, lowOverflow) = wanted.lower.addingReportingOverflow(offset)
      let (upper, highOverflow) = wanted.upper.addingReportingOverflow(offset)
      guard !lowOverflow, lower <= fieldLast else { return [] }
      return [Interval(lower, highOverflow ? fieldLast : min(upper, fieldLast))]
    }
    if fieldLast <= 65535 { return enumerated(wanted) }
    return prefixPreimage(wanted)
  }

  private func enumerated(_ wanted: Interval<UInt128>) -> [Interval<UInt128>] {
    var result: [Interval<UInt128>] = []
    for candidate in 0...UInt32(truncatingIfNeeded: fieldLast) where wanted.contains(value(of: UInt128(candidate))) {
      if let last = result.last, last.upper + 1 == UInt128(candidate) {
        result[result.count - 1].upper += 1
      } else {
        result.append(Interval(UInt128(candidate)))
      }
    }
    return result
  }

  /// The preimage under a mask that keeps a prefix and nothing else.
  private func prefixPreimage(_ wanted: Interval<UInt128>) -> [Interval<UInt128>]? {
    guard shift == 0, flip == 0, offset == 0 else { return nil }
    let dropped = ~keep & fieldLast
    guard dropped & (dropped &+ 1) == 0 else { return nil }
    let lower = wanted.lower & dropped == 0 ? wanted.lower : (wanted.lower | dropped) &+ 1
    let upper = min(wanted.upper, fieldLast) & ~dropped
    guard lower <= upper, lower != 0 || wanted.lower == 0 else { return [] }
    return [Interval(lower, upper | dropped)]
  }
}

extension ConntrackState {
  /// The bit of nft's `ct state`, as in nf_conntrack_common.h.
  var netfilterBit: UInt32 {
    switch self {
    case .invalid: 1
    case .established: 2
    case .related: 4
    case .new: 8
    case .untracked: 64
    }
  }
}

/// How a match compares.
enum Relation: UInt8 {
  /// Equal; for flags, any of them.
  case implicit
  case equal
  case notEqual
  case less
  case greater
  case lessOrEqual
  case greaterOrEqual
  /// `!`: none of the flags.
  case negation
}
