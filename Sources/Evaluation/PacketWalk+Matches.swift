import PacketSets
import RuleGraph

extension PacketWalk {
  /// Whether a rule matches, the packets that it then acts on, those that go on behind it, and why it is undecided.
  mutating func matchRule(
    _ rule: Rule, _ graph: RuleGraph, stage: PathStage, packet: TracedPacket
  ) -> (Ternary, matched: [TracedPacket], failed: [TracedPacket], doubts: [String]) {
    var current = packet
    var answer = Ternary.yes
    var doubts: [String] = []
    var failed: [TracedPacket] = []
    for item in graph.items(of: rule) {
      if item.isEffect {
        current.apply(item, graph, family: self.packet.family, precedesConntrack: stage.precedesConntrack)
        continue
      }
      switch match(item, graph, stage: stage, packet: current) {
      case .no: return (.no, [], failed + [current], [])
      case .yes: break
      case .perhaps:
        answer = .perhaps
        if !failed.contains(current) { failed.append(current) }
        doubts.append(graph.reason(of: item))
      }
    }
    return (answer, [current], failed, doubts)
  }

  /// Whether a rule surely leaves a packet as it is: most do, and nothing has to be set aside for them.
  func isPlainMiss(_ rule: Rule, _ graph: RuleGraph, stage: PathStage, packet: TracedPacket) -> Bool {
    for item in graph.items(of: rule) {
      if item.isEffect { return false }
      switch match(item, graph, stage: stage, packet: packet) {
      case .no: return true
      case .yes: break
      case .perhaps: return false
      }
    }
    return false
  }

  func match(_ item: RuleItem, _ graph: RuleGraph, stage: PathStage, packet: TracedPacket) -> Ternary {
    if packet.state.isOpaque, item.kind != .interface, item.kind != .never { return .perhaps }
    switch item.kind {
    case .undecidable: return .perhaps
    case .never: return item.isNegated ? .yes : .no
    case .lookup:
      let lookup = graph.lookups[Int(item.a)]
      var answer = Ternary.no
      for element in 0..<lookup.count {
        let match = elementMatch(lookup, element, stage: stage, packet: packet)
        if match == .yes { answer = .yes; break }
        if match == .perhaps { answer = .perhaps }
      }
      if item.isNegated, !lookup.fields.allSatisfy({ hasField($0, stage: stage, packet: packet) }) { return .no }
      return item.isNegated ? answer.negated : answer
    case .interface:
      let name = interfaceName(item.field, at: stage)
      let answer = interfaceMatch(name, graph.names[item.a], isPrefix: item.b == 1)
      return item.isNegated ? answer.negated : answer
    default:
      let answer = decide(item, graph, stage: stage, packet: packet)
      guard let answer else { return .no }
      return item.isNegated ? answer.negated : answer
    }
  }

  /// The answer before negation; nil when the packet lacks the field.
  func decide(_ item: RuleItem, _ graph: RuleGraph, stage: PathStage, packet: TracedPacket) -> Ternary? {
    if item.kind == .reference {
      guard hasField(item.field, stage: stage, packet: packet) else { return nil }
      guard let contents = tracer.facts.references[graph.references[Int(item.a)].name] else { return .perhaps }
      return addressMatch(item.field, contents, packet: packet)
    }
    if item.field == .tcpOption {
      guard self.packet.protocolNumber == IPProtocol.tcp else { return nil }
      guard let options = self.packet.tcpOptions else { return .perhaps }
      return Ternary(options.contains { FieldMatching.decide(item, Interval(UInt32($0)), graph) == .yes })
    }
    if item.field == .sourceAddressType || item.field == .destinationAddressType {
      return addressTypeMatch(item, graph, stage: stage, packet: packet)
    }
    if let wide = wideValue(of: item.field, stage: stage, packet: packet) {
      return FieldMatching.decide(item, wide, graph)
    }
    guard let value = value(of: item.field, stage: stage, packet: packet) else { return nil }
    guard item.field == .ctStatus else { return FieldMatching.decide(item, value, graph) }
    let hasNAT = tracer.familiesWithNAT.contains(self.packet.family)
    return FieldMatching.decideStatus(item, value, graph, hasNAT: hasNAT)
  }

  func hasField(_ field: Field, stage: PathStage, packet: TracedPacket) -> Bool {
    field.isInterface || field == .sourceAddressType || field == .destinationAddressType
      || wideValue(of: field, stage: stage, packet: packet) != nil
      || value(of: field, stage: stage, packet: packet) != nil
  }

