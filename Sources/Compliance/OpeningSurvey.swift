import Evaluation
import PacketSets
import Requirements

/// What is wanted of a firewall in both directions, as boxes.
struct OpeningWants {
  let permitted: [Direction: [(box: PacketBox, requirement: Requirement)]]
  let alsoOpen: [Direction: [PacketBox]]
  /// What goes from a unit to itself: it never leaves it.
  let ownTraffic: [PacketBox]

  init(_ regions: PolicyRegions, _ units: [Unit]) {
    var permitted: [Direction: [(box: PacketBox, requirement: Requirement)]] = [:]
    var alsoOpen: [Direction: [PacketBox]] = [:]
    for direction in Direction.allCases {
      permitted[direction] = regions.permitted(direction, units: units)
      alsoOpen[direction] = regions.alsoOpen(direction, units: units)
    }
    self.permitted = permitted
    self.alsoOpen = alsoOpen
    ownTraffic = units.map { unit in
      let addresses = unit.published.reduce(unit.allAddresses) { $0.union(AddressSet($1.address)) }
      return PacketBox(sources: addresses, destinations: addresses)
    }
  }
}

/// What passes a firewall in one direction and family, and what of it is wanted.
struct OpeningSurvey {
  let direction: Direction
  let family: IPFamily
  let evaluator: PathEvaluator
  /// What surely passes.
  let allowed: PacketSelection
  /// What surely passes beyond what is wanted.
  let sure: PacketSelection
  /// What perhaps passes beyond what is wanted.
  let doubtful: PacketSelection
  let permitted: [(box: PacketBox, requirement: Requirement)]
  /// What is required in this direction, or declared open.
  let wanted: [(box: PacketBox, packets: PacketSelection)]
  /// All of that together.
  let allWanted: PacketSelection

  init(_ direction: Direction, _ family: IPFamily, _ assessment: FirewallAssessment, _ wants: OpeningWants) {
    let evaluator = assessment.evaluator(direction, .first, family)
    let own = assessment.unitAddresses.union(assessment.publishedHere).restricted(to: family)
    let universe = evaluator.select(Self.universe(direction, own, assessment.entry))
    permitted = wants.permitted[direction] ?? []
    wanted = (permitted.map(\.box) + (wants.alsoOpen[direction] ?? [])).map { ($0, evaluator.select($0)) }
    allWanted = evaluator.union(of: wanted.map(\.packets))
    allowed = evaluator.surelyAllowed(universe)
    let possible = evaluator.possiblyAllowed(universe)
    // What goes from one unit to another may be wanted at either end.
    let opposite: Direction = direction == .incoming ? .outgoing : .incoming
    var others = (wants.permitted[opposite] ?? []).map(\.box) + (wants.alsoOpen[opposite] ?? []) + wants.ownTraffic
    // Between units: what comes in at one end is judged there.
    if direction == .outgoing { others.append(PacketBox(destinations: own)) }
    others.append(PolicyRegions.housekeeping(family))
    others.append(PolicyRegions.foreignICMP(family))
    // Destinations that a host cannot have are no way out, nor sources a way in.
    let impossible = Self.impossibleHosts
    others.append(direction == .incoming ? PacketBox(sources: impossible) : PacketBox(destinations: impossible))
    var excess = evaluator.difference(possible, allWanted)
    if !excess.isEmpty {
      excess = evaluator.difference(excess, evaluator.union(of: others.map { evaluator.select($0) }))
    }
    sure = evaluator.intersection(excess, allowed)
    doubtful = evaluator.difference(excess, allowed)
    self.direction = direction
    self.family = family
    self.evaluator = evaluator
  }

  private static let impossibleHosts = AddressSet.all.subtracting(.possibleHosts)

  /// What surely passes, by the rules that let it: all of it, so that a rule's breadth is known.
  func blames() -> [Blame] { allowed.isEmpty ? [] : evaluator.blameAccepts(allowed) }

  /// Everything that may reach or leave the units, by the interfaces that the site names.
  private static func universe(_ direction: Direction, _ own: AddressSet, _ entry: FirewallEntry) -> PacketBox {
    var box = PacketBox()
    if direction == .incoming { box.destinations = own } else { box.sources = own }
    let interfaces = Set(
      entry.interfaces.filter { $0.subject != InterfaceBinding.units }.flatMap(\.interfaces))
    let unitSide = entry.interfaces(of: InterfaceBinding.units).map { Set($0) }
    let peerSide = interfaces.isEmpty ? nil : interfaces
    let isForward = entry.position == .forward
    box.inputInterfaces = direction == .incoming ? peerSide : isForward ? unitSide : peerSide
    box.outputInterfaces = direction == .incoming ? (isForward ? unitSide : peerSide) : peerSide
    return box
  }
}
