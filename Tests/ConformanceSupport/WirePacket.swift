import Evaluation
import PacketSets

/// Writes a packet as the bytes of an IP datagram, with an identity in its payload by which it is known again.
///
/// Layout of the transport part: header of the protocol, then `marker` and four bytes of identity, then zeros up to the
/// length that was asked for. Protocols that the suite has no header for begin with two ports and four zeros all the
/// same, so that rules which read ports without asking for the protocol have something to read.
public struct WirePacket {
  /// Begins every payload.
  static let marker: [UInt8] = Array("FWLT".utf8)

  /// The packet that is sent.
  public var packet: Packet
  /// Its number; no two packets of a run share one.
  public var identity: UInt32
  /// What an ICMP error quotes: the IP datagram that it answers.
  public var quoted: [UInt8] = []
  /// TCP sequence and acknowledgement numbers.
  public var sequence: UInt32 = 1000
  public var acknowledgement: UInt32 = 0
  /// Whether TCP and UDP get a wrong checksum: rules and tracking of the world do not look at it, and the host's own
  /// stack then keeps still, which would else answer.
  var spoilsChecksum = false

  /// Makes a packet to send.
  public init(_ packet: Packet, identity: UInt32, quoted: [UInt8] = []) {
    self.packet = packet
    self.identity = identity
    self.quoted = quoted
  }

  /// The least length that holds headers and identity, from the IP header on.
  public static func leastLength(_ family: IPFamily, _ protocolNumber: UInt8) -> Int {
    (family == .v4 ? 20 : 40) + headerLength(protocolNumber) + 8
  }

  /// Bytes before the marker.
  static func headerLength(_ protocolNumber: UInt8) -> Int {
    switch protocolNumber {
    case IPProtocol.tcp: 20
    case IPProtocol.sctp: 36
    case IPProtocol.dccp: 16
    default: 8
    }
  }

  /// The datagram.
  public var bytes: [UInt8] {
    var transport = transportBytes
    let isV4 = packet.family == .v4
    let ipHeader = isV4 ? 20 : 40
    let wanted = Int(packet.length ?? 0) - ipHeader
    if transport.count < wanted { transport += [UInt8](repeating: 0, count: wanted - transport.count) }
    finish(&transport)
    return (isV4 ? headerV4(transport.count) : headerV6(transport.count)) + transport
  }

  private var identityBytes: [UInt8] { Self.marker + identity.networkBytes }

  private func addressBytes(_ address: IPAddress) -> [UInt8] {
    address.family == .v4 ? UInt32(truncatingIfNeeded: address.bits).networkBytes : address.bits.networkBytes
  }

  private func headerV4(_ payload: Int) -> [UInt8] {
    var header: [UInt8] = [0x45, (packet.dscp ?? 0) << 2]
    header += UInt16(truncatingIfNeeded: 20 + payload).networkBytes
    header += [0, 0, 0, 0, packet.timeToLive ?? 64, packet.protocolNumber, 0, 0]
    header += addressBytes(packet.source) + addressBytes(packet.destination)
    header.replaceSubrange(10..<12, with: Checksums.internet(header).networkBytes)
    return header
  }

  private func headerV6(_ payload: Int) -> [UInt8] {
    let trafficClass = UInt32(packet.dscp ?? 0) << 2
    return (6 << 28 | trafficClass << 20).networkBytes + UInt16(truncatingIfNeeded: payload).networkBytes
      + [packet.protocolNumber, packet.timeToLive ?? 64]
      + addressBytes(packet.source) + addressBytes(packet.destination)
  }

  private var portBytes: [UInt8] {
    (packet.sourcePort ?? 0).networkBytes + (packet.destinationPort ?? 0).networkBytes
  }

  /// Header and payload before padding; checksums and lengths are filled in by `finish`.
  private var transportBytes: [UInt8] {
    switch packet.protocolNumber {
    case IPProtocol.tcp:
      return portBytes + sequence.networkBytes + acknowledgement.networkBytes
        + [0x50, packet.tcpFlags ?? 2] + UInt16(8192).networkBytes + [0, 0, 0, 0] + identityBytes
    case IPProtocol.sctp:
      // An INIT chunk; the payload is a parameter of an unknown type that receivers skip.
      return portBytes + [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0] + UInt32(identity | 1).networkBytes
        + UInt32(65536).networkBytes + [0, 1, 0, 1] + UInt32(1).networkBytes + [0xC0, 0, 0, 0] + identityBytes
    case IPProtocol.dccp: return portBytes + [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + identityBytes
    case IPProtocol.icmp, IPProtocol.icmpv6:
      let head = [packet.icmpType ?? 8, packet.icmpCode ?? 0, 0, 0]
      // Echoes of one exchange share their identifier; an error message has its identity where they have that.
      return quoted.isEmpty ? head + [0x12, 0x34, 0, 1] + identityBytes : head + identity.networkBytes + quoted
    case IPProtocol.udp, IPProtocol.udplite: return portBytes + [0, 0, 0, 0] + identityBytes
    default: return portBytes + [0, 0, 0, 0] + identityBytes
    }
  }

  /// Fills in lengths and checksums.
  private func finish(_ transport: inout [UInt8]) {
    defer {
      if spoilsChecksum, packet.protocolNumber == IPProtocol.tcp { transport[16] ^= 0x55 }
      if spoilsChecksum, packet.protocolNumber == IPProtocol.udp { transport[6] ^= transport[6] == 0x55 ? 0x66 : 0x55 }
    }
    switch packet.protocolNumber {
    case IPProtocol.tcp: transport.replaceSubrange(16..<18, with: pseudoChecksum(transport).networkBytes)
    case IPProtocol.udp:
      transport.replaceSubrange(4..<6, with: UInt16(truncatingIfNeeded: transport.count).networkBytes)
      let sum = pseudoChecksum(transport)
      transport.replaceSubrange(6..<8, with: (sum == 0 ? .max : sum).networkBytes)
    case IPProtocol.udplite: transport.replaceSubrange(6..<8, with: pseudoChecksum(transport).networkBytes)
    case IPProtocol.icmpv6: transport.replaceSubrange(2..<4, with: pseudoChecksum(transport).networkBytes)
    case IPProtocol.icmp where packet.family == .v4:
      transport.replaceSubrange(2..<4, with: Checksums.internet(transport).networkBytes)
    case IPProtocol.sctp:
      while transport.count % 4 != 0 { transport.append(0) }
      transport.replaceSubrange(14..<16, with: UInt16(truncatingIfNeeded: transport.count - 12).networkBytes)
      transport.replaceSubrange(34..<36, with: UInt16(truncatingIfNeeded: transport.count - 32).networkBytes)
      transport.replaceSubrange(8..<12, with: Checksums.crc32c(transport))
    default: break
    }
  }

  private func pseudoChecksum(_ transport: [UInt8]) -> UInt16 {
    let length = UInt32(transport.count).networkBytes
    return Checksums.internet(
      addressBytes(packet.source) + addressBytes(packet.destination) + length + [0, 0, 0, packet.protocolNumber]
        + transport)
  }
}
