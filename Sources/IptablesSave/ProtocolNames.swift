import PacketSets

/// Protocols by number or name, as iptables reads them; 0 is any.
enum ProtocolNames {
  /// Names that are suggested for mistyped ones.
  static let ordinary = [
    "tcp", "udp", "icmp", "icmpv6", "ipv6-icmp", "sctp", "udplite", "dccp", "esp", "ah", "gre", "all",
  ]

  static func number(_ text: ByteText) -> UInt8? {
    if let number = text.number(upTo: 255) { return UInt8(number) }
    if text.equalsIgnoringCase("all") { return 0 }
    if text.equalsIgnoringCase("ipv6-mh") || text.equalsIgnoringCase("mh") { return 135 }
    guard !text.isEmpty, text.count <= 32 else { return nil }
    return IPProtocol.number(named: text.string)
  }
}
