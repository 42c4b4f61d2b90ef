import PacketSets
import RuleGraph

extension PathEvaluator {
  /// Rules in a row that differ only in one field are folded into one node from this many on.
  static let shortestRun = 8

  /// The summary of a chain as called at a stage; cycles and too deep calls give an undecided one.
  func chainSummary(_ graph: Int, _ chain: UInt32, stage: PathStage, depth: Int) -> ChainSummary {
    let key = ChainKey(graph: graph, chain: chain, hook: stage.hook, precedesConntrack: stage.precedesConntrack)
    if let summary = summaries[key] { return summary }
    guard depth < Self.depthLimit, openChains.insert(key).inserted else {
      return ChainSummary(segments: [ChainSummary.Segment(diagram: DiagramStore.anything)], root: 0)
    }
    defer { openChains.remove(key) }
    var summary = ChainSummary()
    summary.rules = rulesInHull(graphs[graph], graphs[graph].chains[Int(chain)].rules)
    summary.root = fold(&summary, graph: graph, stage: stage, depth: depth)
    summaries[key] = summary
    keepAll()
    return summary
  }

  /// The rules of a chain that can match a packet whose addresses lie in the hulls.
  private func rulesInHull(_ graph: RuleGraph, _ rules: [UInt32]) -> [UInt32] {
    guard sourceHull != nil || destinationHull != nil else { return rules }
    var kept: [UInt32] = []
    let isV4 = question.family == .v4
    graph.rules.withUnsafeBufferPointer { allRules in
      graph.items.withUnsafeBufferPointer { items in
        next: for index in rules {
          let rule = allRules[Int(index)]
          for item in items[Int(rule.firstItem)..<Int(rule.firstItem + rule.itemCount)] where !item.isNegated {
            switch item.field {
            case .ipv4Source:
              guard isV4 else { continue next }
              if item.kind == .range, let sourceHull, !sourceHull.meets(item.a, item.b) { continue next }
            case .ipv4Destination:
              guard isV4 else { continue next }
              if item.kind == .range, let destinationHull, !destinationHull.meets(item.a, item.b) { continue next }
            case .ipv6Source:
              guard !isV4 else { continue next }
              if item.kind == .wideRange, let sourceHull, !sourceHull.meets(graph.wideRanges[Int(item.a)]) {
                continue next
              }
            case .ipv6Destination:
              guard !isV4 else { continue next }
              if item.kind == .wideRange, let destinationHull, !destinationHull.meets(graph.wideRanges[Int(item.a)]) {
                continue next
              }
            default: break
            }
            // An effect before a failing match happens all the same.
            if item.isEffect { break }
          }
          kept.append(index)
        }
      }
    }
    return kept
  }

  /// Makes the leaves of a chain and joins neighbours pairwise until one is left.
  private func fold(_ summary: inout ChainSummary, graph: Int, stage: PathStage, depth: Int) -> Int32 {
    var level: [Int32] = []
    var first = 0
    while first < summary.rules.count {
      let count = runLength(graphs[graph], summary.rules[first...])
      let diagram: Diagram
      if count >= Self.shortestRun {
        diagram = runDiagram(graph, summary.rules[first..<first + count], stage: stage)
        summary.segments.append(ChainSummary.Segment(diagram: diagram, first: Int32(first), count: Int32(count)))
        first += count
      } else {
        diagram = ruleDiagram(graph, summary.rules[first], stage: stage, depth: depth)
        summary.segments.append(ChainSummary.Segment(diagram: diagram, first: Int32(first), count: 1))
        first += 1
      }
      if diagram != DiagramStore.passing { level.append(Int32(summary.segments.count - 1)) }
    }
    while level.count > 1 {
      var next: [Int32] = []
      next.reserveCapacity((level.count + 1) / 2)
      var index = 0
      while index + 1 < level.count {
        let left = level[index]
        let right = level[index + 1]
        let diagram = store.then(summary.segments[Int(left)].diagram, summary.segments[Int(right)].diagram)
        summary.segments.append(ChainSummary.Segment(diagram: diagram, left: left, right: right))
        next.append(Int32(summary.segments.count - 1))
        index += 2
      }
      if index < level.count { next.append(level[index]) }
      level = next
    }
    return level.first ?? -1
  }

