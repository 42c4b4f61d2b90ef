import PacketSets
import RuleGraph

/// A part of a selection, and the rule or policy that decides it.
public struct Blame {
  /// Who decided; nil when there is no chain on the path, or the packets pass because nothing looks at them.
  public var decider: TraceResult.Decider?
  /// The packets that it decides, in entry coordinates: before any rewriting.
  public var packets: PacketSelection
  /// How many neighbouring rules that differ in one field are taken together; 1 for a single rule.
  public var ruleCount: Int
  /// Chains on the way from the base chain to the deciding rule, outermost first.
  public var jumps: [UInt32]
}

extension PathEvaluator {
  /// Packets on their way: a part of the selection, what has been rewritten, and who let them through so far.
  private struct Flow {
    var set: Diagram
    var rewrite: UInt32
    var accepted: Blame?
    var strength = 0
  }

  /// What a walk through a chain found.
  private struct Walk {
    var passed: [(set: Diagram, rewrite: UInt32)] = []
    var accepted: [(set: Diagram, rewrite: UInt32, blame: Blame)] = []
    var dropped: [Blame] = []
  }

  /// Splits the packets of a selection that are dropped by the rules and policies that drop them.
  ///
  /// Packets of which it is not sure that they are dropped are named at every rule that perhaps drops them.
  public func blameDrops(_ selection: PacketSelection) -> [Blame] { blame(selection).dropped }

  /// The same of every base chain on the path, as if those before it had let the packets through: all that has to
  /// change for them to pass.
  public func blameDropsOfEveryChain(_ selection: PacketSelection) -> [Blame] {
    blame(selection, passesDropped: true).dropped
  }

  /// Splits the packets of a selection that are accepted by the rules and policies that accept them.
  ///
  /// Of several base chains that accept a packet, the one at the path's own hook counts, and a rule before a policy.
  public func blameAccepts(_ selection: PacketSelection) -> [Blame] {
    var merged: [Blame] = []
    var places: [TraceResult.Decider?: Int] = [:]
    for flow in blame(selection).flows where flow.set != DiagramStore.nothing {
      var blame = flow.accepted ?? Blame(decider: nil, packets: selection, ruleCount: 1, jumps: [])
      blame.packets = PacketSelection(set: flow.set, entry: selection.entry)
      if let index = places[blame.decider] {
        merged[index].packets = union(merged[index].packets, blame.packets)
      } else {
        places[blame.decider] = merged.count
        merged.append(blame)
      }
    }
    return merged
  }

  private func blame(
    _ selection: PacketSelection, passesDropped: Bool = false
  ) -> (flows: [Flow], dropped: [Blame]) {
    // Of a summary that is not known nobody can be blamed.
    if store.isExhausted { return ([], []) }
    var flows = [Flow(set: selection.set, rewrite: selection.entry)]
    if !originals.questions.isEmpty {
      flows = originalClasses().map { rewrite, packets in
        Flow(set: store.intersection(selection.set, packets), rewrite: store.composed(selection.entry, rewrite))
      }
    }
    var dropped: [Blame] = []
    let localHook = PathStage.localHook(of: question.path)
    let place = hopPlace
    for (index, stage) in stages.enumerated() {
      if index == place { takeHop(&flows, &dropped, entry: selection.entry) }
      var next: [Flow] = []
      for flow in flows {
        let calling = store.applied(flow.rewrite, stageGuard(stage))
        let inside = store.intersection(store.mapped(calling, .isInhabitedSet), flow.set)
        let outside = store.difference(flow.set, inside)
        if outside != DiagramStore.nothing {
          var rest = flow
          rest.set = outside
          next.append(rest)
        }
        guard inside != DiagramStore.nothing else { continue }
        var walk = walkBaseChain(stage, inside, flow.rewrite, entry: selection.entry)
        dropped += walk.dropped
        if passesDropped { next += walk.dropped.map { Flow(set: $0.packets.set, rewrite: flow.rewrite) } }
        walk.accepted.removeAll { $0.set == DiagramStore.nothing }
        for (set, rewrite, blame) in walk.accepted {
          var accepted = Flow(set: set, rewrite: rewrite, accepted: flow.accepted, strength: flow.strength)
          let isRule = blame.decider?.rule != nil
          let strength = stage.isNAT ? 0 : (isRule ? 2 : 1) + (stage.hook == localHook ? 2 : 0)
          if strength > 0, strength >= flow.strength {
            accepted.accepted = blame
            accepted.strength = strength
          }
          next.append(accepted)
        }
      }
      flows = next
    }
    if place == stages.count { takeHop(&flows, &dropped, entry: selection.entry) }
    return (flows, dropped)
  }

