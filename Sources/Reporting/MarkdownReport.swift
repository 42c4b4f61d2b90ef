import Compliance

/// `check` as Markdown, for job summaries and comments: the matrix of rows and firewalls, then the findings.
public enum MarkdownReport {
  /// Rows of the table of findings that are shown.
  static let limit = 500

  /// The whole report.
  public static func render(_ report: CheckReport) -> String {
    var text = "## fwlint\n\n"
    text += "\(report.count(.error)) errors, \(report.count(.warning)) warnings, \(report.count(.note)) notes in "
    text += "\(report.inputs.count) files, \(report.ruleCount) rules"
    text += report.suppressed.isEmpty ? ".\n" : "; \(report.suppressed.count) suppressed.\n"
    if !report.requirements.isEmpty { text += "\n" + matrix(report.requirements) }
    if !report.findings.isEmpty {
      text += "\n| where | check | what |\n|---|---|---|\n"
      for finding in report.findings.prefix(limit) {
        let place = finding.location.map { "\($0.path):\($0.line)" } ?? finding.firewall ?? ""
        text += "| \(cell(place)) | \(mark(finding.severity.rawValue)) \(finding.code) | \(cell(finding.message)) |\n"
      }
      if report.findings.count > limit { text += "\n\(report.findings.count - limit) more findings are not shown.\n" }
    }
    if !report.suppressed.isEmpty { text += "\n" + suppressed(report.suppressed) }
    for remark in report.remarks + BaselineText.remarks(report) { text += "\n> \(cell(remark))\n" }
    return text
  }

  /// What is accepted, and why: a gate's readers should see that too.
  private static func suppressed(_ entries: [SuppressedFinding]) -> String {
    var text = "| suppressed | where | by | why | until |\n|---|---|---|---|---|\n"
    for entry in entries.prefix(limit) {
      let place = entry.finding.location.map { "\($0.path):\($0.line)" } ?? entry.finding.firewall ?? ""
      let note = entry.suppression
      text += "| \(entry.finding.code) | \(cell(place)) | \(note.kind.rawValue) | \(cell(note.reason ?? "")) "
      text += "| \(note.until?.description ?? "") |\n"
    }
    if entries.count > limit { text += "\n\(entries.count - limit) more are not shown.\n" }
    return text
  }

  private static func matrix(_ rows: [RequirementVerdict]) -> String {
    var firewalls: [String] = []
    for row in rows where !firewalls.contains(row.firewall) { firewalls.append(row.firewall) }
    var lines = ["| row | feature |" + firewalls.map { " \(cell($0)) |" }.joined()]
    lines.append("|---|---|" + firewalls.map { _ in "---|" }.joined())
    var seen: Set<String> = []
    for row in rows where seen.insert("\(row.id) \(row.feature)").inserted {
      let statuses = firewalls.map { firewall in
        rows.first { $0.id == row.id && $0.feature == row.feature && $0.firewall == firewall }?.status.rawValue ?? ""
      }
      lines.append("| \(cell(row.id)) | \(cell(row.feature)) |" + statuses.map { " \(mark($0)) \($0) |" }.joined())
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func mark(_ word: String) -> String {
    switch word {
    case "open": "✅"
    case "blocked", "error": "❌"
    case "partial", "warning": "⚠️"
    case "undecided": "❔"
    case "note": "ℹ️"
    default: "–"
    }
  }

  /// Text of a table cell, with everything that Markdown or HTML could read as markup as an entity.
  static func cell(_ text: String) -> String {
    var result = ""
    for scalar in Harmless.line(text).unicodeScalars {
      switch scalar {
      case "&", "<", ">", "|", "`", "*", "_", "[", "]", "!", "#", "~", "\\", "@":
        result += "&#\(scalar.value);"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
