import PacketSets
import RuleGraph
import SourceText

/// Lowering of `-m conntrack` and `-m state`.
///
/// Source: net/netfilter/xt_conntrack.c. A packet without a connection has only a state (invalid or untracked); where
/// the state matches, such a packet passes whatever the other options of the same match say.
extension RulesetReader {
  /// States and NAT bits that an option lists.
  private struct States {
    var states: UInt32 = 0
    /// Bits of the connection's status: source NAT 16, destination NAT 32.
    var translated: UInt32 = 0

    var withoutConnection: Bool {
      states & (ConntrackState.invalid.bit | ConntrackState.untracked.bit) != 0
    }
  }

  mutating func lowerConntrack(_ index: Int) throws(Complaint) {
    let uses = uses(of: index)
    var stateUse: RuleDraft.Use?
    for use in uses where option(use).id == 0 { stateUse = use }
    var canLackConnection = false
    if let use = stateUse {
      let states = try readStates(use)
      if states.translated != 0, option(use).name.description == "state" {
        throw Complaint("--state knows nothing of SNAT and DNAT; --ctstate does", range(use.value))
      }
      canLackConnection = states.withoutConnection != use.isNegated
      appendStates(states, negated: use.isNegated)
    }
    if canLackConnection, uses.count > 1 {
      for use in uses where option(use).id != 0 { try validateConntrack(use) }
      return appendUndecidable("conntrack options beside the states INVALID and UNTRACKED")
    }
    for use in uses where option(use).id != 0 { try lowerConntrackOption(use) }
  }

