extension RuleGraph {
  /// Calls rules exact whose undecidable matches decide nothing: packets that they leave alone meet the same verdict
  /// right behind.
  ///
  /// Such is `limit rate 5/minute log drop` before `drop`. The undecidable steps stay, so that the rule behind does not
  /// seem never to be reached.
  public mutating func settleIndifferentRules() {
    guard rules.contains(where: { $0.understanding == .approximated }) else { return }
    let ends = chainEnds()
    for index in chains.indices {
      // What decides about packets that go on: a rule, or the end of the chain.
      var behind: UInt32?
      for rule in chains[index].rules.reversed() {
        if rules[Int(rule)].understanding == .approximated, isIndifferent(rules[Int(rule)], behind, ends[index]) {
          rules[Int(rule)].understanding = .exact
        }
        if decides(rules[Int(rule)]) { behind = rule }
      }
    }
  }

  private func decides(_ rule: Rule) -> Bool {
    rule.verdict.kind != .none || items(of: rule).contains(where: \.isEffect)
  }

  private func isIndifferent(_ rule: Rule, _ behind: UInt32?, _ end: Verdict?) -> Bool {
    switch rule.verdict.kind {
    case .accept, .drop, .reject, .returning, .goto: break
    default: return false
    }
    let conditions = items(of: rule)
    guard conditions.contains(where: { $0.kind == .undecidable }),
      !conditions.contains(where: { $0.isEffect || $0.kind == .reference })
    else { return false }
    guard let behind else { return rule.verdict.kind == .returning || rule.verdict == end }
    let next = rules[Int(behind)]
    guard next.understanding == .exact, next.verdict == rule.verdict else { return false }
    return items(of: next).allSatisfy { item in
      !item.isEffect && (item.kind == .undecidable || conditions.contains(item))
    }
  }

  /// The verdict of all packets that come to the end of each chain; nil where it differs or is not that simple.
  private func chainEnds() -> [Verdict?] {
    /// What follows a jump to a chain, or the chain whose end follows.
    enum Sequel {
      case verdict(Verdict)
      case end(of: Int)
      case other
    }
    var sequels: [[Sequel]] = Array(repeating: [], count: chains.count)
    for (index, chain) in chains.enumerated() {
      var next = Sequel.end(of: index)
      for rule in chain.rules.reversed() {
        for call in calls(of: rules[Int(rule)]) {
          sequels[Int(call.target)].append(call.kind == .goto ? .end(of: index) : next)
        }
        guard decides(rules[Int(rule)]) else { continue }
        let isPlain = rules[Int(rule)].itemCount == 0 && rules[Int(rule)].understanding == .exact
        next = isPlain ? .verdict(rules[Int(rule)].verdict) : .other
      }
    }
    var ends = chains.map { $0.base.map { Verdict($0.policy) } }
    // The kernel allows no more levels than these.
    for _ in 0..<16 {
      var isStable = true
      for index in chains.indices where ends[index] == nil && !sequels[index].isEmpty {
        let verdicts = sequels[index].map { sequel -> Verdict? in
          switch sequel {
          case .verdict(let verdict): verdict
          case .end(let chain): ends[chain]
          case .other: nil
          }
        }
        guard let first = verdicts[0], first.kind == .accept || first.kind == .drop || first.kind == .reject,
          verdicts.allSatisfy({ $0 == first })
        else { continue }
        ends[index] = first
        isStable = false
      }
      if isStable { break }
    }
    return ends
  }
}
