import Evaluation
import PacketSets
import Requirements
import RuleGraph
import SourceText

/// One firewall of a site with everything that is asked about it; summaries are made once and shared by all checks.
final class FirewallAssessment {
  let firewall: LoadedFirewall
  let entry: FirewallEntry
  let site: Site
  let policy: Policy
  let units: [Unit]
  /// Roles whose traffic crosses the firewall.
  let roles: Set<String>
  let facts: SiteFacts
  /// Families in which the units have addresses.
  let families: [IPFamily]
  private var evaluators: [EvaluatorKey: PathEvaluator] = [:]
  private var others: [PathEvaluator] = []
  private let edgeLimit: Int

  private struct EvaluatorKey: Hashable {
    var direction: Direction
    var phase: PathQuestion.Phase
    var family: IPFamily
  }

  /// Every source port that an ordinary client uses.
  static let clientPorts = IntervalSet<UInt32>(Interval(1024, 65535))

  init(
    firewall: LoadedFirewall, entry: FirewallEntry, site: Site, policy: Policy,
    edgeLimit: Int = CheckInput.usualEdgeLimit
  ) {
    self.edgeLimit = edgeLimit
    self.firewall = firewall
    self.entry = entry
    self.site = site
    self.policy = policy
    units = site.units(behind: entry)
    roles = Set(site.roles(crossing: entry, policy))
    let addresses = units.reduce(AddressSet()) { $0.union($1.allAddresses) }
    families = IPFamily.allCases.filter { !addresses.restricted(to: $0).isEmpty }
    facts = site.facts(behind: entry, groups: firewall.groupIDs)
  }

  /// The unit addresses behind the firewall.
  var unitAddresses: AddressSet { units.reduce(AddressSet()) { $0.union($1.allAddresses) } }

  /// The addresses that this firewall itself translates to units.
  var publishedHere: AddressSet {
    units.reduce(AddressSet()) { result, unit in
      unit.published.filter(isTranslatedHere).reduce(result) { $0.union(AddressSet($1.address)) }
    }
  }

  /// A box as rules behind this firewall's destination NAT meet it: published addresses are the units' own by then.
  ///
  /// - Parameter feature: the feature whose addresses those are; empty for the addresses that name no feature.
  func translated(_ box: PacketBox, for feature: String = "") -> PacketBox {
    let published = publishedHere
    guard let called = box.destinations, !called.intersection(published).isEmpty else { return box }
    var box = box
    let units = units.filter { unit in unit.published.contains { called.contains($0.address) } }
    let family: IPFamily = called.v4.isEmpty ? .v6 : .v4
    box.destinations = units.reduce(called.subtracting(published)) {
      $0.union($1.addresses(for: feature).restricted(to: family))
    }
    return box
  }

  /// Whether peers reach a published address through this firewall's own address translation.
  func isTranslatedHere(_ published: PublishedAddress) -> Bool {
    guard entry.position == .forward else { return false }
    if let translator = published.translator { return entry.paths.contains { $0.path == translator } }
    return firewall.graphs.contains { graph in graph.translations.contains(where: \.mapsDestination) }
  }

  /// Servers whose mail the units pick up on its way through this firewall: in transparent mode peers call them, and
  /// never learn of the unit.
  private var intercepted: AddressSet {
    site.mode == "transparent" && entry.position == .forward ? site.intercepts : AddressSet()
  }

  /// Settings of the rows that a transparent unit picks up: it proxies SMTP, and passes everything else on untouched.
  private static let interceptedSettings: Set<String> = ["smtp-port", "smtps-port", "smtp-msa-port"]

  /// The path of first packets in a direction.
  func path(_ direction: Direction, _ phase: PathQuestion.Phase) -> Packet.Path {
    if entry.position == .forward { return .forward }
    return (direction == .incoming) == (phase == .first) ? .input : .output
  }

