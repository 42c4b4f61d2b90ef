import Evaluation
import PacketSets
import Requirements

/// The policy's services in one direction as sets of packets of one evaluator, made once for all rules.
struct ServiceMap {
  /// Each row with the packets of its transports.
  private let services: [(service: PolicyRegions.Service, packets: PacketSelection)]
  /// Each declared row with the packets of its transports.
  private let rows: [(row: String, packets: PacketSelection)]
  /// Rows that are also administration: their users' declaration decides whether they face the public.
  private let administration: Set<String>
  /// Packets of deprecated rows.
  let deprecated: PacketSelection
  /// Packets from public sources.
  let publicSources: PacketSelection
  /// Rows with public peers, and rows that a declared feature offers to its users: never "exposed".
  let facing: PacketSelection
  /// Packets of rows that must not face the public.
  let guarded: PacketSelection
  /// Packets of declared rows, whoever the peer is.
  let declared: PacketSelection
  /// Packets of rows that no declared feature asks for.
  let undeclared: PacketSelection

  init(
    _ regions: PolicyRegions, _ direction: Direction, _ permitted: [(box: PacketBox, requirement: Requirement)],
    _ evaluator: PathEvaluator
  ) {
    let none = evaluator.select(PacketBox(protocols: IntervalSet()))
    func union(_ boxes: [PacketBox]) -> PacketSelection {
      boxes.isEmpty ? none : evaluator.union(of: boxes.map { evaluator.select($0) })
    }
    let services = regions.services(direction)
    let selected = services.map { service in
      (service: service, packets: union(service.transports.map { .transport($0) }))
    }
    func all(_ isWanted: (PolicyRegions.Service) -> Bool) -> PacketSelection {
      let wanted = selected.filter { isWanted($0.service) }.map(\.packets)
      return wanted.isEmpty ? none : evaluator.union(of: wanted)
    }
    let administration = Set(
      services.map(\.row).filter { row in
        regions.policy.row(row)?.features.contains { $0.roles.contains("administrators") } ?? false
      })
    self.services = selected
    self.administration = administration
    rows = regions.requirements.filter { $0.direction == direction && $0.applicability == .applies }.map {
      requirement in
      (requirement.row, union(requirement.alternatives.joined().map { .transport($0.transport) }))
    }
    deprecated = all(\.isDeprecated)
    publicSources = evaluator.select(PacketBox(sources: .globallyReachableUnicast))
    facing = all { $0.isDeclared && $0.exposure != .never || $0.exposure == .internet }
    guarded = all { Self.isGuarded($0, administration) }
    declared = union(
      permitted.map { entry in
        var box = entry.box
        if direction == .incoming { box.sources = nil } else { box.destinations = nil }
        return box
      })
    undeclared = all { !$0.isDeclared && !$0.isDeprecated }
  }

  /// Whether a row must not face the public: never, or as administration that shares a users' row.
  func isGuarded(_ service: PolicyRegions.Service) -> Bool { Self.isGuarded(service, administration) }

  private static func isGuarded(_ service: PolicyRegions.Service, _ administration: Set<String>) -> Bool {
    service.exposure == .never || service.exposure == .users && administration.contains(service.row)
  }

  /// The services that some packets belong to.
  func services(
    of packets: PacketSelection, _ evaluator: PathEvaluator, where isWanted: (PolicyRegions.Service) -> Bool
  ) -> [PolicyRegions.Service] {
    guard !packets.isEmpty else { return [] }
    return services.filter { isWanted($0.service) && evaluator.intersects(packets, $0.packets) }
      .map(\.service)
  }

  /// The declared rows that some packets belong to, each once.
  func requirements(of packets: PacketSelection, _ evaluator: PathEvaluator) -> [String] {
    guard !packets.isEmpty else { return [] }
    return rows.reduce(into: []) { result, entry in
      guard !result.contains(entry.row), evaluator.intersects(packets, entry.packets) else { return }
      result.append(entry.row)
    }
  }
}
