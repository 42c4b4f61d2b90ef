import SourceText

/// Everything that `fwlint diff` has to say, for any output format.
public struct ChangeReport: Sendable {
  /// How the two versions are called.
  public var base: String
  public var head: String
  /// One for each firewall that both versions have.
  public var differences: [TrafficDifference]
  /// Findings of the head that the base does not have.
  public var newFindings: [Finding]
  /// Findings of the base that the head does not have.
  public var fixedFindings: [Finding]
  /// Findings that both have, as the head has them.
  public var unchangedFindings: [Finding]
  /// Firewalls that only the base lists: nobody looks at them any more.
  public var droppedFirewalls: [String]
  public var remarks: [String]
  /// The files of the head that findings point into, by path.
  public var sources: [String: SourceFile]

  /// Makes a report.
  public init(base: String, head: String) {
    self.base = base
    self.head = head
    differences = []
    newFindings = []
    fixedFindings = []
    unchangedFindings = []
    droppedFirewalls = []
    remarks = []
    sources = [:]
  }

  /// Whether no packet fares differently anywhere.
  public var isWithoutChange: Bool { differences.allSatisfy(\.isEmpty) && droppedFirewalls.isEmpty }

  /// Whether the change made anything worse.
  ///
  /// - Parameter failOn: the least severity of new findings that counts.
  public func isWorse(failOn: Severity) -> Bool {
    differences.contains(where: \.isWorse) || !droppedFirewalls.isEmpty
      || newFindings.contains { $0.severity >= failOn }
  }

  /// Adds the findings of two reports on the same site, told apart by their fingerprints.
  public mutating func add(_ before: CheckReport, _ after: CheckReport) {
    var known: [String: Int] = [:]
    for finding in before.findings { known[finding.fingerprint, default: 0] += 1 }
    for finding in after.findings {
      if let count = known[finding.fingerprint], count > 0 {
        known[finding.fingerprint] = count - 1
        unchangedFindings.append(finding)
      } else {
        newFindings.append(finding)
      }
    }
    for finding in before.findings {
      guard let count = known[finding.fingerprint], count > 0 else { continue }
      known[finding.fingerprint] = count - 1
      fixedFindings.append(finding)
    }
    remarks += after.remarks.filter { !remarks.contains($0) }
    sources.merge(after.sources) { first, _ in first }
  }

  /// The new findings as a report of `check`, for formats that are about findings.
  public var newFindingsReport: CheckReport {
    CheckReport(findings: newFindings, remarks: remarks, sources: sources)
  }
}
