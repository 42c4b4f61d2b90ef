import Evaluation
import PacketSets
import RuleGraph

/// A small rule set whose meaning is often got wrong, and packets with their right fates.
public struct Trap: Sendable, CustomStringConvertible {
  public var description: String
  public var ruleSet: RuleSet
  /// Packets, each with whether the kernel lets it through.
  public var packets: [(packet: Packet, passes: Bool)]

  init(
    _ name: String, _ loader: RuleSet.Loader, _ family: IPFamily, _ text: String, _ packets: [(Packet, Bool)],
    ipsets: String = ""
  ) {
    description = name
    ruleSet = RuleSet(loader, family, text.hasSuffix("\n") ? text : text + "\n", ipsets: ipsets)
    self.packets = packets.map { ($0.0, $0.1) }
  }

  /// A filter table of one chain.
  static func filter(_ hook: String, _ rules: String, policy: String = "accept", family: String = "inet") -> String {
    "table \(family) filter {\nchain base {\ntype filter hook \(hook) priority filter; policy \(policy);\n\(rules)\n}\n}\n"
  }
}

extension Packet {
  /// A packet between two documentation addresses, by eth0 and on by eth1.
  public static func sample(
    _ path: Path = .input, _ family: IPFamily = .v4, _ protocolNumber: UInt8 = IPProtocol.tcp, port: UInt16 = 22,
    from: UInt128? = nil, to: UInt128? = nil, flags: UInt8 = 2, type: UInt8? = nil, sourcePort: UInt16 = 40000
  ) -> Packet {
    let base: UInt128 = family == .v4 ? 0x0A00_0000 : 0x2001_0DB8 << 96
    var packet = Packet(
      path: path, source: IPAddress(family, base | (from ?? 1)), destination: IPAddress(family, base | (to ?? 2)),
      protocolNumber: protocolNumber, inputInterface: "eth0", outputInterface: "eth1")
    if IPProtocol.hasPorts(protocolNumber) {
      packet.sourcePort = sourcePort
      packet.destinationPort = port
    }
    if protocolNumber == IPProtocol.tcp { packet.tcpFlags = flags }
    if protocolNumber == IPProtocol.icmp || protocolNumber == IPProtocol.icmpv6 {
      packet.icmpType = type ?? (family == .v4 ? 8 : 128)
      packet.icmpCode = 0
    }
    packet.timeToLive = 64
    packet.dscp = 0
    packet.length = UInt16(WirePacket.leastLength(family, protocolNumber))
    packet.state = .ofFirstPacket(
      family: family, protocolNumber: protocolNumber, tcpFlags: packet.tcpFlags, icmpType: packet.icmpType)
    return packet
  }
}