  /// The summary of a path, made when it is first asked for.
  func evaluator(_ direction: Direction, _ phase: PathQuestion.Phase, _ family: IPFamily) -> PathEvaluator {
    let key = EvaluatorKey(direction: direction, phase: phase, family: family)
    if let known = evaluators[key] { return known }
    let towardsUnits = (direction == .incoming) == (phase == .first)
    let own = unitAddresses.union(intercepted)
    let hull = towardsUnits && phase == .first ? own.union(publishedHere) : own
    let question = PathQuestion(
      family: family, path: path(direction, phase), phase: phase, sources: towardsUnits ? nil : hull,
      destinations: towardsUnits ? hull : nil, interfaces: Set(entry.interfaces.flatMap(\.interfaces)))
    let evaluator = makeEvaluator(question)
    evaluators[key] = evaluator
    return evaluator
  }

  /// The summary of a path for a question that nobody else asks; its cost counts as the firewall's, too.
  func evaluator(for question: PathQuestion) -> PathEvaluator {
    let evaluator = makeEvaluator(question)
    others.append(evaluator)
    return evaluator
  }

  /// What the others have left of the budget is this one's.
  private func makeEvaluator(_ question: PathQuestion) -> PathEvaluator {
    let spent = evaluators.values.reduce(0) { $0 + $1.edgeCount } + others.reduce(0) { $0 + $1.edgeCount }
    return PathEvaluator(
      graphs: firewall.graphs, facts: facts, question: question, edgeLimit: max(1, edgeLimit - spent))
  }

  /// Forgets what was found out on the way to a finding that has been put into words.
  func forgetResults() { for evaluator in evaluators.values { evaluator.forgetResults() } }

  /// Whether some evaluation ran out of its budget: what it says from then on is worth nothing.
  var isExhausted: Bool { evaluators.values.contains(where: \.isExhausted) || others.contains(where: \.isExhausted) }

  // MARK: Flows

  /// The pieces of a required flow that cross the firewall.
  func parts(of flow: RequiredFlow, _ requirement: Requirement) -> [FlowPart] {
    guard roles.contains(flow.role) else { return [] }
    return families.flatMap { family -> [FlowPart] in
      if flow.transport.protocolNumber == IPProtocol.icmp, family != .v4 { return [] }
      if flow.transport.protocolNumber == IPProtocol.icmpv6, family != .v6 { return [] }
      if flow.peers == .units { return unitPairs(flow, requirement, family) }
      return peerParts(flow, requirement, family)
    }
  }

  private func unitPairs(_ flow: RequiredFlow, _ requirement: Requirement, _ family: IPFamily) -> [FlowPart] {
    units.compactMap { unit in
      let own = unit.addresses(for: requirement.feature).restricted(to: family)
      let others = site.units.filter { $0.name != unit.name }
        .reduce(AddressSet()) { $0.union($1.addresses(for: requirement.feature)) }.restricted(to: family)
      guard !own.isEmpty, !others.isEmpty else { return nil }
      return part(flow, requirement.direction, family, units: own, peers: others)
    }
  }

