import RuleGraph
import SourceText

/// What was understood of one file.
public struct InspectedFile: Sendable {
  public var path: String
  public var dialect: Dialect?
  public var counts: RuleCounts
  public var diagnostics: [PositionedDiagnostic]
  /// Why rules are approximated, with the number of rules each.
  public var reasons: [(reason: String, rules: Int)]

  /// Makes an entry.
  public init(
    path: String, dialect: Dialect?, counts: RuleCounts, diagnostics: [PositionedDiagnostic],
    reasons: [(reason: String, rules: Int)] = []
  ) {
    self.path = path
    self.dialect = dialect
    self.counts = counts
    self.diagnostics = diagnostics
    self.reasons = reasons
  }
}

/// A diagnostic with its line and column.
public struct PositionedDiagnostic: Sendable, Hashable {
  public var path: String
  public var severity: Severity
  public var position: SourcePosition
  public var message: String

  /// Makes a diagnostic.
  public init(path: String, severity: Severity, position: SourcePosition, message: String) {
    self.path = path
    self.severity = severity
    self.position = position
    self.message = message
  }

  /// `path:line:column: severity: message`, safe to print.
  public func line(_ style: TextStyle = TextStyle()) -> String {
    let place = style.paint("\(Harmless.line(path)):\(position.line):\(position.column):", .bold)
    return "\(place) \(style.paint(severity.rawValue, severity: severity)): \(Harmless.line(message))"
  }
}

/// `inspect` as text and as JSON.
public enum InspectReport {
  /// One object per line and file.
  public static func json(_ files: [InspectedFile]) -> String { files.map { JSONText.line(Entry($0)) }.joined() }

  /// A table, then what was not understood.
  public static func text(_ files: [InspectedFile], style: TextStyle, withStatistics: Bool) -> String {
    var rows: [[String]] = [["file", "dialect", "chains", "rules", "exact", "approximated", "unparsed", "sets"]]
    for file in files {
      let counts = file.counts
      rows.append(
        [Harmless.line(file.path), file.dialect?.rawValue ?? "unknown"]
          + [
            counts.chains, counts.rules, counts.exact, counts.approximated, counts.unparsed, counts.sets,
          ].map(String.init))
    }
    if files.count > 1 {
      func total(_ path: KeyPath<RuleCounts, Int>) -> String {
        String(files.reduce(0) { $0 + $1.counts[keyPath: path] })
      }
      rows.append(
        ["total", "", total(\.chains), total(\.rules), total(\.exact), total(\.approximated), total(\.unparsed)]
          + [total(\.sets)])
    }
    var text = TextTable.render(rows, rightAligned: 2, style: style)
    if withStatistics { text += statistics(files) }
    let diagnostics = files.flatMap(\.diagnostics)
    if !diagnostics.isEmpty { text += "\n" + diagnostics.map { $0.line(style) + "\n" }.joined() }
    return text
  }

  /// The most frequent reasons for approximation over all files.
  private static func statistics(_ files: [InspectedFile]) -> String {
    var totals: [String: Int] = [:]
    for file in files { for (reason, rules) in file.reasons { totals[reason, default: 0] += rules } }
    let sorted = totals.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(10)
    if sorted.isEmpty { return "\nevery rule that was read is exact\n" }
    return "\nwhy rules are approximated:\n"
      + sorted.map { "  \($0.value) \($0.value == 1 ? "rule" : "rules"): \(Harmless.line($0.key))\n" }.joined()
  }

  private struct Entry: Encodable {
    var path: String
    var dialect: String?
    var tables: Int
    var chains: Int
    var rules: Int
    var exact: Int
    var approximated: Int
    var unparsed: Int
    var sets: Int
    var elements: Int
    var diagnostics: [Message]
    var reasons: [String: Int]

    struct Message: Encodable {
      var path: String
      var line: Int
      var column: Int
      var severity: String
      var message: String
    }

    init(_ file: InspectedFile) {
      path = file.path
      dialect = file.dialect?.rawValue
      tables = file.counts.tables
      chains = file.counts.chains
      rules = file.counts.rules
      exact = file.counts.exact
      approximated = file.counts.approximated
      unparsed = file.counts.unparsed
      sets = file.counts.sets
      elements = file.counts.elements
      diagnostics = file.diagnostics.map {
        Message(
          path: $0.path, line: $0.position.line, column: $0.position.column, severity: $0.severity.rawValue,
          message: $0.message)
      }
      reasons = Dictionary(file.reasons, uniquingKeysWith: +)
    }
  }
}
