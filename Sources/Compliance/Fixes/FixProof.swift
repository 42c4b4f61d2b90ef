import Evaluation
import PacketSets
import Requirements
import RuleGraph
import SourceText

/// Whether an edited firewall is what its fixes promise: read again, evaluated again and compared with what it was.
struct FixProof {
  let site: Site?
  let policy: Policy?

  /// A firewall before and after, with what `check` says of both.
  struct Change {
    var old: LoadedFirewall
    var new: LoadedFirewall
    var oldReport: CheckReport
    var newReport: CheckReport
    /// Bytes of the new files that the edits wrote, by path.
    var written: [String: [SourceRange]]
  }

  /// Why the change must not be made; nil when it is proved.
  ///
  /// - Parameters:
  ///   - findings: the findings of this firewall that the change is to do away with.
  ///   - fixes: all fixes that the change consists of.
  func objection(to change: Change, for findings: [Finding], by fixes: [Fix]) -> String? {
    mistakes(change) ?? remaining(change, findings) ?? lostRequirements(change)
      ?? newOpenings(change) ?? traffic(change, fixes)
  }

  // MARK: Reading

  private func mistakes(_ change: Change) -> String? {
    func errors(_ firewall: LoadedFirewall) -> [String] {
      firewall.diagnostics.joined().filter { $0.severity == .error }.map(\.message)
    }
    func unparsed(_ firewall: LoadedFirewall) -> Int { firewall.graphs.reduce(0) { $0 + $1.counts.unparsed } }
    let old = errors(change.old)
    let new = errors(change.new)
    guard new.count > old.count || unparsed(change.new) > unparsed(change.old) else { return nil }
    return "the edited file would have a mistake: \(new.first { !old.contains($0) } ?? "a rule is not understood")"
  }

  // MARK: Findings

  private func remaining(_ change: Change, _ findings: [Finding]) -> String? {
    func count(_ report: CheckReport) -> [String: Int] {
      report.findings.reduce(into: [:]) { $0[Self.stem($1), default: 0] += 1 }
    }
    let old = count(change.oldReport)
    let new = count(change.newReport)
    let fixed = findings.reduce(into: [String: Int]()) { $0[Self.stem($1), default: 0] += 1 }
    for finding in findings {
      let stem = Self.stem(finding)
      guard new[stem, default: 0] > old[stem, default: 0] - fixed[stem, default: 0] else { continue }
      return finding.code.hasPrefix("FW1") ? "the flow would still not get through" : "the finding would stay"
    }
    return nil
  }

  /// A fingerprint without the number that tells equal ones apart.
  static func stem(_ finding: Finding) -> String {
    "\(finding.code) \(finding.fingerprint.prefix(16))"
  }

  private func lostRequirements(_ change: Change) -> String? {
    func rank(_ status: RequirementStatus) -> Int {
      [.notApplicable, .open, .undecided, .partial, .blocked].firstIndex(of: status) ?? 0
    }
    var before: [RequirementVerdict: RequirementStatus] = [:]
    for var row in change.oldReport.requirements {
      let status = row.status
      row.status = .open
      before[row] = status
    }
    for var row in change.newReport.requirements {
      let status = row.status
      row.status = .open
      if let old = before[row], rank(status) > rank(old) {
        return "\(row.id) (\(row.feature)) would be \(status.rawValue)"
      }
    }
    return nil
  }

  /// Findings about what gets through may not be about the very rules that a fix wrote.
  private func newOpenings(_ change: Change) -> String? {
    let known = Set(change.oldReport.findings.map(Self.stem))
    var lines: [String: LineIndex] = [:]
    for finding in change.newReport.findings
    where finding.code.hasPrefix("FW2") || finding.code.hasPrefix("FW3") {
      guard !known.contains(Self.stem(finding)), let location = finding.location,
        let written = change.written[location.path],
        let source = change.new.graphs.flatMap(\.sources).first(where: { $0.path == location.path })
      else { continue }
      let index = lines[location.path] ?? LineIndex(source)
      lines[location.path] = index
      let isOurs = written.contains { range in
        range.end > range.start && index.line(at: range.start) <= location.line
          && location.line <= index.line(at: range.end - 1)
      }
      if isOurs { return "the new rules would open more than is declared (\(finding.code))" }
    }
    return nil
  }

  // MARK: Traffic

  private func traffic(_ change: Change, _ fixes: [Fix]) -> String? {
    let keeps = fixes.allSatisfy { $0.effect == .keeps }
    for path in Packet.Path.allCases {
      for family in IPFamily.allCases {
        let comparison = PassageComparison(
          before: change.old.graphs, after: change.new.graphs, facts: facts(change.old), family: family, path: path,
          interfaces: Set(change.old.entry?.interfaces.flatMap(\.interfaces) ?? []))
        if comparison.isExhausted { return "what the change does is too much to be proved here" }
        if keeps {
          if !comparison.isSame { return "some packet would meet another fate" }
          continue
        }
        let asked = fixes.filter { $0.effect == .opens }.flatMap(\.asked).filter {
          $0.path == path && $0.family == family
        }
        if let gained = gained(comparison, asked, family) { return gained }
        if let lost = lost(comparison, fixes, change.old, family, path) { return lost }
      }
    }
    return nil
  }