  private func peerParts(_ flow: RequiredFlow, _ requirement: Requirement, _ family: IPFamily) -> [FlowPart] {
    let peers = (flow.peers.required ?? .possibleHosts).restricted(to: family)
    guard !peers.isEmpty else { return [] }
    let own = units.reduce(AddressSet()) { $0.union($1.addresses(for: requirement.feature)) }.restricted(to: family)
    guard requirement.direction == .incoming else {
      return own.isEmpty ? [] : [part(flow, .outgoing, family, units: own, peers: peers)]
    }
    var parts: [FlowPart] = []
    // Public peers call a unit by its published address where this firewall is the one that translates it.
    for unit in units {
      let own = unit.addresses(for: requirement.feature).restricted(to: family)
      let published = unit.published.filter { isTranslatedHere($0) && $0.address.family == family }
      let calls = published.filter { $0.peers?.contains(flow.role) ?? true }
      let called = calls.reduce(AddressSet()) { $0.union(AddressSet($1.address)) }
      let allUse = calls.contains { $0.peers != nil }
      let viaPublished = called.isEmpty ? AddressSet() : allUse ? peers : peers.intersection(.globallyReachableUnicast)
      let direct = peers.subtracting(viaPublished)
      if !viaPublished.isEmpty {
        parts.append(part(flow, .incoming, family, units: called, peers: viaPublished, inside: own))
      }
      if !direct.isEmpty, !own.isEmpty, called.isEmpty || flow.peers != .unknown {
        parts.append(part(flow, .incoming, family, units: own, peers: direct))
      }
    }
    let servers = intercepted.restricted(to: family)
    let setting = policy.row(requirement.row)?.setting
    if !servers.isEmpty, let setting, Self.interceptedSettings.contains(setting) {
      let callers = peers.subtracting(servers)
      if !callers.isEmpty { parts.append(part(flow, .incoming, family, units: servers, peers: callers)) }
    }
    return merged(parts)
  }

  /// Parts that differ only in the unit are one: every peer has to reach every unit.
  private func merged(_ parts: [FlowPart]) -> [FlowPart] {
    var result: [FlowPart] = []
    for part in parts {
      if let index = result.firstIndex(where: { $0.first.sources == part.first.sources && $0.family == part.family }) {
        let destinations = result[index].first.destinations ?? .all
        result[index].first.destinations = destinations.union(part.first.destinations ?? .all)
        if let sources = result[index].reply?.sources {
          result[index].reply?.sources = sources.union(part.reply?.sources ?? .all)
        }
      } else {
        result.append(part)
      }
    }
    return result
  }

  private func part(
    _ flow: RequiredFlow, _ direction: Direction, _ family: IPFamily, units: AddressSet, peers: AddressSet,
    inside: AddressSet? = nil
  ) -> FlowPart {
    var first = PacketBox.transport(flow.transport)
    let hasPorts = IPProtocol.hasPorts(flow.transport.protocolNumber)
    if hasPorts { first.sourcePorts = Self.clientPorts }
    first.sources = direction == .incoming ? peers : units
    first.destinations = direction == .incoming ? units : peers
    let peerInterfaces = entry.interfaces(of: flow.role).map { Set($0) }
    let unitInterfaces = entry.interfaces(of: InterfaceBinding.units).map { Set($0) }
    first.inputInterfaces = direction == .incoming ? peerInterfaces : unitInterfaces
    first.outputInterfaces = direction == .incoming ? unitInterfaces : peerInterfaces
    if entry.position != .forward {
      first.inputInterfaces = peerInterfaces
      first.outputInterfaces = peerInterfaces
    }
    var reply: PacketBox?
    if flow.needsReply {
      var box = PacketBox(
        sources: direction == .incoming ? inside ?? first.destinations : first.destinations,
        destinations: first.sources, protocols: first.protocols, ports: hasPorts ? Self.clientPorts : nil,
        sourcePorts: hasPorts ? first.ports : nil, inputInterfaces: first.outputInterfaces,
        outputInterfaces: first.inputInterfaces)
      if let type = flow.transport.icmpType {
        let answer = IPProtocol.icmpReply(to: type, family: family)
        box.ports = answer.map { IntervalSet(Interval(UInt32($0) << 8, UInt32($0) << 8 | 255)) }
        reply = answer == nil ? nil : box
      } else {
        reply = box
      }
    }
    return FlowPart(
      flow: flow, direction: direction, family: family, first: first, reply: reply,
      hasUnknownPeers: flow.peers == .unknown)
  }
}

extension AddressSet {
  /// Addresses that a host may have: all but the unspecified, loopback, multicast and reserved ones.
  static let possibleHosts = AddressSet.all.subtracting(
    AddressSet(
      ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/127", "ff00::/8"].compactMap { IPPrefix($0) }))
}
