import Evaluation
import PacketSets
import Requirements
import RuleGraph
import SourceText

/// Runs every check and puts the results together.
public struct Checker: Sendable {
  /// Makes a checker.
  public init() {}

  /// The verdicts and findings on an input; the caller fills in `inputs`.
  ///
  /// Findings carry the site's severities; codes that it switches off are left out.
  public func run(_ input: CheckInput) -> CheckReport {
    let map = SourceMap()
    var report = CheckReport(policyName: input.policy?.name, policyVersion: input.policy?.version)
    var findings: [Finding] = []
    for firewall in input.firewalls {
      report.ruleCount += firewall.graphs.reduce(0) { $0 + $1.counts.rules }
      findings += InputChecks(map: map).run(firewall).filter { finding in
        finding.code != "FW504" || !isResolved(finding, input)
      }
      let facts = firewall.entry.flatMap { input.site?.facts(behind: $0, groups: firewall.groupIDs) } ?? SiteFacts()
      let graph = GraphChecks(firewall: firewall, facts: facts, map: map).run()
      findings += graph.findings
      report.remarks += graph.remarks
    }
    if let site = input.site, let policy = input.policy {
      let requirements = site.requirements(policy)
      findings += AgeChecks(map: map).run(requirements, site)
      let regions = PolicyRegions(site: site, policy: policy, requirements: requirements)
      for firewall in input.firewalls {
        guard let entry = firewall.entry else { continue }
        let assessment = FirewallAssessment(firewall: firewall, entry: entry, site: site, policy: policy)
        let gaps = GapChecks(assessment: assessment, map: map)
        for requirement in requirements {
          let (status, found) = gaps.run(requirement)
          report.requirements.append(
            RequirementVerdict(
              id: requirement.row, feature: requirement.feature, direction: requirement.direction.rawValue,
              firewall: firewall.name, status: status))
          findings += found
        }
        findings += OpeningChecks(assessment: assessment, regions: regions, map: map).run()
        findings += TranslationChecks(assessment: assessment, regions: regions, map: map).run()
        if assessment.isExhausted {
          report.remarks.append(
            "\(firewall.name): the evaluation budget ran out; openings were not judged, and rows from there on are undecided"
          )
        }
      }
    } else {
      report.remarks.append("no site file: only the graph, age and input checks ran")
      if let policy = input.policy {
        for firewall in input.firewalls { findings += AgeChecks(map: map).run(firewall, policy) }
      }
    }
    report.findings = finished(findings, input.site)
    report.sources = map.sources
    return report
  }

  private func isResolved(_ finding: Finding, _ input: CheckInput) -> Bool {
    guard let site = input.site else { return false }
    let names = Set(site.resolve.keys).union(site.firewalls.flatMap { $0.groups ?? [] })
    return names.contains { finding.message.hasSuffix(" \($0) are not in this file") }
  }

  /// Mirrored rows joined, severities applied, in a fixed order, fingerprints made distinct.
  private func finished(_ findings: [Finding], _ site: Site?) -> [Finding] {
    var joined: [Finding] = []
    var places: [Finding: Int] = [:]
    for finding in findings {
      // Two rows or features may state the same flow: one finding, all ids.
      var key = finding
      key.requirements = []
      key.message = ""
      key.fingerprint = ""
      key.remediation = ""
      key.fix = nil
      guard finding.firewall != nil, finding.code.hasPrefix("FW1"), let place = places[key] else {
        places[key] = joined.count
        joined.append(finding)
        continue
      }
      for row in finding.requirements where !joined[place].requirements.contains(row) {
        joined[place].requirements.append(row)
      }
    }
    var result: [Finding] = []
    for var finding in joined {
      if let override = site?.severity(of: finding.code) {
        guard let severity = override else { continue }
        finding.severity = severity
      }
      result.append(finding)
    }
    result.sort { order($0) < order($1) }
    var seen: [String: Int] = [:]
    for index in result.indices {
      let print = result[index].fingerprint
      let count = seen[print, default: 0]
      seen[print] = count + 1
      if count > 0 { result[index].fingerprint = "\(print)-\(count + 1)" }
    }
    return result
  }

  private func order(_ finding: Finding) -> (String, Int, Int, String, String) {
    (
      finding.location?.path ?? finding.firewall ?? "", finding.location?.line ?? 0, finding.location?.column ?? 0,
      finding.code, finding.message
    )
  }
}
