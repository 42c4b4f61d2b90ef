import Evaluation
import PacketSets
import Requirements
import RuleGraph
import SourceText

/// FW401 to FW405: rules and chains that do not do what they seem to do.
///
/// Host rule sets only: in a security group order means nothing, and groups that overlap are everyday.
struct GraphChecks {
  let firewall: LoadedFirewall
  let facts: SiteFacts
  let map: SourceMap
  /// Edges that the packet sets may take.
  let edgeLimit: Int

  /// The codes of its findings.
  static let codes: Set<String> = ["FW401", "FW402", "FW403", "FW404", "FW405"]

  /// Findings of one code in a firewall before the rest is left out.
  static let limit = 200

  /// All findings about a firewall's rules, and remarks on what was left out.
  func run() -> (findings: [Finding], remarks: [String]) {
    let graphs = firewall.graphs.filter { !$0.dialect.isSecurityGroup }
    guard !graphs.isEmpty, graphs.count == firewall.graphs.count else { return ([], []) }
    var findings: [Finding] = []
    var remarks: [String] = []
    let analysis = RuleAnalysis(graphs: firewall.graphs, facts: facts, edgeLimit: edgeLimit)
    var counts: [String: Int] = [:]
    /// Further findings of a code are counted only: making their words takes longer than finding them.
    func add(_ code: String, _ make: () -> Finding) {
      counts[code, default: 0] += 1
      if counts[code, default: 0] <= Self.limit { findings.append(make()) }
    }
    for finding in unreachableChains() { add(finding.code) { finding } }
    analysis.forEach(of: firewall.graphs) { id, judgement in
      let graph = firewall.graphs[id.graph]
      let rule = graph.rules[Int(id.rule)]
      guard rule.isWritten else { return }
      if judgement.isNeverTrue {
        let isEmpty = looksUpNothing(rule, graph)
        add(isEmpty ? "FW405" : "FW404") { never(id, graph, looksUpNothing: isEmpty) }
      } else if judgement.isShadowed {
        add("FW401") { shadowed(id, analysis.causes(of: id, in: firewall.graphs), graph) }
      } else if judgement.isRedundant, !logs(rule, graph), !analysis.isCause(id) {
        add("FW402") { redundant(id, graph) }
      }
    }
    if let remark = remark(on: analysis.skipped) { remarks.append(remark) }
    for (code, count) in counts.sorted(by: { $0.key < $1.key }) where count > Self.limit {
      remarks.append("\(firewall.name): \(count - Self.limit) more findings of \(code) were left out")
    }
    return (findings, remarks)
  }

