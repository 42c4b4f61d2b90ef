import PacketSets
import RuleGraph

extension PathEvaluator {
  /// The chain under analysis.
  private struct Context {
    var graph: Int
    var chain: UInt32
    var stage: PathStage
    /// Whether a drop may stand for a reject further on, so that drops cannot be called redundant.
    var mixesRejects: Bool

    func id(_ rule: UInt32) -> RuleAnalysis.RuleID {
      RuleAnalysis.RuleID(graph: graph, chain: chain, rule: rule)
    }
  }

  /// Judges the rules of a chain and of the chains that it calls, each chain once in its context.
  func judge(
    _ chain: UInt32, stage: PathStage, depth: Int, into analysis: inout RuleAnalysis, done: inout Set<ChainKey>
  ) {
    let key = ChainKey(
      graph: stage.graph, chain: chain, hook: stage.hook, precedesConntrack: stage.precedesConntrack)
    guard depth < Self.depthLimit, done.insert(key).inserted else { return }
    let graph = graphs[stage.graph]
    let rules = graph.chains[Int(chain)].rules
    for rule in rules where graph.rules[Int(rule)].verdict.mayCall {
      for call in graph.calls(of: graph.rules[Int(rule)]) {
        judge(call.target, stage: stage, depth: depth + 1, into: &analysis, done: &done)
      }
    }
    guard !isExhausted, weight(of: chain, in: graph) <= RuleAnalysis.chainLimit else {
      return analysis.skip(stage.graph, chain)
    }
    let summary = chainSummary(stage.graph, chain, stage: stage, depth: depth)
    let context = Context(
      graph: stage.graph, chain: chain, stage: stage,
      mixesRejects: graph.rules.contains { $0.verdict.kind == .reject })
    var judged = analysis
    for rule in rules where graph.rules[Int(rule)].isWritten {
      let isNever = neverMatches(rule, context)
      judged.add(context.id(rule)) {
        $0.examined += 1
        if isNever { $0.neverMatches += 1 }
      }
    }
    if summary.root >= 0 {
      let base = graph.chains[Int(chain)].base
      let end = base.map { $0.policy == .drop ? DiagramStore.dropping : DiagramStore.accepting } ?? DiagramStore.passing
      judgeSegment(summary, summary.root, context, live: DiagramStore.passing, rest: end, into: &judged)
    }
    // What a store that ran out of its budget says is worth nothing.
    if isExhausted { analysis.skip(stage.graph, chain) } else { analysis = judged }
  }

  /// The rules of a chain and of all chains that it leads to, counted up to just past the limit.
  private func weight(of chain: UInt32, in graph: RuleGraph) -> Int {
    var count = 0
    var seen: Set<UInt32> = [chain]
    var pending = [chain]
    while let next = pending.popLast() {
      count += graph.chains[Int(next)].rules.count
      if count > RuleAnalysis.chainLimit { break }
      for rule in graph.chains[Int(next)].rules where graph.rules[Int(rule)].verdict.mayCall {
        for call in graph.calls(of: graph.rules[Int(rule)]) where seen.insert(call.target).inserted {
          pending.append(call.target)
        }
      }
    }
    return count
  }

  private func neverMatches(_ rule: UInt32, _ context: Context) -> Bool {
    let items = graphs[context.graph].items(of: graphs[context.graph].rules[Int(rule)])
    guard !items.contains(where: \.isEffect) else { return false }
    return matching(items, context) == DiagramStore.nothing
  }

  /// The packets that perhaps or surely pass some matches.
  private func matching(_ items: ArraySlice<RuleItem>, _ context: Context) -> Diagram {
    let diagram = itemsDiagram(items, context.graph, inside: DiagramStore.accepting, stage: context.stage)
    return store.mapped(diagram, .possiblyAccepted)
  }

  /// Judges the rules below a segment: `live` are the packets that reach it, `rest` what follows it.
  private func judgeSegment(
    _ summary: ChainSummary, _ index: Int32, _ context: Context, live: Diagram, rest: Diagram,
    into analysis: inout RuleAnalysis
  ) {
    let segment = summary.segments[Int(index)]
    // Only packets that the segment does something to matter below: this keeps the sets as small as the segment.
    let live = store.intersection(live, store.mapped(segment.diagram, .isDeciding))
    guard segment.left >= 0 else {
      if segment.count > 1 {
        return judgeRun(
          summary.rules[Int(segment.first)..<Int(segment.first + segment.count)], context, live, rest, into: &analysis)
      }
      guard segment.count == 1 else { return }
      return judgeRule(summary.rules[Int(segment.first)], context, live, rest, into: &analysis)
    }
    let left = summary.segments[Int(segment.left)].diagram
    let right = summary.segments[Int(segment.right)].diagram
    let after = store.filtered(store.then(right, rest), by: live)
    judgeSegment(summary, segment.left, context, live: live, rest: after, into: &analysis)
    judgeSegment(summary, segment.right, context, live: passed(left, live), rest: rest, into: &analysis)
  }