  func wideValue(of field: Field, stage: PathStage, packet: TracedPacket) -> Interval<UInt128>? {
    guard self.packet.family == .v6 else { return nil }
    switch field {
    case .ipv6Source: return packet.source
    case .ipv6Destination: return packet.destination
    case .ctOriginalIPv6Source: return stage.precedesConntrack ? nil : originalTuple(packet)?.source
    case .ctOriginalIPv6Destination: return stage.precedesConntrack ? nil : originalTuple(packet)?.destination
    case .ctReplyIPv6Source: return stage.precedesConntrack ? nil : replyTuple(packet)?.source
    case .ctReplyIPv6Destination: return stage.precedesConntrack ? nil : replyTuple(packet)?.destination
    default: return nil
    }
  }

  /// The connection's first packet's addresses, which are this packet's before any rewriting; reversed for replies.
  func originalTuple(_ packet: TracedPacket) -> (source: Interval<UInt128>, destination: Interval<UInt128>)? {
    switch packet.state.conntrack {
    case .new:
      let ends = packet.original ?? packet.ends
      return (ends.source, ends.destination)
    case .established, .related:
      let all = Interval<UInt128>(0, self.packet.family.lastAddress)
      return (all, all)
    case .invalid, .untracked: return nil
    }
  }

  /// What replies will carry: of a first packet its connection's ends the other way round, as far as they are mapped.
  func replyTuple(_ packet: TracedPacket) -> (source: Interval<UInt128>, destination: Interval<UInt128>)? {
    guard packet.state.conntrack == .new else { return originalTuple(packet) }
    let ends = packet.connection ?? packet.ends
    return (ends.destination, ends.source)
  }

  func value(of field: Field, stage: PathStage, packet: TracedPacket) -> Interval<UInt32>? {
    if PacketState.holds(field) {
      return packet.state.value(of: field, precedesConntrack: stage.precedesConntrack)
    }
    func narrow(_ interval: Interval<UInt128>) -> Interval<UInt32> {
      Interval(UInt32(truncatingIfNeeded: interval.lower), UInt32(truncatingIfNeeded: interval.upper))
    }
    func known(_ value: (some FixedWidthInteger & UnsignedInteger)?, _ last: UInt32) -> Interval<UInt32> {
      value.map { Interval(UInt32($0)) } ?? Interval(0, last)
    }
    let isV4 = self.packet.family == .v4
    let hasConnection = packet.state.hasConnection && !stage.precedesConntrack
    switch field {
    case .ipv4Source: return isV4 ? narrow(packet.source) : nil
    case .ipv4Destination: return isV4 ? narrow(packet.destination) : nil
    case .family: return Interval(UInt32(self.packet.family.rawValue))
    case .protocolNumber: return Interval(UInt32(self.packet.protocolNumber))
    case .sourcePort: return packet.sourcePort
    case .destinationPort: return packet.destinationPort
    case .icmpType: return isICMP ? known(self.packet.icmpType, 255) : nil
    case .icmpCode: return isICMP ? known(self.packet.icmpCode, 255) : nil
    case .tcpFlags: return self.packet.protocolNumber == IPProtocol.tcp ? known(self.packet.tcpFlags, 255) : nil
    case .fragment: return Interval(0)
    case .length: return known(self.packet.length, 65535)
    case .ctDirection:
      guard hasConnection else { return nil }
      return packet.state.conntrack == .new ? Interval(0) : Interval(0, 1)
    case .ctOriginalIPv4Source: return isV4 && hasConnection ? originalTuple(packet).map { narrow($0.source) } : nil
    case .ctOriginalIPv4Destination:
      return isV4 && hasConnection ? originalTuple(packet).map { narrow($0.destination) } : nil
    case .ctReplyIPv4Source: return isV4 && hasConnection ? replyTuple(packet).map { narrow($0.source) } : nil
    case .ctReplyIPv4Destination:
      return isV4 && hasConnection ? replyTuple(packet).map { narrow($0.destination) } : nil
    case .ctOriginalSourcePort, .ctOriginalDestinationPort, .ctReplySourcePort, .ctReplyDestinationPort:
      guard hasConnection else { return nil }
      // An error about a connection has no ports itself.
      if packet.sourcePort == nil { return isError(packet) ? Interval(0, 65535) : nil }
      guard packet.state.conntrack == .new else { return Interval(0, 65535) }
      switch field {
      case .ctOriginalSourcePort: return packet.original?.sourcePort
      case .ctOriginalDestinationPort: return packet.original?.destinationPort
      case .ctReplySourcePort: return packet.connection?.destinationPort
      default: return packet.connection?.sourcePort
      }
    case .ctProtocol:
      guard hasConnection else { return nil }
      return isError(packet) ? Interval(0, 255) : Interval(UInt32(self.packet.protocolNumber))
    default: return nil
    }
  }

  /// Whether it is an error about another connection, which has that connection's tuple.
  func isError(_ packet: TracedPacket) -> Bool { isICMP && packet.state.conntrack == .related }

