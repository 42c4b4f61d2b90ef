import Evaluation
import PacketSets

/// A packet as `trace` reads and writes it; fields that are not known are left out.
struct PacketJSON: Encodable {
  var hook: String
  var src: String
  var dst: String
  var proto: String
  var sport: UInt16?
  var dport: UInt16?
  var type: UInt8?
  var code: UInt8?
  var iif: String?
  var oif: String?
  var state: String
  var flags: [String]?
  var options: [UInt8]?
  var mark: UInt32
  var ttl: UInt8?
  var dscp: UInt8?
  var length: UInt16?

  init(_ packet: Packet) {
    hook = packet.path.rawValue
    src = "\(packet.source)"
    dst = "\(packet.destination)"
    proto = Self.protocolWord(packet.protocolNumber)
    sport = packet.sourcePort
    dport = packet.destinationPort
    type = packet.icmpType
    code = packet.icmpCode
    iif = packet.inputInterface.flatMap { $0.isEmpty ? nil : $0 }
    oif = packet.outputInterface.flatMap { $0.isEmpty ? nil : $0 }
    state = packet.state.keyword
    flags = packet.tcpFlags.map(PacketText.flags)
    options = packet.tcpOptions
    mark = packet.mark
    ttl = packet.timeToLive
    dscp = packet.dscp
    length = packet.length
  }

  /// The contract's words: `tcp`, `udp`, `icmp`, `icmpv6`, else the number.
  static func protocolWord(_ number: UInt8) -> String {
    switch number {
    case IPProtocol.tcp: "tcp"
    case IPProtocol.udp: "udp"
    case IPProtocol.icmp: "icmp"
    case IPProtocol.icmpv6: "icmpv6"
    default: String(number)
    }
  }
}
