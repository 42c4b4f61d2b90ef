import PacketSets
import RuleGraph
import Workers

extension PathEvaluator {
  /// The chain under analysis.
  private struct Context {
    var graph: Int
    var chain: UInt32
    var stage: PathStage
    /// Whether a drop may stand for a reject further on, so that drops cannot be called redundant.
    var mixesRejects: Bool
    /// The places of the chain's rules.
    var places: [UInt32: Int]
    /// What a rule's matches let through, by place; nil for rules with effects.
    var matching: [Diagram?]
    /// What is found out, by place.
    var found: [RuleAnalysis.Judgement]
    /// Rules that shadow others, by the shadowed one.
    var causes: [(rule: UInt32, causes: [UInt32])] = []
  }

  /// Judges the rules of a chain and of the chains that it calls, each chain once in its context.
  func judge(
    _ chain: UInt32, stage: PathStage, depth: Int, into analysis: inout RuleAnalysis, done: inout Set<ChainKey>
  ) {
    let key = ChainKey(
      graph: stage.graph, chain: chain, hook: stage.hook, precedesConntrack: stage.precedesConntrack)
    guard depth < Self.depthLimit, done.insert(key).inserted else { return }
    let graph = graphs[stage.graph]
    for rule in graph.chains[Int(chain)].rules where graph.rules[Int(rule)].verdict.mayCall {
      for call in graph.calls(of: graph.rules[Int(rule)]) {
        judge(call.target, stage: stage, depth: depth + 1, into: &analysis, done: &done)
      }
    }
    var boxes = chainBoxes(stage.graph, chain, stage: stage)
    let id = RuleAnalysis.ChainID(graph: stage.graph, chain: chain)
    if analysis.method != .boxes, boxes.isPartial || analysis.method == .diagrams,
      boxes.rules.contains(where: \.isJudged),
      weight(of: chain, in: graph) <= RuleAnalysis.chainLimit,
      let context = judgedByDiagrams(chain, stage: stage, depth: depth)
    {
      analysis.add(id, context.found)
      for (rule, causes) in context.causes {
        analysis.addCauses(RuleAnalysis.RuleID(graph: stage.graph, chain: chain, rule: rule), causes)
      }
      return
    }
    judge(&boxes, id, into: &analysis)
    // Of a chain with nothing to judge nothing is left out.
    if boxes.isPartial, boxes.rules.contains(where: \.isJudged) { analysis.skip(stage.graph, chain) }
  }

  /// Judges the rules of a chain as boxes.
  private func judge(_ boxes: inout ChainBoxes, _ id: RuleAnalysis.ChainID, into analysis: inout RuleAnalysis) {
    var found = boxes.rules.map { rule in
      var judgement = RuleAnalysis.Judgement()
      if rule.isExamined {
        judgement.examined = 1
        if rule.isNever { judgement.neverMatches = 1 }
      }
      // A rule of which it is not known here what it matches counts as live.
      if rule.isJudged, !rule.isExact, !rule.isNever { judgement.judged = 1 }
      return judgement
    }
    guard boxes.rules.contains(where: { $0.isJudged && $0.isExact && !$0.isNever }) else {
      return analysis.add(id, found)
    }
    let judge = BoxJudge(&boxes)
    let order = judge.places
    let block = 1024
    let blocks = Workers.map((order.count + block - 1) / block) { index in
      judge.judge(order[index * block..<min(order.count, (index + 1) * block)])
    }
    var shadowed: [Int] = []
    var causing: Set<Int32> = []
    for (ordinal, judgement) in zip(order, blocks.lazy.flatMap(\.judgements)) {
      let place = Int(ordinal)
      found[place].judged = 1
      switch judgement {
      case .live: break
      case .redundant: found[place].redundant = 1
      case .shadowed:
        found[place].shadowed = 1
        shadowed.append(place)
      }
    }
    for block in blocks { causing.formUnion(block.causing) }
    let rules = graphs[id.graph].chains[Int(id.chain)].rules
    if shadowed.count <= RuleAnalysis.knownCauseLimit {
      let asked = shadowed
      let causes = Workers.map(asked.count, grain: 16) { judge.causes(of: asked[$0], limit: RuleAnalysis.causeLimit) }
      analysis.add(id, found)
      for (place, causes) in zip(shadowed, causes) {
        analysis.addCauses(
          RuleAnalysis.RuleID(graph: id.graph, chain: id.chain, rule: rules[place]), causes.map { rules[$0] })
      }
      return
    }
    // Of very many it is enough to know who may be a cause.
    analysis.add(id, found, judge: judge, causing: causing.map { rules[Int($0)] })
  }

