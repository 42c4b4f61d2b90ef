import PacketSets
import RuleGraph
import SourceText

/// Lowering of matches on single header fields and on the host's view of a packet.
extension RulesetReader {
  mutating func lowerAddressRange(_ index: Int) throws(Complaint) {
    for use in draft.uses where use.instance == Int32(index) {
      let text = value(use)
      let place = range(use.value)
      let (first, second) = text.cut(at: 0x2D)
      let field = addressField(isSource: option(use).id == 0)
      let firstItem = graph.items.count
      defer {
        if graph.items.count == firstItem || graph.items[firstItem].kind == .never {
          report(.warning, "the range ends before it begins, so that no address is in it", place)
        }
      }
      switch family {
      case .v4:
        guard let lower = Self.readV4(first), let upper = second.map({ Self.readV4($0) }) ?? lower else {
          throw Complaint("'\(text.string)' is no range of IPv4 addresses", place)
        }
        if lower <= upper {
          graph.items.append(RuleItem(.range, field, lower, upper, negated: use.isNegated))
        } else if !use.isNegated {
          graph.items.append(RuleItem(.never, field))
        }
      case .v6:
        guard let lower = IPAddress.parseV6(first.slice),
          let upper = second.map({ IPAddress.parseV6($0.slice) }) ?? lower
        else { throw Complaint("'\(text.string)' is no range of IPv6 addresses", place) }
        if lower <= upper {
          graph.items.append(graph.wideRange(field, Interval(lower, upper), negated: use.isNegated))
        } else if !use.isNegated {
          graph.items.append(RuleItem(.never, field))
        }
      }
    }
  }

  mutating func lowerAddressType(_ index: Int) throws(Complaint) {
    for use in draft.uses where use.instance == Int32(index) {
      let option = option(use)
      guard option.id <= 1 else {
        appendUndecidable("address type within one interface")
        continue
      }
      var types: UInt32 = 0
      try value(use).forEachPart { (part) throws(Complaint) in
        guard let type = FieldNames.addressTypes.first(where: { part.equalsIgnoringCase($0.0) })?.1 else {
          throw Complaint("there is no address type '\(part.string)'", range(use.value))
        }
        types |= 1 << type
      }
      guard family == .v4 else {
        try lowerAddressTypesV6(types, isSource: option.id == 0, use)
        continue
      }
      graph.items.append(
        RuleItem(
          .bits, option.id == 0 ? .sourceAddressType : .destinationAddressType, types, negated: use.isNegated))
    }
  }

  /// Of IPv6 the kernel takes unspecified, unicast and multicast as classes of addresses that must all hold, and only the
  /// rest as types of routes (`match_type6` in net/netfilter/xt_addrtype.c).
  private mutating func lowerAddressTypesV6(
    _ types: UInt32, isSource: Bool, _ use: RuleDraft.Use
  ) throws(Complaint) {
    func bit(_ type: AddressType) -> UInt32 { 1 << UInt32(type.rawValue) }
    let routes = bit(.local) | bit(.anycast) | bit(.unreachable)
    let classes = bit(.unspecified) | bit(.unicast) | bit(.multicast)
    guard types & ~(routes | classes) == 0 else {
      throw Complaint("an address type that IPv6 does not have", range(use.value))
    }
    if use.isNegated, (types & classes).nonzeroBitCount + (types & routes != 0 ? 1 : 0) > 1 {
      return appendUndecidable("address types that do not all hold")
    }
    let field = addressField(isSource: isSource)
    let multicast = Interval(UInt128(0xFF) << 120, UInt128.max)
    let none = Interval<UInt128>(0)
    let mapped = Interval(UInt128(0xFFFF) << 32, UInt128(0xFFFF_FFFF_FFFF))
    if types & bit(.unspecified) != 0 {
      graph.items.append(graph.wideRange(field, none, negated: use.isNegated))
    }
    if types & bit(.unicast) != 0 {
      graph.items.append(
        graph.inSet(field, .wide(IntervalSet([none, mapped, multicast])), negated: !use.isNegated))
    }
    if types & bit(.multicast) != 0 {
      graph.items.append(graph.wideRange(field, multicast, negated: use.isNegated))
    }
    if types & routes != 0 {
      graph.items.append(
        RuleItem(
          .bits, isSource ? .sourceAddressType : .destinationAddressType, types & routes, negated: use.isNegated))
    }
  }

