import Evaluation
import RuleGraph
import SourceText

/// Words and places for the rule or policy that decided.
struct DeciderText {
  let firewall: LoadedFirewall
  let map: SourceMap

  /// Where it stands, how it acts, and a key for fingerprints that is free of line numbers.
  func describe(
    _ decider: TraceResult.Decider?, ruleCount: Int
  ) -> (location: Location?, verb: String, key: String) {
    guard let decider, decider.graph < firewall.graphs.count else {
      let location = firewall.graphs.first?.sources.first.map { map.location($0, SourceRange(0, 0)) }
      return (location, "passes, as no chain looks at it", "none")
    }
    let graph = firewall.graphs[decider.graph]
    let chain = graph.chains[Int(decider.chain)]
    let name = graph.names[chain.name]
    guard let rule = decider.rule else {
      let policy = chain.base?.policy == .drop ? "drop" : "accept"
      let verb =
        graph.dialect.isSecurityGroup
        ? "matches no rule of the security groups (\(name))" : "meets policy \(policy) of chain \(name)"
      return (map.location(ofPolicy: decider.chain, in: graph), verb, "policy \(name)")
    }
    let verb =
      ruleCount > 1
      ? "is decided by this and like rules of chain \(name) (\(ruleCount) in a row)"
      : "is decided by this rule of chain \(name)"
    return (map.location(ofRule: rule, in: graph), verb, "\(name) \(RuleKey.make(rule, in: graph))")
  }

  /// The chains through which the packet came, as related places.
  func jumpLocations(_ decider: TraceResult.Decider?, _ jumps: [UInt32]) -> [RelatedLocation] {
    guard let decider, decider.graph < firewall.graphs.count else { return [] }
    let graph = firewall.graphs[decider.graph]
    var related = label(of: decider, graph)
    for (index, caller) in jumps.enumerated() {
      let callee = index + 1 < jumps.count ? jumps[index + 1] : decider.chain
      let jump = graph.chains[Int(caller)].rules.first { rule in
        let verdict = graph.rules[Int(rule)].verdict
        return (verdict.kind == .jump || verdict.kind == .goto) && verdict.target == callee
      }
      guard let jump, let location = map.location(ofRule: jump, in: graph) else { continue }
      related.append(
        RelatedLocation(
          location: location,
          message: "chain \(graph.names[graph.chains[Int(callee)].name]) is called here"))
    }
    return related
  }
}

extension DeciderText {
  /// How the provider calls the rule of a security group, and what somebody wrote about it.
  private func label(of decider: TraceResult.Decider, _ graph: RuleGraph) -> [RelatedLocation] {
    guard let rule = decider.rule, let label = graph.labels[rule],
      let range = label.name ?? label.description, let source = graph.sources.first
    else { return [] }
    let name = graph.labelName(ofRule: rule).map { "rule \($0)" } ?? "the rule's description"
    let description = graph.labelDescription(ofRule: rule).map { ": \($0)" } ?? ""
    return [RelatedLocation(location: map.location(source, range), message: name + description)]
  }
}

/// Advice on what cannot be decided.
enum RemedyText {
  /// What a person can do about an opening that cannot be ruled out.
  static func undecidedOpening(_ reason: String) -> String {
    reason.contains("interface") || reason.hasPrefix("contents of")
      ? undecided(reason) : "narrow the rule to the declared peers and ports, or list them under also-open:"
  }

  /// What a person can do about a construct.
  static func undecided(_ reason: String) -> String {
    if reason.hasPrefix("contents of") {
      return
        "give the contents under resolve: in the site file, or list the file that holds them in the firewall's path"
    }
    if reason.contains("interface") {
      return "declare under interfaces: of this firewall behind which interfaces the units and the peers are"
    }
    return "decide the flow before this rule with one that does not depend on it, or accept the uncertainty"
  }
}