  var isICMP: Bool {
    packet.protocolNumber == (packet.family == .v4 ? IPProtocol.icmp : IPProtocol.icmpv6)
  }

  /// The interface that rules at a stage see.
  func interfaceName(_ field: Field, at stage: PathStage) -> String? {
    guard stage.hook.sees(field) else { return "" }
    return field == .inputInterface ? packet.inputInterface : packet.outputInterface
  }

  func interfaceMatch(_ name: String?, _ pattern: String, isPrefix: Bool) -> Ternary {
    if let name { return Ternary(isPrefix ? name.hasPrefix(pattern) : name == pattern) }
    if isPrefix { return pattern.isEmpty ? .yes : .perhaps }
    return pattern == "lo" || pattern.isEmpty ? .no : .perhaps
  }

  func deviceMatch(_ stage: PathStage) -> Ternary {
    let graph = tracer.graphs[stage.graph]
    guard stage.hook == .ingress || stage.hook == .egress, let base = graph.chains[stage.chain].base,
      !base.devices.isEmpty
    else { return .yes }
    let name = stage.hook == .ingress ? packet.inputInterface : packet.outputInterface
    var answer = Ternary.no
    for device in base.devices {
      switch interfaceMatch(name, graph.names[device], isPrefix: false) {
      case .yes: return .yes
      case .perhaps: answer = .perhaps
      case .no: break
      }
    }
    return answer
  }

  func addressMatch(_ field: Field, _ contents: AddressSet, packet: TracedPacket) -> Ternary? {
    let isSource = field == .ipv4Source || field == .ipv6Source
    let value = isSource ? packet.source : packet.destination
    let set = IntervalSet(contents.intervals(self.packet.family))
    let common = set.intersection(IntervalSet(value))
    return Ternary(anyOf: !common.isEmpty, allOf: common.intervals == [value])
  }

  func addressTypeMatch(
    _ item: RuleItem, _ graph: RuleGraph, stage: PathStage, packet: TracedPacket
  ) -> Ternary {
    let value = item.field == .sourceAddressType ? packet.source : packet.destination
    let knowledge = AddressTypeKnowledge.of(
      item.field, hook: stage.hook, path: self.packet.path, facts: tracer.facts,
      mayTranslate: tracer.translatesDestinations)
    func answer(_ type: AddressType) -> Ternary {
      FieldMatching.decide(item, Interval(UInt32(type.rawValue)), graph)
    }
    for (type, interval) in AddressTypeKnowledge.fixedTypes(self.packet.family) {
      if interval.contains(value) { return answer(type) }
      if interval.overlaps(value) { return .perhaps }
    }
    let candidates: [AddressType]
    switch knowledge {
    case .constant(let type): candidates = [type]
    case .local(let local):
      let set = IntervalSet(local.intervals(self.packet.family)).intersection(IntervalSet(value))
      candidates = set.isEmpty ? [.unicast] : set.intervals == [value] ? [.local] : [.local, .unicast]
    case .unknown: candidates = [.local, .unicast]
    }
    let answers = candidates.map(answer)
    return answers.allSatisfy { $0 == answers[0] } ? answers[0] : .perhaps
  }

  func elementMatch(_ lookup: Lookup, _ element: Int, stage: PathStage, packet: TracedPacket) -> Ternary {
    if packet.state.isOpaque { return .perhaps }
    var answer = Ternary.yes
    for (component, field) in lookup.fields.enumerated() {
      let wanted = lookup.intervals[element * lookup.fields.count + component]
      let match: Ternary
      if field.isInterface {
        let graph = tracer.graphs[stage.graph]
        let name = interfaceName(field, at: stage)
        match = interfaceMatch(
          name, graph.names[UInt32(truncatingIfNeeded: wanted.lower)], isPrefix: wanted.lower & Lookup.wildcard != 0)
      } else if let wide = wideValue(of: field, stage: stage, packet: packet) {
        match = Ternary(anyOf: wanted.overlaps(wide), allOf: wanted.contains(wide))
      } else if let value = value(of: field, stage: stage, packet: packet) {
        let wide = Interval(UInt128(value.lower), UInt128(value.upper))
        let isWhole = field == .ctStatus && wanted.lower == wanted.upper
        if isWhole, tracer.familiesWithNAT.contains(self.packet.family) {
          // As with single comparisons: two more bits of the status are not known.
          match = Ternary(anyOf: wanted.lower & ~384 == wide.lower, allOf: false)
        } else {
          match = Ternary(anyOf: wanted.overlaps(wide), allOf: wanted.contains(wide))
        }
      } else {
        return .no
      }
      switch match {
      case .no: return .no
      case .perhaps: answer = .perhaps
      case .yes: break
      }
    }
    return answer
  }
}
