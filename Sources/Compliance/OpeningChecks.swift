import Evaluation
import PacketSets
import Requirements
import RuleGraph
import SourceText

/// FW201 to FW206, and FW301 for rules: what is open beyond the declared flows.
///
/// Excess is what surely reaches or leaves a unit, less all required and declared flows. It is split by the rule that
/// admits it and then by the first code that fits; one finding per rule and code.
struct OpeningChecks {
  let assessment: FirewallAssessment
  let regions: PolicyRegions
  let map: SourceMap

  private var firewall: LoadedFirewall { assessment.firewall }

  /// All findings of both directions and families; equal rules of both families are one finding.
  func run() -> [Finding] {
    var openings: [Opening] = []
    for direction in Direction.allCases {
      for family in assessment.families where firewall.speaks(of: family) {
        for opening in self.openings(direction, family) {
          let known = openings.firstIndex {
            $0.code == opening.code && $0.decider == opening.decider && $0.direction == opening.direction
          }
          if let known { openings[known].merge(opening) } else { openings.append(opening) }
        }
      }
    }
    // A budget that ran out makes answers unknown; the rows of the firewall say so.
    return assessment.isExhausted ? [] : openings.map { finding($0) }
  }

  /// What one rule opens, as far as one code says it.
  private struct Opening {
    var code: String
    var direction: Direction
    var decider: TraceResult.Decider?
    var ruleCount: Int
    var jumps: [UInt32]
    var boxes: [(PacketBox, IPFamily)]
    /// What the rule lets through that is required or declared, and so has to stay.
    var kept: [(PacketBox, IPFamily)]
    var packet: Packet?
    var rows: [String]
    var features: [String]
    var path: Packet.Path

    mutating func merge(_ other: Opening) {
      boxes += other.boxes
      kept += other.kept
      for row in other.rows where !rows.contains(row) { rows.append(row) }
      for feature in other.features where !features.contains(feature) { features.append(feature) }
    }
  }

  private func openings(_ direction: Direction, _ family: IPFamily) -> [Opening] {
    let evaluator = assessment.evaluator(direction, .first, family)
    let own = assessment.unitAddresses.union(assessment.publishedHere).restricted(to: family)
    var box = PacketBox()
    if direction == .incoming { box.destinations = own } else { box.sources = own }
    let interfaces = Set(
      assessment.entry.interfaces.filter { $0.subject != InterfaceBinding.units }.flatMap(\.interfaces))
    let unitSide = assessment.entry.interfaces(of: InterfaceBinding.units).map { Set($0) }
    let peerSide = interfaces.isEmpty ? nil : interfaces
    let isForward = assessment.entry.position == .forward
    box.inputInterfaces = direction == .incoming ? peerSide : isForward ? unitSide : peerSide
    box.outputInterfaces = direction == .incoming ? (isForward ? unitSide : peerSide) : peerSide
    let universe = evaluator.select(box)
    let allowed = evaluator.surelyAllowed(universe)
    guard !allowed.isEmpty else { return [] }
    var excess = allowed
    func take(_ part: PacketBox) { excess = evaluator.difference(excess, evaluator.restrict(excess, to: part)) }
    let permitted = regions.permitted(direction, units: assessment.units)
    let wanted = permitted.map(\.box) + regions.alsoOpen(direction, units: assessment.units)
    for part in wanted { take(part) }
    take(PacketBox(sources: direction == .incoming ? own : nil, destinations: direction == .incoming ? nil : own))
    take(PolicyRegions.housekeeping(family))
    take(PolicyRegions.foreignICMP(family))
    // Destinations that a host cannot have are no way out, nor sources a way in.
    let impossible = AddressSet.all.subtracting(.possibleHosts)
    take(direction == .incoming ? PacketBox(sources: impossible) : PacketBox(destinations: impossible))
    guard !excess.isEmpty else { return [] }
    let map = ServiceMap(regions, direction, permitted, evaluator)
    // Blame all that is allowed, so that a rule's breadth is known, then keep the excess of each rule.
    return evaluator.blameAccepts(allowed).flatMap { blame -> [Opening] in
      let own = evaluator.intersection(blame.packets, excess)
      if own.isEmpty || isUnfilterable(blame.decider) { return [] }
      let kept = self.kept(of: blame, wanted, direction, evaluator).map { ($0, family) }
      return classify(blame, own, kept: kept, direction, family, evaluator, map)
    }
  }

