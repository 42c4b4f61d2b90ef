import Compliance

/// `check` as JUnit's XML: a test case for each requirement, and one for each finding that belongs to none.
public enum JUnitReport {
  /// One test suite; blocked, partial and undecided rows and findings of errors and warnings are failures.
  public static func render(_ report: CheckReport) -> String {
    var cases: [String] = []
    var failures = 0
    for row in report.requirements {
      let head = "    <testcase classname=\"\(escaped(row.firewall))\" name=\"\(escaped("\(row.id) \(row.feature)"))\""
      switch row.status {
      case .open: cases.append(head + "/>")
      case .notApplicable: cases.append(head + "><skipped/></testcase>")
      case .blocked, .partial, .undecided:
        let accepted = report.suppressed.filter {
          $0.finding.firewall == row.firewall && $0.finding.requirements.contains(row.id)
        }
        let isOpen = report.findings.contains { $0.firewall == row.firewall && $0.requirements.contains(row.id) }
        if !isOpen, let first = accepted.first {
          let why = "suppressed" + (first.suppression.reason.map { ": \($0)" } ?? "")
          cases.append(head + "><skipped message=\"\(escaped(why))\"/></testcase>")
          continue
        }
        failures += 1
        let messages = report.findings.filter { $0.firewall == row.firewall && $0.requirements.contains(row.id) }
          .map(\.message).joined(separator: "\n")
        cases.append(
          head + "><failure message=\"\(row.status.rawValue)\">\(escaped(messages))</failure></testcase>")
      }
    }
    for finding in report.findings where !finding.code.hasPrefix("FW1") {
      let place = finding.location.map { "\($0.path):\($0.line)" } ?? finding.firewall ?? ""
      let head = "    <testcase classname=\"\(escaped(finding.code))\" name=\"\(escaped(place))\""
      guard finding.severity != .note else {
        cases.append(head + "><system-out>\(escaped(finding.message))</system-out></testcase>")
        continue
      }
      failures += 1
      let text = finding.remediation.isEmpty ? finding.message : "\(finding.message)\n\(finding.remediation)"
      cases.append(head + "><failure message=\"\(escaped(finding.message))\">\(escaped(text))</failure></testcase>")
    }
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuites tests="\(cases.count)" failures="\(failures)">
        <testsuite name="fwlint" tests="\(cases.count)" failures="\(failures)">
      \(cases.joined(separator: "\n"))
        </testsuite>
      </testsuites>

      """
  }

  /// Text for elements and attributes; characters that XML 1.0 cannot hold are written out.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in Harmless.lines(text).unicodeScalars {
      switch scalar {
      case "\n": result += "&#10;"
      case "\u{FFFE}", "\u{FFFF}": result += "?"
      default: if let entity = scalar.markupEntity { result += entity } else { result.unicodeScalars.append(scalar) }
      }
    }
    return result
  }
}
