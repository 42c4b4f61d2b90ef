import Evaluation
import PacketSets
import Requirements
import RuleGraph

/// Makes packets of a requirement from the site alone: units, peers and ports.
struct FlowPackets {
  /// A first packet, and whether something has to come back.
  struct Trip {
    var first: Packet
    var needsReply: Bool
    /// Whether the site says who the peer is; of others some may be the ones that pass.
    var isPeerKnown: Bool
  }

  let site: Site
  let entry: FirewallEntry
  let requirement: Requirement
  let constants: ConstantPool
  let family: IPFamily
  /// Whether some rule maps destinations.
  let translates: Bool

  /// Packets of each alternative; empty where the requirement has none in the family.
  func alternatives(perFlow count: Int, using random: inout SeededGenerator) -> [[Trip]] {
    requirement.alternatives.map { flows in flows.flatMap { trips($0, count, using: &random) } }
  }

  private func trips(_ flow: RequiredFlow, _ count: Int, using random: inout SeededGenerator) -> [Trip] {
    let number = flow.transport.protocolNumber
    guard number == IPProtocol.tcp || number == IPProtocol.udp else { return [] }
    guard let peers = peers(of: flow), !peers.isEmpty else { return [] }
    var trips: [Trip] = []
    for unit in site.units(behind: entry) {
      let own = unit.addresses(for: requirement.feature).restricted(to: family)
      guard let address = own.prefixes.first?.base else { continue }
      for _ in 0..<count {
        guard let peer = member(of: peers, using: &random), peer != address else { continue }
        guard let called = called(unit, own: address, by: peer, flow) else { continue }
        trips.append(
          Trip(
            first: packet(flow, peer: peer, unit: called, using: &random), needsReply: flow.needsReply,
            isPeerKnown: flow.peers != .unknown))
      }
    }
    return trips
  }

  private func peers(of flow: RequiredFlow) -> AddressSet? {
    switch flow.peers {
    case .known(let addresses): addresses.restricted(to: family)
    case .any: AddressSet.globallyReachableUnicast.restricted(to: family)
    // Who they are is not known: all that a host may have.
    case .unknown: AddressSet.all.restricted(to: family)
    case .units: nil
    }
  }

  /// The address by which a peer calls a unit; nil where the site leaves it open.
  private func called(_ unit: Unit, own: IPAddress, by peer: IPAddress, _ flow: RequiredFlow) -> IPAddress? {
    guard requirement.direction == .incoming, entry.position == .forward, translates,
      let published = unit.published.first(where: { $0.address.family == family })
    else { return own }
    if AddressSet.globallyReachableUnicast.contains(peer) { return published.address }
    // Peers that nobody has named may be inside or outside.
    return flow.peers == .unknown ? nil : own
  }

  /// First, last, a constant of the rules and its neighbours, or any other member.
  private func member(of set: AddressSet, using random: inout SeededGenerator) -> IPAddress? {
    let intervals = set.intervals(family)
    for _ in 0..<20 {
      let interval = random.pick(intervals)
      var bits = random.chance(50) ? interval.lower : interval.upper
      if random.chance(50), let constant = (constants.addresses[family] ?? []).randomElement(using: &random) {
        bits = constant.bits
      } else if random.chance(40) {
        let span = interval.upper - interval.lower
        bits = interval.lower + (span == .max ? random.wide() : random.wide() % (span + 1))
      }
      let address = IPAddress(family, bits)
      if set.contains(address), address.isSendable { return address }
    }
    return nil
  }

  private func port(of set: IntervalSet<UInt32>, using random: inout SeededGenerator) -> UInt16 {
    let interval = random.pick(set.intervals)
    if random.chance(30),
      let known = constants.numbers.filter({ set.contains(UInt32($0)) }).randomElement(using: &random)
    {
      return known
    }
    return UInt16(random.chance(50) ? interval.lower : interval.upper)
  }

  private func packet(
    _ flow: RequiredFlow, peer: IPAddress, unit: IPAddress, using random: inout SeededGenerator
  ) -> Packet {
    let isIncoming = requirement.direction == .incoming
    let path: Packet.Path = entry.position == .forward ? .forward : isIncoming ? .input : .output
    func interface(_ role: String) -> String {
      entry.interfaces(of: role)?.randomElement(using: &random) ?? random.pick(FirewallWorld.interfaces)
    }
    let peerSide = interface(flow.role)
    let unitSide = entry.position == .forward ? interface(InterfaceBinding.units) : peerSide
    var packet = Packet(
      path: path, source: isIncoming ? peer : unit, destination: isIncoming ? unit : peer,
      protocolNumber: flow.transport.protocolNumber, inputInterface: isIncoming ? peerSide : unitSide,
      outputInterface: isIncoming ? unitSide : peerSide)
    packet.sourcePort = random.pick([1024, 40000, 65535, UInt16(random.number(1024...65535))])
    packet.destinationPort = port(of: flow.transport.ports, using: &random)
    if packet.protocolNumber == IPProtocol.tcp { packet.tcpFlags = 2 }
    packet.timeToLive = 64
    packet.dscp = 0
    packet.length = UInt16(WirePacket.leastLength(family, packet.protocolNumber))
    return packet
  }
}

extension SeededGenerator {
  /// Any number of 128 bits.
  mutating func wide() -> UInt128 { UInt128(next()) << 64 | UInt128(next()) }
}
