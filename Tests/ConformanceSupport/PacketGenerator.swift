import Evaluation
import PacketSets
import RuleGraph

/// Makes packets that lie on and beside the constants of a rule set.
public struct PacketGenerator {
  private let family: IPFamily
  private let pool: ConstantPool
  private let addresses: [IPAddress]

  /// Prepares to make packets for a rule set.
  public init(family: IPFamily, pool: ConstantPool) {
    self.family = family
    self.pool = pool
    let known = pool.addresses[family] ?? []
    addresses = known.isEmpty ? Self.ordinary(family) : known
  }

  private static func ordinary(_ family: IPFamily) -> [IPAddress] {
    family == .v4
      ? [0x0A00_0001, 0x0A00_0102, 0xC0A8_0101, 0x0808_0808].map { IPAddress(v4: $0) }
      : [0x2001_0DB8 << 96 | 1, 0xFD00 << 112 | 2, 0x2606_4700 << 96 | 0x1111].map { IPAddress(.v6, $0) }
  }

  /// A packet of a path, as the first of its connection.
  public func packet(_ path: Packet.Path, using random: inout SeededGenerator) -> Packet {
    var packet = Packet(
      path: path, source: address(&random), destination: address(&random), protocolNumber: protocolNumber(&random),
      inputInterface: random.pick(FirewallWorld.interfaces), outputInterface: random.pick(FirewallWorld.interfaces))
    let number = packet.protocolNumber
    let isICMP = number == IPProtocol.icmp || number == IPProtocol.icmpv6
    if !isICMP {
      // Rules that read ports without asking for the protocol read these bytes of any protocol.
      packet.sourcePort = random.chance(50) ? port(&random) : UInt16(random.number(1024...65535))
      packet.destinationPort = port(&random)
      // A GRE header whose version is not 0 is a matter of its own.
      if number == IPProtocol.gre { packet.sourcePort = packet.sourcePort.map { $0 & 0xFFF8 } }
    }
    if number == IPProtocol.tcp { packet.tcpFlags = flags(&random) }
    if isICMP {
      packet.icmpType = random.chance(40) ? (family == .v4 ? 8 : 128) : byte(&random, 255)
      packet.icmpCode = random.chance(60) ? 0 : UInt8(random.number(0...4))
    }
    packet.timeToLive = random.chance(60) ? 64 : max(2, byte(&random, 255))
    packet.dscp = random.chance(60) ? 0 : byte(&random, 63)
    let least = WirePacket.leastLength(family, number)
    packet.length = UInt16(least)
    if random.chance(30), let length = pool.numbers.filter({ $0 >= least && $0 <= 1400 }).randomElement(using: &random)
    {
      packet.length = number == IPProtocol.sctp ? length & ~3 : length
    }
    if path == .output, random.chance(20) { packet.mark = UInt32(random.number(0...7)) }
    packet.state = .ofFirstPacket(
      family: family, protocolNumber: number, tcpFlags: packet.tcpFlags, icmpType: packet.icmpType)
    return packet
  }

  private func address(_ random: inout SeededGenerator) -> IPAddress {
    for _ in 0..<20 {
      var address = random.pick(random.chance(90) ? addresses : Self.ordinary(family))
      if random.chance(10) {
        address = IPAddress(family, address.bits ^ 1 << UInt128(random.number(0...family.addressWidth - 1)))
      }
      if address.isSendable { return address }
    }
    return Self.ordinary(family)[0]
  }

  private func protocolNumber(_ random: inout SeededGenerator) -> UInt8 {
    let icmp = family == .v4 ? IPProtocol.icmp : IPProtocol.icmpv6
    return random.pick([6, 6, 6, 6, 6, 6, 6, 17, 17, 17, 17, icmp, icmp, icmp, random.pick(FirewallWorld.protocols)])
  }

  private func port(_ random: inout SeededGenerator) -> UInt16 {
    if random.chance(85), let port = pool.numbers.randomElement(using: &random) { return port }
    return UInt16(random.number(1...65535))
  }

  private func byte(_ random: inout SeededGenerator, _ last: UInt16) -> UInt8 {
    if random.chance(80), let value = pool.numbers.filter({ $0 <= last }).randomElement(using: &random) {
      return UInt8(value)
    }
    return UInt8(random.number(0...Int(last)))
  }

  private func flags(_ random: inout SeededGenerator) -> UInt8 {
    if random.chance(50) { return 0x02 }
    return random.chance(70)
      ? random.pick([0x12, 0x10, 0x01, 0x11, 0x04, 0x14, 0x18, 0x00, 0x29, 0x03, 0x06, 0xC2, 0x42, 0x22, 0x0A])
      : UInt8(random.number(0...255))
  }
}