  private func readStates(_ use: RuleDraft.Use) throws(Complaint) -> States {
    var states = States()
    let list = value(use)
    let place = range(use.value)
    try list.forEachPart { (part) throws(Complaint) in
      if part.equalsIgnoringCase("NEW") {
        states.states |= ConntrackState.new.bit
      } else if part.equalsIgnoringCase("ESTABLISHED") {
        states.states |= ConntrackState.established.bit
      } else if part.equalsIgnoringCase("RELATED") {
        states.states |= ConntrackState.related.bit
      } else if part.equalsIgnoringCase("INVALID") {
        states.states |= ConntrackState.invalid.bit
      } else if part.equalsIgnoringCase("UNTRACKED") {
        states.states |= ConntrackState.untracked.bit
      } else if part.equalsIgnoringCase("SNAT") {
        states.translated |= 16
      } else if part.equalsIgnoringCase("DNAT") {
        states.translated |= 32
      } else {
        let start = place.start &+ UInt32(truncatingIfNeeded: part.start - list.start)
        let names = ["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "SNAT", "DNAT"]
        throw Complaint(
          "there is no connection state '\(part.string)'\(Suggestion.hint(for: part.string, among: names))",
          SourceRange(start, start &+ UInt32(truncatingIfNeeded: part.count)))
      }
    }
    return states
  }

  private mutating func appendStates(_ wanted: States, negated: Bool) {
    let all: UInt32 = 0x1F
    if wanted.translated == 0 {
      graph.items.append(RuleItem(.bits, .ctState, negated ? all & ~wanted.states : wanted.states))
      return
    }
    if wanted.states == 0, !negated {
      graph.items.append(RuleItem(.anyBit, .ctStatus, wanted.translated))
      return
    }
    let connected = ConntrackState.new.bit | ConntrackState.established.bit | ConntrackState.related.bit
    if !negated, wanted.states & connected == connected {
      graph.items.append(RuleItem(.bits, .ctState, wanted.states))
      return
    }
    if !negated, !wanted.withoutConnection {
      let key = wanted.states << 8 | wanted.translated
      let lookup = stateLookups[key] ?? addUnion(wanted)
      stateLookups[key] = lookup
      graph.items.append(RuleItem(.lookup, .ctState, lookup))
      return
    }
    if negated, wanted.withoutConnection,
      wanted.states & (ConntrackState.invalid.bit | ConntrackState.untracked.bit)
        == ConntrackState.invalid.bit | ConntrackState.untracked.bit
    {
      // Neither state nor bit, of packets that have a connection.
      graph.items.append(RuleItem(.bits, .ctState, all & ~wanted.states))
      graph.items.append(RuleItem(.anyBit, .ctStatus, wanted.translated, negated: true))
      return
    }
    appendUndecidable("connection states beside SNAT or DNAT")
  }

  /// A union of states and of status bits, as tuples of state and status.
  private mutating func addUnion(_ wanted: States) -> UInt32 {
    var lookup = Lookup(fields: [.ctState, .ctStatus])
    for state in ConntrackState.allCases where wanted.states & state.bit != 0 {
      lookup.intervals += [Interval(UInt128(state.rawValue)), Interval(0, UInt128(UInt32.max))]
    }
    // The status has sixteen bits (nf_conntrack_common.h).
    let bits = IntervalSet(
      (0..<UInt32(2048)).map { $0 << 5 }.flatMap { high -> [Interval<UInt32>] in
        if high & wanted.translated != 0 { return [Interval(high, high | 31)] }
        return wanted.translated & 16 != 0 ? [Interval(high | 16, high | 31)] : []
      })
    for state in [ConntrackState.new, .established, .related] where wanted.states & state.bit == 0 {
      for interval in bits.intervals {
        lookup.intervals += [
          Interval(UInt128(state.rawValue)), Interval(UInt128(interval.lower), UInt128(interval.upper)),
        ]
      }
    }
    graph.lookups.append(lookup)
    return UInt32(graph.lookups.count - 1)
  }

  // MARK: Other options

  private func validateConntrack(_ use: RuleDraft.Use) throws(Complaint) {
    switch option(use).id {
    case 10: _ = try readStatus(use)
    case 12: _ = try readDirection(use)
    case 1: _ = try readConnectionProtocol(use)
    default: try validate(use)
    }
  }

  private mutating func lowerConntrackOption(_ use: RuleDraft.Use) throws(Complaint) {
    let id = option(use).id
    switch id {
    case 1:
      let number = UInt32(try readConnectionProtocol(use))
      graph.items.append(RuleItem(.range, .ctProtocol, number, number, negated: use.isNegated))
    case 2, 3, 4, 5:
      let network = try readNetwork(value(use), range(use.value))
      let fields: [Field] =
        family == .v4
        ? [.ctOriginalIPv4Source, .ctOriginalIPv4Destination, .ctReplyIPv4Source, .ctReplyIPv4Destination]
        : [.ctOriginalIPv6Source, .ctOriginalIPv6Destination, .ctReplyIPv6Source, .ctReplyIPv6Destination]
      appendConnectionNetwork(network, fields[Int(id) - 2], negated: use.isNegated)
    case 6, 7, 8, 9:
      let ports = try readPorts(value(use), range(use.value))
      guard try connectionHasPorts(use.instance) else {
        // Connections of ICMP keep type, code and id in the place of ports.
        return appendUndecidable("port of connections that may be without ports")
      }
      let fields: [Field] = [
        .ctOriginalSourcePort, .ctOriginalDestinationPort, .ctReplySourcePort, .ctReplyDestinationPort,
      ]
      graph.items.append(
        RuleItem(.range, fields[Int(id) - 6], ports.lower, ports.upper, negated: use.isNegated))
    case 10:
      let status = try readStatus(use)
      if status == 0 {
        graph.items.append(use.isNegated ? RuleItem(.masked, .ctStatus, 0, 0) : RuleItem(.never, .ctStatus))
      } else {
        graph.items.append(RuleItem(.anyBit, .ctStatus, status, negated: use.isNegated))
      }
    case 12:
      let direction = try readDirection(use)
      graph.items.append(RuleItem(.range, .ctDirection, direction, direction, negated: use.isNegated))
    default:
      try validate(use)
      appendConnection()
      appendUndecidable("remaining lifetime of the connection")
    }
  }

  /// Demands that the packet belongs to a connection: a direction is what every connection has.
  mutating func appendConnection() { graph.items.append(RuleItem(.range, .ctDirection, 0, 1)) }

  /// Whether the rule's protocol, or the connection's, has ports.
  private func connectionHasPorts(_ instance: Int32) throws(Complaint) -> Bool {
    if IPProtocol.hasPorts(draft.protocolNumber), !draft.protocolOperand.isNegated { return true }
    for use in uses(of: Int(instance)) where option(use).id == 1 && !use.isNegated {
      return IPProtocol.hasPorts(try readConnectionProtocol(use))
    }
    return false
  }

  private mutating func appendConnectionNetwork(_ network: Network, _ field: Field, negated: Bool) {
    switch network {
    case .v4(let mask, _) where mask == 0:
      graph.items.append(negated ? RuleItem(.never, field) : RuleItem(.range, field, 0, .max))
    case .v6(let mask, _) where mask == 0:
      graph.items.append(negated ? RuleItem(.never, field) : graph.wideRange(field, Interval(0, .max)))
    case .name(let name): appendUndecidable("address of host \(name)")
    default: appendNetwork(network, field, negated: negated)
    }
  }

  private func readConnectionProtocol(_ use: RuleDraft.Use) throws(Complaint) -> UInt8 {
    let name = value(use)
    guard let number = ProtocolNames.number(name) else {
      throw Complaint("there is no protocol '\(name.string)'", range(use.value))
    }
    guard number != 0 else { throw Complaint("--ctproto needs a protocol", range(use.value)) }
    return number
  }

  private func readStatus(_ use: RuleDraft.Use) throws(Complaint) -> UInt32 {
    var status: UInt32 = 0
    try value(use).forEachPart { (part) throws(Complaint) in
      guard let bits = FieldNames.connectionStatus.first(where: { part.equalsIgnoringCase($0.0) })?.1 else {
        throw Complaint("there is no connection status '\(part.string)'", range(use.value))
      }
      status |= bits
    }
    return status
  }

  private func readDirection(_ use: RuleDraft.Use) throws(Complaint) -> UInt32 {
    let text = value(use)
    if text.equalsIgnoringCase("ORIGINAL") { return 0 }
    if text.equalsIgnoringCase("REPLY") { return 1 }
    throw Complaint("a direction is ORIGINAL or REPLY, not '\(text.string)'", range(use.value))
  }
}
