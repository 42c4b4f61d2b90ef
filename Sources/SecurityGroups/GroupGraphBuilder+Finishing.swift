import PacketSets
import RuleGraph
import SourceText

/// The base chains, as the provider combines groups and adds what it does by itself.
extension GroupGraphBuilder {
  /// A service of the provider that groups do not filter.
  struct UnfilteredService {
    var addresses: AddressSet
    var transport: TransportMatch

    /// Makes a service at some addresses: with a protocol, at these ports only.
    init(_ addresses: [String], _ protocolNumber: UInt8? = nil, ports: [UInt32] = []) {
      self.addresses = AddressSet(addresses.compactMap { IPPrefix($0) })
      transport = TransportMatch(protocolNumber: protocolNumber)
      if !ports.isEmpty { transport.destinationPorts = IntervalSet(ports.map { Interval($0) }) }
    }
  }

  /// What a provider does by itself, whatever the groups say.
  struct Surroundings {
    /// Whether replies of allowed connections pass.
    var isStateful = true
    /// Services that are never filtered on the way to them.
    var unfiltered: [UnfilteredService] = []
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
      for service in surroundings.unfiltered {
        var draft = RuleDraft(.accept, range: unwritten)
        draft.setPeer(.set(service.addresses), direction)
        draft.transport = service.transport
        if let reason = surroundings.unfilteredReason { draft.undecidable = [reason] }
        add(draft, toChain: chain)
      }
    }
    // What may only allow comes last: the sure rules before it then keep what they allow.
    let unreadIsLast = surroundings.unreadVerdict == .accept
    if !unreadIsLast { addUnread(surroundings, to: chain) }
    let called = members.filter { $0.level == level }
    let alternatives = called.filter { if case .alternatives = $0.combination { true } else { false } }
    var choice: Int?
    for member in called {
      guard case .alternatives(let reason) = member.combination, alternatives.count > 1 else {
        addCall(to: self.chain(member.group, direction), from: chain)
        continue
      }
      if choice == nil {
        choice = addChoice(alternatives.map(\.group), direction, reason: reason)
        if let choice { addCall(to: choice, from: chain) }
      }
    }
    if unreadIsLast { addUnread(surroundings, to: chain) }
    if direction == .egress, surroundings.allowsEgress {
      graph.appendRule(to: chain, items: [], verdict: .accept, understanding: .exact, range: unwritten)
    }
  }

  private mutating func addCall(to target: Int, from chain: Int) {
    graph.appendRule(
      to: chain, items: [], verdict: Verdict(.jump, UInt32(target)), understanding: .exact, range: SourceRange(0, 0))
  }

  /// A chain that goes to one of several groups and, once it has, to no other: all but the last perhaps.
  private mutating func addChoice(_ groups: [Int], _ direction: TrafficDirection, reason: String) -> Int {
    let choice = Int(addChain("one group's \(direction)", range: SourceRange(0, 0)))
    for group in groups {
      let items = group == groups.last ? [] : [graph.undecidable(reason)]
      graph.appendRule(
        to: choice, items: items, verdict: Verdict(.goto, UInt32(chain(group, direction))),
        understanding: items.isEmpty ? .exact : .approximated, range: SourceRange(0, 0))
    }
    return choice
  }

  private mutating func addUnread(_ surroundings: Surroundings, to chain: Int) {
    for range in surroundings.unread {
      var draft = RuleDraft(surroundings.unreadVerdict, range: range)
      draft.isUnparsed = true
      add(draft, toChain: chain)
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
