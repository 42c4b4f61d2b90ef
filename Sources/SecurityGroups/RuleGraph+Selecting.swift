import PacketSets
import RuleGraph

extension RuleGraph {
  /// The same graph with only some security groups in force (a site's `groups`, or `--group`).
  ///
  /// Groups are named by their ids, or by names that only one of them has. A level of groups (an Azure subnet's, a
  /// network ACL) of which none is named is not in force. Of Google Cloud, the names are those of networks and of the
  /// unit's network tags and service accounts. Names that no group has are returned; without any name that a group
  /// has, the graph stays as it is.
  public func selecting(groups names: [String]) -> (graph: RuleGraph, unknown: [String]) {
    var selected: Set<Int> = []
    var unknown: [String] = []
    for name in names {
      if let index = groupIndex(named: name) { selected.insert(index) } else { unknown.append(name) }
    }
    guard !selected.isEmpty else { return (self, unknown) }
    return (GroupSelection(graph: self, selected: selected).result(), unknown)
  }

  private func groupIndex(named name: String) -> Int? {
    if let index = groups.firstIndex(where: { $0.id == name }) { return index }
    // Names of Google's are ids.
    if dialect == .gcp { return nil }
    // Azure's ids are the same in upper and lower case (Azure Resource Manager, resource naming).
    let candidates = groups.indices.filter { index in
      groups[index].name == name || dialect == .azure && groups[index].id.lowercased() == name.lowercased()
    }
    return candidates.count == 1 ? candidates[0] : nil
  }
}

/// Makes the graph of some groups out of that of all.
private struct GroupSelection {
  let graph: RuleGraph
  let selected: Set<Int>
  /// Which chains stay.
  private var keptChains: [Bool]
  /// The chains of groups, which are called as alternatives or as a union; others are always asked.
  private var groupChains: Set<UInt32> = []
  /// Tags and accounts that decide whether rules are for the unit, with whether the unit has them.
  private var facets: [String: Bool] = [:]

  init(graph: RuleGraph, selected: Set<Int>) {
    self.graph = graph
    self.selected = selected
    keptChains = [Bool](repeating: true, count: graph.chains.count)
    var owners: [Int] = []
    for (index, group) in graph.groups.enumerated() {
      // A tag shares the chain that a group named.
      if graph.names[graph.chains[Int(group.ingressChain)].name] == "\(group.id) ingress" {
        owners.append(index)
        groupChains.formUnion([group.ingressChain, group.egressChain])
      } else {
        facets[group.id] = selected.contains(index)
      }
    }
    if !facets.values.contains(true) { facets = [:] }
    guard owners.contains(where: selected.contains) else { return }
    for index in owners where !selected.contains(index) {
      keptChains[Int(graph.groups[index].ingressChain)] = false
      keptChains[Int(graph.groups[index].egressChain)] = false
    }
  }

  func result() -> RuleGraph {
    var result = graph
    result.chains = []
    result.rules = []
    result.items = []
    result.labels = [:]
    let kept = chainsInForce()
    var places: [UInt32] = []
    for chain in graph.chains.indices {
      places.append(UInt32(result.chains.count))
      guard kept[chain] else { continue }
      var copy = graph.chains[chain]
      copy.rules = []
      result.chains.append(copy)
    }
    for chain in graph.chains.indices where kept[chain] {
      let calls = graph.chains[chain].rules.filter { isKept(graph.rules[Int($0)], kept) }
      let lastCall = calls.last { target(of: graph.rules[Int($0)]).map(groupChains.contains) ?? false }
      for rule in calls {
        if let label = graph.labels[rule] { result.labels[UInt32(result.rules.count)] = label }
        append(graph.rules[Int(rule)], to: Int(places[chain]), places, isLastCall: rule == lastCall, &result)
      }
    }
    result.groups = graph.groups.indices.filter { isInForce($0) }.map { index in
      var group = graph.groups[index]
      group.ingressChain = places[Int(group.ingressChain)]
      group.egressChain = places[Int(group.egressChain)]
      return group
    }
    return result
  }

  private func isInForce(_ group: Int) -> Bool {
    guard keptChains[Int(graph.groups[group].ingressChain)] else { return false }
    return facets[graph.groups[group].id] ?? true
  }

  /// The chains that stay: those of selected groups, and those that still call one.
  private func chainsInForce() -> [Bool] {
    var kept = keptChains
    // Choices between groups are called by base chains, so that they come first.
    for isBase in [false, true] {
      for (index, chain) in graph.chains.enumerated() where (chain.base != nil) == isBase {
        let targets = chain.rules.compactMap { target(of: graph.rules[Int($0)]) }
        if !targets.isEmpty { kept[index] = targets.contains { kept[Int($0)] } }
      }
    }
    return kept
  }

  /// The chain that a rule calls.
  private func target(of rule: Rule) -> UInt32? {
    rule.verdict.kind == .jump || rule.verdict.kind == .goto ? rule.verdict.target : nil
  }

  private func isKept(_ rule: Rule, _ kept: [Bool]) -> Bool { target(of: rule).map { kept[Int($0)] } ?? true }

  private func append(
    _ rule: Rule, to chain: Int, _ places: [UInt32], isLastCall: Bool, _ result: inout RuleGraph
  ) {
    var items = Array(graph.items(of: rule))
    var verdict = rule.verdict
    var understanding = rule.understanding
    if let target = target(of: rule) {
      verdict.target = places[Int(target)]
      // Of alternatives the last one left is the one in force.
      if isLastCall { items = [] }
    } else if !facets.isEmpty {
      items = items.compactMap { decided($0, rule) }
    }
    if understanding == .approximated, !items.contains(where: { $0.kind == .undecidable || $0.kind == .reference }) {
      understanding = .exact
    }
    result.appendRule(
      to: chain, items: items, verdict: verdict, understanding: understanding, file: rule.file, range: rule.range)
  }

  /// A step with a tag or account of the unit decided; nil when it always holds.
  private func decided(_ item: RuleItem, _ rule: Rule) -> RuleItem? {
    guard item.kind == .reference else { return item }
    let reference = graph.references[Int(item.a)]
    guard reference.isTarget, let has = facets[reference.name] else { return item }
    return has ? nil : RuleItem(.never, .family)
  }
}

extension Reference {
  /// Marks references that say which units a rule is for, rather than who their peers are.
  static let targetPrefix = "target "

  /// Whether it says which units a rule is for.
  var isTarget: Bool { kind.hasPrefix(Self.targetPrefix) }
}