  /// What a rule lets through that has to stay, as it meets the rule: published addresses are translated by then.
  private func kept(
    of blame: Blame, _ wanted: [PacketBox], _ direction: Direction, _ evaluator: PathEvaluator
  ) -> [PacketBox] {
    var kept: [PacketBox] = []
    for want in wanted {
      for var box in evaluator.boxes(of: evaluator.restrict(blame.packets, to: want), limit: 8).boxes {
        // Peers in many pieces are the wanted ones less what other rules decide: all that are wanted say the same.
        let peers = direction == .incoming ? box.sources : box.destinations
        if peers?.prefixCount ?? 0 > 8 {
          if direction == .incoming { box.sources = want.sources } else { box.destinations = want.destinations }
        }
        box = translated(box)
        if !kept.contains(box) { kept.append(box) }
      }
    }
    return kept
  }

  private func translated(_ box: PacketBox) -> PacketBox {
    let published = assessment.publishedHere
    guard let called = box.destinations, !called.intersection(published).isEmpty else { return box }
    var box = box
    let units = assessment.units.filter { unit in unit.published.contains { called.contains($0.address) } }
    box.destinations = units.reduce(called.subtracting(published)) { $0.union($1.allAddresses) }
    return box
  }

  /// Whether a provider lets it through whatever the groups say, as clouds do with their own DNS, metadata and time:
  /// a rule that is not written, for some addresses only, before any group's. Defaults that a user can close match
  /// everything or stand in a group.
  private func isUnfilterable(_ decider: TraceResult.Decider?) -> Bool {
    guard let decider, let index = decider.rule else { return false }
    let graph = firewall.graphs[decider.graph]
    let rule = graph.rules[Int(index)]
    return graph.dialect.isSecurityGroup && !rule.isWritten && rule.itemCount > 0
      && graph.chains[Int(decider.chain)].base != nil
  }

  // MARK: Codes

  private func classify(
    _ blame: Blame, _ excess: PacketSelection, kept: [(PacketBox, IPFamily)], _ direction: Direction,
    _ family: IPFamily, _ evaluator: PathEvaluator, _ map: ServiceMap
  ) -> [Opening] {
    var rest = excess
    var result: [Opening] = []
    func claim(_ code: String, _ packets: PacketSelection, rows: [String] = [], features: [String] = []) {
      guard !packets.isEmpty else { return }
      let boxes = evaluator.boxes(of: packets, limit: 24).boxes.map { ($0, family) }
      result.append(
        Opening(
          code: code, direction: direction, decider: blame.decider, ruleCount: blame.ruleCount, jumps: blame.jumps,
          boxes: boxes, kept: kept, packet: evaluator.witness(of: packets), rows: rows, features: features,
          path: evaluator.path))
      rest = evaluator.difference(rest, packets)
    }
    let breadth = Breadth(of: blame.packets, evaluator)
    if !breadth.isAllPorts {
      let packets = evaluator.intersection(rest, map.deprecated)
      claim("FW301", packets, rows: map.services(of: packets, evaluator) { $0.isDeprecated }.map(\.row))
    }
    if breadth.isEverything {
      claim("FW201", rest)
      return result
    }
    if direction == .incoming {
      let candidates = evaluator.difference(evaluator.intersection(rest, map.publicSources), map.facing)
      let packets = evaluator.intersection(candidates, map.guarded)
      claim("FW204", packets, rows: map.services(of: packets, evaluator) { map.isGuarded($0) }.map(\.row))
    }
    let known = evaluator.intersection(rest, map.declared)
    claim(direction == .incoming ? "FW202" : "FW205", known, rows: map.requirements(of: known, evaluator))
    let undeclared = evaluator.intersection(rest, map.undeclared)
    let met = map.services(of: undeclared, evaluator) { !$0.isDeclared && !$0.isDeprecated }
    claim("FW206", undeclared, rows: met.map(\.row), features: unique(met.flatMap(\.features)))
    claim("FW203", rest)
    return result
  }

