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

  /// All packets count, not only those of the units: of first packets, of answers and of the rest.
  private func traffic(_ change: Change, _ fixes: [Fix]) -> String? {
    let facts = facts(change.old)
    for path in Packet.Path.allCases {
      for family in IPFamily.allCases {
        for phase in [PathQuestion.Phase.first, .reply, .any] {
          let comparison = PathComparison(
            before: change.old.graphs, after: change.new.graphs, beforeFacts: facts, afterFacts: facts,
            question: PathQuestion(
              family: family, path: path, phase: phase,
              interfaces: Set(change.old.entry?.interfaces.flatMap(\.interfaces) ?? [])), edgeLimit: Self.edgeLimit)
          let compared = Compared(comparison, path, family, phase)
          if comparison.isExhausted { return "what the change does is too much to be proved here" }
          if let objection = objection(to: compared, fixes, change.old) { return objection }
        }
      }
    }
    return nil
  }

  private static let edgeLimit = 16_000_000

  /// What passes on one path only before or only after a change.
  private struct Compared {
    let comparison: PathComparison
    let path: Packet.Path
    let family: IPFamily
    let phase: PathQuestion.Phase
    /// Packets that fare better, or are rewritten in another way.
    var gained: PacketSelection
    /// Packets that fare worse.
    var lost: PacketSelection

    init(_ comparison: PathComparison, _ path: Packet.Path, _ family: IPFamily, _ phase: PathQuestion.Phase) {
      self.comparison = comparison
      self.path = path
      self.family = family
      self.phase = phase
      func rank(_ fate: PathComparison.Fate) -> Int { fate == .blocked ? 0 : fate == .undecided ? 1 : 2 }
      let nothing = comparison.select([])
      gained = nothing
      lost = nothing
      for change in comparison.compare(comparison.select([PacketBox()])).changes {
        if rank(change.after) < rank(change.before) {
          lost = comparison.after.union(lost, change.packets)
        } else {
          gained = comparison.after.union(gained, change.packets)
        }
      }
    }

    func without(_ selection: PacketSelection, _ boxes: [PacketBox]) -> PacketSelection {
      comparison.after.difference(selection, comparison.select(boxes))
    }

    /// The first box of a selection in words.
    func phrase(_ selection: PacketSelection) -> String {
      comparison.after.boxes(of: selection, limit: 1).boxes.map { RegionText.region($0, family: family).phrase }
        .joined()
    }
  }

  private func objection(to compared: Compared, _ fixes: [Fix], _ firewall: LoadedFirewall) -> String? {
    if fixes.allSatisfy({ $0.effect == .keeps }) {
      let isSame = compared.gained.isEmpty && compared.lost.isEmpty
      return isSame ? nil : "some packet would meet another fate"
    }
    let asked = fixes.filter { $0.effect == .opens }.flatMap(\.asked).filter {
      $0.path == compared.path && $0.family == compared.family
    }
    var gained = compared.without(compared.gained, asked.filter { !$0.isReply }.map(\.box))
    if asked.contains(where: \.isReply), compared.phase != .first {
      // Who lets answers in lets the answers of all tracked connections in, and what is related to those.
      gained = compared.comparison.after.intersection(
        gained, compared.comparison.select(compared.phase == .any ? [PacketBox()] : [], untracked: true))
    }
    if !gained.isEmpty { return "more would get through: " + compared.phrase(gained) }
    return compared.lost.isEmpty ? nil : loss(compared, fixes.filter { $0.effect == .narrows }, firewall)
  }

  private func facts(_ firewall: LoadedFirewall) -> SiteFacts {
    firewall.entry.flatMap { site?.facts(behind: $0, groups: firewall.groupIDs) } ?? SiteFacts()
  }

  private func loss(_ compared: Compared, _ narrowing: [Fix], _ firewall: LoadedFirewall) -> String? {
    guard let site, let policy, let entry = firewall.entry else {
      let rest = compared.without(compared.lost, narrowing.flatMap(\.asked).map(\.box))
      return rest.isEmpty ? nil : "more would be closed: " + compared.phrase(rest)
    }
    let limits = ClosingLimits(
      site: site, policy: policy,
      assessment: FirewallAssessment(
        firewall: firewall, entry: entry, site: site, policy: policy, edgeLimit: Self.edgeLimit))
    let mayClose = narrowing.isEmpty ? [] : limits.mayClose(compared.family, compared.path)
    let others = compared.without(compared.lost, mayClose)
    if !others.isEmpty { return "other traffic would be closed too: " + compared.phrase(others) }
    let evaluator = compared.comparison.after
    let wanted = evaluator.intersection(
      compared.lost, compared.comparison.select(limits.mustStay(compared.family, compared.path)))
    if !wanted.isEmpty { return "what is required or declared would be closed: " + compared.phrase(wanted) }
    if entry.position == .host, losesLoopback(compared) { return "what the host says to itself would be closed" }
    return nil
  }

  private func losesLoopback(_ compared: Compared) -> Bool {
    compared.comparison.after.detailedBoxes(of: compared.lost).boxes.contains { box in
      switch compared.path {
      case .input: box.inputInterfaces?.contains("lo") ?? true
      case .output: box.outputInterfaces?.contains("lo") ?? true
      case .forward: false
      }
    }
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
    return boxes
  }
}
