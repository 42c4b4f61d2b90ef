import Compliance
import SourceText

/// `check` as SARIF 2.1.0, with everything that GitHub's code scanning reads.
///
/// **Source:** the SARIF 2.1.0 standard; GitHub docs, SARIF support for code scanning: all four numbers of a region,
/// relative URIs, `primaryLocationLineHash`, `security-severity`, at most 25,000 results a run.
public struct SARIFReport {
  private let report: CheckReport
  private let version: String
  private let hashes: [String: LineHashes]
  /// URIs of files as seen from the repository's top.
  private let uris: [String: String]

  /// Results of one run that GitHub accepts.
  static let resultLimit = 25_000
  /// Related places of one result that GitHub keeps.
  static let relatedLimit = 100

  /// Makes a report of the program's version.
  ///
  /// - Parameter relativePath: what a file is called as seen from the repository's top.
  public init(_ report: CheckReport, version: String, relativePath: @escaping (String) -> String = { $0 }) {
    self.report = report
    self.version = version
    let all = report.findings + report.suppressed.map(\.finding)
    let paths = Set(all.compactMap { $0.location?.path })
    let others = all.flatMap { $0.related.map(\.location.path) } + report.inputs.map(\.path)
    uris = paths.union(others).union(report.suppressed.compactMap { $0.suppression.location?.path })
      .reduce(into: [:]) { $0[$1] = Self.uri(relativePath($1)) }
    hashes = report.sources.filter { paths.contains($0.key) }.mapValues {
      LineHashes(String(decoding: $0.bytes, as: UTF8.self))
    }
  }

  /// The log with its one run.
  public func render() -> String {
    let codes = CheckRegistry.checks.map(\.code)
    // What counts comes first, so that a cut takes what does not.
    var results = report.findings.prefix(Self.resultLimit).map { result($0, nil, codes) }
    results += report.suppressed.prefix(Self.resultLimit - results.count).map {
      result($0.finding, $0.suppression, codes)
    }
    let remarks = report.remarks + BaselineText.remarks(report)
    var notifications = remarks.map { SARIFLog.Notification(text: $0, level: "note") }
    let rest = report.findings.count + report.suppressed.count - results.count
    if rest > 0 {
      notifications.append(
        SARIFLog.Notification(
          text: "\(rest) findings beyond the limit of \(Self.resultLimit) were left out", level: "warning"))
    }
    let cut = results.count { $0.isCut }
    if cut > 0 {
      notifications.append(
        SARIFLog.Notification(
          text: "\(cut) results name only the first \(Self.relatedLimit) of their related places", level: "note"))
    }
    let run = SARIFLog.Run(
      tool: SARIFLog.Tool(
        driver: SARIFLog.Driver(semanticVersion: version, rules: CheckRegistry.checks.map(rule))), results: results,
      invocations: [SARIFLog.Invocation(toolExecutionNotifications: notifications)])
    return JSONText.pretty(SARIFLog(runs: [run]))
  }

  private func rule(_ check: Check) -> SARIFLog.Rule {
    let text = CheckRegistry.documentation(of: check.code)
    let what = text?.what ?? check.name
    let help = [what, text?.why ?? "", text?.mend ?? ""].filter { !$0.isEmpty }
    let example = (text?.example?.files.first).map { "\n\n```\n\($0.text)```" } ?? ""
    return SARIFLog.Rule(
      id: check.code, name: check.name, shortDescription: SARIFLog.Text(String(what.prefix(1000))),
      fullDescription: SARIFLog.Text(String("\(what) \(text?.why ?? "")".prefix(1000))),
      help: SARIFLog.Help(text: help.joined(separator: "\n\n"), markdown: help.joined(separator: "\n\n") + example),
      defaultConfiguration: SARIFLog.Configuration(level: check.severity.rawValue),
      properties: SARIFLog.Properties(
        tags: ["security", "firewall"], precision: check.code == "FW103" ? "medium" : "very-high",
        problemSeverity: check.severity == .note ? "recommendation" : check.severity.rawValue,
        securitySeverity: Self.securitySeverity(check.code)))
  }

  /// How bad what a check finds is, from 0.1 to 10.0 as CVSS counts.
  private static func securitySeverity(_ code: String) -> String {
    switch code {
    case "FW201": "9.1"
    case "FW204": "8.6"
    case "FW406": "7.5"
    case "FW202", "FW206", "FW203": "6.5"
    case "FW205", "FW301": "5.3"
    case "FW302": "3.7"
    case "FW101", "FW102", "FW104", "FW105": "4.0"
    default: "2.0"
    }
  }

  private func result(_ finding: Finding, _ note: SuppressionNote?, _ codes: [String]) -> SARIFLog.Result {
    let location = finding.location
    let path = location?.path ?? file(of: finding)
    let line = location?.line ?? 1
    var text = finding.message
    if !finding.remediation.isEmpty { text += "\n\n" + finding.remediation }
    var result = SARIFLog.Result(
      ruleId: finding.code, ruleIndex: codes.firstIndex(of: finding.code) ?? 0, level: finding.severity.rawValue,
      message: SARIFLog.Text(text),
      locations: [
        SARIFLog.Place(
          physical(location ?? Location(path: path, line: 1, column: 1, endLine: 1, endColumn: 2)))
      ],
      relatedLocations: finding.related.prefix(Self.relatedLimit).map { related in
        SARIFLog.RelatedPlace(physicalLocation: physical(related.location), message: SARIFLog.Text(related.message))
      },
      partialFingerprints: SARIFLog.Fingerprints(
        primaryLocationLineHash: hashes[path]?.hashes[line] ?? "\(finding.fingerprint):1",
        fwlint: finding.fingerprint),
      suppressions: [])
    result.isCut = finding.related.count > Self.relatedLimit
    if let note {
      result.suppressions = [
        SARIFLog.Suppression(
          kind: note.kind == .comment ? "inSource" : "external", justification: note.reason,
          location: note.location.map { SARIFLog.Place(physical($0)) })
      ]
    }
    if report.baseline != nil { result.baselineState = note?.kind == .baseline ? "unchanged" : "new" }
    return result
  }

  /// The file that stands for a finding without a place.
  private func file(of finding: Finding) -> String {
    let paths = report.inputs.map(\.path)
    if let name = finding.firewall {
      return paths.first { $0 == name || $0.hasSuffix("/" + name) } ?? name
    }
    return paths.first ?? "fwlint.yaml"
  }

  /// A place with all four numbers, from 1, the end behind the start.
  private func physical(_ location: Location) -> SARIFLog.Physical {
    let line = max(1, location.line)
    let column = max(1, location.column)
    let endLine = max(line, location.endLine)
    let endColumn = endLine == line ? max(column + 1, location.endColumn) : max(1, location.endColumn)
    return SARIFLog.Physical(
      artifactLocation: SARIFLog.Artifact(uri: uris[location.path] ?? Self.uri(location.path)),
      region: SARIFLog.Region(startLine: line, startColumn: column, endLine: endLine, endColumn: endColumn))
  }

  /// A path as a relative URI: every byte that RFC 3986 does not allow in a path is percent-encoded.
  static func uri(_ path: String) -> String {
    var result = ""
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += "%" + (digits.count < 2 ? "0" : "") + digits
      }
    }
    return result
  }
}
