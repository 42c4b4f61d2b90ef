import Compliance
import SourceText

/// `check` as GitLab's code-quality report.
///
/// **Source:** GitLab docs, Code Quality report format; a fingerprint that occurs twice hides the second finding, so
/// ours are distinct.
public enum GitLabReport {
  /// One array of issues.
  public static func render(_ report: CheckReport) -> String {
    JSONText.pretty(
      report.findings.map { finding in
        Issue(
          description: finding.message, checkName: finding.code, fingerprint: finding.fingerprint,
          severity: severity(finding.severity),
          location: Issue.Place(
            path: finding.location?.path ?? finding.firewall ?? "",
            lines: Issue.Lines(begin: finding.location?.line ?? 1)))
      })
  }

  private static func severity(_ severity: Severity) -> String {
    switch severity {
    case .error: "critical"
    case .warning: "major"
    case .note: "info"
    }
  }

  private struct Issue: Encodable {
    var description: String
    var checkName: String
    var fingerprint: String
    var severity: String
    var location: Place

    struct Place: Encodable {
      var path: String
      var lines: Lines
    }

    struct Lines: Encodable {
      var begin: Int
    }

    enum CodingKeys: String, CodingKey {
      case description, fingerprint, severity, location
      case checkName = "check_name"
    }
  }
}
