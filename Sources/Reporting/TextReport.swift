import Compliance
import SourceText

/// `check` as people read it: each finding with its line, the packet that shows it and how to mend it.
public struct TextReport {
  private let report: CheckReport
  private let style: TextStyle
  private let lines: [String: LineIndex]

  /// Makes a report; files are indexed once each.
  public init(_ report: CheckReport, style: TextStyle = TextStyle()) {
    self.report = report
    self.style = style
    let paths = Set(report.findings.compactMap { $0.location?.path })
    lines = report.sources.filter { paths.contains($0.key) }.mapValues { LineIndex($0) }
  }

  /// The whole report, ending with the line that sums it up.
  public func render() -> String {
    var blocks = report.findings.map(render)
    let remarks = report.remarks + BaselineText.remarks(report)
    blocks += remarks.map { style.paint("note", .note) + ": " + Harmless.line($0) + "\n" }
    blocks.append(summary() + "\n")
    return blocks.joined(separator: "\n")
  }

  /// The findings alone.
  public func renderFindings() -> String { report.findings.map(render).joined(separator: "\n") }

  private func render(_ finding: Finding) -> String {
    var result: [String] = []
    let name = CheckRegistry.check(finding.code)?.name ?? ""
    let place = finding.location.map { "\(Harmless.line($0.path)):\($0.line):\($0.column): " } ?? ""
    result.append(
      style.paint(place, .bold)
        + style.paint("\(finding.severity.rawValue) \(finding.code)", severity: finding.severity)
        + " \(style.paint(name, .faint)): " + style.paint(Harmless.line(finding.message), .bold))
    if let location = finding.location, let source = report.sources[location.path], let index = lines[location.path],
      let frame = CodeFrame(source, index, location)
    {
      result += frame.lines(style, finding.severity)
    }
    if finding.region.count > 3 { result += block("where", finding.region.map(\.phrase)) }
    if let packet = finding.packet { result += block("packet", [PacketText.line(packet)]) }
    for related in finding.related {
      let place = "\(related.location.path):\(related.location.line):\(related.location.column)"
      result += block("see", ["\(place): \(related.message)"])
    }
    if !finding.remediation.isEmpty {
      result += block(
        "fix", finding.remediation.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }
    return result.joined(separator: "\n") + "\n"
  }

  /// A titled block; further lines stand below the first.
  private func block(_ title: String, _ content: [String]) -> [String] {
    content.enumerated().map { index, line in
      let head = index == 0 ? "  = \(title): " : String(repeating: " ", count: title.count + 6)
      return style.paint(head, .frame) + Harmless.line(line)
    }
  }

  private func summary() -> String {
    let errors = report.count(.error)
    let warnings = report.count(.warning)
    let notes = report.count(.note)
    let files = report.inputs.count
    let size = "\(counted(files, "file")), \(counted(report.ruleCount, "rule"))"
    var text: String
    if errors + warnings + notes == 0 {
      text = style.paint("no findings", .good)
    } else {
      let parts = [(errors, "error", Severity.error), (warnings, "warning", .warning), (notes, "note", .note)]
      text = parts.filter { $0.0 > 0 }.map { style.paint(counted($0.0, $0.1), severity: $0.2) }.joined(separator: ", ")
    }
    if !report.suppressed.isEmpty { text += ", \(report.suppressed.count) suppressed" }
    text += " in \(size)"
    let statuses = RequirementStatus.allCases.compactMap { status -> String? in
      let count = report.requirements.count { $0.status == status }
      return count == 0 ? nil : "\(count) \(status.rawValue)"
    }
    if !statuses.isEmpty { text += "; requirements: " + statuses.joined(separator: ", ") }
    return text
  }

  private func counted(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }
}
