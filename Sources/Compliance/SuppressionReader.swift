import Requirements
import RuleGraph
import SourceText

/// Reads the suppressions of files and sites.
struct SuppressionReader {
  let map: SourceMap

  /// The suppressions in a config's comments.
  func read(_ source: SourceFile, dialect: Dialect) -> [Suppression] {
    suppressions(CommentScanner.comments(source, dialect: dialect), source, isYAML: dialect.isSecurityGroup)
  }

  /// The suppressions of a site file: its comments, then its entries.
  func read(_ site: Site) -> [Suppression] {
    let comments = suppressions(CommentScanner.commentsOfYAML(site.source), site.source, isYAML: true)
    let entries = site.suppressions.map { entry in
      Suppression(
        note: SuppressionNote(
          kind: .site, reason: entry.reason, until: entry.until, location: map.location(site.source, entry.range)),
        codes: entry.codes, requirements: entry.requirements, firewalls: entry.firewalls,
        fingerprints: entry.fingerprints)
    }
    return comments + entries
  }

  private func suppressions(_ comments: [FoundComment], _ source: SourceFile, isYAML: Bool) -> [Suppression] {
    guard !comments.isEmpty else { return [] }
    let lines = LineIndex(source)
    return comments.compactMap { comment in
      guard let directive = SuppressionDirective(comment.text) else { return nil }
      let first = lines.line(at: comment.range.start)
      let last = lines.line(at: max(comment.range.start, comment.range.end &- 1))
      return Suppression(
        note: SuppressionNote(
          kind: .comment, reason: directive.reason, until: directive.until,
          location: map.location(source, comment.range)),
        codes: directive.codes, requirements: directive.requirements,
        lines: comment.isOwnLine ? Self.linesBelow(first, source, lines, isYAML: isYAML) : first...last,
        mistakes: directive.mistakes)
    }
  }

  /// What a comment on a line of its own speaks of: the next line that says something; in YAML the entry that begins
  /// there, with all that is indented below it.
  private static func linesBelow(
    _ line: Int, _ source: SourceFile, _ lines: LineIndex, isYAML: Bool
  ) -> ClosedRange<Int> {
    var first = line + 1
    while first <= lines.lineCount, indentation(first, source, lines) == nil { first += 1 }
    guard isYAML, let indent = indentation(first, source, lines) else { return first...first }
    var last = first
    var next = first + 1
    while next <= lines.lineCount {
      if let own = indentation(next, source, lines) {
        if own <= indent { break }
        last = next
      }
      next += 1
    }
    return first...last
  }

  /// Blanks before what a line says; nil for lines that are empty or only a comment.
  private static func indentation(_ line: Int, _ source: SourceFile, _ lines: LineIndex) -> Int? {
    let range = lines.range(ofLine: line)
    for offset in Int(range.start)..<Int(range.end) {
      switch source.bytes[offset] {
      case 0x20, 0x09: continue
      case 0x23: return nil
      default: return offset - Int(range.start)
      }
    }
    return nil
  }
}