  // MARK: Runs

  /// The number of rules from the first that differ in nothing but one address or port interval.
  private func runLength(_ graph: RuleGraph, _ rules: ArraySlice<UInt32>) -> Int {
    let first = graph.rules[Int(rules[rules.startIndex])]
    guard [.accept, .drop, .reject].contains(first.verdict.kind), rules.count >= Self.shortestRun else { return 1 }
    var position: Int?
    var count = 1
    for index in rules.dropFirst() {
      guard let differing = runPosition(graph, first, graph.rules[Int(index)], fixed: position) else { break }
      if differing >= 0 { position = differing }
      count += 1
    }
    return position == nil ? 1 : count
  }

  /// Where two rules differ: an item's position, -1 when nowhere, nil when they cannot be in one run.
  private func runPosition(_ graph: RuleGraph, _ first: Rule, _ other: Rule, fixed: Int?) -> Int? {
    guard other.verdict == first.verdict, other.itemCount == first.itemCount else { return nil }
    var position = fixed
    var differs = false
    for offset in 0..<Int(first.itemCount) {
      let left = graph.items[Int(first.firstItem) + offset]
      let right = graph.items[Int(other.firstItem) + offset]
      guard !left.isEffect else { return nil }
      if left == right, left.kind != .wideRange || fixed != offset { continue }
      guard left.kind == right.kind, left.kind == .range || left.kind == .wideRange, left.field == right.field,
        !left.isNegated, !right.isNegated, Self.canRun(left.field)
      else { return nil }
      if left.kind == .wideRange, graph.wideRanges[Int(left.a)] == graph.wideRanges[Int(right.a)] { continue }
      guard position == nil || position == offset else { return nil }
      position = offset
      differs = true
    }
    return differs ? position : -1
  }

  private static func canRun(_ field: Field) -> Bool {
    switch field {
    case .ipv4Source, .ipv4Destination, .ipv6Source, .ipv6Destination, .sourcePort, .destinationPort: true
    default: false
    }
  }

  /// The position of the item in which the rules of a run differ.
  func runPosition(_ graph: RuleGraph, _ rules: ArraySlice<UInt32>) -> Int {
    let first = graph.rules[Int(rules[rules.startIndex])]
    for index in rules.dropFirst() {
      if let position = runPosition(graph, first, graph.rules[Int(index)], fixed: nil), position >= 0 {
        return position
      }
    }
    return 0
  }

  /// A run as one box: the union of the differing intervals with what the rules share.
  private func runDiagram(_ graphIndex: Int, _ rules: ArraySlice<UInt32>, stage: PathStage) -> Diagram {
    let graph = graphs[graphIndex]
    let position = runPosition(graph, rules)
    let first = graph.rules[Int(rules[rules.startIndex])]
    let items = graph.items(of: first)
    let verdict = terminal(of: first.verdict)
    return orPerhaps(verdict | DiagramStore.passing) {
      runBox(graphIndex, rules, items, position, stage: stage, inside: verdict)
    }
  }

  private func runBox(
    _ graphIndex: Int, _ rules: ArraySlice<UInt32>, _ items: ArraySlice<RuleItem>, _ position: Int, stage: PathStage,
    inside: Diagram
  ) -> Diagram {
    let graph = graphs[graphIndex]
    box.reset()
    for (offset, item) in items.enumerated() where offset != position {
      add(item, graphIndex, stage: stage)
      if box.isNever { return DiagramStore.passing }
    }
    let varying = items[items.startIndex + position]
    if varying.kind == .wideRange {
      let intervals = rules.map { graph.wideRanges[Int(graph.items[Int(graph.rules[Int($0)].firstItem) + position].a)] }
      addWide(varying.field, IntervalSet(intervals))
    } else {
      let intervals = rules.compactMap { index in
        let item = graph.items[Int(graph.rules[Int(index)].firstItem) + position]
        return item.a <= item.b ? Interval(item.a, item.b) : nil
      }
      addNarrow(varying.field, IntervalSet(intervals))
    }
    if box.isNever { return DiagramStore.passing }
    return finishBox(inside: inside)
  }
}
