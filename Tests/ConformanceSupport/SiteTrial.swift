import Compliance
import Evaluation
import PacketSets
import Requirements
import RuleGraph
import SourceText

/// A site with one firewall and a rule set for it.
public struct SiteCase: Sendable, CustomStringConvertible {
  public var site: String
  public var ruleSet: RuleSet
  public var position: FirewallPosition

  public var description: String { "\(site)rules (\(ruleSet.loader), \(ruleSet.family)):\n\(ruleSet.text)" }
}

/// A row whose verdict is not what the kernel does with the row's packets.
public struct SiteDisagreement: Sendable, CustomStringConvertible {
  public var site: SiteCase
  public var row: String
  public var problem: String

  public var description: String { "\(row): \(problem)\n\(site)" }
}

/// What comparing rows with the kernel gave.
public struct SiteTotals: CustomStringConvertible {
  public var pairs = 0
  public var refused = 0
  public var rows: [RequirementStatus: Int] = [:]
  public var packets = 0
  /// Packets whose round trip succeeded.
  public var passed = 0
  /// Packets that were translated on their way.
  public var translated = 0
  /// Packets of partly blocked rows that were held against the listed regions.
  public var placed = 0
  public var disagreements: [SiteDisagreement] = []

  /// Nothing counted yet.
  public init() {}

  public var description: String {
    let counts = RequirementStatus.allCases.map { "\($0.rawValue) \(rows[$0] ?? 0)" }.joined(separator: ", ")
    return """
      pairs of site and rule set: \(pairs), refused by the kernel's tools \(refused)
      rows: \(counts)
      packets: \(packets), round trips \(passed), translated \(translated), held against listed regions \(placed)
      disagreements: \(disagreements.count)
      """
  }
}

/// Holds what `fwlint check` says of rows against real round trips of their packets.
///
/// **Rationale:** packets are made from the requirement alone (units, peers, ports), by code that shares nothing with the
/// checks but the site file's reader, and go through the kernel that has loaded the rule set.
public struct SiteTrial {
  let comparer: Comparer
  let policy: Policy
  /// First packets sent for each flow.
  public var packetsPerFlow = 6

  /// Makes a trial with the embedded policy.
  public init(_ comparer: Comparer) throws {
    self.comparer = comparer
    guard let policy = Policy.embedded(named: Policy.embeddedNames[0], withWords: false).policy else {
      throw KernelFailure("no embedded policy")
    }
    self.policy = policy
  }

  /// A random site with a random rule set.
  public func randomCase(seed: UInt64, real: [Corpus.Entry] = []) -> SiteCase? {
    var random = SeededGenerator(seed: seed)
    let position: FirewallPosition = random.chance(60) ? .forward : .host
    let kind = random.number(0...9)
    if kind < 2, !real.isEmpty {
      let entry = random.pick(real)
      // In the world every address is the host's own where the host sends: the site knows of the units' only.
      let asksForTypes = ["addrtype", "fib ", "rpfilter"].contains { entry.ruleSet.text.contains($0) }
      if position == .host, asksForTypes { return nil }
      let pool = ConstantPool(text: entry.ruleSet.text).addresses[entry.ruleSet.family] ?? []
      var generator = SiteGenerator(seed: seed, family: entry.ruleSet.family, known: pool)
      return SiteCase(site: generator.site(policy, position: position), ruleSet: entry.ruleSet, position: position)
    }
    let family = random.pick(IPFamily.allCases)
    var generator = SiteGenerator(seed: seed, family: family)
    let text = generator.site(policy, position: position)
    if kind < 4 {
      let loader = random.pick(RuleSet.Loader.allCases)
      return SiteCase(site: text, ruleSet: Campaign.ruleSet(loader, family, seed: seed), position: position)
    }
    guard let site = read(text) else { return nil }
    let requirements = site.requirements(policy)
    let units = site.units.reduce(AddressSet()) { $0.union($1.allAddresses) }
    let isForward = position == .forward
    let isNft = kind < 8
    let rules =
      isNft
      ? generator.nftRules(requirements, units: units, isForward: isForward)
      : generator.iptablesRules(requirements, units: units, isForward: isForward)
    let loader: RuleSet.Loader = isNft ? .nft : random.pick([.legacy, .translated])
    return SiteCase(site: text, ruleSet: RuleSet(loader, family, rules), position: position)
  }

  private func read(_ text: String) -> Site? {
    let document = Site.parse(SourceFile(path: "fwlint.yaml", text: text), findPolicy: { _ in policy })
    return document.diagnostics.contains { $0.severity == .error } ? nil : document.site
  }

