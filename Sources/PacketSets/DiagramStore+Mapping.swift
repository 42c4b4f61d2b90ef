/// A function from outcome sets to outcome sets.
public enum TerminalMap: Sendable, Hashable {
  /// Inside where `accept` is among the outcomes.
  case possiblyAccepted
  /// Inside where `accept` is the only verdict.
  case surelyAccepted
  /// Inside where `drop` is among the outcomes.
  case possiblyDropped
  /// `return` becomes `pass`: what a jump sees of the chain it calls.
  case returnToPass
  /// `pass` becomes `return`: what a goto sees.
  case passToReturn
  /// `pass` and `return` become a policy of `accept`.
  case policyAccept
  /// `pass` and `return` become a policy of `drop`.
  case policyDrop
  /// `accept`, `pass` and `return` become `pass`: the next base chain follows one whose policy is `accept`.
  case stageAccept
  /// `accept` becomes `pass`, `pass` and `return` become a policy of `drop`.
  case stageDrop
  /// Inside where there is any outcome.
  case isInhabited
  /// Inside where a set, seen through rewrites of several possible values, has a member.
  case isInhabitedSet
  /// {accept} becomes inside, {pass} outside, both together `maybe`.
  case acceptedAsSet
  /// Inside and outside change places; `maybe` stays.
  case complement
  /// Inside where something else than an unchanged pass is possible.
  case isDeciding
  /// `pass` is taken out.
  case withoutPass
  /// Inside where this outcome is among the outcomes.
  case contains(Outcome)

  public var code: UInt32 {
    switch self {
    case .possiblyAccepted: 0
    case .surelyAccepted: 1
    case .possiblyDropped: 2
    case .returnToPass: 3
    case .passToReturn: 4
    case .policyAccept: 5
    case .policyDrop: 6
    case .stageAccept: 7
    case .stageDrop: 14
    case .isInhabited: 8
    case .acceptedAsSet: 9
    case .complement: 10
    case .isDeciding: 11
    case .isInhabitedSet: 12
    case .withoutPass: 13
    case .contains(let outcome): 16 + outcome.code
    }
  }
}

extension DiagramStore {
  /// The diagram with each terminal replaced.
  public mutating func mapped(_ diagram: Diagram, _ map: TerminalMap) -> Diagram {
    if diagram < 16 { return Self.mapVerdicts(diagram, map) }
    let code = map.code
    if let known = cached(Operation.mapped, diagram, code) { return known }
    if Self.isTerminal(diagram) {
      let result = mapTerminal(diagram, map)
      remember(Operation.mapped, diagram, code, result)
      return result
    }
    // What becomes of the sixteen sets of plain verdicts, four bits each.
    var table: UInt64 = 0
    for verdicts in (0..<16).reversed() { table = table << 4 | UInt64(Self.mapVerdicts(Diagram(verdicts), map)) }
    return mapped(diagram, map, code: code, table: table)
  }

  private mutating func mapped(_ diagram: Diagram, _ map: TerminalMap, code: UInt32, table: UInt64) -> Diagram {
    if diagram < 16 { return Diagram(truncatingIfNeeded: table >> UInt64(4 &* diagram) & 15) }
    if let known = cached(Operation.mapped, diagram, code) { return known }
    if isExhausted { return Self.anything }
    let result: Diagram
    if Self.isTerminal(diagram) {
      result = mapTerminal(diagram, map)
    } else {
      let node = node(diagram)
      let base = stack.count
      for index in Int(node.firstEdge)..<Int(node.firstEdge + node.edgeCount) {
        let edge = edges[index]
        let child = mapped(edge.child, map, code: code, table: table)
        push(edge.upper, child, base: base)
      }
      result = finishNode(level: UInt32(node.level), base: base)
    }
    remember(Operation.mapped, diagram, code, result)
    return result
  }

  /// The map on a set of plain verdicts, by its bits: pass 1, accept 2, drop 4, return 8.
  private static func mapVerdicts(_ verdicts: Diagram, _ map: TerminalMap) -> Diagram {
    switch map {
    case .possiblyAccepted: verdicts >> 1 & 1
    case .surelyAccepted: verdicts == accepting ? 1 : 0
    case .possiblyDropped: verdicts >> 2 & 1
    case .isInhabited: verdicts == 0 ? 0 : 1
    case .isInhabitedSet: verdicts & 1
    case .acceptedAsSet: verdicts == accepting ? passing : verdicts == passing ? nothing : maybe
    case .complement: verdicts == nothing ? passing : verdicts == passing ? nothing : maybe
    case .isDeciding: verdicts == passing ? 0 : 1
    case .contains(let outcome): outcome.rewrite == 0 ? verdicts >> outcome.verdict.rawValue & 1 : 0
    case .withoutPass: verdicts & ~1
    case .returnToPass: verdicts & 7 | verdicts >> 3 & 1
    case .passToReturn: verdicts & ~1 | (verdicts & 1) << 3
    case .policyAccept: verdicts & 6 | (verdicts & 9 == 0 ? 0 : 2)
    case .policyDrop: verdicts & 6 | (verdicts & 9 == 0 ? 0 : 4)
    case .stageAccept: verdicts & 4 | (verdicts & 11 == 0 ? 0 : 1)
    case .stageDrop: (verdicts & 13 == 0 ? 0 : 4) | verdicts >> 1 & 1
    }
  }

