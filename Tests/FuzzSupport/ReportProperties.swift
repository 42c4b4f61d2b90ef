import Compliance
import Evaluation
import IptablesSave
import Nftables
import Reporting
import Requirements
import RuleGraph
import SecurityGroups
import SourceText

/// What holds of a whole `check`, from bytes to reports.
enum ReportProperties {
  /// A small site with a place for every kind of firewall.
  private static let site: Site? =
    Site.parse(
      SourceFile(
        path: "fwlint.yaml",
        text: """
          policy: fortimail-7.6
          mode: gateway
          units: [{name: mail1, addresses: [10.0.10.5, "2001:db8:10::5"]}]
          features: [smtp, admin-cli, dns, ntp]
          peers:
            administrators: [10.1.0.0/24]
            email-users: [10.0.0.0/16]
            email-servers: any
            dns-server: [10.0.20.53]
            time-server: [10.0.20.123]
          firewalls:
            - {path: a, position: forward}
            - {path: b, position: host}
            - {path: c, position: attached}
          """), findPolicy: { _ in DocumentProperties.policy }
    ).site

  static func check(_ source: SourceFile) throws(Violation) {
    guard let site, let (graph, diagnostics) = read(source), graph.rules.count <= 200 else { return }
    let isGroup = graph.dialect.isSecurityGroup
    let entry = site.firewalls[isGroup ? 2 : source.bytes.count % 2]
    let firewall = LoadedFirewall(name: "input", entry: entry, graphs: [graph], diagnostics: [diagnostics])
    let report = Checker().run(CheckInput(policy: DocumentProperties.policy, site: site, firewalls: [firewall]))
    let tracer = PacketTracer(graphs: [graph], facts: site.facts(behind: entry, groups: firewall.groupIDs))
    var lines: [String: LineIndex] = [:]
    for finding in report.findings {
      for location in [finding.location].compactMap({ $0 }) + finding.related.map(\.location) {
        guard let source = report.sources[location.path] else {
          throw Violation(message: "\(finding.code) points into a file that is not known")
        }
        let index = lines[location.path] ?? LineIndex(source)
        lines[location.path] = index
        try check(location, index, source, finding.code)
      }
      if let packet = finding.packet { try check(tracer.trace(packet).verdict, of: finding) }
      try require(finding.region.count <= 64, "\(finding.code) lists \(finding.region.count) regions")
    }
    try checkText(report)
  }

  private static func read(_ source: SourceFile) -> (RuleGraph, [Diagnostic])? {
    if IpsetFrontend.recognises(source.bytes) { return nil }
    if let dialect = IptablesFrontend.dialect(of: source.bytes) {
      return IptablesFrontend.parse(source, dialect: dialect)
    }
    if NftablesFrontend.recognises(source.bytes) { return NftablesFrontend.parse(source) }
    guard SecurityGroupFrontend.recognises(source.bytes) else { return nil }
    let (graph, diagnostics) = SecurityGroupFrontend.parse(source)
    return graph.map { ($0, diagnostics) }
  }

  private static func check(
    _ location: Location, _ index: LineIndex, _ source: SourceFile, _ code: String
  ) throws(Violation) {
    try require(location.line >= 1 && location.column >= 1, "\(code) points before the file")
    try require(
      (location.line, location.column) <= (location.endLine, location.endColumn), "\(code) points backwards")
    try require(location.endLine <= max(1, index.lineCount) + 1, "\(code) points past the file")
    let width = source.text(index.range(ofLine: location.line)).unicodeScalars.count
    try require(location.column <= width + 2, "\(code) points past the end of its line")
  }

  /// The packet of a finding meets the fate that the finding claims.
  private static func check(_ verdict: TraceVerdict, of finding: Finding) throws(Violation) {
    let claimed: [TraceVerdict]
    switch finding.code {
    case "FW101", "FW102", "FW104", "FW105": claimed = [.drop, .reject]
    case "FW103", "FW207": claimed = [.undecided]
    case "FW201", "FW202", "FW203", "FW204", "FW205", "FW206", "FW301": claimed = [.accept]
    default: return
    }
    try require(
      claimed.contains(verdict),
      "\(finding.code) shows a packet with the verdict \(verdict): \(finding.packet.map { "\($0)" } ?? "")")
  }

  /// Nothing of a file reaches a terminal or a log as a control character, or as a command of its own.
  private static func checkText(_ report: CheckReport) throws(Violation) {
    let printed = [
      TextReport(report).render(), ConciseReport.render(report), GitHubReport.render(report),
      MarkdownReport.render(report), GitLabReport.render(report), JUnitReport.render(report),
      JSONReport.render(report), SARIFReport(report, version: "0").render(),
    ]
    for (index, text) in printed.enumerated() {
      let isHarmless = text.unicodeScalars.allSatisfy { scalar in
        scalar == "\n" || !(scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value))
      }
      try require(isHarmless || index >= 4, "report \(index) holds a control character")
    }
    for line in printed[2].split(separator: "\n") {
      try require(line.hasPrefix("::"), "a line for GitHub is no command")
    }
    for line in printed[1].split(separator: "\n") {
      try require(!line.hasPrefix("::"), "a line for people is a command of GitHub's")
    }
  }
}