  /// Compares the rows of one case.
  public func compare(_ site: SiteCase, seed: UInt64, _ totals: inout SiteTotals) throws {
    guard !LoaderFault.isMet(by: site.ruleSet), let model = read(site.site), let entry = model.firewalls.first else {
      return
    }
    guard try comparer.world.load(site.ruleSet) == nil else {
      totals.refused += 1
      return
    }
    totals.pairs += 1
    let (graphs, diagnostics) = comparer.interpreter.read(site.ruleSet)
    let firewall = LoadedFirewall(
      name: "rules", entry: entry, graphs: graphs, diagnostics: graphs.indices.map { $0 == 0 ? diagnostics : [] })
    let report = Checker().run(CheckInput(policy: policy, site: model, firewalls: [firewall]))
    let requirements = model.requirements(policy)
    var random = SeededGenerator(seed: seed ^ 0xF10)
    for (verdict, requirement) in zip(report.requirements, requirements) {
      guard verdict.id == requirement.row, verdict.feature == requirement.feature else {
        throw KernelFailure("rows of the report are in another order than the site's")
      }
      totals.rows[verdict.status, default: 0] += 1
      guard [.open, .blocked, .partial].contains(verdict.status) else { continue }
      let packets = FlowPackets(
        site: model, entry: entry, requirement: requirement, constants: ConstantPool(text: site.ruleSet.text),
        family: site.ruleSet.family, translates: graphs.contains { $0.translations.contains(where: \.mapsDestination) })
      let alternatives = packets.alternatives(perFlow: packetsPerFlow, using: &random)
      guard alternatives.contains(where: { !$0.isEmpty }) else { continue }
      let regions = ListedRegions(report.findings.filter { $0.requirements.contains(requirement.row) })
      if let problem = try problem(
        verdict.status, alternatives, regions, &totals,
        isProjected: site.testsSourcePorts || entry.interfaces.contains { $0.interfaces.count > 1 })
      {
        totals.disagreements.append(
          SiteDisagreement(
            site: site, row: "\(requirement.row) (\(requirement.feature)), \(verdict.status.rawValue)",
            problem: problem))
      }
    }
  }

  /// What contradicts a row's status; nil when nothing does.
  private func problem(
    _ status: RequirementStatus, _ alternatives: [[FlowPackets.Trip]], _ regions: ListedRegions,
    _ totals: inout SiteTotals, isProjected: Bool
  ) throws -> String? {
    var failures: [String?] = []
    for alternative in alternatives {
      var failure: String?
      for trip in alternative {
        let isListed = status == .partial && regions.holdFirst(trip.first)
        let result = try go(trip, expected: status == .open || status == .partial && !isListed, &totals)
        switch status {
        case .blocked where result == .succeeded: return "this came through: \(trip.first.summary)"
        case .open where result != .succeeded: failure = failure ?? "\(result): \(trip.first.summary)"
        case .partial where alternatives.count == 1 && !regions.isCut && trip.isPeerKnown:
          totals.placed += 1
          switch result {
          case .succeeded:
            if isListed, !isProjected { return "listed as missing, and came through: \(trip.first.summary)" }
          case .firstLost:
            if !isListed, !regions.holdUndecided(trip.first) {
              return "not listed as missing, and lost: \(trip.first.summary)"
            }
          case .answerLost(let answer):
            if !isListed, !regions.holdAnswer(answer), !regions.holdUndecided(answer) {
              return "answer not listed as missing, and lost: \(answer.summary)"
            }
          }
        default: break
        }
      }
      failures.append(failure)
    }
    // Any one alternative is enough.
    return status == .open && failures.allSatisfy { $0 != nil } ? failures.first ?? nil : nil
  }

  /// How a round trip went.
  private enum TripResult: Equatable {
    case succeeded
    case firstLost
    case answerLost(Packet)
  }

  private func go(_ trip: FlowPackets.Trip, expected: Bool, _ totals: inout SiteTotals) throws -> TripResult {
    totals.packets += 1
    var result = TripResult.firstLost
    // A packet that the machine was late with looks like one that was dropped.
    for _ in 0..<(expected ? 3 : 1) {
      result = try goOnce(trip, expected: expected, &totals)
      if result == .succeeded { break }
    }
    if result == .succeeded { totals.passed += 1 }
    return result
  }

  private func goOnce(_ trip: FlowPackets.Trip, expected: Bool, _ totals: inout SiteTotals) throws -> TripResult {
    let world = comparer.world
    try world.forgetConnections()
    var wire = WirePacket(trip.first, identity: world.newIdentity())
    wire.spoilsChecksum = trip.first.path == .input
    guard let fate = try world.fate(of: wire, expected: expected) else { return .firstLost }
    let exchange = Exchange(first: trip.first, fate: fate)
    if exchange.isTranslated { totals.translated += 1 }
    guard trip.needsReply else { return .succeeded }
    let answer = exchange.answer(isTracked: try world.hasConnections())
    var back = WirePacket(answer.wire, identity: world.newIdentity())
    back.sequence = answer.sequence
    back.acknowledgement = answer.acknowledgement
    back.spoilsChecksum = answer.wire.path == .input
    return try world.fate(of: back, expected: expected) != nil ? .succeeded : .answerLost(answer.packet)
  }
}

extension SiteCase {
  /// Whether rules may ask for the source ports of first packets, which listed regions do not name.
  var testsSourcePorts: Bool {
    ["sport", "--ports", "proto-src", "--ctorigsrcport"].contains { ruleSet.text.contains($0) }
  }
}
