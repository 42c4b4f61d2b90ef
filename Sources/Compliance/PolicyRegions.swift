import Evaluation
import PacketSets
import Requirements

/// What the policy knows of services, as boxes: for telling what an opening is about.
struct PolicyRegions {
  let site: Site
  let policy: Policy
  let requirements: [Requirement]

  /// A service of the policy in one direction.
  struct Service {
    var row: String
    var features: [String]
    var transports: [TransportFlow]
    var exposure: Exposure
    var isDeprecated: Bool
    var isDeclared: Bool
  }

  /// All rows of a direction with the transports that they have at this site.
  func services(_ direction: Direction) -> [Service] {
    let distances = site.portDistances(policy)
    let declared = Set(site.features.map(\.name))
    return policy.rows.filter { $0.direction == direction }.map { row in
      let features = row.features.filter { row.applies($0, in: site.mode) }
      var transports: [TransportFlow] = []
      for feature in features {
        for flow in (row.needs(of: feature, moved: distances) ?? row.needs).flows where !transports.contains(flow) {
          transports.append(flow)
        }
      }
      return Service(
        row: row.id, features: features.map(\.feature), transports: transports, exposure: row.exposure,
        isDeprecated: row.isDeprecated, isDeclared: features.contains { declared.contains($0.feature) })
    }
  }

  /// The boxes that declared requirements permit between some units and their peers.
  func permitted(_ direction: Direction, units: [Unit]) -> [(box: PacketBox, requirement: Requirement)] {
    var boxes: [(box: PacketBox, requirement: Requirement)] = []
    for requirement in requirements where requirement.applicability == .applies && requirement.direction == direction {
      // Each flow once, in the order of the policy.
      var flows: [RequiredFlow] = []
      for flow in requirement.alternatives.joined() where !flows.contains(flow) { flows.append(flow) }
      for flow in flows {
        if flow.peers == .units {
          for unit in units {
            let own = unit.addresses(for: requirement.feature)
            let others = site.units.filter { $0.name != unit.name }
              .reduce(AddressSet()) { $0.union($1.addresses(for: requirement.feature)) }
            boxes.append((box(flow.transport, direction, units: own, peers: others), requirement))
          }
          continue
        }
        let own = units.reduce(AddressSet()) { set, unit in
          let published = unit.published.reduce(AddressSet()) { $0.union(AddressSet($1.address)) }
          return set.union(unit.addresses(for: requirement.feature)).union(published)
        }
        boxes.append((box(flow.transport, direction, units: own, peers: flow.peers.permitted ?? .all), requirement))
      }
    }
    return boxes
  }

  /// The boxes that the site declares open besides.
  func alsoOpen(_ direction: Direction, units: [Unit]) -> [PacketBox] {
    site.alsoOpen.filter { $0.direction == direction }.map { entry in
      let concerned = units.filter { entry.units?.contains($0.name) ?? true }
      let own = concerned.reduce(AddressSet()) { set, unit in
        unit.published.reduce(set.union(unit.allAddresses)) { $0.union(AddressSet($1.address)) }
      }
      return box(entry.transport, direction, units: own, peers: entry.addresses)
    }
  }

  /// Packets that no host makes anything of: ICMPv6 inside of IPv4, ICMP inside of IPv6.
  static func foreignICMP(_ family: IPFamily) -> PacketBox {
    PacketBox(protocols: IntervalSet(Interval(UInt32(family == .v4 ? IPProtocol.icmpv6 : IPProtocol.icmp))))
  }

  /// ICMP errors, path MTU discovery, neighbour discovery and multicast listener discovery: never excess.
  static func housekeeping(_ family: IPFamily) -> PacketBox {
    let types: [UInt32] = family == .v4 ? [3, 4, 11, 12] : [1, 2, 3, 4, 130, 131, 132, 133, 134, 135, 136, 137, 143]
    let number = family == .v4 ? IPProtocol.icmp : IPProtocol.icmpv6
    return PacketBox(
      protocols: IntervalSet(Interval(UInt32(number))),
      ports: IntervalSet(types.map { Interval($0 << 8, $0 << 8 | 255) }))
  }

  private func box(
    _ transport: TransportFlow, _ direction: Direction, units: AddressSet, peers: AddressSet
  ) -> PacketBox {
    var box = PacketBox.transport(transport)
    box.sources = direction == .incoming ? peers : units
    box.destinations = direction == .incoming ? units : peers
    return box
  }
}
