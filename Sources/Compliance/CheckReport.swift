import SourceText

/// What became of one declared row, feature and firewall.
public enum RequirementStatus: String, Sendable, Hashable, CaseIterable {
  case open
  case partial
  case blocked
  case undecided
  case notApplicable = "not-applicable"
}

/// The verdict on one row for one feature at one firewall.
public struct RequirementVerdict: Sendable, Hashable {
  public var id: String
  public var feature: String
  /// `incoming` or `outgoing`.
  public var direction: String
  public var firewall: String
  public var status: RequirementStatus

  /// Makes a verdict.
  public init(id: String, feature: String, direction: String, firewall: String, status: RequirementStatus) {
    self.id = id
    self.feature = feature
    self.direction = direction
    self.firewall = firewall
    self.status = status
  }
}

/// A file that was read.
public struct InputSummary: Sendable, Hashable {
  public var path: String
  public var dialect: String
  /// SHA-256 of the bytes, in lower-case hex.
  public var sha256: String

  /// Makes an entry.
  public init(path: String, dialect: String, sha256: String) {
    self.path = path
    self.dialect = dialect
    self.sha256 = sha256
  }
}

/// Everything that `fwlint check` has to say, for any output format.
public struct CheckReport: Sendable {
  /// Name of the policy, such as `fortimail`; nil when no site was given.
  public var policyName: String?
  public var policyVersion: String?
  public var inputs: [InputSummary]
  /// Names of the firewalls that were looked at.
  public var firewalls: [String] = []
  public var requirements: [RequirementVerdict]
  /// Sorted by path, line, column and code.
  public var findings: [Finding]
  /// Findings that a comment, the site file or a baseline accepts; they do not count.
  public var suppressed: [SuppressedFinding] = []
  /// What came of comparing with a baseline; nil without one.
  public var baseline: BaselineOutcome?
  /// The number of rules read.
  public var ruleCount: Int
  /// Names of the firewalls on which the evaluation budget ran out: not everything was judged there.
  public var exhausted: [String] = []
  /// Remarks on the run as a whole, such as "no site file: only the graph, age and input checks ran".
  public var remarks: [String]
  /// The files that findings point into, by path, for code frames.
  public var sources: [String: SourceFile]

  /// Makes a report.
  public init(
    policyName: String? = nil, policyVersion: String? = nil, inputs: [InputSummary] = [],
    requirements: [RequirementVerdict] = [], findings: [Finding] = [], ruleCount: Int = 0, remarks: [String] = [],
    sources: [String: SourceFile] = [:]
  ) {
    self.policyName = policyName
    self.policyVersion = policyVersion
    self.inputs = inputs
    self.requirements = requirements
    self.findings = findings
    self.ruleCount = ruleCount
    self.remarks = remarks
    self.sources = sources
  }

  /// Leaves out what is beyond a number of findings, the least severe first and of those the last ones.
  ///
  /// - Returns: a remark that says so, which is among the report's remarks then; nil when nothing was left out.
  public mutating func keep(most count: Int) -> String? {
    guard findings.count > count else { return nil }
    let ranked = findings.indices.sorted { (findings[$1].severity, $0) < (findings[$0].severity, $1) }
    let remark = "\(findings.count - count) more findings were left out (--max-findings)"
    findings = ranked.prefix(count).sorted().map { findings[$0] }
    remarks.append(remark)
    return remark
  }

  /// The number of findings of a severity.
  public func count(_ severity: Severity) -> Int { findings.count { $0.severity == severity } }
}

extension CheckReport {
  /// One report of several sites' reports; findings stay sorted within each.
  public static func joining(_ reports: [CheckReport]) -> CheckReport {
    guard var result = reports.first else { return CheckReport() }
    for report in reports.dropFirst() {
      result.firewalls += report.firewalls
      result.requirements += report.requirements
      result.findings += report.findings
      result.suppressed += report.suppressed
      result.ruleCount += report.ruleCount
      result.exhausted += report.exhausted
      result.remarks += report.remarks.filter { !result.remarks.contains($0) }
      result.sources.merge(report.sources) { first, _ in first }
    }
    return result
  }
}