  /// Takes the router's hop off; what ends there no rule is to blame for.
  private func takeHop(_ flows: inout [Flow], _ dropped: inout [Blame], entry: UInt32) {
    let ending = endingAtHop(
      inside: DiagramStore.passing, perhaps: DiagramStore.passing, outside: DiagramStore.nothing)
    let surely = endingAtHop(
      inside: DiagramStore.passing, perhaps: DiagramStore.nothing, outside: DiagramStore.nothing)
    for flow in flows.indices {
      let rewrite = flows[flow].rewrite
      if ending != DiagramStore.nothing {
        let part = store.intersection(store.mapped(store.applied(rewrite, ending), .isInhabitedSet), flows[flow].set)
        if part != DiagramStore.nothing {
          let packets = PacketSelection(set: part, entry: entry)
          dropped.append(Blame(decider: nil, packets: packets, ruleCount: 1, jumps: []))
        }
        let gone = store.mapped(store.applied(rewrite, surely), .isInhabitedSet)
        flows[flow].set = store.difference(flows[flow].set, gone)
      }
      flows[flow].rewrite = store.composed(rewrite, hop)
    }
    flows.removeAll { $0.set == DiagramStore.nothing }
  }

  private func walkBaseChain(_ stage: PathStage, _ set: Diagram, _ rewrite: UInt32, entry: UInt32) -> Walk {
    var walk = Walk()
    walkChain(
      stage.graph, UInt32(stage.chain), stage: stage, set: set, rewrite: rewrite, entry: entry, jumps: [], into: &walk)
    let policy = graphs[stage.graph].chains[stage.chain].base?.policy ?? .accept
    let decider = TraceResult.Decider(graph: stage.graph, rule: nil, chain: UInt32(stage.chain))
    for (set, rewrite) in walk.passed {
      let blame = Blame(
        decider: decider, packets: PacketSelection(set: set, entry: entry), ruleCount: 1, jumps: [])
      if policy == .drop {
        walk.dropped.append(blame)
      } else {
        walk.accepted.append((set, rewrite, blame))
      }
    }
    walk.passed = []
    return walk
  }

  private func walkChain(
    _ graph: Int, _ chain: UInt32, stage: PathStage, set: Diagram, rewrite: UInt32, entry: UInt32, jumps: [UInt32],
    into walk: inout Walk
  ) {
    calls += 1
    guard jumps.count < Self.depthLimit, calls < Self.callLimit, !store.isExhausted else {
      // Paths through jumps can be as many as 2^n: the answer is then not known.
      store.exhaust()
      walk.passed.append((set, rewrite))
      return
    }
    let summary = chainSummary(graph, chain, stage: stage, depth: jumps.count)
    guard summary.root >= 0 else {
      walk.passed.append((set, rewrite))
      return
    }
    let context = WalkContext(graph: graph, chain: chain, stage: stage, entry: entry, jumps: jumps)
    walk.passed += walkSegment(summary, summary.root, context, [(set, rewrite)], into: &walk)
  }

  private struct WalkContext {
    var graph: Int
    var chain: UInt32
    var stage: PathStage
    var entry: UInt32
    var jumps: [UInt32]
  }

  /// Walks a segment with some packets and gives those that reach its end; returns go to `walk.passed`.
  private func walkSegment(
    _ summary: ChainSummary, _ index: Int32, _ context: WalkContext, _ flows: [(set: Diagram, rewrite: UInt32)],
    into walk: inout Walk
  ) -> [(set: Diagram, rewrite: UInt32)] {
    let segment = summary.segments[Int(index)]
    var untouched: [(set: Diagram, rewrite: UInt32)] = []
    var meeting: [(set: Diagram, rewrite: UInt32)] = []
    for (set, rewrite) in flows {
      // Whether the segment does anything is asked of it as it was folded; its rewriting comes later.
      let touched: Diagram
      if rewrite == 0 {
        touched = store.decided(by: segment.diagram, in: set)
      } else {
        let acts = store.applied(rewrite, store.mapped(segment.diagram, .isDeciding))
        touched = store.intersection(store.mapped(acts, .isInhabitedSet), set)
      }
      let rest = store.difference(set, touched)
      if touched != DiagramStore.nothing { meeting.append((touched, rewrite)) }
      if rest != DiagramStore.nothing { untouched.append((rest, rewrite)) }
    }
    if meeting.isEmpty { return untouched }
    if segment.left >= 0 {
      let middle = walkSegment(summary, segment.left, context, meeting, into: &walk)
      let passed = walkSegment(summary, segment.right, context, middle, into: &walk)
      return joined(untouched + passed)
    }
    var passed = untouched
    for (set, rewrite) in meeting {
      passed += walkLeaf(summary, segment, context, set: set, rewrite: rewrite, into: &walk)
    }
    return joined(passed)
  }

