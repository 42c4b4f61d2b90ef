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

  /// Results of one run that GitHub accepts.
  static let resultLimit = 25_000

  /// Makes a report of the program's version.
  public init(_ report: CheckReport, version: String) {
    self.report = report
    self.version = version
    let paths = Set(report.findings.compactMap { $0.location?.path })
    hashes = report.sources.filter { paths.contains($0.key) }.mapValues {
      LineHashes(String(decoding: $0.bytes, as: UTF8.self))
    }
  }

  /// The log with its one run.
  public func render() -> String {
    let codes = CheckRegistry.checks.map(\.code)
    let results = report.findings.prefix(Self.resultLimit).map { result($0, codes) }
    var notifications: [Notification] = report.remarks.map { Notification(text: $0, level: "note") }
    if report.findings.count > Self.resultLimit {
      notifications.append(
        Notification(
          text:
            "\(report.findings.count - Self.resultLimit) findings beyond the limit of \(Self.resultLimit) were left out",
          level: "warning"))
    }
    let run = Run(
      tool: Tool(driver: Driver(semanticVersion: version, rules: CheckRegistry.checks.map(rule))), results: results,
      invocations: [Invocation(toolExecutionNotifications: notifications)])
    return JSONText.pretty(Log(runs: [run]))
  }

  private func rule(_ check: Check) -> Rule {
    let text = CheckRegistry.documentation(of: check.code)
    let what = text?.what ?? check.name
    let help = [what, text?.why ?? "", text?.mend ?? ""].filter { !$0.isEmpty }
    let example = text.map { "\n\n```\n\($0.example)\n```" } ?? ""
    return Rule(
      id: check.code, name: check.name, shortDescription: Text(String(what.prefix(1000))),
      fullDescription: Text(String("\(what) \(text?.why ?? "")".prefix(1000))),
      help: Help(text: help.joined(separator: "\n\n"), markdown: help.joined(separator: "\n\n") + example),
      defaultConfiguration: Configuration(level: check.severity.rawValue),
      properties: Properties(
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

  private func result(_ finding: Finding, _ codes: [String]) -> Result {
    let location = finding.location
    let path = location?.path ?? report.inputs.first?.path ?? "fwlint.yaml"
    let line = location?.line ?? 1
    let region = Region(
      startLine: line, startColumn: location?.column ?? 1, endLine: location?.endLine ?? line,
      endColumn: max(location?.endColumn ?? 1, location?.line == location?.endLine ? (location?.column ?? 1) + 1 : 1))
    var text = finding.message
    if !finding.remediation.isEmpty { text += "\n\n" + finding.remediation }
    return Result(
      ruleId: finding.code, ruleIndex: codes.firstIndex(of: finding.code) ?? 0, level: finding.severity.rawValue,
      message: Text(text), locations: [Place(Physical(path, region))],
      relatedLocations: finding.related.map { related in
        RelatedPlace(
          physicalLocation: Physical(
            related.location.path,
            Region(
              startLine: related.location.line, startColumn: related.location.column,
              endLine: related.location.endLine, endColumn: related.location.endColumn)),
          message: Text(related.message))
      },
      partialFingerprints: Fingerprints(
        primaryLocationLineHash: hashes[path]?.hashes[line] ?? "\(finding.fingerprint):1",
        fwlint: finding.fingerprint))
  }

  // MARK: The format

  private struct Log: Encodable {
    var schema = "https://json.schemastore.org/sarif-2.1.0.json"
    var version = "2.1.0"
    var runs: [Run]

    enum CodingKeys: String, CodingKey {
      case schema = "$schema"
      case version, runs
    }
  }

  private struct Run: Encodable {
    var tool: Tool
    var results: [Result]
    var invocations: [Invocation]
    var columnKind = "unicodeCodePoints"
  }

  private struct Tool: Encodable { var driver: Driver }

  private struct Driver: Encodable {
    var name = "fwlint"
    var semanticVersion: String
    var rules: [Rule]
  }

  private struct Rule: Encodable {
    var id: String
    var name: String
    var shortDescription: Text
    var fullDescription: Text
    var help: Help
    var defaultConfiguration: Configuration
    var properties: Properties
  }

  private struct Text: Encodable {
    var text: String

    init(_ text: String) { self.text = text }
  }

  private struct Help: Encodable {
    var text: String
    var markdown: String
  }

  private struct Configuration: Encodable { var level: String }

  private struct Properties: Encodable {
    var tags: [String]
    var precision: String
    var problemSeverity: String
    var securitySeverity: String

    enum CodingKeys: String, CodingKey {
      case tags, precision
      case problemSeverity = "problem.severity"
      case securitySeverity = "security-severity"
    }
  }

  private struct Result: Encodable {
    var ruleId: String
    var ruleIndex: Int
    var level: String
    var message: Text
    var locations: [Place]
    var relatedLocations: [RelatedPlace]
    var partialFingerprints: Fingerprints
  }

  private struct Place: Encodable {
    var physicalLocation: Physical

    init(_ physicalLocation: Physical) { self.physicalLocation = physicalLocation }
  }

  private struct RelatedPlace: Encodable {
    var physicalLocation: Physical
    var message: Text
  }

  private struct Physical: Encodable {
    var artifactLocation: Artifact
    var region: Region

    init(_ path: String, _ region: Region) {
      artifactLocation = Artifact(uri: SARIFReport.uri(path))
      self.region = region
    }
  }

  private struct Artifact: Encodable { var uri: String }

  private struct Region: Encodable {
    var startLine: Int
    var startColumn: Int
    var endLine: Int
    var endColumn: Int
  }

  private struct Fingerprints: Encodable {
    var primaryLocationLineHash: String
    var fwlint: String

    enum CodingKeys: String, CodingKey {
      case primaryLocationLineHash
      case fwlint = "fwlint/v1"
    }
  }

  private struct Invocation: Encodable {
    var executionSuccessful = true
    var toolExecutionNotifications: [Notification]
  }

  private struct Notification: Encodable {
    var message: Text
    var level: String

    init(text: String, level: String) {
      message = Text(text)
      self.level = level
    }
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
