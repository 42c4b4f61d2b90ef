import Compliance
import SourceText

/// `check` as workflow commands of GitHub Actions, which become annotations on the lines.
///
/// **Source:** docs of GitHub Actions, workflow commands: `%`, CR and LF are escaped in messages, `:` and `,` too in
/// properties, so that no text from a file can forge a command.
public enum GitHubReport {
  /// One command a finding.
  public static func render(_ report: CheckReport) -> String {
    report.findings.map { finding in
      let kind =
        switch finding.severity {
        case .error: "error"
        case .warning: "warning"
        case .note: "notice"
        }
      let name = CheckRegistry.check(finding.code)?.name ?? ""
      let text = finding.message + (finding.remediation.isEmpty ? "" : "\n\(finding.remediation)")
      return command(kind, finding.location, title: "\(finding.code) \(name)", text)
    }.joined()
  }

  /// One command: `error`, `warning` or `notice`, at a place.
  static func command(_ kind: String, _ location: Location?, title: String, _ text: String) -> String {
    var properties: [String] = []
    if let location {
      properties += [
        "file=\(property(location.path))", "line=\(location.line)", "endLine=\(location.endLine)",
        "col=\(location.column)",
      ]
      if location.endLine == location.line { properties.append("endColumn=\(location.endColumn)") }
    }
    properties.append("title=\(property(title))")
    return "::\(kind) \(properties.joined(separator: ","))::\(data(text))\n"
  }

  private static func data(_ text: String) -> String { escaped(Harmless.lines(text), ["%", "\r", "\n"]) }

  private static func property(_ text: String) -> String { escaped(Harmless.lines(text), ["%", "\r", "\n", ":", ","]) }

  /// Percent escapes, by scalars: CR LF is one character but two scalars.
  private static func escaped(_ text: String, _ special: [Unicode.Scalar]) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if special.contains(scalar) {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "%" + (digits.count < 2 ? "0" : "") + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
