import PacketSets
import RuleGraph

/// The part of a packet that rules change besides its addresses and ports: marks and what tracking knows.
///
/// Nil values are not known. There are few distinct states in any rule set, so that summaries treat the state as one
/// small field.
struct PacketState: Sendable, Hashable {
  var mark: UInt32?
  var connectionMark: UInt32?
  var conntrack: ConntrackState
  /// Bits of nf_conntrack_common.h.
  var status: UInt32?
  var dscp: UInt32?
  var timeToLive: UInt32?
  /// Whether the connection's destination has been mapped, or settled to stay.
  var isDestinationMapped = false
  /// Whether the connection's source has been mapped.
  var isSourceMapped = false

  /// Whether the known time to live has been lowered by forwarding.
  var hasHopped = false
  /// Whether rules have set a time to live that may be too small for forwarding.
  var mayExpire = false
  /// Link-layer packet type, as in if_packet.h.
  var packetType: UInt32? = 0
  /// Whether rules have changed the packet in a way that is not followed: every match on its headers perhaps holds.
  var isOpaque = false
  /// Answers to what rules ask about the connection's original tuple, see `OriginalQuestions`.
  var originals: UInt8 = 0
  /// The class of the packet's TCP flags, see `TCPFlagClasses`.
  var tcpFlagClass: UInt8 = 0

  static let statusSourceNAT: UInt32 = 1 << 4
  static let statusDestinationNAT: UInt32 = 1 << 5

  /// The state in which a packet enters its path.
  init(_ conntrack: ConntrackState, mark: UInt32 = 0, dscp: UInt32? = nil, timeToLive: UInt32? = nil) {
    self.conntrack = conntrack
    self.mark = mark
    self.dscp = dscp
    self.timeToLive = timeToLive
    switch conntrack {
    case .new:
      connectionMark = 0
      status = 0
    case .established, .related: break
    case .invalid, .untracked: break
    }
  }

  /// Whether the packet belongs to a connection.
  var hasConnection: Bool { conntrack != .invalid && conntrack != .untracked }

  /// Whether a field is part of the state.
  static func holds(_ field: Field) -> Bool {
    switch field {
    case .mark, .ctMark, .ctState, .ctStatus, .dscp, .timeToLive, .packetType: true
    default: false
    }
  }

  /// The value of a field of the state: nil when the packet does not have it, an interval of all when unknown.
  func value(of field: Field, precedesConntrack: Bool) -> Interval<UInt32>? {
    func known(_ value: UInt32?, _ last: UInt32 = .max) -> Interval<UInt32> {
      value.map { Interval($0) } ?? Interval(0, last)
    }
    switch field {
    case .mark: return known(mark)
    case .dscp: return known(dscp, 63)
    case .timeToLive: return known(timeToLive, 255)
    case .packetType: return known(packetType, 7)
    case .ctState:
      // nft_ct.c and xt_conntrack.c: a packet that tracking has not seen counts as invalid unless it is untracked.
      if precedesConntrack, conntrack != .untracked { return Interval(UInt32(ConntrackState.invalid.rawValue)) }
      return Interval(UInt32(conntrack.rawValue))
    case .ctMark: return hasConnection && !precedesConntrack ? known(connectionMark) : nil
    case .ctStatus: return hasConnection && !precedesConntrack ? known(status) : nil
    default: return nil
    }
  }

