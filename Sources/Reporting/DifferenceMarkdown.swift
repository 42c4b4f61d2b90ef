import Compliance
import SourceText

/// `diff` as Markdown, for comments on pull requests and job summaries.
public enum DifferenceMarkdown {
  /// Rows of a table that are shown.
  private static let limit = 200

  /// The whole report.
  public static func render(_ report: ChangeReport, failOn: Severity) -> String {
    let cell = MarkdownReport.cell
    var text = "## fwlint diff\n\n"
    text += (report.isWorse(failOn: failOn) ? "❌ " : "✅ ") + cell(TrafficWords.summary(report, failOn: failOn)) + "\n"
    for difference in report.differences {
      text += "\n### \(cell(difference.firewall))\n\n"
      if difference.flows.isEmpty {
        text += "\(cell(TrafficWords.headline(difference)))\n"
      } else {
        text += "| | traffic | rows | now | was |\n|---|---|---|---|---|\n"
        for flow in difference.flows.prefix(limit) {
          let phrases = TrafficRegion.phrases(flow.regions).prefix(4).map(cell).joined(separator: "<br>")
          let words = [
            flow.isWorse ? "❌" : "ℹ️",
            "\(cell(TrafficWords.change(flow))) \(cell(TrafficWords.who(flow))): \(phrases)",
            cell(TrafficWords.list(flow.rows)), decision(flow.decider), decision(flow.formerDecider),
          ]
          text += "| " + words.joined(separator: " | ") + " |\n"
        }
        if difference.flows.count > limit { text += "\n\(difference.flows.count - limit) more flows are not shown.\n" }
      }
      for line in TrafficWords.undecided(difference) + difference.remarks { text += "\n> \(cell(line))\n" }
    }
    for name in report.droppedFirewalls { text += "\n❌ \(cell(name)) is no longer listed.\n" }
    for (title, findings) in [("New findings", report.newFindings), ("Fixed findings", report.fixedFindings)]
    where !findings.isEmpty {
      text += "\n### \(title)\n\n| where | check | what |\n|---|---|---|\n"
      for finding in findings.prefix(limit) {
        let place = finding.location.map { "\($0.path):\($0.line)" } ?? finding.firewall ?? ""
        text += "| \(cell(place)) | \(finding.severity.rawValue) \(finding.code) | \(cell(finding.message)) |\n"
      }
      if findings.count > limit { text += "\n\(findings.count - limit) more are not shown.\n" }
    }
    for remark in report.remarks { text += "\n> \(cell(remark))\n" }
    return text
  }

  private static func decision(_ decider: TrafficFlow.Decider?) -> String {
    guard let decider else { return "no chain" }
    let place = decider.location.map { "\($0.path):\($0.line) " } ?? ""
    return MarkdownReport.cell(place + decider.text)
  }
}
