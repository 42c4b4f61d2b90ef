import PacketSets
import RuleGraph

/// The state of following one packet: what may have become of it so far.
struct PacketWalk {
  /// A way that the packet may have taken up to some point.
  struct Way: Hashable {
    var packet: TracedPacket
    /// The rule or policy that last accepted it, and how strong a claim that is on being the decider.
    var accepted: TraceResult.Decider?
    var acceptedStrength = 0
  }

  /// What a chain makes of one packet.
  struct ChainResult {
    /// Packets that ran out of rules or returned.
    var passed: [TracedPacket] = []
    /// Packets that a rule accepted, with that rule.
    var accepted: [(packet: TracedPacket, decider: TraceResult.Decider)] = []
    /// Whether some way ends here, and where.
    var dropped: TraceResult.Decider?
    var rejected: TraceResult.Decider?

    /// Notes an accepted packet; of several rules that accept the same packet the first counts, so that doubled jumps
    /// do not double what is kept.
    mutating func accept(_ packet: TracedPacket, _ decider: TraceResult.Decider) {
      if !accepted.contains(where: { $0.packet == packet }) { accepted.append((packet, decider)) }
    }

    /// How many decisions have been taken so far.
    var decisions: Int {
      accepted.count + passed.count + (dropped == nil ? 0 : 1) + (rejected == nil ? 0 : 1)
    }
  }

  private struct CallKey: Hashable {
    var graph: Int
    var chain: UInt32
    var hook: Hook
    var precedesConntrack: Bool
    var packet: TracedPacket
  }

  let tracer: PacketTracer
  let packet: Packet
  let recordsSteps: Bool
  private var known: [CallKey: ChainResult] = [:]
  private var reasons: [String] = []
  private var steps: [TraceResult.Step] = []
  private var undecidedAt: TraceResult.Decider?

  /// Chains may call one another this deep (the kernel stops at 16 jumps).
  static let depthLimit = 64
  static let stepLimit = 10_000

  init(tracer: PacketTracer, packet: Packet, recordsSteps: Bool) {
    self.tracer = tracer
    self.packet = packet
    self.recordsSteps = recordsSteps
  }

  mutating func run() -> TraceResult {
    var ways = [Way(packet: TracedPacket(packet))]
    var dropped: TraceResult.Decider?
    var rejected: TraceResult.Decider?
    let stages = PathStage.stages(of: tracer.graphs, family: packet.family, path: packet.path)
    let localHook = PathStage.localHook(of: packet.path)
    let firstBehindHop = packet.path == .forward ? stages.firstIndex { $0.hook.isBehindHop } : nil
    for (index, stage) in stages.enumerated() {
      if index == firstBehindHop {
        for way in ways.indices { ways[way].packet.state = ways[way].packet.state.afterHop() }
      }
      var next: [Way] = []
      var seen: Set<TracedPacket> = []
      for way in ways {
        let devices = deviceMatch(stage)
        if devices == .perhaps { note("an interface that is not known") }
        if devices != .yes, seen.insert(way.packet).inserted { next.append(way) }
        guard devices != .no else { continue }
        if stage.isNAT, !way.packet.state.meetsNAT(at: stage.hook) {
          if seen.insert(way.packet).inserted { next.append(way) }
          continue
        }
        var result = call(UInt32(stage.chain), stage: stage, packet: way.packet, depth: 0)
        applyPolicy(to: &result, stage: stage)
        dropped = dropped ?? result.dropped
        rejected = rejected ?? result.rejected
        for (packet, decider) in result.accepted where seen.insert(packet).inserted {
          var accepted = way
          accepted.packet = packet
          let strength = stage.isNAT ? 0 : (decider.rule != nil ? 2 : 1) + (stage.hook == localHook ? 2 : 0)
          if strength >= way.acceptedStrength, strength > 0 {
            accepted.accepted = decider
            accepted.acceptedStrength = strength
          }
          next.append(accepted)
        }
      }
      ways = next
      if ways.isEmpty { break }
    }
    return result(ways: ways, dropped: dropped, rejected: rejected)
  }