  /// Joins packets that have been rewritten alike.
  private func joined(_ flows: [(set: Diagram, rewrite: UInt32)]) -> [(set: Diagram, rewrite: UInt32)] {
    guard flows.count > 1 else { return flows }
    var order: [UInt32] = []
    var sets: [UInt32: Diagram] = [:]
    for (set, rewrite) in flows {
      if let known = sets[rewrite] {
        sets[rewrite] = store.union(known, set)
      } else {
        order.append(rewrite)
        sets[rewrite] = set
      }
    }
    return order.map { (sets[$0] ?? DiagramStore.nothing, $0) }
  }

  private func walkLeaf(
    _ summary: ChainSummary, _ segment: ChainSummary.Segment, _ context: WalkContext, set: Diagram, rewrite: UInt32,
    into walk: inout Walk
  ) -> [(set: Diagram, rewrite: UInt32)] {
    let graph = graphs[context.graph]
    guard segment.count > 0 else {
      // The stand-in of a chain that was too deep to summarise.
      return [(set, rewrite)]
    }
    let ruleIndex = summary.rules[Int(segment.first)]
    let rule = graph.rules[Int(ruleIndex)]
    if callsChains(rule.verdict, graph) {
      return walkCall(ruleIndex, context, set: set, rewrite: rewrite, into: &walk)
    }
    var passed: [(set: Diagram, rewrite: UInt32)] = []
    let diagram = store.applied(rewrite, segment.diagram)
    let terminals = store.terminals(of: diagram, inside: set)
    // Mostly all of the packets meet the same fate here.
    let isOneFate = terminals.count == 1
    let inside = isOneFate ? diagram : store.filtered(diagram, by: set)
    for outcome in outcomes(of: terminals) {
      let part = isOneFate ? set : store.mapped(inside, .contains(outcome))
      guard part != DiagramStore.nothing else { continue }
      let packets = PacketSelection(set: part, entry: context.entry)
      switch outcome.verdict {
      case .pass: passed.append((part, outcome.rewrite))
      case .returning: walk.passed.append((part, outcome.rewrite))
      case .accept, .drop:
        let blamed = segment.count == 1 ? ruleIndex : ruleOfRun(summary, segment, context, packets)
        let blame = Blame(
          decider: TraceResult.Decider(graph: context.graph, rule: blamed, chain: context.chain), packets: packets,
          ruleCount: Int(segment.count), jumps: context.jumps)
        if outcome.verdict == .drop {
          walk.dropped.append(blame)
        } else {
          walk.accepted.append((part, outcome.rewrite, blame))
        }
      }
    }
    return passed
  }

  /// The outcomes of some terminals, ascending.
  private func outcomes(of terminals: [Diagram]) -> [Outcome] {
    if terminals.count == 1 { return store.outcomes(terminals[0]) }
    return Set(terminals.flatMap { store.outcomes($0) }).sorted()
  }

  /// Of a folded run, the first rule that matches the witness of some packets.
  private func ruleOfRun(
    _ summary: ChainSummary, _ segment: ChainSummary.Segment, _ context: WalkContext, _ packets: PacketSelection
  ) -> UInt32 {
    let graph = graphs[context.graph]
    let rules = summary.rules[Int(segment.first)..<Int(segment.first + segment.count)]
    guard let packet = witness(of: packets), let first = rules.first else { return 0 }
    let position = runPosition(graph, rules)
    for index in rules {
      let item = graph.items[Int(graph.rules[Int(index)].firstItem) + position]
      let value: UInt128
      switch item.field {
      case .ipv4Source, .ipv6Source: value = packet.source.bits
      case .ipv4Destination, .ipv6Destination: value = packet.destination.bits
      case .sourcePort: value = UInt128(packet.sourcePort ?? 0)
      default: value = UInt128(packet.destinationPort ?? 0)
      }
      let answer =
        item.kind == .wideRange
        ? FieldMatching.decide(item, Interval(value), graph)
        : FieldMatching.decide(item, Interval(UInt32(truncatingIfNeeded: value)), graph)
      if answer == .yes { return index }
    }
    return first
  }

