import Evaluation
import PacketSets
import Requirements
import RuleGraph
import SourceText
import Workers

/// Runs every check and puts the results together.
public struct Checker: Sendable {
  /// Makes a checker.
  public init() {}

  /// What came of one part of the work.
  private struct Part: Sendable {
    var findings: [Finding] = []
    var requirements: [RequirementVerdict] = []
    var remarks: [String] = []
    /// Whether the evaluation budget ran out.
    var isExhausted = false
  }

  /// The verdicts and findings on an input; the caller fills in `inputs`.
  ///
  /// Findings carry the site's severities; codes that it switches off are left out. Firewalls are checked side by side,
  /// and what comes of it is the same on any number of cores.
  ///
  /// - Parameter selects: whether findings of a code are asked for; checks of which none is are not run.
  public func run(_ input: CheckInput, selects: @Sendable (String) -> Bool = { _ in true }) -> CheckReport {
    let map = SourceMap()
    var report = CheckReport(policyName: input.policy?.name, policyVersion: input.policy?.version)
    report.firewalls = input.firewalls.map(\.name)
    var findings: [Finding] = []
    let wanted = Set(
      CheckRegistry.checks.map(\.code).filter { code in
        guard selects(code) else { return false }
        if let override = input.site?.severity(of: code) { return override != nil }
        return true
      })
    let firewalls = input.firewalls
    let requirements = input.site.flatMap { site in input.policy.map { site.requirements($0) } } ?? []
    let regions = input.site.flatMap { site in
      input.policy.map { PolicyRegions(site: site, policy: $0, requirements: requirements) }
    }
    // What the files say by themselves, then what they do for the site: twice as many parts as firewalls.
    let count = firewalls.count
    let ruleCount = firewalls.reduce(0) { $0 + $1.graphs.reduce(0) { $0 + $1.rules.count } }
    let parts = Workers.map(2 * count, grain: ruleCount < Self.smallInput ? 2 * count : 1) { index in
      index < count
        ? own(firewalls[index], input, wanted, map)
        : regions.map { site(firewalls[index - count], $0, input.edgeLimit, wanted, map) }
          ?? ages(firewalls[index - count], input, wanted, map)
    }
    for (firewall, part) in zip(firewalls + firewalls, parts) where part.isExhausted {
      report.exhausted.append(firewall.name)
    }
    for (firewall, part) in zip(firewalls, parts) {
      report.ruleCount += firewall.graphs.reduce(0) { $0 + $1.counts.rules }
      findings += part.findings
      report.remarks += part.remarks
    }
    for part in parts[count...] {
      findings += part.findings
      report.requirements += part.requirements
      report.remarks += part.remarks
    }
    if let regions {
      report.remarks += SiteRemarks(site: regions.site, firewalls: input.firewalls).run()
      findings += AgeChecks(map: map).run(requirements, regions.site)
    } else {
      report.remarks.append("no site file: only the graph, age and input checks ran")
    }
    report.findings = finished(findings, input.site)
    report.sources = map.sources
    return report
  }

  /// Rules below which a second core costs more than it gains.
  private static let smallInput = 500

  /// What a firewall's files let through that is deprecated, where no site says what they are for.
  private func ages(
    _ firewall: LoadedFirewall, _ input: CheckInput, _ wanted: Set<String>, _ map: SourceMap
  ) -> Part {
    var part = Part()
    guard let policy = input.policy, wanted.contains("FW301") else { return part }
    (part.findings, part.isExhausted) = AgeChecks(map: map).run(firewall, policy, edgeLimit: input.edgeLimit)
    return part
  }