  private func unique(_ words: [String]) -> [String] {
    words.reduce(into: []) { result, word in if !result.contains(word) { result.append(word) } }
  }

  /// How broad what a rule admits is.
  private struct Breadth {
    /// Nearly every port of some protocol: the rule does not look at ports.
    var isAllPorts: Bool
    /// Nearly every protocol and port, for at least half of the Internet.
    var isEverything: Bool

    init(of packets: PacketSelection, _ evaluator: PathEvaluator) {
      let (protocols, ports) = evaluator.spread(of: packets)
      isAllPorts = ports > 60_000
      isEverything = false
      guard isAllPorts, protocols > 200 else { return }
      let isIncoming = evaluator.question.destinations != nil
      let peers = evaluator.addresses(of: packets, isSource: isIncoming)
      let publicPeers = peers?.intersection(.globallyReachableUnicast).approximateCount ?? .infinity
      let family = evaluator.question.family
      let all = AddressSet.globallyReachableUnicast.restricted(to: family).approximateCount
      isEverything = publicPeers >= all * 0.45
    }
  }

  // MARK: Words

  private func finding(_ opening: Opening) -> Finding {
    let regions = opening.boxes.map { RegionText.region($0.0, family: $0.1) }
    let decider = DeciderText(firewall: firewall, map: map)
    let decision = decider.describe(opening.decider, ruleCount: opening.ruleCount)
    let shown = regions.prefix(2).map(\.phrase).joined(separator: "; ")
    let more = regions.count > 2 ? " and \(regions.count - 2) more" : ""
    let subject = opening.decider?.rule == nil ? "the policy" : "this rule"
    return Finding(
      code: opening.code, severity: CheckRegistry.severity(of: opening.code),
      message: "\(subject) \(claim(opening)): \(shown)\(more)", requirements: opening.rows, firewall: firewall.name,
      location: decision.location, related: decider.jumpLocations(opening.decider, opening.jumps),
      packet: opening.packet, region: Array(regions.prefix(24)), remediation: remedy(opening),
      fingerprint: Fingerprint.make([opening.code, firewall.name, opening.direction.rawValue, decision.key]))
  }

  private func claim(_ opening: Opening) -> String {
    let rows = opening.rows.joined(separator: ", ")
    switch opening.code {
    case "FW301": return "admits a flow that is deprecated (\(rows))"
    case "FW201": return opening.direction == .incoming ? "lets everything in" : "lets everything out"
    case "FW204": return "exposes to the Internet what should never be (\(rows))"
    case "FW202": return "lets in more sources than \(rows) needs"
    case "FW205": return "lets the unit reach more destinations than \(rows) needs"
    case "FW206":
      let names = opening.features.prefix(3).joined(separator: ", ") + (opening.features.count > 3 ? ", ..." : "")
      return "opens what only undeclared features use (\(names))"
    default: return "opens what no requirement asks for"
    }
  }

  private func remedy(_ opening: Opening) -> String {
    let edit = Remedy(firewall: firewall).narrow(
      to: opening.kept, decider: opening.decider, direction: opening.direction)
    switch opening.code {
    case "FW206":
      let names = opening.features.prefix(6).joined(separator: ", ") + (opening.features.count > 6 ? ", ..." : "")
      return "declare the feature in the site file (\(names)), or close it:\n" + edit
    case "FW203": return "list it under also-open: in the site file with its reason, or close it:\n" + edit
    default: return edit
    }
  }
}