  /// The state after an effect of a rule.
  ///
  /// - Parameter precedesConntrack: whether tracking has yet to see the packet.
  func after(_ item: RuleItem, precedesConntrack: Bool) -> PacketState {
    var next = self
    switch item.kind {
    case .notrack:
      // A packet that has a connection keeps it (nft_notrack_eval).
      if precedesConntrack || conntrack == .invalid {
        next.conntrack = .untracked
        next.connectionMark = nil
        next.status = nil
      }
    case .setField:
      func set(_ value: UInt32?) -> UInt32? {
        if item.a == .max { return item.b }
        return value.map { ($0 & ~item.a) ^ item.b }
      }
      switch item.field {
      case .mark: next.mark = set(mark)
      case .ctMark: if hasConnection, !precedesConntrack { next.connectionMark = set(connectionMark) }
      case .dscp: next.dscp = set(dscp).map { $0 & 63 }
      case .timeToLive:
        next.timeToLive = set(timeToLive).map { $0 & 255 }
        next.mayExpire = next.mayExpire && next.timeToLive == nil
      case .packetType: next.packetType = set(packetType).map { $0 & 7 }
      default: break
      }
    case .mergeMark:
      guard hasConnection, !precedesConntrack else { break }
      func merged(_ old: UInt32?, _ other: UInt32?) -> UInt32? {
        guard let other = item.b == 0 ? 0 : other, let old = item.a == .max ? 0 : old else { return nil }
        return (old & ~item.a) ^ (other & item.b)
      }
      if item.field == .ctMark {
        next.connectionMark = merged(connectionMark, mark)
      } else {
        next.mark = merged(mark, connectionMark)
      }
    case .shiftMark:
      func shifted(_ value: UInt32?) -> UInt32? {
        guard let value, item.a < 32 else { return nil }
        return item.b == 1 ? value >> item.a : value << item.a
      }
      if item.field == .mark {
        next.mark = shifted(mark)
      } else if hasConnection, !precedesConntrack {
        next.connectionMark = shifted(connectionMark)
      }
    case .copyMark:
      guard hasConnection, !precedesConntrack else { break }
      if item.field == .ctMark {
        next.connectionMark = mark.map { ($0 & ~item.a) ^ item.b }
      } else {
        next.mark = connectionMark.map { ($0 & ~item.a) ^ item.b }
      }
    case .setUnknown:
      switch item.field {
      case .mark: next.mark = nil
      case .ctMark: next.connectionMark = nil
      case .dscp: next.dscp = nil
      case .timeToLive:
        next.timeToLive = nil
        next.mayExpire = next.mayExpire || item.b == 1
      case .packetType: next.packetType = nil
      case .ctState: if precedesConntrack, hasConnection { next.isOpaque = true }
      case .protocolNumber, .tcpFlags, .icmpType, .icmpCode, .length, .fragment, .family: next.isOpaque = true
      default: break
      }
    default: break
    }
    return next
  }

  /// The state after an address mapping.
  ///
  /// - Parameter isChange: whether the mapping gives the packet other values than it had; the connection's status
  ///   tells nothing of a mapping onto the same values (nf_nat_setup_info).
  func after(_ translation: Translation, isChange: Ternary = .yes) -> PacketState {
    var next = self
    switch translation.kind {
    case .destination, .redirect, .destinationPrefix:
      next.isDestinationMapped = true
      next.status = statusAfter(isChange, Self.statusDestinationNAT)
    case .source, .masquerade, .sourcePrefix:
      next.isSourceMapped = true
      next.status = statusAfter(isChange, Self.statusSourceNAT)
    case .transparentProxy: break
    }
    return next
  }

  private func statusAfter(_ isChange: Ternary, _ bit: UInt32) -> UInt32? {
    switch isChange {
    case .no: status
    case .yes: status.map { $0 | bit }
    case .perhaps: nil
    }
  }

  /// The state behind the router's own hop, which comes between prerouting and forward.
  func afterHop() -> PacketState {
    guard let timeToLive, timeToLive > 0, !hasHopped else { return self }
    var next = self
    next.timeToLive = timeToLive - 1
    next.hasHopped = true
    return next
  }

  /// Whether the router drops the packet rather than forward it (ip_forward.c and ip6_output.c: a time to live of one,
  /// a link-layer type other than unicast).
  var endsAtHop: Ternary {
    if let timeToLive, timeToLive <= 1, !hasHopped { return .yes }
    if let packetType, packetType != 0 { return .yes }
    return mayExpire || packetType == nil ? .perhaps : .no
  }

  /// Whether a nat chain at a hook is called for the packet.
  func meetsNAT(at hook: Hook) -> Ternary {
    guard conntrack == .new else { return .no }
    let isOpen = hook == .prerouting || hook == .output ? !isDestinationMapped : !isSourceMapped
    return !isOpen ? .no : isOpaque ? .perhaps : .yes
  }
}

extension Translation {
  /// Whether one can tell of every packet whether the mapping changes it, given its new address.
  var isChangeKnown: Bool {
    switch kind {
    case .destinationPrefix, .sourcePrefix: false
    default: unknown == nil && (ports.map { $0.lower == $0.upper } ?? true)
    }
  }
}
