extension Verdict {
  /// Whether a rule with this verdict may lead to another chain.
  @inlinable
  public var mayCall: Bool { kind == .jump || kind == .goto || kind == .lookup }
}

extension RuleGraph {
  /// The jumps and gotos that a rule may make, those of its verdict map included.
  public func calls(of rule: Rule) -> [Verdict] {
    let verdicts = rule.verdict.kind == .lookup ? lookups[Int(rule.verdict.target)].verdicts : [rule.verdict]
    return verdicts.filter { $0.kind == .jump || $0.kind == .goto }
  }

  /// The chains that some base chain leads to, base chains included.
  public var reachableChains: Set<UInt32> {
    var reached: Set<UInt32> = []
    var pending = chains.indices.filter { chains[$0].base != nil }.map { UInt32($0) }
    while let next = pending.popLast() {
      guard reached.insert(next).inserted else { continue }
      for rule in chains[Int(next)].rules where rules[Int(rule)].verdict.mayCall {
        pending += calls(of: rules[Int(rule)]).map(\.target)
      }
    }
    return reached
  }
}
