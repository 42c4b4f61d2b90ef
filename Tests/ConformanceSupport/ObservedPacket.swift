import PacketSets

/// A packet that came out of the firewall: who it is and what its headers say now.
public struct ObservedPacket: Sendable, Hashable {
  public var identity: UInt32
  public var source: IPAddress
  public var destination: IPAddress
  public var protocolNumber: UInt8
  /// Nil for protocols without ports.
  public var sourcePort: UInt16?
  public var destinationPort: UInt16?
  /// The interface at whose far end it was seen; nil when the firewall's host took it.
  public var outputInterface: String?

  /// Reads an IP datagram; nil when it is none of ours.
  init?(datagram: some Collection<UInt8>) {
    let bytes = Array(datagram)
    guard let first = bytes.first else { return nil }
    if first >> 4 == 4, bytes.count >= 20 {
      let header = Int(first & 15) * 4
      self.init(
        protocolNumber: bytes[9], source: IPAddress(v4: Self.narrow(bytes[12..<16])),
        destination: IPAddress(v4: Self.narrow(bytes[16..<20])), transport: bytes.dropFirst(header))
    } else if first >> 4 == 6, bytes.count >= 40 {
      self.init(
        protocolNumber: bytes[6], source: IPAddress(.v6, Self.wide(bytes[8..<24])),
        destination: IPAddress(.v6, Self.wide(bytes[24..<40])), transport: bytes.dropFirst(40))
    } else {
      return nil
    }
  }

  /// Reads a transport header and payload; nil when it is none of ours.
  init?(protocolNumber: UInt8, source: IPAddress, destination: IPAddress, transport: some Collection<UInt8>) {
    let bytes = Array(transport)
    var start = WirePacket.headerLength(protocolNumber)
    if protocolNumber == IPProtocol.icmp || protocolNumber == IPProtocol.icmpv6, bytes.count >= 9 {
      // An error message carries its own number in the header's second half; the payload is the quoted packet.
      if bytes[8] >> 4 == 4 || bytes[8] >> 4 == 6, bytes[8] != WirePacket.marker[0] { start = 4 }
    }
    if start == 4 {
      identity = Self.narrow(bytes[4..<8])
    } else {
      guard bytes.count >= start + 8, Array(bytes[start..<start + 4]) == WirePacket.marker else { return nil }
      identity = Self.narrow(bytes[start + 4..<start + 8])
    }
    self.protocolNumber = protocolNumber
    self.source = source
    self.destination = destination
    if IPProtocol.hasPorts(protocolNumber) {
      sourcePort = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
      destinationPort = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }
  }

  private static func narrow(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

  static func wide(_ bytes: ArraySlice<UInt8>) -> UInt128 { bytes.reduce(0) { $0 << 8 | UInt128($1) } }
}