  /// What a firewall's files say by themselves.
  private func own(
    _ firewall: LoadedFirewall, _ input: CheckInput, _ wanted: Set<String>, _ map: SourceMap
  ) -> Part {
    var part = Part()
    part.findings = InputChecks(map: map).run(firewall).filter { finding in
      finding.code != "FW504" || !isResolved(finding, input)
    }
    let facts = firewall.entry.flatMap { input.site?.facts(behind: $0, groups: firewall.groupIDs) } ?? SiteFacts()
    if wanted.contains("FW406"), firewall.entry?.position ?? .host == .host {
      part.findings += BypassChecks(
        firewall: firewall, facts: facts, map: map, published: input.site?.publishedAddresses ?? AddressSet(),
        edgeLimit: input.edgeLimit
      ).run()
    }
    guard !wanted.isDisjoint(with: GraphChecks.codes) else { return part }
    let graph = GraphChecks(firewall: firewall, facts: facts, map: map, edgeLimit: input.edgeLimit).run()
    part.findings += graph.findings
    part.remarks = graph.remarks
    return part
  }

  /// What a firewall does for the site.
  private func site(
    _ firewall: LoadedFirewall, _ regions: PolicyRegions, _ edgeLimit: Int, _ wanted: Set<String>, _ map: SourceMap
  ) -> Part {
    var part = Part()
    guard let entry = firewall.entry else { return part }
    let assessment = FirewallAssessment(
      firewall: firewall, entry: entry, site: regions.site, policy: regions.policy, edgeLimit: edgeLimit)
    let gaps = GapChecks(assessment: assessment, map: map)
    for requirement in regions.requirements {
      let (status, found) = gaps.run(requirement)
      part.requirements.append(
        RequirementVerdict(
          id: requirement.row, feature: requirement.feature, direction: requirement.direction.rawValue,
          firewall: firewall.name, status: status))
      part.findings += found
      assessment.forgetResults()
    }
    if !wanted.isDisjoint(with: OpeningChecks.codes) {
      part.findings += OpeningChecks(assessment: assessment, regions: regions, map: map).run()
    }
    if !wanted.isDisjoint(with: TranslationChecks.codes) {
      part.findings += TranslationChecks(assessment: assessment, regions: regions, map: map).run()
    }
    if assessment.isExhausted {
      part.isExhausted = true
      part.remarks.append(
        "\(firewall.name): the evaluation budget ran out; openings were not judged, and rows from there on are undecided"
      )
    }
    return part
  }

  private func isResolved(_ finding: Finding, _ input: CheckInput) -> Bool {
    guard let site = input.site else { return false }
    let names = Set(site.resolve.keys).union(site.firewalls.flatMap { $0.groups ?? [] })
    return names.contains { finding.message.hasSuffix(" \($0) are not in this file") }
  }

  /// Mirrored rows joined, severities applied, in a fixed order, fingerprints made distinct.
  private func finished(_ findings: [Finding], _ site: Site?) -> [Finding] {
    var joined: [Finding] = []
    joined.reserveCapacity(findings.count)
    var places: [Finding: Int] = [:]
    for finding in findings {
      guard finding.firewall != nil, finding.code.hasPrefix("FW1") else {
        joined.append(finding)
        continue
      }
      // Two rows or features may state the same flow: one finding, all ids.
      var key = finding
      key.requirements = []
      key.message = ""
      key.fingerprint = ""
      key.remediation = ""
      key.fix = nil
      guard let place = places[key] else {
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
    result.sort { $0.precedes($1) }
    var seen: [String: Int] = [:]
    for index in result.indices {
      let print = result[index].fingerprint
      let count = seen[print, default: 0]
      seen[print] = count + 1
      if count > 0 { result[index].fingerprint = "\(print)-\(count + 1)" }
    }
    return result
  }
}

extension Finding {
  /// Whether it stands before another one: by path, line, column, code and message.
  func precedes(_ other: Finding) -> Bool {
    let ownPath = location?.path ?? firewall ?? ""
    let otherPath = other.location?.path ?? other.firewall ?? ""
    if ownPath != otherPath { return ownPath < otherPath }
    let ownPlace = (location?.line ?? 0, location?.column ?? 0)
    let otherPlace = (other.location?.line ?? 0, other.location?.column ?? 0)
    if ownPlace != otherPlace { return ownPlace < otherPlace }
    if code != other.code { return code < other.code }
    return message < other.message
  }
}
