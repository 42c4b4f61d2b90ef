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
      var properties: [String] = []
      if let location = finding.location {
        properties += [
          "file=\(property(location.path))", "line=\(location.line)", "endLine=\(location.endLine)",
          "col=\(location.column)",
        ]
        if location.endLine == location.line { properties.append("endColumn=\(location.endColumn)") }
      }
      let name = CheckRegistry.check(finding.code)?.name ?? ""
      properties.append("title=\(property("\(finding.code) \(name)"))")
      let text = finding.message + (finding.remediation.isEmpty ? "" : "\n\(finding.remediation)")
      return "::\(kind) \(properties.joined(separator: ","))::\(data(text))\n"
    }.joined()
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