  /// The packets that are still on their way after a segment; those that it rewrote may be in any state, with any
  /// value where it wrote one.
  private func passed(_ diagram: Diagram, _ live: Diagram) -> Diagram {
    let inside = store.filtered(diagram, by: live)
    var result = DiagramStore.nothing
    var outcomes: Set<Outcome> = []
    for terminal in store.terminals(of: inside, inside: DiagramStore.passing) {
      outcomes.formUnion(store.outcomes(terminal))
    }
    for outcome in outcomes where outcome.verdict == .pass {
      var part = store.mapped(inside, .contains(outcome))
      if outcome.rewrite != 0 {
        let written = store.rewrite(outcome.rewrite).assignments.map(\.level)
        part = store.forgetting([PacketLayout.state] + written, in: part)
      }
      result = store.union(result, part)
    }
    return result
  }

  private func judgeRule(
    _ index: UInt32, _ context: Context, _ live: Diagram, _ rest: Diagram, into analysis: inout RuleAnalysis
  ) {
    let rule = graphs[context.graph].rules[Int(index)]
    let items = graphs[context.graph].items(of: rule)
    guard rule.isWritten, rule.understanding != .unparsed, canBeJudged(rule.verdict),
      !items.contains(where: \.isEffect)
    else { return }
    let matching = matching(items, context)
    guard matching != DiagramStore.nothing else { return }
    let hits = store.intersection(matching, live)
    let isShadowed = hits == DiagramStore.nothing
    let isRedundant = !isShadowed && isSame(rule.verdict, hits, rest, context)
    analysis.add(context.id(index)) {
      $0.judged += 1
      if isShadowed { $0.shadowed += 1 }
      if isRedundant { $0.redundant += 1 }
    }
    if isShadowed { analysis.addCauses(context.id(index), causes(of: index, matching, context)) }
  }

  /// Rules that differ in one field: which of them own a value that is live and that no earlier one holds.
  private func judgeRun(
    _ rules: ArraySlice<UInt32>, _ context: Context, _ live: Diagram, _ rest: Diagram,
    into analysis: inout RuleAnalysis
  ) {
    let graph = graphs[context.graph]
    let position = runPosition(graph, rules)
    guard let first = rules.first else { return }
    let verdict = graph.rules[Int(first)].verdict
    for (offset, index) in rules.enumerated() {
      let matching = matching(graph.items(of: graph.rules[Int(index)]), context)
      guard matching != DiagramStore.nothing else { continue }
      var hits = store.intersection(matching, live)
      // Earlier rules of the run differ in one value only: take away those that meet this one.
      for other in rules.prefix(offset) where overlap(graph, other, index, position) {
        hits = store.difference(hits, self.matching(graph.items(of: graph.rules[Int(other)]), context))
        if hits == DiagramStore.nothing { break }
      }
      let isShadowed = hits == DiagramStore.nothing
      let isRedundant = !isShadowed && isSame(verdict, hits, rest, context)
      analysis.add(context.id(index)) {
        $0.judged += 1
        if isShadowed { $0.shadowed += 1 }
        if isRedundant { $0.redundant += 1 }
      }
      if isShadowed { analysis.addCauses(context.id(index), causes(of: index, matching, context)) }
    }
  }

  private func overlap(_ graph: RuleGraph, _ left: UInt32, _ right: UInt32, _ position: Int) -> Bool {
    let left = graph.items[Int(graph.rules[Int(left)].firstItem) + position]
    let right = graph.items[Int(graph.rules[Int(right)].firstItem) + position]
    if left.kind == .wideRange {
      return graph.wideRanges[Int(left.a)].overlaps(graph.wideRanges[Int(right.a)])
    }
    return left.a <= right.b && right.a <= left.b
  }

  /// Verdicts that end a packet's way through the chain without calling another.
  private func canBeJudged(_ verdict: Verdict) -> Bool {
    switch verdict.kind {
    case .accept, .drop, .reject, .returning, .translate, .queue: true
    case .none, .jump, .goto, .lookup, .unknown: false
    }
  }

  /// Whether what follows a rule has the same verdict for all packets that it decides.
  private func isSame(_ verdict: Verdict, _ hits: Diagram, _ rest: Diagram, _ context: Context) -> Bool {
    switch verdict.kind {
    case .accept: break
    case .drop where !context.mixesRejects: break
    default: return false
    }
    return store.terminals(of: rest, inside: hits) == [terminal(of: verdict)]
  }

  /// The rules before a shadowed one that decide its packets: one that does it alone, else as few as were found.
  private func causes(of rule: UInt32, _ matching: Diagram, _ context: Context) -> [UInt32] {
    let earlier = graphs[context.graph].chains[Int(context.chain)].rules.prefix { $0 != rule }
    var remaining = matching
    var causes: [(rule: UInt32, diagram: Diagram)] = []
    for index in earlier {
      let diagram = ruleDiagram(context.graph, index, stage: context.stage, depth: 0)
      let after = passed(diagram, matching)
      if after == DiagramStore.nothing { return [index] }
      guard after != matching, remaining != DiagramStore.nothing, causes.count <= RuleAnalysis.causeLimit else {
        continue
      }
      let left = passed(diagram, remaining)
      if left != remaining { causes.append((index, diagram)) }
      remaining = left
    }
    guard remaining == DiagramStore.nothing else { return causes.map(\.rule) }
    // What the others cover without it is no cause.
    for candidate in causes {
      let others = causes.filter { $0.rule != candidate.rule }
      let left = others.reduce(matching) { passed($1.diagram, $0) }
      if left == DiagramStore.nothing { causes = others }
    }
    return causes.map(\.rule)
  }
}
