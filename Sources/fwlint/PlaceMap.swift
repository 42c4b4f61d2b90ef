import Compliance
import Evaluation
import Reporting
import RuleGraph
import SourceText

/// Where rules and policies stand, for reports of single packets.
final class PlaceMap {
  private var lines: [String: LineIndex] = [:]

  /// The place of whoever decided; nil for what is not written.
  func location(of decider: TraceResult.Decider, in graphs: [RuleGraph]) -> Location? {
    let graph = graphs[decider.graph]
    guard let rule = decider.rule else { return policyLocation(decider.chain, graph) }
    let written = graph.rules[Int(rule)]
    guard written.isWritten else { return nil }
    return location(graph.sources[Int(written.file)], written.range)
  }

  private func policyLocation(_ chain: UInt32, _ graph: RuleGraph) -> Location? {
    let chain = graph.chains[Int(chain)]
    guard !graph.dialect.isSecurityGroup, let base = chain.base, Int(chain.file) < graph.sources.count else {
      return nil
    }
    let range = base.policyRange.end > base.policyRange.start ? base.policyRange : chain.range
    guard range.end > range.start else { return nil }
    return location(graph.sources[Int(chain.file)], range)
  }

  private func location(_ source: SourceFile, _ range: SourceRange) -> Location {
    let index = lines[source.path] ?? LineIndex(source)
    lines[source.path] = index
    let start = index.position(at: range.start)
    let end = index.position(at: range.end)
    return Location(
      path: source.path, line: start.line, column: start.column, endLine: end.line, endColumn: end.column)
  }

  /// A step of a walk in words.
  func step(_ step: TraceResult.Step, in graphs: [RuleGraph]) -> WalkStep {
    let graph = graphs[step.graph]
    let chain = graph.chains[Int(step.chain)]
    let table = graph.tables[Int(chain.table)]
    var text = ""
    var place: Location?
    if let rule = step.rule {
      let written = graph.rules[Int(rule)]
      text = graph.sources[Int(written.file)].text(written.range)
      if written.isWritten { place = location(graph.sources[Int(written.file)], written.range) }
    } else {
      place = policyLocation(step.chain, graph)
    }
    if step.rule == nil { text = "policy \(step.verdict.kind)" }
    if text.isEmpty { text = "implied: \(verdict(step.verdict, graph))" }
    // One line a rule, however it is laid out.
    text = text.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }.joined(separator: " ")
    return WalkStep(
      hook: step.hook.keyword,
      chain: "\(table.family.keyword) \(graph.names[table.name]) \(graph.names[chain.name])", depth: step.depth,
      match: step.match, verdict: verdict(step.verdict, graph), location: place, text: text)
  }

  private func verdict(_ verdict: Verdict, _ graph: RuleGraph) -> String {
    switch verdict.kind {
    case .jump, .goto: "\(verdict.kind) \(graph.names[graph.chains[Int(verdict.target)].name])"
    case .returning: "return"
    default: "\(verdict.kind)"
    }
  }
}
