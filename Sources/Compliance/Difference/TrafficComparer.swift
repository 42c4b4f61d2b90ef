import Evaluation
import PacketSets
import Requirements
import RuleGraph

/// Compares two versions of one firewall, packet by packet.
///
/// With a site, what goes to and comes from the units behind the firewall is compared; without one, every path in full.
public struct TrafficComparer {
  /// What a version's site knows; both sides of a comparison may have the same.
  public struct Version {
    public var firewall: LoadedFirewall
    public var site: Site?

    /// Makes a version.
    public init(firewall: LoadedFirewall, site: Site? = nil) {
      self.firewall = firewall
      self.site = site
    }
  }

  let before: Version
  let after: Version
  let policy: Policy?
  let words: (before: DeciderText, after: DeciderText)
  /// Boxes that a report lists of one flow.
  let boxLimit: Int

  /// Prepares to compare; the later version's entry in the later site says where the firewall stands.
  public init(before: Version, after: Version, policy: Policy?, boxLimit: Int = 24) {
    self.before = before
    self.after = after
    self.policy = policy
    self.boxLimit = boxLimit
    words = (
      DeciderText(firewall: before.firewall, map: SourceMap()), DeciderText(firewall: after.firewall, map: SourceMap())
    )
  }

  /// One path that is compared: who is asked about, and in which packets.
  struct Survey {
    var family: IPFamily
    var path: Packet.Path
    var direction: Direction?
    /// Units with the addresses by which the path's packets name them.
    var units: [(name: String, addresses: AddressSet)]
    /// All these addresses.
    var hull: AddressSet?
    var context: SiteContext?
  }

  /// What the site says about the place of the firewall.
  struct SiteContext {
    var assessment: FirewallAssessment
    var regions: PolicyRegions
    var formerFacts: SiteFacts
  }

  /// What changes.
  public func compare() -> TrafficDifference {
    var difference = TrafficDifference(firewall: after.firewall.name)
    for family in IPFamily.allCases {
      let isSilent = (!before.firewall.speaks(of: family), !after.firewall.speaks(of: family))
      if isSilent == (true, true) { continue }
      if isSilent.0 || isSilent.1 {
        if let remark = silenceRemark(family, isSilentBefore: isSilent.0) { difference.remarks.append(remark) }
        continue
      }
      for survey in surveys(family) { compare(survey, into: &difference) }
    }
    difference.flows = merged(difference.flows)
    return difference
  }

  /// What is said of a family of which only one version speaks; nil when that one has no chain for it.
  private func silenceRemark(_ family: IPFamily, isSilentBefore: Bool) -> String? {
    let (silent, speaking) = isSilentBefore ? (before, after) : (after, before)
    let isLookedAt = Packet.Path.allCases.contains {
      !PathStage.stages(of: speaking.firewall.graphs, family: family, path: $0).isEmpty
    }
    guard isLookedAt else { return nil }
    let name = family == .v4 ? "IPv4" : "IPv6"
    return "\(name) was not compared: \(silent.firewall.name) \(isSilentBefore ? "said" : "says") nothing of it"
  }

  // MARK: What is asked

  private func surveys(_ family: IPFamily) -> [Survey] {
    guard let site = after.site, let policy, let entry = after.firewall.entry else {
      let isCloud = (before.firewall.graphs + after.firewall.graphs).allSatisfy(\.dialect.isSecurityGroup)
      return (isCloud ? [Packet.Path.input, .output] : Packet.Path.allCases).map {
        Survey(family: family, path: $0, direction: nil, units: [], hull: nil, context: nil)
      }
    }
    let later = FirewallAssessment(firewall: after.firewall, entry: entry, site: site, policy: policy)
    let earlier = FirewallAssessment(firewall: before.firewall, entry: entry, site: site, policy: policy)
    guard later.families.contains(family) else { return [] }
    let requirements = site.requirements(policy)
    let context = SiteContext(
      assessment: later, regions: PolicyRegions(site: site, policy: policy, requirements: requirements),
      formerFacts: (before.site ?? site).facts(behind: entry, groups: before.firewall.groupIDs))
    return Direction.allCases.map { direction in
      let units = later.units.map { unit in
        var addresses = unit.allAddresses
        if direction == .incoming {
          for published in unit.published
          where later.isTranslatedHere(published) || earlier.isTranslatedHere(published) {
            addresses = addresses.union(AddressSet(published.address))
          }
        }
        return (name: unit.name, addresses: addresses.restricted(to: family))
      }.filter { !$0.addresses.isEmpty }
      return Survey(
        family: family, path: later.path(direction, .first), direction: direction, units: units,
        hull: units.reduce(AddressSet()) { $0.union($1.addresses) }, context: context)
    }
  }

  /// Whether either version gives packets for elsewhere a unit's address.
  private func translatesIntoUnits(_ survey: Survey) -> Bool {
    guard survey.path == .forward, let hull = survey.hull else { return false }
    return (before.firewall.graphs + after.firewall.graphs).contains { graph in
      graph.translations.contains { translation in
        guard translation.mapsDestination, translation.family ?? survey.family == survey.family,
          let new = translation.addresses
        else { return false }
        return hull.intervals(survey.family).contains { $0.overlaps(new) }
      }
    }
  }