  // MARK: Calls

  private func callsChains(_ verdict: Verdict, _ graph: RuleGraph) -> Bool {
    switch verdict.kind {
    case .jump, .goto: true
    case .lookup: graph.lookups[Int(verdict.target)].verdicts.contains { $0.kind == .jump || $0.kind == .goto }
    default: false
    }
  }

  /// Follows a rule that calls chains: the called chain's rules are blamed, not the call.
  private func walkCall(
    _ ruleIndex: UInt32, _ context: WalkContext, set: Diagram, rewrite: UInt32, into walk: inout Walk
  ) -> [(set: Diagram, rewrite: UInt32)] {
    let graph = graphs[context.graph]
    let rule = graph.rules[Int(ruleIndex)]
    var passed: [(set: Diagram, rewrite: UInt32)] = []
    var calls: [(verdict: Verdict, matching: Diagram)] = []
    let items = graph.items(of: rule)
    if rule.verdict.kind == .lookup {
      for verdict in Set(graph.lookups[Int(rule.verdict.target)].verdicts).sorted(by: { $0.order < $1.order }) {
        let keys = verdictKeys(context.graph, rule.verdict.target, verdict, stage: context.stage)
        calls.append((verdict, itemsDiagram(items, context.graph, inside: keys, stage: context.stage)))
      }
    } else {
      let matching = itemsDiagram(items, context.graph, inside: DiagramStore.accepting, stage: context.stage)
      calls.append((rule.verdict, matching))
    }
    var remaining = set
    for (verdict, matching) in calls {
      let diagram = store.applied(rewrite, matching)
      for outcome in outcomes(of: store.terminals(of: diagram, inside: set)) where outcome.verdict == .accept {
        let part = store.intersection(store.mapped(diagram, .contains(outcome)), set)
        guard part != DiagramStore.nothing else { continue }
        carryOut(verdict, ruleIndex, context, part, outcome.rewrite, passed: &passed, into: &walk)
      }
      let surely = store.intersection(store.mapped(diagram, .surelyAccepted), set)
      remaining = store.difference(remaining, surely)
    }
    if remaining != DiagramStore.nothing {
      // Effects before a match that fails happen all the same.
      let matching = itemsDiagram(items, context.graph, inside: DiagramStore.accepting, stage: context.stage)
      let diagram = store.applied(rewrite, matching)
      for outcome in outcomes(of: store.terminals(of: diagram, inside: remaining))
      where outcome.verdict == .pass || rule.verdict.kind == .lookup {
        let part = store.intersection(store.mapped(diagram, .contains(outcome)), remaining)
        if part != DiagramStore.nothing { passed.append((part, outcome.rewrite)) }
      }
    }
    return passed
  }

  private func carryOut(
    _ verdict: Verdict, _ ruleIndex: UInt32, _ context: WalkContext, _ part: Diagram, _ rewrite: UInt32,
    passed: inout [(set: Diagram, rewrite: UInt32)], into walk: inout Walk
  ) {
    switch verdict.kind {
    case .jump, .goto:
      var inner = Walk()
      walkChain(
        context.graph, verdict.target, stage: context.stage, set: part, rewrite: rewrite, entry: context.entry,
        jumps: context.jumps + [context.chain], into: &inner)
      walk.accepted += inner.accepted
      walk.dropped += inner.dropped
      if verdict.kind == .jump { passed += inner.passed } else { walk.passed += inner.passed }
    default:
      let blame = Blame(
        decider: TraceResult.Decider(graph: context.graph, rule: ruleIndex, chain: context.chain),
        packets: PacketSelection(set: part, entry: context.entry), ruleCount: 1, jumps: context.jumps)
      let terminal = terminal(of: verdict)
      for outcome in store.outcomes(terminal) {
        switch outcome.verdict {
        case .pass: passed.append((part, rewrite))
        case .returning: walk.passed.append((part, rewrite))
        case .accept: walk.accepted.append((part, rewrite, blame))
        case .drop: walk.dropped.append(blame)
        }
      }
    }
  }
}

extension Verdict {
  /// Any fixed order.
  var order: UInt64 { UInt64(kind.rawValue) << 32 | UInt64(target) }
}
