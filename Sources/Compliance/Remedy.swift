import Evaluation
import PacketSets
import Requirements
import RuleGraph

/// Remedies in the language of the file.
struct Remedy {
  let firewall: LoadedFirewall

  /// Boxes that are written out; a remedy of more is a list that nobody reads.
  static let limit = 4

  /// The rules that let some boxes through, and where they belong: before the rule or policy that decides now.
  func allow(
    _ boxes: [PacketBox], family: IPFamily, decider: TraceResult.Decider?, direction: Direction, isReply: Bool
  ) -> String {
    let graphIndex = decider?.graph ?? 0
    guard graphIndex < firewall.graphs.count else { return "" }
    let graph = firewall.graphs[graphIndex]
    if graph.dialect.isSecurityGroup {
      return boxes.prefix(Self.limit).map { box in
        groupRule(box, family, graph, cloudTarget(of: decider, direction, graph))
      }.joined(separator: "\n")
    }
    var lines = boxes.prefix(isReply ? 1 : Self.limit).map { box in
      graph.dialect == .nftables
        ? nftRule(box, family, isReply: isReply) + " accept"
        : iptablesRules(box, family, isReply: isReply, target: "ACCEPT")
    }
    if boxes.count > Self.limit, !isReply { lines.append("# and \(boxes.count - Self.limit) more of the kind") }
    let chainName = decider.map { graph.names[graph.chains[Int($0.chain)].name] } ?? "?"
    let place = decider?.rule != nil ? "before this rule in chain \(chainName)" : "at the end of chain \(chainName)"
    return "add \(place):\n"
      + lines.map { $0.replacing("CHAIN", with: chainName, indentedBy: 2) }.joined(separator: "\n")
  }

  /// How to close what a rule opens beyond what has to stay: replaced by just that, or deleted where nothing has to.
  func narrow(to kept: [(PacketBox, IPFamily)], decider: TraceResult.Decider?, direction: Direction) -> String {
    let graphIndex = decider?.graph ?? 0
    guard graphIndex < firewall.graphs.count else { return "" }
    let graph = firewall.graphs[graphIndex]
    if graph.dialect.isSecurityGroup { return narrowGroup(kept, direction, decider, graph) }
    guard let decider, decider.rule != nil else {
      let drop = graph.dialect == .nftables ? "drop" : "DROP"
      return "set the chain's policy to \(drop) and accept what is required"
    }
    guard canBeReplaced(decider, graph) else {
      return kept.isEmpty && !carriesMore(decider, graph)
        ? "delete this rule" : "narrow what this rule accepts to the declared peers and ports"
    }
    guard !kept.isEmpty else { return "delete this rule" }
    let chainName = graph.names[graph.chains[Int(decider.chain)].name]
    var lines = Self.distinct(
      kept.map { box, family in
        graph.dialect == .nftables
          ? nftRule(box, family, isReply: false) + " accept"
          : iptablesRules(box, family, isReply: false, target: "ACCEPT")
      })
    if lines.count > 2 * Self.limit { lines = ["# \(lines.count) rules, one for each flow that has to stay"] }
    return "replace this rule by:\n"
      + lines.map { $0.replacing("CHAIN", with: chainName, indentedBy: 2) }.joined(separator: "\n")
  }

  /// Whether a rule does nothing but accept what its matches say, so that other rules can stand in for it.
  private func canBeReplaced(_ decider: TraceResult.Decider, _ graph: RuleGraph) -> Bool {
    guard let index = decider.rule else { return false }
    let rule = graph.rules[Int(index)]
    let looksAtTracking: Set<Field> = [.ctStatus, .ctOriginalDestinationPort, .ctOriginalIPv4Destination]
    return rule.verdict.kind == .accept && rule.understanding == .exact
      && !graph.items(of: rule).contains {
        $0.isEffect || $0.kind == .undecidable || looksAtTracking.contains($0.field)
      }
  }

  /// Whether a rule decides other packets than those that it accepts, or only perhaps matches.
  private func carriesMore(_ decider: TraceResult.Decider, _ graph: RuleGraph) -> Bool {
    guard let index = decider.rule else { return true }
    let rule = graph.rules[Int(index)]
    return rule.verdict.kind != .accept || rule.understanding != .exact
      || graph.items(of: rule).contains(where: \.isEffect)
  }

  private static func distinct(_ lines: [String]) -> [String] {
    lines.reduce(into: []) { result, line in if !result.contains(line) { result.append(line) } }
  }

  /// The one protocol of a box; nil when it holds several.
  func singleProtocol(_ box: PacketBox) -> UInt8? {
    guard let interval = box.protocols?.intervals.first, box.protocols?.intervals.count == 1,
      interval.lower == interval.upper
    else { return nil }
    return UInt8(truncatingIfNeeded: interval.lower)
  }
}

extension String {
  /// The text with a word replaced and every line indented.
  func replacing(_ word: String, with replacement: String, indentedBy indent: Int) -> String {
    let pad = String(repeating: " ", count: indent)
    return split(separator: "\n").map { line in
      pad
        + line.split(separator: " ", omittingEmptySubsequences: false)
        .map { $0 == word ? replacement : String($0) }.joined(separator: " ")
    }.joined(separator: "\n")
  }
}