  private func comparison(_ survey: Survey, _ kind: PacketKind, isNarrow: Bool) -> PathComparison {
    let phases: [PacketKind: PathQuestion.Phase] = [.first: .first, .reply: .reply, .other: .any]
    let hull = isNarrow ? survey.hull : nil
    return PathComparison(
      before: before.firewall.graphs, after: after.firewall.graphs,
      beforeFacts: survey.context?.formerFacts ?? SiteFacts(),
      afterFacts: survey.context?.assessment.facts ?? SiteFacts(),
      question: PathQuestion(
        family: survey.family, path: survey.path, phase: phases[kind] ?? .first,
        sources: survey.direction == .outgoing ? hull : nil,
        destinations: survey.direction == .incoming ? hull : nil))
  }

  // MARK: Comparing

  private func compare(_ survey: Survey, into difference: inout TrafficDifference) {
    if survey.direction != nil, survey.units.isEmpty { return }
    var firsts: [(changes: [PathComparison.Change], comparison: PathComparison)] = []
    for kind in PacketKind.allCases {
      let isTranslating = kind == .first && translatesIntoUnits(survey)
      let comparison = comparison(survey, kind, isNarrow: !isTranslating)
      var taken = comparison.select([])
      var found: [PathComparison.Change] = []
      for (name, universe) in universes(survey, comparison, isTranslating: isTranslating) {
        // Addresses that units share are told of the first of them.
        let own = comparison.after.difference(universe, taken)
        taken = comparison.after.union(taken, universe)
        let result = comparison.compare(own)
        for change in result.changes {
          found.append(change)
          let rest = newPart(of: change, comparison, beside: firsts)
          guard !rest.packets.isEmpty else { continue }
          difference.flows += flows(rest, survey, kind, unit: name, comparison)
        }
        if let undecided = undecided(result.undecided, survey, kind, unit: name, comparison) {
          difference.undecided.append(undecided)
        }
      }
      if comparison.isExhausted { difference.isExhausted = true }
      if kind == .first { firsts = [(found, comparison)] }
    }
  }

  /// The packets that are asked about, unit by unit.
  private func universes(
    _ survey: Survey, _ comparison: PathComparison, isTranslating: Bool
  ) -> [(name: String?, packets: PacketSelection)] {
    guard let direction = survey.direction else { return [(nil, comparison.select([PacketBox()]))] }
    return survey.units.map { name, addresses in
      // Addresses that no host has send nothing and are reached by nobody; what a unit sends to itself stays inside.
      let peers = AddressSet.possibleHosts.subtracting(addresses)
      let box =
        direction == .incoming
        ? PacketBox(sources: peers, destinations: addresses) : PacketBox(sources: addresses, destinations: peers)
      var packets = comparison.select([box])
      if isTranslating, direction == .outgoing {
        // What comes back by a translation goes to the unit itself.
        packets = comparison.after.difference(packets, comparison.translated([box], into: addresses))
      } else if isTranslating {
        let strangers = PacketBox(sources: peers, destinations: peers)
        packets = comparison.after.union(packets, comparison.translated([strangers], into: addresses))
      }
      return (name, packets)
    }
  }

  /// What of a change does not befall first packets in the same way: that is told already.
  private func newPart(
    of change: PathComparison.Change, _ comparison: PathComparison,
    beside firsts: [(changes: [PathComparison.Change], comparison: PathComparison)]
  ) -> PathComparison.Change {
    var rest = change
    for (changes, first) in firsts {
      for known in changes where known.before == change.before && known.after == change.after {
        rest.packets = comparison.after.difference(rest.packets, comparison.adopt(known.packets, from: first))
      }
    }
    return rest
  }

  /// Changes of the same packets by the same rules, told once for both families.
  private func merged(_ flows: [TrafficFlow]) -> [TrafficFlow] {
    var result: [TrafficFlow] = []
    var places: [FlowKey: Int] = [:]
    for flow in flows {
      let key = FlowKey(flow)
      guard let place = places[key] else {
        places[key] = result.count
        result.append(flow)
        continue
      }
      result[place].regions += flow.regions
      result[place].isComplete = result[place].isComplete && flow.isComplete
      for row in flow.rows where !result[place].rows.contains(row) { result[place].rows.append(row) }
      for reason in flow.reasons where !result[place].reasons.contains(reason) {
        result[place].reasons.append(reason)
      }
    }
    func rank(_ flow: TrafficFlow) -> (Int, Int, Int) {
      (
        flow.isWorse ? 0 : 1, TrafficChange.allCases.firstIndex(of: flow.change) ?? 0,
        PacketKind.allCases.firstIndex(of: flow.packets) ?? 0
      )
    }
    return result.enumerated().sorted { left, right in
      let ranks = (rank(left.element), rank(right.element))
      return ranks.0 == ranks.1 ? left.offset < right.offset : ranks.0 < ranks.1
    }.map(\.element)
  }

  private struct FlowKey: Hashable {
    var fates: [PathComparison.Fate]
    var packets: PacketKind
    var unit: String?
    var direction: Direction?
    var path: Packet.Path
    var deciders: [TrafficFlow.Decider?]
    var standing: TrafficFlow.Standing

    init(_ flow: TrafficFlow) {
      fates = [flow.before, flow.after]
      packets = flow.packets
      unit = flow.unit
      direction = flow.direction
      path = flow.path
      deciders = [flow.formerDecider, flow.decider]
      standing = flow.standing
    }
  }
}
