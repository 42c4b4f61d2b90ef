import ConformanceSupport
import Evaluation
import Glibc
import PacketSets

do {
  let world = try FirewallWorld()
  for family in IPFamily.allCases {
    for (path, route) in [(Packet.Path.input, FirewallWorld.Route.toHost), (.forward, .through(interface: 2)), (.output, .through(interface: 0))] {
      try world.route(family, route)
      for number in FirewallWorld.protocols + [family == .v4 ? 1 : 58] {
        var packet = Packet(path: path, source: IPAddress(family, family == .v4 ? 0x0a000001 : 0x20010db8 << 96 | 1), destination: IPAddress(family, family == .v4 ? 0x0a000002 : 0x20010db8 << 96 | 2), protocolNumber: number, sourcePort: 1000, destinationPort: 22, icmpType: family == .v4 ? 8 : 128, icmpCode: 0, tcpFlags: 2)
        packet.length = 100
        packet.inputInterface = "eth1"
        let wire = WirePacket(packet, identity: world.newIdentity())
        world.send(wire)
        usleep(1000)
        print(family, path, number, wire.identity, world.observed(family))
      }
    }
  }
  for _ in 0..<3 {
    let clock = ContinuousClock()
    print(try clock.measure { try world.forgetConnections() })
    print(try clock.measure { try world.route(.v4, .toHost); try world.route(.v4, .through(interface: 1)) })
    print(try clock.measure { print(try world.run(["nft", "-f", "-"], input: "table inet x { chain y { type filter hook input priority 0; ct state invalid drop; } }")) })
    print(try clock.measure { print(try world.run(["nft", "flush", "ruleset"], input: "")) })
  }
} catch { print(error) }