  mutating func lowerPacketType(_ index: Int) throws(Complaint) {
    for use in draft.uses where use.instance == Int32(index) {
      let text = value(use)
      guard let type = FieldNames.packetTypes.first(where: { text.equalsIgnoringCase($0.0) })?.1 else {
        throw Complaint("a packet type is unicast, broadcast or multicast, not '\(text.string)'", range(use.value))
      }
      graph.items.append(RuleItem(.range, .packetType, type, type, negated: use.isNegated))
    }
  }

  mutating func lowerTimeToLive(_ index: Int) throws(Complaint) {
    for use in draft.uses where use.instance == Int32(index) {
      let value = UInt32(try number(use, upTo: 255))
      switch option(use).id {
      case 0: graph.items.append(RuleItem(.range, .timeToLive, value, value, negated: use.isNegated))
      case 1:
        graph.items.append(
          value == 0 ? RuleItem(.never, .timeToLive) : RuleItem(.range, .timeToLive, 0, value - 1))
      default:
        graph.items.append(
          value == 255 ? RuleItem(.never, .timeToLive) : RuleItem(.range, .timeToLive, value + 1, 255))
      }
    }
  }

  /// A code point by number or class.
  func readDSCP(_ use: RuleDraft.Use) throws(Complaint) -> UInt32 {
    if option(use).id == 0 { return UInt32(try number(use, upTo: 63)) }
    let text = value(use)
    guard let value = FieldNames.dscpClasses.first(where: { text.equalsIgnoringCase($0.0) })?.1 else {
      throw Complaint("there is no DSCP class '\(text.string)'", range(use.value))
    }
    return value
  }

  mutating func lowerDSCP(_ index: Int) throws(Complaint) {
    for use in draft.uses where use.instance == Int32(index) {
      let value = try readDSCP(use)
      graph.items.append(RuleItem(.range, .dscp, value, value, negated: use.isNegated))
    }
  }

  /// The code point is the upper six bits; the two below are congestion bits, which are not modelled.
  mutating func lowerTypeOfService(_ index: Int) throws(Complaint) {
    for use in draft.uses where use.instance == Int32(index) {
      let (value, mask) = try readTypeOfService(self.value(use), range(use.value))
      if value & ~mask != 0 {
        if !use.isNegated { graph.items.append(RuleItem(.never, .dscp)) }
      } else if mask & 3 == 0 {
        graph.items.append(RuleItem(.masked, .dscp, mask >> 2, value >> 2, negated: use.isNegated))
      } else {
        if !use.isNegated { graph.items.append(RuleItem(.masked, .dscp, mask >> 2, value >> 2)) }
        appendUndecidable("congestion bits of the type of service")
      }
    }
  }

  mutating func lowerExplicitCongestion(_ index: Int) throws(Complaint) {
    for use in draft.uses where use.instance == Int32(index) {
      let id = option(use).id
      if id <= 1 {
        guard draft.protocolNumber == IPProtocol.tcp, !draft.protocolOperand.isNegated else {
          throw Complaint("'--\(option(use).name)' needs -p tcp", range(use.argument))
        }
        let flag: UInt32 = id == 0 ? 128 : 64
        graph.items.append(RuleItem(.anyBit, .tcpFlags, flag, negated: use.isNegated))
      } else {
        _ = try number(use, upTo: 3)
        appendUndecidable("congestion bits")
      }
    }
  }
}
