import Compliance

/// `check` with one line a finding: `path:line:column: severity CODE name: message`.
public enum ConciseReport {
  /// All findings; nothing at all where there is none.
  public static func render(_ report: CheckReport) -> String {
    report.findings.map { finding in
      let place = finding.location.map { "\($0.path):\($0.line):\($0.column)" } ?? finding.firewall ?? ""
      let name = CheckRegistry.check(finding.code)?.name ?? ""
      return Harmless.line("\(place): \(finding.severity.rawValue) \(finding.code) \(name): \(finding.message)") + "\n"
    }.joined()
  }
}
