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
  /// Whether connection tracking has seen the packet.
  private var isTracked = false
  /// Whether some way ends at the router's own hop.
  private var endsAtHop = false

  /// Chains may call one another this deep (the kernel stops at 16 jumps).
  static let depthLimit = 64
  static let stepLimit = 10_000

  init(tracer: PacketTracer, packet: Packet, recordsSteps: Bool) {
    self.tracer = tracer
    self.packet = packet
    self.recordsSteps = recordsSteps
  }

  /// Follows the packet through base chains in their order.
  mutating func run(_ stages: [PathStage]) -> TraceResult {
    var ways = [Way(packet: TracedPacket(packet))]
    var dropped: TraceResult.Decider?
    var rejected: TraceResult.Decider?
    let localHook = PathStage.localHook(of: packet.path)
    let hopPlace = packet.path == .forward ? stages.firstIndex { $0.hook.isBehindHop } ?? stages.count : -1
    for (index, stage) in stages.enumerated() {
      if index == hopPlace { takeHop(&ways) }
      if !isTracked, !stage.precedesConntrack {
        isTracked = true
        for way in ways.indices { ways[way].packet.track() }
      }
      var next: [Way] = []
      var seen = DistinctPackets()
      for way in ways {
        let devices = deviceMatch(stage)
        if devices == .perhaps { note("an interface that is not known") }
        if devices != .yes, seen.insert(way.packet) { next.append(way) }
        guard devices != .no else { continue }
        if stage.isNAT {
          let meets = way.packet.state.meetsNAT(at: stage.hook)
          if meets != .yes, seen.insert(way.packet) { next.append(way) }
          if meets == .no { continue }
        }
        let isBlurred = isBlurred(way.packet, at: stage)
        let entering = isBlurred ? blurred(way.packet, at: stage) : way.packet
        var result = call(UInt32(stage.chain), stage: stage, packet: entering, depth: 0)
        applyPolicy(to: &result, stage: stage)
        if isBlurred {
          for index in result.accepted.indices { restore(&result.accepted[index].packet, way.packet, at: stage) }
        }
        dropped = dropped ?? result.dropped
        rejected = rejected ?? result.rejected
        for (packet, decider) in result.accepted where seen.insert(packet) {
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
    if hopPlace == stages.count { takeHop(&ways) }
    return result(ways: ways, dropped: dropped, rejected: rejected)
  }

  /// Whether a packet of a connection that may be translated shows other ends at a stage than where rules filter.
  private func isBlurred(_ packet: TracedPacket, at stage: PathStage) -> Bool {
    guard stage.facesWire, tracer.translatedFamilies.contains(self.packet.family) else { return false }
    return packet.state.hasConnection && packet.state.conntrack != .new
  }

  private func blurred(_ packet: TracedPacket, at stage: PathStage) -> TracedPacket {
    var packet = packet
    let all = Interval<UInt128>(0, self.packet.family.lastAddress)
    if stage.hook.blursDestination {
      packet.ends.destination = all
      packet.ends.destinationPort = packet.ends.destinationPort.map { _ in Interval(0, 65535) }
    } else {
      packet.ends.source = all
      packet.ends.sourcePort = packet.ends.sourcePort.map { _ in Interval(0, 65535) }
    }
    return packet
  }

  /// Gives a packet its ends back, unless rules have written others.
  private func restore(_ packet: inout TracedPacket, _ before: TracedPacket, at stage: PathStage) {
    let all = Interval<UInt128>(0, self.packet.family.lastAddress)
    if stage.hook.blursDestination {
      if packet.ends.destination == all { packet.ends.destination = before.ends.destination }
      if packet.ends.destinationPort == Interval(0, 65535) { packet.ends.destinationPort = before.ends.destinationPort }
    } else {
      if packet.ends.source == all { packet.ends.source = before.ends.source }
      if packet.ends.sourcePort == Interval(0, 65535) { packet.ends.sourcePort = before.ends.sourcePort }
    }
  }

  /// Takes the router's hop off, at which packets that may go no further end.
  private mutating func takeHop(_ ways: inout [Way]) {
    var left: [Way] = []
    for way in ways {
      let ends = way.packet.state.endsAtHop
      if ends != .no { endsAtHop = true }
      if ends == .perhaps { note("a time to live that may not suffice") }
      guard ends != .yes else { continue }
      var way = way
      way.packet.state = way.packet.state.afterHop()
      left.append(way)
    }
    ways = left
  }

  private func result(
    ways: [Way], dropped: TraceResult.Decider?, rejected: TraceResult.Decider?
  ) -> TraceResult {
    var result = TraceResult(verdict: .accept, reasons: reasons, steps: steps)
    if ways.isEmpty {
      result.verdict = dropped != nil || endsAtHop ? .drop : .reject
      result.decider = dropped ?? rejected
      if dropped != nil, rejected != nil { result.verdict = .drop }
    } else if dropped != nil || rejected != nil || endsAtHop {
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
      if !recordsSteps, live.allSatisfy({ isPlainMiss(rule, graph, stage: stage, packet: $0) }) { continue }
      var next = DistinctPackets()
      func keep(_ packet: TracedPacket) { next.insert(packet) }
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
      live = next.packets
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
      guard !isKeptHere(translation, at: stage) else {
        result.dropped = result.dropped ?? decider
        break
      }
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

  /// Whether a packet that would be forwarded ends at the host instead, to which it is redirected (nf_nat_redirect.c).
  private func isKeptHere(_ translation: Translation, at stage: PathStage) -> Bool {
    translation.kind == .redirect && packet.path == .forward && stage.hook == .prerouting
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