  private func result(
    ways: [Way], dropped: TraceResult.Decider?, rejected: TraceResult.Decider?
  ) -> TraceResult {
    var result = TraceResult(verdict: .accept, reasons: reasons, steps: steps)
    if ways.isEmpty {
      result.verdict = dropped != nil ? .drop : .reject
      result.decider = dropped ?? rejected
      if dropped != nil, rejected != nil { result.verdict = .drop }
    } else if dropped != nil || rejected != nil {
      result.verdict = .undecided
      result.undecidedAt = undecidedAt
      result.decider = dropped ?? rejected
    } else {
      result.decider = ways.first?.accepted
      result.reasons = []
    }
    let packets = ways.map(\.packet)
    if let first = packets.first {
      func changed<Value: FixedWidthInteger>(
        _ path: KeyPath<TracedPacket, Interval<Value>?>, from old: Value?
      ) -> Value? {
        guard let value = first[keyPath: path], value.lower == value.upper, value.lower != old,
          packets.allSatisfy({ $0[keyPath: path] == value })
        else { return nil }
        return value.lower
      }
      result.newSource = changed(\.optionalSource, from: packet.source.bits).map { IPAddress(packet.family, $0) }
      result.newDestination = changed(\.optionalDestination, from: packet.destination.bits)
        .map { IPAddress(packet.family, $0) }
      result.newSourcePort = changed(\.sourcePort, from: packet.sourcePort.map(UInt32.init)).map(UInt16.init)
      result.newDestinationPort = changed(\.destinationPort, from: packet.destinationPort.map(UInt32.init))
        .map(UInt16.init)
    }
    return result
  }

  private mutating func applyPolicy(to result: inout ChainResult, stage: PathStage) {
    guard !result.passed.isEmpty else { return }
    let chain = tracer.graphs[stage.graph].chains[stage.chain]
    let decider = TraceResult.Decider(graph: stage.graph, rule: nil, chain: UInt32(stage.chain))
    let policy = chain.base?.policy ?? .accept
    record(
      stage, chain: UInt32(stage.chain), rule: nil, match: .yes, verdict: Verdict(policy), depth: 0)
    if policy == .drop {
      result.dropped = result.dropped ?? decider
    } else {
      result.accepted += result.passed.map { ($0, decider) }
    }
    result.passed = []
  }

  /// Runs a chain on a packet; equal calls are answered from memory.
  private mutating func call(_ chain: UInt32, stage: PathStage, packet: TracedPacket, depth: Int) -> ChainResult {
    let key = CallKey(
      graph: stage.graph, chain: chain, hook: stage.hook, precedesConntrack: stage.precedesConntrack, packet: packet)
    if let result = known[key] { return result }
    guard depth < Self.depthLimit else {
      note("jumps deeper than \(Self.depthLimit) chains")
      let decider = TraceResult.Decider(graph: stage.graph, rule: nil, chain: chain)
      return ChainResult(passed: [packet], accepted: [(packet, decider)], dropped: decider)
    }
    let result = run(chain, stage: stage, packet: packet, depth: depth)
    known[key] = result
    return result
  }

  private mutating func run(_ chain: UInt32, stage: PathStage, packet: TracedPacket, depth: Int) -> ChainResult {
    let graph = tracer.graphs[stage.graph]
    var result = ChainResult()
    var live = [packet]
    for index in graph.chains[Int(chain)].rules {
      if live.isEmpty { break }
      let rule = graph.rules[Int(index)]
      var next: [TracedPacket] = []
      var seen: Set<TracedPacket> = []
      func keep(_ packet: TracedPacket) { if seen.insert(packet).inserted { next.append(packet) } }
      for packet in live {
        // An undecided match may fail with the effects so far: that way goes on behind the rule.
        let (match, after, failed, doubts) = matchRule(rule, graph, stage: stage, packet: packet)
        record(stage, chain: chain, rule: index, match: match, verdict: rule.verdict, depth: depth)
        for packet in failed { keep(packet) }
        guard match != .no else { continue }
        let decider = TraceResult.Decider(graph: stage.graph, rule: index, chain: chain)
        let before = result.decisions
        for packet in after {
          for (verdict, sure) in verdicts(of: rule, graph, stage: stage, packet: packet) {
            if !sure { keep(packet) }
            carryOut(verdict, packet, decider: decider, stage: stage, depth: depth, result: &result, keep: keep)
          }
        }
        // A doubt that decides nothing, such as an unknown interface before a chain about other ports, is none.
        guard result.decisions != before else { continue }
        for doubt in doubts { note(doubt) }
        if match == .perhaps || rule.verdict.kind == .queue || rule.verdict.kind == .unknown, undecidedAt == nil {
          undecidedAt = decider
        }
      }
      live = next
    }
    for packet in live where !result.passed.contains(packet) { result.passed.append(packet) }
    return result
  }

