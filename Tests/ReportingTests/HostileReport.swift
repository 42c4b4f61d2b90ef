import Compliance
import Evaluation
import PacketSets
import Requirements
import SourceText

@testable import Reporting

/// A report in which every text that can come from a file is hostile.
enum HostileReport {
  static let text =
    "a\n::error::x\r\u{1B}[31mred\u{202E}|<script>alert('1')</script>\"`%0A,b:c=&amp;]]>--><!--\u{0}\u{FFFE}"

  static var report: CheckReport {
    let path = "x\n::error::y,z\"><img src=x>.nft"
    let location = Location(path: path, line: 1, column: 1, endLine: 1, endColumn: 2)
    func finding(_ code: String, _ severity: Severity, _ print: String) -> Finding {
      Finding(
        code: code, severity: severity, message: text, requirements: ["IN-06"], firewall: text, location: location,
        related: [RelatedLocation(location: location, message: text)],
        packet: Packet(
          path: .input, source: IPAddress(.v4, 1), destination: IPAddress(.v4, 2), protocolNumber: 6,
          inputInterface: text),
        region: (0..<5).map { _ in
          Region(source: text, destination: text, protocolName: text, ports: text, phrase: text)
        }, remediation: text, fingerprint: print)
    }
    var report = CheckReport(
      policyName: text, policyVersion: text,
      inputs: [InputSummary(path: path, dialect: "nftables", sha256: "00")],
      requirements: [
        RequirementVerdict(id: text, feature: text, direction: "incoming", firewall: text, status: .blocked)
      ], findings: [finding("FW101", .error, "0"), finding("FW203", .warning, "1"), finding("FW402", .note, "2")],
      remarks: [text], sources: [path: SourceFile(path: path, text: text)])
    report.suppressed = [
      SuppressedFinding(
        finding: finding("FW202", .warning, "3"),
        suppression: SuppressionNote(
          kind: .comment, reason: text, until: CalendarDate("2027-01-01"), location: location))
    ]
    report.baseline = BaselineOutcome(
      matched: 0, stale: [Baseline.Entry(fingerprint: text, code: text, path: text, count: 2)])
    return report
  }
}