  private func facts(_ firewall: LoadedFirewall) -> SiteFacts {
    firewall.entry.flatMap { site?.facts(behind: $0, groups: firewall.groupIDs) } ?? SiteFacts()
  }

  private func gained(_ comparison: PassageComparison, _ asked: [Fix.Flow], _ family: IPFamily) -> String? {
    var rest = comparison.rest(of: comparison.gained, without: asked.filter { !$0.isReply }.map(\.box))
    if asked.contains(where: \.isReply) {
      // Who lets answers in lets the answers of all tracked connections in.
      rest = comparison.rest(of: rest, without: [PacketBox()], states: [.established, .related])
    }
    return rest.isEmpty ? nil : "more would get through: " + phrase(rest, comparison, family)
  }

  private func lost(
    _ comparison: PassageComparison, _ fixes: [Fix], _ firewall: LoadedFirewall, _ family: IPFamily,
    _ path: Packet.Path
  ) -> String? {
    if comparison.lost.isEmpty { return nil }
    let narrowing = fixes.filter { $0.effect == .narrows }
    guard let site, let policy, let entry = firewall.entry else {
      let rest = comparison.rest(of: comparison.lost, without: narrowing.flatMap(\.asked).map(\.box))
      return rest.isEmpty ? nil : "more would be closed: " + phrase(rest, comparison, family)
    }
    let limits = ClosingLimits(
      site: site, policy: policy,
      assessment: FirewallAssessment(
        firewall: firewall, entry: entry, site: site, policy: policy))
    let mayClose = narrowing.isEmpty ? [] : limits.mayClose(family, path)
    let others = comparison.rest(of: comparison.lost, without: mayClose)
    if !others.isEmpty { return "other traffic would be closed too: " + phrase(others, comparison, family) }
    let wanted = comparison.part(of: comparison.lost, inside: limits.mustStay(family, path))
    return wanted.isEmpty ? nil : "what is required or declared would be closed: " + phrase(wanted, comparison, family)
  }

  private func phrase(_ selection: PacketSelection, _ comparison: PassageComparison, _ family: IPFamily) -> String {
    comparison.boxes(of: selection).prefix(1).map { RegionText.region($0, family: family).phrase }.joined()
  }
}

/// What a fix may close at one firewall of a site, and what it must not.
struct ClosingLimits {
  let site: Site
  let policy: Policy
  let assessment: FirewallAssessment

  private func directions(_ path: Packet.Path) -> [Direction] {
    switch (assessment.entry.position, path) {
    case (.forward, .forward): [.incoming, .outgoing]
    case (.forward, _), (_, .forward): []
    case (_, .input): [.incoming]
    case (_, .output): [.outgoing]
    }
  }

  /// Packets to and from the units; on a unit's own host all that comes and goes.
  func mayClose(_ family: IPFamily, _ path: Packet.Path) -> [PacketBox] {
    let own = assessment.unitAddresses.restricted(to: family)
    let called = own.union(assessment.publishedHere.restricted(to: family))
    return directions(path).flatMap { direction -> [PacketBox] in
      if assessment.entry.position == .host {
        // Whatever address of the host it is; but what routers and clusters say to groups is nobody's excess.
        let hosts = AddressSet.possibleHosts.restricted(to: family)
        let ported = [IPProtocol.tcp, IPProtocol.udp, IPProtocol.sctp, IPProtocol.dccp, IPProtocol.udplite]
        return [
          PacketBox(protocols: IntervalSet(ported.map { Interval(UInt32($0)) })),
          direction == .incoming ? PacketBox(sources: hosts, destinations: called) : PacketBox(destinations: hosts),
        ]
      }
      return direction == .incoming ? [PacketBox(destinations: called)] : [PacketBox(sources: own)]
    }
  }

  /// Required and declared flows, and what no network does without.
  func mustStay(_ family: IPFamily, _ path: Packet.Path) -> [PacketBox] {
    let regions = PolicyRegions(site: site, policy: policy, requirements: site.requirements(policy))
    var boxes: [PacketBox] = []
    for direction in directions(path) {
      boxes += regions.permitted(direction, units: assessment.units).map(\.box)
      boxes += regions.alsoOpen(direction, units: assessment.units)
    }
    boxes.append(PolicyRegions.housekeeping(family))
    if assessment.entry.position == .host {
      // What a host says to itself.
      if path == .input { boxes.append(PacketBox(inputInterfaces: ["lo"])) }
      if path == .output { boxes.append(PacketBox(outputInterfaces: ["lo"])) }
    }
    return boxes
  }
}