  /// Judges the rules of a chain by diagrams; nil when those get too large.
  private func judgedByDiagrams(_ chain: UInt32, stage: PathStage, depth: Int) -> Context? {
    guard !isExhausted else { return nil }
    let graph = graphs[stage.graph]
    let rules = graph.chains[Int(chain)].rules
    var places: [UInt32: Int] = [:]
    for (place, rule) in rules.enumerated() { places[rule] = place }
    let matching = rules.map { rule -> Diagram? in
      let items = graph.items(of: graph.rules[Int(rule)])
      return items.contains(where: \.isEffect) ? nil : self.matching(items, stage.graph, stage: stage)
    }
    var context = Context(
      graph: stage.graph, chain: chain, stage: stage,
      mixesRejects: graph.rules.contains { $0.verdict.kind == .reject }, places: places, matching: matching,
      found: rules.indices.map { place in
        var judgement = RuleAnalysis.Judgement()
        if graph.rules[Int(rules[place])].isWritten {
          judgement.examined = 1
          if matching[place] == DiagramStore.nothing { judgement.neverMatches = 1 }
        }
        return judgement
      })
    let summary = chainSummary(stage.graph, chain, stage: stage, depth: depth)
    if summary.root >= 0 {
      let base = graph.chains[Int(chain)].base
      let end = base.map { $0.policy == .drop ? DiagramStore.dropping : DiagramStore.accepting } ?? DiagramStore.passing
      judgeSegment(summary, summary.root, &context, live: DiagramStore.passing, rest: end)
    }
    // What a store that ran out of its budget says is worth nothing.
    return isExhausted ? nil : context
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

  /// The packets that perhaps or surely pass some matches.
  func matching(_ items: ArraySlice<RuleItem>, _ graph: Int, stage: PathStage) -> Diagram {
    let diagram = itemsDiagram(items, graph, inside: DiagramStore.accepting, stage: stage)
    return store.mapped(diagram, .possiblyAccepted)
  }

  /// Judges the rules below a segment: `live` are the packets that reach it, `rest` what follows it.
  private func judgeSegment(
    _ summary: ChainSummary, _ index: Int32, _ context: inout Context, live: Diagram, rest: Diagram
  ) {
    let segment = summary.segments[Int(index)]
    // Only packets that the segment does something to matter below: this keeps the sets as small as the segment.
    let live = store.intersection(live, store.mapped(segment.diagram, .isDeciding))
    guard segment.left >= 0 else {
      if segment.count > 1 {
        return judgeRun(
          summary.rules[Int(segment.first)..<Int(segment.first + segment.count)], &context, live, rest)
      }
      guard segment.count == 1 else { return }
      return judgeRule(summary.rules[Int(segment.first)], &context, live, rest)
    }
    let left = summary.segments[Int(segment.left)].diagram
    let right = summary.segments[Int(segment.right)].diagram
    let after = store.filtered(store.then(right, rest), by: live)
    judgeSegment(summary, segment.left, &context, live: live, rest: after)
    judgeSegment(summary, segment.right, &context, live: passed(left, live), rest: rest)
  }

  /// The packets that are still on their way after a segment; those that it rewrote may be in any state, with any
  /// value where it wrote one.
  private func passed(_ diagram: Diagram, _ live: Diagram) -> Diagram {
    if live == DiagramStore.nothing { return live }
    let terminals = store.terminals(of: diagram, inside: live)
    if terminals.allSatisfy({ $0 < 16 }) {
      // Without rewriting, those that perhaps pass are all that there is to know.
      if terminals.allSatisfy({ $0 & 1 == 1 }) { return live }
      return store.intersection(store.mapped(diagram, .contains(Outcome(.pass))), live)
    }
    let inside = store.filtered(diagram, by: live)
    var result = DiagramStore.nothing
    var outcomes: Set<Outcome> = []
    for terminal in terminals { outcomes.formUnion(store.outcomes(terminal)) }
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

  private func judgeRule(_ index: UInt32, _ context: inout Context, _ live: Diagram, _ rest: Diagram) {
    let rule = graphs[context.graph].rules[Int(index)]
    guard rule.isWritten, rule.understanding != .unparsed, canBeJudged(rule.verdict),
      let place = context.places[index], let matching = context.matching[place], matching != DiagramStore.nothing
    else { return }
    record(index, place, hits: store.intersection(matching, live), rest, &context)
  }

  /// Rules that differ in one field: which of them own a value that is live and that no earlier one holds.
  private func judgeRun(
    _ rules: ArraySlice<UInt32>, _ context: inout Context, _ live: Diagram, _ rest: Diagram
  ) {
    let graph = graphs[context.graph]
    let position = runPosition(graph, rules)
    for (offset, index) in rules.enumerated() {
      guard let place = context.places[index], let matching = context.matching[place], matching != DiagramStore.nothing
      else { continue }
      var hits = store.intersection(matching, live)
      // Earlier rules of the run differ in one value only: take away those that meet this one.
      for other in rules.prefix(offset) where overlap(graph, other, index, position) {
        guard let otherPlace = context.places[other], let taken = context.matching[otherPlace] else { continue }
        hits = store.difference(hits, taken)
        if hits == DiagramStore.nothing { break }
      }
      record(index, place, hits: hits, rest, &context)
    }
  }

  private func record(_ index: UInt32, _ place: Int, hits: Diagram, _ rest: Diagram, _ context: inout Context) {
    context.found[place].judged = 1
    if hits == DiagramStore.nothing {
      context.found[place].shadowed = 1
      context.causes.append((index, causes(of: place, context)))
    } else if isSame(graphs[context.graph].rules[Int(index)].verdict, hits, rest, context) {
      context.found[place].redundant = 1
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
  func canBeJudged(_ verdict: Verdict) -> Bool {
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
  private func causes(of place: Int, _ context: Context) -> [UInt32] {
    let earlier = graphs[context.graph].chains[Int(context.chain)].rules.prefix(place)
    let matching = context.matching[place] ?? DiagramStore.nothing
    var remaining = matching
    var causes: [(rule: UInt32, diagram: Diagram)] = []
    for (other, index) in earlier.enumerated() {
      if let others = context.matching[other], !store.intersects(others, matching) { continue }
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
