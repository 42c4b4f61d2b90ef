import Evaluation
import PacketSets
import Requirements
import RuleGraph
import SourceText

/// Remedies in the language of the file: in words, and as edits where the file can be edited.
struct Remedy {
  let firewall: LoadedFirewall

  /// How to mend something.
  struct Advice {
    var text: String
    var fix: Fix?
  }

  /// Boxes that the words of a remedy write out; more of them are a list that nobody reads.
  static let limit = 4

  // MARK: Letting something through

  /// The rules that let some boxes through, and where they belong: before the rule or policy that decides now.
  ///
  /// - Parameters:
  ///   - boxes: the packets as they meet the rule; published addresses are translated by then.
  ///   - asked: the packets as they come, which is what the fix may open; empty when that is not known exactly.
  func allow(
    _ boxes: [FamilyBox], decider: TraceResult.Decider?, direction: Direction, isReply: Bool, asked: [Fix.Flow]
  ) -> Advice {
    let graphIndex = decider?.graph ?? 0
    guard graphIndex < firewall.graphs.count else { return Advice(text: "") }
    let graph = firewall.graphs[graphIndex]
    if graph.dialect.isSecurityGroup {
      return allowInGroup(boxes, decider: decider, direction: direction, graph, asked: asked)
    }
    guard let decider else { return Advice(text: "") }
    let writer = RuleWriter(dialect: graph.dialect)
    let editor = RuleEditor(graph: graph)
    let chainName = graph.names[graph.chains[Int(decider.chain)].name]
    let header = editor.header(chain: decider.chain, beside: decider.rule)
    var lines: [String] = []
    var isExact = header != nil
    for (box, family) in isReply ? Array(boxes.prefix(1)) : boxes {
      let matches = isReply ? [writer.replies] : writer.matches(of: box, family)
      if let matches {
        lines += matches.map { writer.rule($0, .accept, header: header ?? "") }
      } else {
        isExact = false
        lines.append("# a rule that accepts \(RegionText.region(box, family: family).phrase)")
      }
    }
    lines = Self.distinct(lines)
    let place = decider.rule != nil ? "before this rule in chain \(chainName)" : "at the end of chain \(chainName)"
    let text = "add \(place):\n" + Self.shown(lines)
    guard isExact, !asked.isEmpty, !lines.isEmpty, lines.count <= 4 * RuleWriter.lineLimit else {
      return Advice(text: text)
    }
    let edit = decider.rule.map { editor.insert(lines, before: $0) } ?? editor.append(lines, to: decider.chain)
    let fix = edit.map { edit in
      Fix(
        summary: "add \(Self.counted(lines.count)) \(place)", effect: .opens, isSafe: false, ways: [[edit]],
        asked: asked)
    }
    return Advice(text: text, fix: fix)
  }

  // MARK: Closing something

  /// How to close what a rule or policy opens: replaced by what has to stay, or deleted where nothing has to.
  ///
  /// - Parameters:
  ///   - kept: what has to stay of what it lets through.
  ///   - excess: what is to be closed; its peers do not matter.
  ///   - whole: the addresses that stand for "this host" where the rules are those of the unit's own host.
  func narrow(
    to kept: [DirectedBox], excess: [DirectedBox], decider: TraceResult.Decider?, direction: Direction,
    whole: AddressSet? = nil
  ) -> Advice {
    let graphIndex = decider?.graph ?? 0
    guard graphIndex < firewall.graphs.count else { return Advice(text: "") }
    let graph = firewall.graphs[graphIndex]
    if graph.dialect.isSecurityGroup { return narrowInGroup(kept.map(\.familyBox), direction, decider, graph) }
    guard let decider else { return Advice(text: "") }
    let plan = NarrowingPlan(
      graph: graph, decider: decider, kept: kept, excess: excess, whole: whole)
    let replacement = plan.replacement
    let guarding = plan.guarding
    var ways: [[TextEdit]] = []
    for lines in [plan.shortReplacement, replacement] {
      if let edit = lines.flatMap({ plan.edit(replacingBy: $0) }), !ways.contains([edit]) { ways.append([edit]) }
    }
    if let edit = guarding.flatMap({ plan.edit(guardingBy: $0) }) { ways.append([edit]) }
    let text: String
    let summary: String
    if let replacement {
      summary = replacement.isEmpty ? "delete this rule" : "replace this rule by \(Self.counted(replacement.count))"
      text = replacement.isEmpty ? "delete this rule" : "replace this rule by:\n" + Self.shown(replacement)
    } else if let guarding {
      let place = decider.rule == nil ? "at the end of the chain" : "before this rule"
      summary = "put \(Self.counted(guarding.count)) \(place)"
      text = "put \(place):\n" + Self.shown(guarding)
    } else {
      summary = ""
      text =
        decider.rule == nil
        ? "set the chain's policy to \(graph.dialect == .nftables ? "drop" : "DROP") and accept what is required"
        : "narrow what this rule accepts to the declared peers and ports"
    }
    let fix = ways.isEmpty ? nil : Fix(summary: summary, effect: .narrows, isSafe: true, ways: ways)
    return Advice(text: text, fix: fix)
  }

  /// How to take a rule away that decides nothing.
  func delete(_ rule: UInt32, in graph: RuleGraph, isSafe: Bool) -> Fix? {
    guard let edit = RuleEditor(graph: graph).delete(rule) else { return nil }
    return Fix(summary: "delete the rule", effect: .keeps, isSafe: isSafe, ways: [[edit]])
  }

  // MARK: Words

  static func counted(_ count: Int) -> String { count == 1 ? "a rule" : "\(count) rules" }

  /// Lines below a heading, indented; of very many the first ones.
  private static func shown(_ lines: [String]) -> String {
    let limit = 2 * Self.limit
    var shown = lines.prefix(limit).map { "  " + $0 }
    if lines.count > limit { shown.append("  # and \(lines.count - limit) more of the kind") }
    return shown.joined(separator: "\n")
  }

  static func distinct(_ lines: [String]) -> [String] {
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