  private mutating func mapTerminal(_ terminal: Diagram, _ map: TerminalMap) -> Diagram {
    if terminal < 16 { return Self.mapVerdicts(terminal, map) }
    let outcomes = outcomeSets.outcomes(terminal)
    func replaced(_ from: [Outcome.Verdict], by verdict: Outcome.Verdict) -> [Outcome] {
      outcomes.map { from.contains($0.verdict) ? Outcome(verdict, rewrite: $0.rewrite) : $0 }
    }
    switch map {
    case .possiblyAccepted: return outcomes.contains { $0.verdict == .accept } ? 1 : 0
    case .surelyAccepted: return !outcomes.isEmpty && outcomes.allSatisfy { $0.verdict == .accept } ? 1 : 0
    case .possiblyDropped: return outcomes.contains { $0.verdict == .drop } ? 1 : 0
    case .isInhabited: return outcomes.isEmpty ? 0 : 1
    case .isInhabitedSet: return outcomes.contains { $0.verdict == .pass } ? 1 : 0
    case .acceptedAsSet:
      switch terminal {
      case Self.accepting: return Self.passing
      case Self.passing: return Self.nothing
      default: return Self.maybe
      }
    case .complement:
      switch terminal {
      case Self.nothing: return Self.passing
      case Self.passing: return Self.nothing
      default: return Self.maybe
      }
    case .isDeciding: return terminal == Self.passing ? 0 : 1
    case .contains(let outcome): return outcomes.contains(outcome) ? 1 : 0
    case .withoutPass: return self.terminal(outcomes.filter { $0.verdict != .pass })
    case .returnToPass: return self.terminal(replaced([.returning], by: .pass))
    case .passToReturn: return self.terminal(replaced([.pass], by: .returning))
    case .policyAccept: return self.terminal(replaced([.pass, .returning], by: .accept))
    case .policyDrop: return self.terminal(replaced([.pass, .returning], by: .drop))
    case .stageAccept: return self.terminal(replaced([.accept, .returning], by: .pass))
    case .stageDrop:
      let replaced = outcomes.map { outcome in
        Outcome(outcome.verdict == .accept ? .pass : .drop, rewrite: outcome.rewrite)
      }
      return self.terminal(replaced)
    }
  }

  /// The diagram as packets meet it after a rewrite: a function of the packet before it.
  ///
  /// For a set of packets this is the preimage. Where the new value is one of several, all of them are possible.
  public mutating func applied(_ rewrite: UInt32, _ diagram: Diagram) -> Diagram {
    if rewrite == 0 { return diagram }
    return applied(rewrite, rewrites[Int(rewrite)], diagram)
  }

  private mutating func applied(_ id: UInt32, _ rewrite: Rewrite, _ diagram: Diagram) -> Diagram {
    if diagram == Self.nothing { return diagram }
    if let known = cached(Operation.applied, id, diagram) { return known }
    if Self.isTerminal(diagram) {
      if rewrite.isTransient { return diagram }
      let outcomes = outcomeSets.outcomes(diagram)
      let composed = outcomes.map { Outcome($0.verdict, rewrite: self.composed(id, $0.rewrite)) }
      let result = terminal(composed)
      remember(Operation.applied, id, diagram, result)
      return result
    }
    if isExhausted { return Self.anything }
    let node = node(diagram)
    let first = Int(node.firstEdge)
    let end = first + Int(node.edgeCount)
    let result: Diagram
    if let assignment = rewrite.assignments.first(where: { $0.level == Int(node.level) }) {
      var union = Self.nothing
      var lower: UInt32 = 0
      for index in first..<end {
        let edge = edges[index]
        if edge.upper >= assignment.values.lower, lower <= assignment.values.upper {
          let child = applied(id, rewrite, edge.child)
          union = self.union(union, child)
        }
        if edge.upper >= assignment.values.upper { break }
        lower = edge.upper &+ 1
      }
      result = union
    } else {
      let base = stack.count
      if node.level == 0, !rewrite.stateMap.isEmpty {
        for (state, next) in rewrite.stateMap.enumerated() {
          let child = applied(id, rewrite, self.child(of: diagram, at: UInt32(next)))
          push(UInt32(state), child, base: base)
        }
      } else {
        for index in first..<end {
          let edge = edges[index]
          let child = applied(id, rewrite, edge.child)
          push(edge.upper, child, base: base)
        }
      }
      result = finishNode(level: UInt32(node.level), base: base)
    }
    remember(Operation.applied, id, diagram, result)
    return result
  }

  /// Where a node leads for one value of its level.
  func child(of diagram: Diagram, at value: UInt32) -> Diagram {
    let node = node(diagram)
    var low = Int(node.firstEdge)
    var high = low + Int(node.edgeCount) - 1
    while low < high {
      let middle = (low + high) / 2
      if edges[middle].upper < value { low = middle + 1 } else { high = middle }
    }
    return edges[low].child
  }
}