  private mutating func carryOut(
    _ verdict: Verdict, _ packet: TracedPacket, decider: TraceResult.Decider, stage: PathStage, depth: Int,
    result: inout ChainResult, keep: (TracedPacket) -> Void
  ) {
    let graph = tracer.graphs[stage.graph]
    func pass(_ packet: TracedPacket) { if !result.passed.contains(packet) { result.passed.append(packet) } }
    switch verdict.kind {
    case .none: keep(packet)
    case .accept: result.accept(packet, decider)
    case .drop: result.dropped = result.dropped ?? decider
    case .reject: result.rejected = result.rejected ?? decider
    case .returning: pass(packet)
    case .jump, .goto:
      let inner = call(verdict.target, stage: stage, packet: packet, depth: depth + 1)
      for (packet, decider) in inner.accepted { result.accept(packet, decider) }
      result.dropped = result.dropped ?? inner.dropped
      result.rejected = result.rejected ?? inner.rejected
      for packet in inner.passed { verdict.kind == .jump ? keep(packet) : pass(packet) }
    case .translate:
      var translated = packet
      let translation = graph.translations[Int(verdict.target)]
      translated.translate(translation, family: self.packet.family, hook: stage.hook)
      result.accept(translated, decider)
    case .queue:
      note("a process in user space decides (queue)")
      result.accept(packet, decider)
      result.dropped = result.dropped ?? decider
    case .unknown:
      note("a statement that was not understood")
      keep(packet)
      result.accept(packet, decider)
      result.dropped = result.dropped ?? decider
    case .lookup: keep(packet)
    }
  }

  /// The verdicts that a matching rule may have, each with whether it is sure to apply.
  private func verdicts(
    of rule: Rule, _ graph: RuleGraph, stage: PathStage, packet: TracedPacket
  ) -> [(Verdict, sure: Bool)] {
    guard rule.verdict.kind == .lookup else { return [(rule.verdict, true)] }
    let lookup = graph.lookups[Int(rule.verdict.target)]
    var found: [(Verdict, sure: Bool)] = []
    for element in 0..<lookup.count {
      switch elementMatch(lookup, element, stage: stage, packet: packet) {
      case .no: continue
      case .perhaps: found.append((lookup.verdicts[element], false))
      case .yes:
        found.append((lookup.verdicts[element], true))
        return found
      }
    }
    return found.isEmpty ? [(.none, true)] : found
  }

  // MARK: Matches

