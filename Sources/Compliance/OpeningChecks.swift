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

  /// The codes of its findings.
  static let codes: Set<String> = ["FW201", "FW202", "FW203", "FW204", "FW205", "FW206", "FW207", "FW301"]

  private var firewall: LoadedFirewall { assessment.firewall }

  /// All findings of both directions and families; equal rules of both families are one finding.
  func run() -> [Finding] {
    let wants = OpeningWants(regions, assessment.units)
    let surveys = Direction.allCases.flatMap { direction in
      assessment.families.filter(firewall.speaks).map { OpeningSurvey(direction, $0, assessment, wants) }
    }
    // Where nothing is open beyond what is wanted nobody is to blame.
    guard surveys.contains(where: { !$0.sure.isEmpty || !$0.doubtful.isEmpty }) else { return [] }
    let surveyed = surveys.map { (survey: $0, blames: $0.blames()) }
    var openings: [Opening] = []
    var places: [Opening.Key: Int] = [:]
    for (survey, blames) in surveyed {
      for opening in self.openings(survey, blames) {
        if let known = places[opening.key] {
          openings[known].merge(opening)
        } else {
          places[opening.key] = openings.count
          openings.append(opening)
        }
      }
    }
    // What has to stay of a rule may go the other way or be of the other family.
    let deciders = Set(openings.compactMap(\.decider))
    var kept: [TraceResult.Decider: [DirectedBox]] = [:]
    for (survey, blames) in surveyed {
      let start = survey.evaluator.moment
      for blame in blames {
        defer { survey.evaluator.forgetResults(since: start) }
        guard let decider = blame.decider, deciders.contains(decider) else { continue }
        kept[decider, default: []] += self.kept(of: blame, survey).map {
          DirectedBox(box: $0, family: survey.family, direction: survey.direction)
        }
      }
    }
    var excess: [TraceResult.Decider: [DirectedBox]] = [:]
    for opening in openings {
      guard let decider = opening.decider else { continue }
      excess[decider, default: []] += opening.boxes.map {
        DirectedBox(box: assessment.translated($0.0), family: $0.1, direction: opening.direction)
      }
    }
    for index in openings.indices {
      guard let decider = openings[index].decider else { continue }
      openings[index].kept = kept[decider] ?? []
      openings[index].excess = excess[decider] ?? []
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
    var kept: [DirectedBox]
    /// All that the rule opens beyond that, whatever the code.
    var excess: [DirectedBox] = []
    var packet: Packet?
    var rows: [String]
    var features: [String]
    var path: Packet.Path
    /// What an undecided opening depends on.
    var reason = ""

    /// What makes two openings one finding.
    struct Key: Hashable {
      var code: String
      var direction: Direction
      var decider: TraceResult.Decider?
    }

    var key: Key { Key(code: code, direction: direction, decider: decider) }

    mutating func merge(_ other: Opening) {
      boxes += other.boxes
      kept += other.kept
      for row in other.rows where !rows.contains(row) { rows.append(row) }
      for feature in other.features where !features.contains(feature) { features.append(feature) }
    }
  }

  private func openings(_ survey: OpeningSurvey, _ blames: [Blame]) -> [Opening] {
    let openings = survey.sure.isEmpty ? [] : sureOpenings(survey, blames)
    guard !survey.doubtful.isEmpty else { return openings }
    let known = Set(openings.compactMap(\.decider))
    return openings + undecidedOpenings(survey).filter { $0.decider.map { !known.contains($0) } ?? true }
  }

  /// FW207: what perhaps passes beyond what is declared, by the rule that perhaps lets it.
  private func undecidedOpenings(_ survey: OpeningSurvey) -> [Opening] {
    let tracer = PacketTracer(graphs: firewall.graphs, facts: assessment.facts)
    let evaluator = survey.evaluator
    let choice = SenderChoice(firewall: firewall, facts: assessment.facts)
    return evaluator.blameAccepts(survey.doubtful).flatMap { blame -> [Opening] in
      guard !blame.packets.isEmpty, !isUnfilterable(blame.decider), let packet = evaluator.witness(of: blame.packets)
      else { return [] }
      if let sure = chosenOpenings(blame, survey, choice) { return sure }
      let reason = tracer.trace(packet).reasons.first ?? "a match that is not known offline"
      return [
        Opening(
          code: "FW207", direction: survey.direction, decider: blame.decider, ruleCount: blame.ruleCount,
          jumps: blame.jumps, boxes: evaluator.boxes(of: blame.packets, limit: 8).boxes.map { ($0, survey.family) },
          kept: [], packet: packet, rows: [], features: [], path: evaluator.path, reason: reason)
      ]
    }
  }

  /// What a rule opens to whoever sends the packets that it asks for; nil when that is not all that it depends on.
  private func chosenOpenings(_ blame: Blame, _ survey: OpeningSurvey, _ choice: SenderChoice) -> [Opening]? {
    let evaluator = survey.evaluator
    let (boxes, isComplete) = evaluator.boxes(of: blame.packets, limit: 16)
    let areSure = boxes.allSatisfy { box in
      evaluator.witness(of: evaluator.restrict(blame.packets, to: box))
        .flatMap { choice.accepted($0, by: blame.decider) } != nil
    }
    guard isComplete, areSure else { return nil }
    let services = ServiceMap(regions, survey.direction, survey.permitted, evaluator)
    let openings = classify(blame, blame.packets, survey.direction, survey.family, evaluator, services)
    return openings.map { opening in
      var opening = opening
      opening.packet = opening.packet.flatMap { choice.accepted($0, by: blame.decider) } ?? opening.packet
      return opening
    }
  }

  private func sureOpenings(_ survey: OpeningSurvey, _ blames: [Blame]) -> [Opening] {
    let map = ServiceMap(regions, survey.direction, survey.permitted, survey.evaluator)
    let start = survey.evaluator.moment
    return blames.flatMap { blame -> [Opening] in
      defer { survey.evaluator.forgetResults(since: start) }
      let own = survey.evaluator.intersection(blame.packets, survey.sure)
      if own.isEmpty || isUnfilterable(blame.decider) { return [] }
      return classify(blame, own, survey.direction, survey.family, survey.evaluator, map)
    }
  }

  /// What a rule lets through that has to stay, as it meets the rule: published addresses are translated by then.
  private func kept(of blame: Blame, _ survey: OpeningSurvey) -> [PacketBox] {
    let evaluator = survey.evaluator
    guard evaluator.intersects(blame.packets, survey.allWanted) else { return [] }
    var kept: [PacketBox] = []
    for (want, packets) in survey.wanted where evaluator.intersects(blame.packets, packets) {
      for var box in evaluator.boxes(of: evaluator.restrict(blame.packets, to: packets), limit: 8).boxes {
        // Peers in many pieces are the wanted ones less what other rules decide: all that are wanted say the same.
        let peers = survey.direction == .incoming ? box.sources : box.destinations
        if let peers, peers.prefixCount > 8 {
          if survey.direction == .incoming { box.sources = want.sources } else { box.destinations = want.destinations }
        }
        box = assessment.translated(box)
        if !kept.contains(box) { kept.append(box) }
      }
    }
    return kept
  }

  /// Whether a provider lets it through whatever the groups say, as clouds do with their own DNS, metadata and time: a
  /// rule that is not written, for some addresses only, before any group's.
  ///
  /// Defaults that a user can close match everything or stand in a group.
  private func isUnfilterable(_ decider: TraceResult.Decider?) -> Bool {
    guard let decider, let index = decider.rule else { return false }
    let graph = firewall.graphs[decider.graph]
    let rule = graph.rules[Int(index)]
    return graph.dialect.isSecurityGroup && !rule.isWritten && rule.itemCount > 0
      && graph.chains[Int(decider.chain)].base != nil
  }

  // MARK: Codes

  private func classify(
    _ blame: Blame, _ excess: PacketSelection, _ direction: Direction, _ family: IPFamily,
    _ evaluator: PathEvaluator, _ map: ServiceMap
  ) -> [Opening] {
    var rest = excess
    var result: [Opening] = []
    func claim(_ code: String, _ packets: PacketSelection, rows: [String] = [], features: [String] = []) {
      guard !packets.isEmpty else { return }
      let boxes = evaluator.boxes(of: packets, limit: 24).boxes.map { ($0, family) }
      result.append(
        Opening(
          code: code, direction: direction, decider: blame.decider, ruleCount: blame.ruleCount, jumps: blame.jumps,
          boxes: boxes, kept: [], packet: evaluator.witness(of: packets), rows: rows, features: features,
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
    let subject =
      opening.decider == nil ? "no chain at the hook: it" : opening.decider?.rule == nil ? "the policy" : "this rule"
    let advice = advice(on: opening)
    // Of many like rules any may be the one that is new: what they open together identifies them.
    let key =
      opening.ruleCount > 1
      ? regions.map { "\($0.source) \($0.destination) \($0.protocolName) \($0.ports)" }.joined(separator: ";")
      : decision.key
    return Finding(
      code: opening.code, severity: CheckRegistry.severity(of: opening.code),
      message: "\(subject) \(claim(opening)): \(shown)\(more)", requirements: opening.rows, firewall: firewall.name,
      location: decision.location, related: decider.jumpLocations(opening.decider, opening.jumps),
      packet: opening.packet, region: Array(regions.prefix(24)), remediation: advice.text,
      fingerprint: Fingerprint.make([
        opening.code, Fingerprint.file(firewall.name), opening.direction.rawValue, key,
      ]),
      fix: advice.fix)
  }

  private func claim(_ opening: Opening) -> String {
    let rows = opening.rows.joined(separator: ", ")
    switch opening.code {
    case "FW301": return "admits a flow that is deprecated (\(rows))"
    case "FW207": return "perhaps opens more than is declared: that depends on \(opening.reason)"
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

  private func advice(on opening: Opening) -> Remedy.Advice {
    if opening.code == "FW207" { return Remedy.Advice(text: RemedyText.undecidedOpening(opening.reason)) }
    if opening.decider == nil {
      return Remedy.Advice(
        text: "add a base chain at the \(opening.path.rawValue) hook with policy drop, and accept what is required")
    }
    var advice = Remedy(firewall: firewall).narrow(
      to: opening.kept, excess: opening.excess, decider: opening.decider, direction: opening.direction,
      whole: assessment.entry.position == .host ? assessment.unitAddresses : nil)
    switch opening.code {
    case "FW206":
      let names = opening.features.prefix(6).joined(separator: ", ") + (opening.features.count > 6 ? ", ..." : "")
      advice.text = "declare the feature in the site file (\(names)), or close it:\n" + advice.text
    case "FW203":
      advice.text = "list it under also-open: in the site file with its reason, or close it:\n" + advice.text
    default: break
    }
    return advice
  }
}