  /// One sentence about all chains that are too large, each named once.
  private func remark(on skipped: Set<[UInt32]>) -> String? {
    var names: [String] = []
    for chain in skipped.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      let graph = firewall.graphs[Int(chain[0])]
      let name = graph.names[graph.chains[Int(chain[1])].name]
      if !names.contains(name) { names.append(name) }
    }
    guard let first = names.first else { return nil }
    let listed = names.count > 4 ? "\(first) and \(names.count - 1) others" : names.joined(separator: ", ")
    let (chains, pronoun) = names.count == 1 ? ("chain \(listed)", "it is") : ("chains \(listed)", "they are")
    return "\(firewall.name): rules of \(chains) are compared with one another only, as \(pronoun) large: what called "
      + "chains and sets decide is not counted as shadowing"
  }

  private func make(
    _ code: String, _ message: String, _ location: Location?, related: [RelatedLocation] = [], remedy: String,
    key: [String], fix: Fix? = nil
  ) -> Finding {
    Finding(
      code: code, severity: CheckRegistry.severity(of: code), message: message, firewall: firewall.name,
      location: location, related: related, remediation: remedy,
      fingerprint: Fingerprint.make([code, Fingerprint.file(firewall.name)] + key), fix: fix)
  }

  private func key(_ rule: UInt32, _ graph: RuleGraph) -> String {
    RuleKey.make(rule, in: graph)
  }

  private func chainName(_ chain: UInt32, _ graph: RuleGraph) -> String { graph.names[graph.chains[Int(chain)].name] }

  // MARK: FW401, FW402

  private func shadowed(_ id: RuleAnalysis.RuleID, _ causes: [UInt32], _ graph: RuleGraph) -> Finding {
    let name = chainName(id.chain, graph)
    let related = causes.compactMap { cause -> RelatedLocation? in
      map.location(ofRule: cause, in: graph).map { RelatedLocation(location: $0, message: "decides some or all of it") }
    }
    let lines = related.map { String($0.location.line) }
    let by =
      lines.isEmpty
      ? "earlier rules decide"
      : "the rules at line\(lines.count == 1 ? "" : "s") "
        + "\(lines.joined(separator: ", ")) decide"
    return make(
      "FW401", "no packet reaches this rule of chain \(name): \(by) everything that it matches",
      map.location(ofRule: id.rule, in: graph), related: related,
      remedy: "move the rule before the ones that shadow it, or delete it", key: [name, key(id.rule, graph)],
      // Of rules that decide otherwise it is not known which of them is the mistake.
      fix: Remedy(firewall: firewall).delete(
        id.rule, in: graph,
        isSafe: !causes.isEmpty
          && causes.allSatisfy { graph.rules[Int($0)].verdict == graph.rules[Int(id.rule)].verdict }))
  }

  private func redundant(_ id: RuleAnalysis.RuleID, _ graph: RuleGraph) -> Finding {
    let name = chainName(id.chain, graph)
    return make(
      "FW402", "without this rule of chain \(name) every packet would meet the same fate",
      map.location(ofRule: id.rule, in: graph), remedy: "delete the rule", key: [name, key(id.rule, graph)],
      fix: Remedy(firewall: firewall).delete(id.rule, in: graph, isSafe: true))
  }

  /// Whether a rule writes to a log or counts on purpose: taking it out would lose that.
  private func logs(_ rule: Rule, _ graph: RuleGraph) -> Bool {
    guard graph.dialect == .nftables else { return false }
    let words = graph.sources[Int(rule.file)].text(rule.range).split { $0 == " " || $0 == "\t" }
    return words.contains("log") || words.contains("counter")
  }

  // MARK: FW403

  private func unreachableChains() -> [Finding] {
    firewall.graphs.flatMap { graph -> [Finding] in
      let reachable = graph.reachableChains
      return graph.chains.indices.filter { !reachable.contains(UInt32($0)) }.compactMap { index in
        let chain = graph.chains[index]
        guard !chain.rules.isEmpty, !graph.tables[Int(chain.table)].isDormant else { return nil }
        let name = graph.names[chain.name]
        var location: Location?
        if chain.range.end > chain.range.start, Int(chain.file) < graph.sources.count {
          location = map.location(graph.sources[Int(chain.file)], chain.range)
        }
        return make(
          "FW403", "no base chain leads to chain \(name), so its rules are never tried", location,
          remedy: "jump to the chain from a base chain, or delete it", key: [name])
      }
    }
  }

  // MARK: FW404, FW405

  private func looksUpNothing(_ rule: Rule, _ graph: RuleGraph) -> Bool {
    graph.items(of: rule).contains { item in
      switch item.kind {
      case .set: isEmpty(graph.sets[Int(item.a)]) && !item.isNegated
      case .lookup: graph.lookups[Int(item.a)].count == 0 && !item.isNegated
      default: false
      }
    }
  }

  private func never(_ id: RuleAnalysis.RuleID, _ graph: RuleGraph, looksUpNothing: Bool) -> Finding {
    let name = chainName(id.chain, graph)
    let location = map.location(ofRule: id.rule, in: graph)
    if looksUpNothing {
      return make(
        "FW405", "this rule of chain \(name) looks packets up in a set without elements, so it never matches", location,
        remedy: "give the set its elements, or delete the rule", key: [name, key(id.rule, graph)])
    }
    return make(
      "FW404",
      "no packet can match this rule of chain \(name): its matches exclude one another or the packets of its hook",
      location, remedy: "correct the matches, or delete the rule", key: [name, key(id.rule, graph)],
      fix: Remedy(firewall: firewall).delete(id.rule, in: graph, isSafe: false))
  }

  private func isEmpty(_ set: ValueSet) -> Bool {
    switch set {
    case .narrow(let values): values.isEmpty
    case .wide(let values): values.isEmpty
    }
  }
}
