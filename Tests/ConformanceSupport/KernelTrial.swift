import Evaluation
import Glibc
import PacketSets

extension FirewallWorld {
  /// Sends packets through the rule set that is loaded and tells what came of each.
  ///
  /// - Parameters:
  ///   - expected: which packets should come out; those are waited for.
  ///   - separately: whether connections are forgotten after every packet, as where rules rewrite addresses; else
  ///     only packets of different connections are under way together.
  ///   - patience: milliseconds to wait for an expected packet.
  /// - Returns: the packets as they came out; nil for those that did not.
  public func fates(
    of packets: [Packet], expected: [Bool], separately: Bool, patience: Int = 40
  ) throws -> [ObservedPacket?] {
    var fates = [ObservedPacket?](repeating: nil, count: packets.count)
    var indices: [UInt32: Int] = [:]
    for (route, group) in groups(packets) {
      try self.route(packets[group[0]].family, route)
      for batch in batches(packets, group, separately: separately) {
        try forgetConnections()
        var waiting = 0
        for index in batch {
          let identity = newIdentity()
          indices[identity] = index
          if expected[index] { waiting += 1 }
          send(WirePacket(packets[index], identity: identity))
        }
        var waited = 0
        while true {
          for seen in observed(packets[batch[0]].family) {
            guard let index = indices[seen.identity], fates[index] == nil else { continue }
            guard isExit(seen, of: packets[index]) else { continue }
            fates[index] = seen
            if expected[index] { waiting -= 1 }
          }
          if waiting <= 0 || waited > patience * 1000 { break }
          usleep(200)
          waited += 260
        }
      }
      usleep(500)
      for seen in observed(packets[group[0]].family) {
        if let index = indices[seen.identity], fates[index] == nil, isExit(seen, of: packets[index]) {
          fates[index] = seen
        }
      }
    }
    return fates
  }

  /// Whether a packet was seen where packets of its path come out, rather than as part of an answer to it.
  private func isExit(_ seen: ObservedPacket, of packet: Packet) -> Bool {
    packet.path == .input ? seen.outputInterface == nil : seen.outputInterface == packet.outputInterface
  }

  /// How packets have to go for one to take its path.
  func route(for packet: Packet) -> Route {
    let interface = Self.interfaces.firstIndex(of: packet.outputInterface ?? "") ?? 0
    return switch packet.path {
    case .input: .toHost
    case .forward: .through(interface: interface)
    case .output: .fromHost(interface: interface)
    }
  }

  private func groups(_ packets: [Packet]) -> [(Route, [Int])] {
    var order: [Route] = []
    var members: [Route: [Int]] = [:]
    for (index, packet) in packets.enumerated() {
      let route = route(for: packet)
      if members[route] == nil { order.append(route) }
      members[route, default: []].append(index)
    }
    return order.map { ($0, members[$0] ?? []) }
  }

  /// What two packets must not share to be under way together.
  private struct ConnectionKey: Hashable {
    var ends: Set<[UInt64]>
    var protocolNumber: UInt8

    init(_ packet: Packet) {
      func end(_ address: IPAddress, _ port: UInt16?) -> [UInt64] {
        let port = IPProtocol.hasPorts(packet.protocolNumber) ? port ?? 0 : 0
        return [UInt64(truncatingIfNeeded: address.bits >> 64), UInt64(truncatingIfNeeded: address.bits), UInt64(port)]
      }
      ends = [end(packet.source, packet.sourcePort), end(packet.destination, packet.destinationPort)]
      protocolNumber = packet.protocolNumber
    }
  }

  private func batches(_ packets: [Packet], _ group: [Int], separately: Bool) -> [[Int]] {
    if separately { return group.map { [$0] } }
    var batches: [(members: [Int], keys: Set<ConnectionKey>)] = []
    for index in group {
      let key = ConnectionKey(packets[index])
      if let free = batches.firstIndex(where: { $0.members.count < 64 && !$0.keys.contains(key) }) {
        batches[free].members.append(index)
        batches[free].keys.insert(key)
      } else {
        batches.append(([index], [key]))
      }
    }
    return batches.map(\.members)
  }
}
