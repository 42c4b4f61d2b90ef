import PacketSets
import RuleGraph

/// Decides single matches on values that may be known only as an interval.
enum FieldMatching {
  /// Whether a narrow value passes a match, before negation.
  static func decide(_ item: RuleItem, _ value: Interval<UInt32>, _ graph: RuleGraph) -> Ternary {
    switch item.kind {
    case .range:
      guard item.a <= item.b else { return .no }
      let wanted = Interval(item.a, item.b)
      return Ternary(anyOf: wanted.overlaps(value), allOf: wanted.contains(value))
    case .set:
      guard case .narrow(let set) = graph.sets[Int(item.a)] else { return .no }
      let common = set.intersection(IntervalSet(value))
      return Ternary(anyOf: !common.isEmpty, allOf: common.intervals == [value])
    case .masked:
      if value.lower == value.upper { return Ternary(value.lower & item.a == item.b) }
      return item.a == 0 ? Ternary(item.b == 0) : .perhaps
    case .anyBit:
      if value.lower == value.upper { return Ternary(value.lower & item.a != 0) }
      return item.a == 0 ? .no : .perhaps
    case .bits:
      var some = false
      var all = true
      for candidate in value.lower...min(value.upper, 31) {
        if item.a >> candidate & 1 == 1 { some = true } else { all = false }
      }
      return Ternary(anyOf: some, allOf: all && value.upper < 32)
    case .never: return .no
    default: return .perhaps
    }
  }

  /// Whether a connection's status passes a match, before negation.
  ///
  /// Where nat chains are loaded, NAT notes that it is done with a connection in two more bits of the status, at each of
  /// its places and whatever it did (IPS_SRC_NAT_DONE and IPS_DST_NAT_DONE of nf_conntrack_common.h): comparisons with
  /// whole values see them.
  static func decideStatus(
    _ item: RuleItem, _ value: Interval<UInt32>, _ graph: RuleGraph, hasNAT: Bool
  ) -> Ternary {
    let isWhole = item.kind == .set || item.kind == .masked || item.kind == .range && item.a == item.b
    guard hasNAT, isWhole, value.lower == value.upper else { return decide(item, value, graph) }
    let answers = [0, 128, 256, 384].map { decide(item, Interval(value.lower | $0), graph) }
    return answers.allSatisfy { $0 == answers[0] } ? answers[0] : .perhaps
  }

  /// Whether a 128-bit value passes a match, before negation.
  static func decide(_ item: RuleItem, _ value: Interval<UInt128>, _ graph: RuleGraph) -> Ternary {
    switch item.kind {
    case .wideRange:
      let wanted = graph.wideRanges[Int(item.a)]
      return Ternary(anyOf: wanted.overlaps(value), allOf: wanted.contains(value))
    case .set:
      guard case .wide(let set) = graph.sets[Int(item.a)] else { return .no }
      let common = set.intersection(IntervalSet(value))
      return Ternary(anyOf: !common.isEmpty, allOf: common.intervals == [value])
    case .wideMasked:
      let mask = graph.wideMasks[Int(item.a)]
      if value.lower == value.upper { return Ternary(value.lower & mask.mask == mask.value) }
      return mask.mask == 0 ? Ternary(mask.value == 0) : .perhaps
    case .never: return .no
    default: return .perhaps
    }
  }
}

/// What is known offline about the routing type of an address.
enum AddressTypeKnowledge {
  /// The address is of this type unless its value says multicast, broadcast or loopback.
  case constant(AddressType)
  /// Local when it is among these, else unicast.
  case local(AddressSet)
  /// Local or unicast.
  case unknown

  /// What is known of a packet's source or destination at a stage.
  ///
  /// The path says where a packet ends; before destination NAT that is no word about the address it still carries.
  static func of(
    _ field: Field, hook: Hook, path: Packet.Path, facts: SiteFacts, mayTranslate: Bool
  ) -> AddressTypeKnowledge {
    if let local = facts.localAddresses { return .local(local) }
    if field == .sourceAddressType { return path == .output ? .constant(.local) : .unknown }
    switch (path, hook) {
    case (.input, .input): return .constant(.local)
    case (.forward, .forward), (.forward, .postrouting): return .constant(.unicast)
    case (.input, .prerouting): return mayTranslate ? .unknown : .constant(.local)
    case (.forward, .prerouting): return mayTranslate ? .unknown : .constant(.unicast)
    default: return .unknown
    }
  }

  /// Addresses whose type is plain from their value: multicast, limited broadcast, loopback.
  static func fixedTypes(_ family: IPFamily) -> [(AddressType, Interval<UInt128>)] {
    switch family {
    case .v4:
      [
        (.multicast, Interval(0xE000_0000, 0xEFFF_FFFF)),
        (.broadcast, Interval(0xFFFF_FFFF)),
        (.local, Interval(0x7F00_0000, 0x7FFF_FFFF)),
      ]
    case .v6: [(.multicast, Interval(UInt128(0xFF) << 120, .max)), (.local, Interval(1))]
    }
  }
}
