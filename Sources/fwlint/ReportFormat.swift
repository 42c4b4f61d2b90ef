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
  case sarif
  case github
  case gitlab
  case junit
  case markdown

  /// Whether the report names the inputs' digests, which take a pass over every byte.
  var needsDigests: Bool { self == .json }

  /// The report in this format.
  func render(_ report: CheckReport, style: TextStyle) -> String {
    switch self {
    case .text: TextReport(report, style: style).render()
    case .concise: ConciseReport.render(report)
    case .json: JSONReport.render(report)
    case .sarif: SARIFReport(report, version: Version.text).render()
    case .github: GitHubReport.render(report)
    case .gitlab: GitLabReport.render(report)
    case .junit: JUnitReport.render(report)
    case .markdown: MarkdownReport.render(report)
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
  func write(_ report: CheckReport, style: TextStyle) throws {
    guard let path else { return Terminal.print(format.render(report, style: style)) }
    try FileWriter.write(format.render(report, style: TextStyle()), to: path)
  }
}
