import ArgumentParser
import Compliance
import Glibc
import Reporting
import SourceText

/// The formats of a report of `check`.
enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case concise
  case json
  case jsonl
  case sarif
  case github
  case gitlab
  case junit
  case markdown
  case html

  /// Whether the report names the inputs' digests, which take a pass over every byte.
  var needsDigests: Bool { self == .json || self == .jsonl || self == .html }

  /// The report in this format; `firewalls` are what was checked.
  func render(_ report: CheckReport, firewalls: [LoadedFirewall], style: TextStyle) -> String {
    switch self {
    case .text: TextReport(report, style: style).render()
    case .concise: ConciseReport.render(report)
    case .json: JSONReport.render(report)
    case .jsonl: JSONLinesReport.render(report)
    case .sarif: SARIFReport(report, version: Version.text, relativePath: Paths.fromGitTop).render()
    case .github: GitHubReport.render(report)
    case .gitlab: GitLabReport.render(report)
    case .junit: JUnitReport.render(report)
    case .markdown: MarkdownReport.render(report)
    case .html: HTMLReport(report, version: Version.text, firewalls: firewalls).render()
    }
  }
}

/// Where a report goes.
struct ReportOutput {
  var format: ReportFormat
  /// Nil: standard output.
  var path: String?

  /// Reads `FILE` and `FORMAT=FILE`; without any `FILE` the standard report goes to standard output.
  static func parse(_ words: [String], standard: ReportFormat) throws -> [ReportOutput] {
    var outputs: [ReportOutput] = []
    var hasStandard = false
    for word in words {
      if let equals = word.firstIndex(of: "="), let format = ReportFormat(rawValue: String(word[..<equals])) {
        outputs.append(ReportOutput(format: format, path: String(word[word.index(after: equals)...])))
      } else {
        if let equals = word.firstIndex(of: "="), !word[..<equals].contains("/") {
          let hint = Suggestion.hint(for: String(word[..<equals]), among: ReportFormat.allCases.map(\.rawValue))
          throw ValidationError("--output knows no format '\(word[..<equals])'\(hint)")
        }
        guard !hasStandard else { throw ValidationError("--output names a second FILE; write FORMAT=FILE") }
        hasStandard = true
        outputs.append(ReportOutput(format: standard, path: word))
      }
    }
    if !hasStandard { outputs.insert(ReportOutput(format: standard), at: 0) }
    return outputs
  }

  /// Writes a report.
  func write(_ report: CheckReport, firewalls: [LoadedFirewall], style: TextStyle) throws {
    guard let path else { return Terminal.print(format.render(report, firewalls: firewalls, style: style)) }
    try FileWriter.write(format.render(report, firewalls: firewalls, style: TextStyle()), to: path)
  }
}
