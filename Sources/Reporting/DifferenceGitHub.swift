import Compliance
import SourceText

/// `diff` as annotations on the changed lines: one for each flow, one for each new finding.
public enum DifferenceGitHub {
  /// All workflow commands, then the summary as one more.
  public static func render(_ report: ChangeReport, failOn: Severity) -> String {
    var text = ""
    for difference in report.differences {
      for flow in difference.flows {
        let kind = flow.isWorse ? (flow.change == .undecided ? "warning" : "error") : "notice"
        // What was blocked by a rule that is gone has no line in the head: the rule that decides now has.
        let phrases = TrafficRegion.phrases(flow.regions).prefix(4).joined(separator: "; ")
        let rows = flow.rows.isEmpty ? "" : " (\(TrafficWords.list(flow.rows)))"
        text += GitHubReport.command(
          kind, flow.decider?.location, title: "traffic \(TrafficWords.change(flow))",
          "\(TrafficWords.change(flow)) \(TrafficWords.who(flow)): \(phrases)\(rows)\n"
            + "was decided by \(flow.formerDecider?.text ?? "no chain")")
      }
    }
    for name in report.droppedFirewalls {
      text += GitHubReport.command("error", nil, title: "firewall no longer listed", name)
    }
    text += GitHubReport.render(report.newFindingsReport)
    return text
      + GitHubReport.command("notice", nil, title: "fwlint diff", TrafficWords.summary(report, failOn: failOn))
  }
}