  /// Whether a rule matches, the packets that it then acts on, those that go on behind it, and why it is undecided.
  private mutating func matchRule(
    _ rule: Rule, _ graph: RuleGraph, stage: PathStage, packet: TracedPacket
  ) -> (Ternary, matched: [TracedPacket], failed: [TracedPacket], doubts: [String]) {
    var current = packet
    var answer = Ternary.yes
    var doubts: [String] = []
    var failed: [TracedPacket] = []
    for item in graph.items(of: rule) {
      if item.isEffect {
        current.state = current.state.after(item, precedesConntrack: stage.precedesConntrack)
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

  private func match(_ item: RuleItem, _ graph: RuleGraph, stage: PathStage, packet: TracedPacket) -> Ternary {
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
  private func decide(_ item: RuleItem, _ graph: RuleGraph, stage: PathStage, packet: TracedPacket) -> Ternary? {
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
    return FieldMatching.decide(item, value, graph)
  }

  private func hasField(_ field: Field, stage: PathStage, packet: TracedPacket) -> Bool {
    field.isInterface || field == .sourceAddressType || field == .destinationAddressType
      || wideValue(of: field, stage: stage, packet: packet) != nil
      || value(of: field, stage: stage, packet: packet) != nil
  }

  private func wideValue(of field: Field, stage: PathStage, packet: TracedPacket) -> Interval<UInt128>? {
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
  private func originalTuple(_ packet: TracedPacket) -> (source: Interval<UInt128>, destination: Interval<UInt128>)? {
    switch packet.state.conntrack {
    case .new: return (Interval(self.packet.source.bits), Interval(self.packet.destination.bits))
    case .established, .related:
      let all = Interval<UInt128>(0, self.packet.family.lastAddress)
      return (all, all)
    case .invalid, .untracked: return nil
    }
  }

  /// What replies will carry: of a first packet its own ends the other way round, as far as they have been mapped.
  private func replyTuple(_ packet: TracedPacket) -> (source: Interval<UInt128>, destination: Interval<UInt128>)? {
    packet.state.conntrack == .new ? (packet.destination, packet.source) : originalTuple(packet)
  }

  private func value(of field: Field, stage: PathStage, packet: TracedPacket) -> Interval<UInt32>? {
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
    case .packetType: return Interval(0)
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
      case .ctOriginalSourcePort: return known(self.packet.sourcePort, 65535)
      case .ctOriginalDestinationPort: return known(self.packet.destinationPort, 65535)
      case .ctReplySourcePort: return packet.destinationPort
      default: return packet.sourcePort
      }
    case .ctProtocol:
      guard hasConnection else { return nil }
      return isError(packet) ? Interval(0, 255) : Interval(UInt32(self.packet.protocolNumber))
    default: return nil
    }
  }

  /// Whether it is an error about another connection, which has that connection's tuple.
  private func isError(_ packet: TracedPacket) -> Bool { isICMP && packet.state.conntrack == .related }

  private var isICMP: Bool {
    packet.protocolNumber == (packet.family == .v4 ? IPProtocol.icmp : IPProtocol.icmpv6)
  }

  /// The interface that rules at a stage see.
  private func interfaceName(_ field: Field, at stage: PathStage) -> String? {
    guard stage.hook.sees(field) else { return "" }
    return field == .inputInterface ? packet.inputInterface : packet.outputInterface
  }

  private func interfaceMatch(_ name: String?, _ pattern: String, isPrefix: Bool) -> Ternary {
    if let name { return Ternary(isPrefix ? name.hasPrefix(pattern) : name == pattern) }
    if isPrefix { return pattern.isEmpty ? .yes : .perhaps }
    return pattern == "lo" || pattern.isEmpty ? .no : .perhaps
  }

  private func deviceMatch(_ stage: PathStage) -> Ternary {
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

  private func addressMatch(_ field: Field, _ contents: AddressSet, packet: TracedPacket) -> Ternary? {
    let isSource = field == .ipv4Source || field == .ipv6Source
    let value = isSource ? packet.source : packet.destination
    let set = IntervalSet(contents.intervals(self.packet.family))
    let common = set.intersection(IntervalSet(value))
    return Ternary(anyOf: !common.isEmpty, allOf: common.intervals == [value])
  }

  private func addressTypeMatch(
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

  private func elementMatch(_ lookup: Lookup, _ element: Int, stage: PathStage, packet: TracedPacket) -> Ternary {
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
        match = Ternary(anyOf: wanted.overlaps(wide), allOf: wanted.contains(wide))
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

  // MARK: Notes

  private mutating func note(_ reason: String) {
    if !reasons.contains(reason), reasons.count < 100 { reasons.append(reason) }
  }

  private mutating func record(
    _ stage: PathStage, chain: UInt32, rule: UInt32?, match: Ternary, verdict: Verdict, depth: Int
  ) {
    guard recordsSteps, steps.count < Self.stepLimit else { return }
    steps.append(
      TraceResult.Step(
        graph: stage.graph, hook: stage.hook, chain: chain, rule: rule, match: match, verdict: verdict, depth: depth))
  }
}

extension TracedPacket {
  /// The source as an optional, for key paths.
  var optionalSource: Interval<UInt128>? { source }
  /// The destination as an optional, for key paths.
  var optionalDestination: Interval<UInt128>? { destination }
}
