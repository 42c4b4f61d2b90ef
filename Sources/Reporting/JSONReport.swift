import Compliance
import SourceText

/// `check` for other programs: version 1 of the JSON that DESIGN lays down; fields are added, never changed.
public enum JSONReport {
  /// The whole report as one object.
  public static func render(_ report: CheckReport) -> String { JSONText.pretty(Document(report)) }

  private struct Document: Encodable {
    var version = 1
    var policy: PolicyName?
    var inputs: [Input]
    var requirements: [RequirementJSON]
    var findings: [FindingJSON]
    var suppressed: [SuppressedJSON]
    var baseline: BaselineJSON?
    var remarks: [String]
    var summary: SummaryJSON

    init(_ report: CheckReport) {
      policy = report.policyName.map { PolicyName(name: $0, version: report.policyVersion ?? "") }
      inputs = report.inputs.map { Input(path: $0.path, dialect: $0.dialect, sha256: $0.sha256) }
      requirements = report.requirements.map(RequirementJSON.init)
      findings = report.findings.map { FindingJSON($0) }
      suppressed = report.suppressed.map(SuppressedJSON.init)
      baseline = report.baseline.map(BaselineJSON.init)
      remarks = report.remarks
      summary = SummaryJSON(report)
    }

    enum CodingKeys: CodingKey {
      case version, policy, inputs, requirements, findings, suppressed, baseline, remarks, summary
    }

    func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(version, forKey: .version)
      // Null where no site was given: the key is always there.
      try values.encode(policy, forKey: .policy)
      try values.encode(inputs, forKey: .inputs)
      try values.encode(requirements, forKey: .requirements)
      try values.encode(findings, forKey: .findings)
      try values.encode(suppressed, forKey: .suppressed)
      try values.encodeIfPresent(baseline, forKey: .baseline)
      try values.encode(remarks, forKey: .remarks)
      try values.encode(summary, forKey: .summary)
    }
  }

  private struct PolicyName: Encodable {
    var name: String
    var version: String
  }

  private struct Input: Encodable {
    var path: String
    var dialect: String
    var sha256: String
  }
}

/// The verdict on a row, feature and firewall.
struct RequirementJSON: Encodable {
  var id: String
  var feature: String
  var direction: String
  var firewall: String
  var status: String

  init(_ verdict: RequirementVerdict) {
    id = verdict.id
    feature = verdict.feature
    direction = verdict.direction
    firewall = verdict.firewall
    status = verdict.status.rawValue
  }
}

/// The numbers of a report; suppressed findings count under `suppressed` only.
struct SummaryJSON: Encodable {
  var errors: Int
  var warnings: Int
  var notes: Int
  var suppressed: Int
  var files: Int
  var rules: Int

  init(_ report: CheckReport) {
    errors = report.count(.error)
    warnings = report.count(.warning)
    notes = report.count(.note)
    suppressed = report.suppressed.count
    files = report.inputs.count
    rules = report.ruleCount
  }
}

/// A finding that something accepts: the finding, and `suppression` beside its own fields.
struct SuppressedJSON: Encodable {
  private let entry: SuppressedFinding

  init(_ entry: SuppressedFinding) { self.entry = entry }

  private enum CodingKeys: CodingKey { case suppression }

  private struct Note: Encodable {
    var kind: String
    var reason: String?
    var until: String?
    var location: LocationJSON?
  }

  func encode(to encoder: any Encoder) throws {
    try FindingJSON(entry.finding).encode(to: encoder)
    var values = encoder.container(keyedBy: CodingKeys.self)
    let note = entry.suppression
    try values.encode(
      Note(
        kind: note.kind.rawValue, reason: note.reason, until: note.until?.description,
        location: note.location.map(LocationJSON.init)), forKey: .suppression)
  }
}

/// What came of comparing with a baseline.
struct BaselineJSON: Encodable {
  var matched: Int
  var stale: [Entry]

  struct Entry: Encodable {
    var fingerprint: String
    var code: String
    var path: String
    var count: Int
  }

  init(_ outcome: BaselineOutcome) {
    matched = outcome.matched
    stale = outcome.stale.map {
      Entry(fingerprint: $0.fingerprint, code: $0.code, path: $0.path, count: $0.count)
    }
  }
}

/// A finding as JSON; `requirement`, `firewall`, `location` and `packet` are null where there is none.
struct FindingJSON: Encodable {
  let finding: Finding

  init(_ finding: Finding) { self.finding = finding }

  private enum CodingKeys: CodingKey {
    case code, name, severity, message, requirement, requirements, firewall, location, related, packet, region
    case remediation, fingerprint, fix
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(finding.code, forKey: .code)
    try values.encode(CheckRegistry.check(finding.code)?.name ?? "", forKey: .name)
    try values.encode(finding.severity.rawValue, forKey: .severity)
    try values.encode(finding.message, forKey: .message)
    try values.encode(finding.requirements.first, forKey: .requirement)
    try values.encode(finding.requirements, forKey: .requirements)
    try values.encode(finding.firewall, forKey: .firewall)
    try values.encode(finding.location.map(LocationJSON.init), forKey: .location)
    try values.encode(
      finding.related.map { RelatedJSON(location: LocationJSON($0.location), message: $0.message) }, forKey: .related)
    try values.encode(finding.packet.map(PacketJSON.init), forKey: .packet)
    try values.encode(finding.region.map(RegionJSON.init), forKey: .region)
    try values.encode(finding.remediation, forKey: .remediation)
    try values.encode(finding.fingerprint, forKey: .fingerprint)
    try values.encodeIfPresent(finding.fix.map(FixJSON.init), forKey: .fix)
  }
}

/// A place in a file.
struct LocationJSON: Encodable {
  var path: String
  var line: Int
  var column: Int
  var endLine: Int
  var endColumn: Int

  init(_ location: Location) {
    path = location.path
    line = location.line
    column = location.column
    endLine = location.endLine
    endColumn = location.endColumn
  }
}

private struct RelatedJSON: Encodable {
  var location: LocationJSON
  var message: String
}

private struct RegionJSON: Encodable {
  var source: String
  var destination: String
  var `protocol`: String
  var ports: String

  init(_ region: Region) {
    source = region.source
    destination = region.destination
    self.protocol = region.protocolName
    ports = region.ports
  }
}

/// A fix as JSON; offsets count bytes of the file, the end exclusive.
private struct FixJSON: Encodable {
  var summary: String
  var safe: Bool
  var edits: [Edit]

  struct Edit: Encodable {
    var path: String
    var start: UInt32
    var end: UInt32
    var replacement: String
  }

  init(_ fix: Fix) {
    summary = fix.summary
    safe = fix.isSafe
    edits = fix.edits.map {
      Edit(path: $0.path, start: $0.range.start, end: $0.range.end, replacement: $0.replacement)
    }
  }
}
