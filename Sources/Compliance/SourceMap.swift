import RuleGraph
import SourceText
import Synchronization

/// Turns byte ranges of the files at hand into locations, indexing each file's lines once.
final class SourceMap: Sendable {
  private struct Known {
    var indices: [String: LineIndex] = [:]
    var sources: [String: SourceFile] = [:]
  }

  private let known = Mutex(Known())

  /// The files that locations were asked of, by path.
  var sources: [String: SourceFile] { known.withLock { $0.sources } }

  /// The location of a range of a file.
  func location(_ source: SourceFile, _ range: SourceRange) -> Location {
    let index: LineIndex = known.withLock { known in
      if let index = known.indices[source.path] { return index }
      let index = LineIndex(source)
      known.indices[source.path] = index
      known.sources[source.path] = source
      return index
    }
    let start = index.position(at: range.start)
    let end = index.position(at: max(range.start, range.end))
    return Location(
      path: source.path, line: start.line, column: start.column, endLine: end.line, endColumn: end.column)
  }

  /// The location of a rule; nil for rules that a provider implies.
  func location(ofRule rule: UInt32, in graph: RuleGraph) -> Location? {
    let rule = graph.rules[Int(rule)]
    guard rule.isWritten, Int(rule.file) < graph.sources.count else { return nil }
    return location(graph.sources[Int(rule.file)], rule.range)
  }

  /// The location of a chain's policy, else of its declaration, else of the chains it calls.
  func location(ofPolicy chain: UInt32, in graph: RuleGraph) -> Location? {
    let chain = graph.chains[Int(chain)]
    guard Int(chain.file) < graph.sources.count else { return nil }
    let source = graph.sources[Int(chain.file)]
    if let base = chain.base, base.policyRange.end > base.policyRange.start {
      return location(source, base.policyRange)
    }
    if chain.range.end > chain.range.start { return location(source, chain.range) }
    // A security group's base chain is not written: point at the first group that it stands for.
    for rule in chain.rules {
      let verdict = graph.rules[Int(rule)].verdict
      guard verdict.kind == .jump else { continue }
      let target = graph.chains[Int(verdict.target)]
      if target.range.end > target.range.start { return location(source, target.range) }
    }
    return nil
  }
}
