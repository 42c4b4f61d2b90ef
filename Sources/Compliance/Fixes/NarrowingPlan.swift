import Evaluation
import PacketSets
import Requirements
import RuleGraph

/// The ways to close what a rule or policy of a host rule set opens.
struct NarrowingPlan {
  let graph: RuleGraph
  let decider: TraceResult.Decider
  /// What has to stay.
  let kept: [DirectedBox]
  /// What is to be closed.
  let excess: [DirectedBox]
  /// The addresses that stand for "this host"; nil where the rules are not those of the unit's own host.
  let whole: AddressSet?

  private var writer: RuleWriter { RuleWriter(dialect: graph.dialect) }
  private var editor: RuleEditor { RuleEditor(graph: graph) }
  private var isNft: Bool { graph.dialect == .nftables }

  // MARK: Another rule in its place

  /// The rules that accept what has to stay and nothing else of what the rule accepts; empty: it may go.
  ///
  /// Nil where the rule does more than to accept, or what has to stay takes too many rules.
  var replacement: [String]? {
    guard let rule = decider.rule, graph.rules[Int(rule)].isWritten, graph.rules[Int(rule)].verdict.kind == .accept
    else { return nil }
    return kept.isEmpty ? [] : accepting(rule, full)
  }

  /// The same without the units' addresses, for chains that only their packets reach.
  var shortReplacement: [String]? {
    guard let rule = decider.rule, !kept.isEmpty, replacement != nil else { return nil }
    return accepting(rule, kept.map { $0.without(\.ownEnd).familyBox })
  }

  /// What has to stay; on the unit's own host its addresses go without saying.
  private var full: [FamilyBox] {
    kept.map { entry in
      (whole.map { entry.box.withoutHost($0, entry.direction) } ?? entry.box, entry.family)
    }
  }

  func edit(replacingBy lines: [String]) -> TextEdit? { decider.rule.flatMap { editor.replace($0, by: lines) } }

  /// What has to stay, rule by rule, with whatever else the rule looks at or does.
  private func accepting(_ rule: UInt32?, _ boxes: [FamilyBox]) -> [String]? {
    guard let (header, rest) = headerAndRest(rule) else { return nil }
    var lines: [String] = []
    for (box, family) in PacketBox.joined(boxes) {
      guard let matches = writer.matches(of: box, family) else { return nil }
      lines += matches.map { match in [header, match, rest].filter { !$0.isEmpty }.joined(separator: " ") }
    }
    lines = Remedy.distinct(lines)
    return lines.count <= 2 * RuleWriter.lineLimit ? lines : nil
  }

  /// How rules of the chain begin, and what the rule says besides addresses, protocol and ports.
  private func headerAndRest(_ rule: UInt32?) -> (header: String, rest: String)? {
    guard let rule, graph.rules[Int(rule)].verdict.kind == .accept else {
      return editor.header(chain: decider.chain, beside: rule).map { ($0, isNft ? "accept" : "-j ACCEPT") }
    }
    guard let text = editor.place(rule)?.text else { return nil }
    return isNft ? ("", RuleRest.nftables(text)) : RuleRest.iptables(text)
  }

  // MARK: Rules before it

  /// What has to stay is accepted, then the rest of it is dropped, before the rule or at the end of the chain: other
  /// traffic is left alone.
  var guarding: [String]? {
    guard let (header, rest) = headerAndRest(decider.rule), let drop = RuleRest.dropping(rest, isNft: isNft),
      var lines = kept.isEmpty ? [] : accepting(decider.rule, full)
    else { return nil }
    for (box, family) in PacketBox.joined(excess.map { $0.without(\.peerEnd).familyBox }) {
      guard let matches = writer.matches(of: box, family) else { return nil }
      lines += matches.map { match in [header, match, drop].filter { !$0.isEmpty }.joined(separator: " ") }
    }
    lines = Remedy.distinct(lines)
    return lines.count <= 2 * RuleWriter.lineLimit ? lines : nil
  }

  func edit(guardingBy lines: [String]) -> TextEdit? {
    guard !lines.isEmpty else { return nil }
    return decider.rule.map { editor.insert(lines, before: $0) } ?? editor.append(lines, to: decider.chain)
  }
}
