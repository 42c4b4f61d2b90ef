import PacketSets
import RuleGraph
import SourceText

/// The base chains, as the provider combines groups and adds what it does by itself.
extension GroupGraphBuilder {
  /// What a provider does by itself, whatever the groups say.
  struct Surroundings {
    /// Whether replies of allowed connections pass.
    var isStateful = true
    /// Peers whose traffic is never filtered on its way out.
    var unfiltered = AddressSet()
    /// Whether they are not filtered on the way in either, for filters without memory.
    var unfilteredIngress = false
    /// Why `unfiltered` is perhaps filtered after all.
    var unfilteredReason: String?
    /// Whether what no rule decides may leave.
    var allowsEgress = false
    /// Parts of the file that were not understood: they perhaps hold rules.
    var unread: [SourceRange] = []
    /// The verdict that such a part may have.
    var unreadVerdict = Verdict(.unknown)
  }

  /// Adds the base chains' rules and returns the graph.
  mutating func finish(_ surroundings: [Level: Surroundings]) -> RuleGraph {
    let levels = Level.allCases.filter { level in members.contains { $0.level == level } }
    if levels.count > 1 { addBaseChains(prefix: "subnet ", ingressPriority: -100, egressPriority: 100) }
    for (position, level) in (levels.isEmpty ? [.interface] : levels).enumerated() {
      // The interface's level, or the only one, has the chains `ingress` and `egress`.
      let first = levels.count > 1 && position == 0 ? graph.chains.count - 2 : 0
      let surroundings = surroundings[level] ?? Surroundings()
      addCalls(level, direction: .ingress, chain: first, surroundings)
      addCalls(level, direction: .egress, chain: first + 1, surroundings)
    }
    for member in members {
      if case .union = member.combination { putDecidedRulesFirst(member.group) }
    }
    graph.groups = groups.indices.filter { !unlisted.contains($0) }.map { groups[$0] }
    return graph
  }

  /// Orders the rules of a group that only allow, so that what a sure rule allows is never put down to a doubtful one.
  private mutating func putDecidedRulesFirst(_ group: Int) {
    for direction in TrafficDirection.allCases {
      let chain = self.chain(group, direction)
      let rules = graph.chains[chain].rules
      let decided = rules.filter { graph.rules[Int($0)].understanding == .exact }
      if decided.count == rules.count { continue }
      graph.chains[chain].rules = decided + rules.filter { graph.rules[Int($0)].understanding != .exact }
    }
  }

  private mutating func addCalls(
    _ level: Level, direction: TrafficDirection, chain: Int, _ surroundings: Surroundings
  ) {
    let unwritten = SourceRange(0, 0)
    if surroundings.isStateful { addEstablished(to: chain) }
    if direction == .egress || surroundings.unfilteredIngress {
      if !surroundings.unfiltered.isEmpty {
        var draft = RuleDraft(.accept, range: unwritten)
        draft.setPeer(.set(surroundings.unfiltered), direction)
        if let reason = surroundings.unfilteredReason { draft.undecidable = [reason] }
        add(draft, toChain: chain)
      }
    }
    for range in surroundings.unread {
      var draft = RuleDraft(surroundings.unreadVerdict, range: range)
      draft.isUnparsed = true
      add(draft, toChain: chain)
    }
    let called = members.filter { $0.level == level }
    for (position, member) in called.enumerated() {
      var items: [RuleItem] = []
      if case .alternatives(let reason) = member.combination {
        let later = called[(position + 1)...]
        let isLast = !later.contains { if case .alternatives = $0.combination { true } else { false } }
        if !isLast { items = [graph.undecidable(reason)] }
      }
      let target = UInt32(self.chain(member.group, direction))
      graph.appendRule(
        to: chain, items: items, verdict: Verdict(.jump, target),
        understanding: items.isEmpty ? .exact : .approximated, range: unwritten)
    }
    if direction == .egress, surroundings.allowsEgress {
      graph.appendRule(to: chain, items: [], verdict: .accept, understanding: .exact, range: unwritten)
    }
  }

  /// Lets replies of allowed connections, and ICMP errors about them, pass.
  mutating func addEstablished(to chain: Int) {
    let states = ConntrackState.established.bit | ConntrackState.related.bit
    graph.appendRule(
      to: chain, items: [RuleItem(.bits, .ctState, states)], verdict: .accept, understanding: .exact,
      range: SourceRange(0, 0))
  }
}
