import PacketSets

/// A property of a packet that rules look at.
///
/// **Invariant:** a match on a field that a packet does not have does not match, negated or not. That is what nft's
/// payload and conntrack loads do (they break the rule), and what the protocol guards of iptables' extensions amount
/// to. An absent interface is the empty name, which exists.
public enum Field: UInt8, Sendable, Hashable, CaseIterable {
  /// IPv4 source address; absent from IPv6 packets.
  case ipv4Source
  /// IPv4 destination address; absent from IPv6 packets.
  case ipv4Destination
  /// IPv6 source address, 128 bits; absent from IPv4 packets.
  case ipv6Source
  /// IPv6 destination address, 128 bits; absent from IPv4 packets.
  case ipv6Destination
  /// 4 or 6, as `meta nfproto`.
  case family
  /// The transport protocol's number, behind IPv6 extension headers, as `meta l4proto`.
  case protocolNumber
  /// Source port; absent where the protocol has none, and from fragments but the first.
  case sourcePort
  /// Destination port; absent where the protocol has none, and from fragments but the first.
  case destinationPort
  /// ICMP or ICMPv6 type.
  case icmpType
  /// ICMP or ICMPv6 code.
  case icmpCode
  /// The eight TCP flags: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128.
  case tcpFlags
  /// The kinds of options in the TCP header, which are a set: a range matches when it holds the kind of some option.
  case tcpOption
  /// Name of the incoming interface; values are ids of `RuleGraph.names`.
  case inputInterface
  /// Name of the outgoing interface.
  case outputInterface
  /// A `ConntrackState`.
  case ctState
  /// Bits of the connection's status, as in nf_conntrack_common.h; absent without a connection.
  case ctStatus
  /// 0 original, 1 reply; absent without a connection.
  case ctDirection
  /// The packet's mark, 32 bits.
  case mark
  /// The connection's mark, 32 bits; absent without a connection.
  case ctMark
  /// 1 for fragments but the first, else 0.
  case fragment
  /// IPv4 TTL or IPv6 hop limit.
  case timeToLive
  /// The six bits of the differentiated services code point.
  case dscp
  /// Length of the packet in bytes, from the IP header on.
  case length
  /// Link-layer packet type, as in if_packet.h: 0 unicast to us, 1 broadcast, 2 multicast.
  case packetType
  /// Routing type of the source address, an `AddressType`.
  case sourceAddressType
  /// Routing type of the destination address, an `AddressType`.
  case destinationAddressType
  /// Original tuple of the connection: IPv4 source; absent without a connection.
  case ctOriginalIPv4Source
  /// Original tuple of the connection: IPv4 destination.
  case ctOriginalIPv4Destination
  /// Original tuple of the connection: IPv6 source.
  case ctOriginalIPv6Source
  /// Original tuple of the connection: IPv6 destination.
  case ctOriginalIPv6Destination
  /// Original tuple of the connection: source port.
  case ctOriginalSourcePort
  /// Original tuple of the connection: destination port.
  case ctOriginalDestinationPort
  /// Reply tuple of the connection: IPv4 source, which is where the first packet goes as far as rules have mapped it.
  case ctReplyIPv4Source
  /// Reply tuple of the connection: IPv4 destination.
  case ctReplyIPv4Destination
  /// Reply tuple of the connection: IPv6 source.
  case ctReplyIPv6Source
  /// Reply tuple of the connection: IPv6 destination.
  case ctReplyIPv6Destination
  /// Reply tuple of the connection: source port.
  case ctReplySourcePort
  /// Reply tuple of the connection: destination port.
  case ctReplyDestinationPort
  /// The connection's transport protocol, of which ICMP errors about it are no packets; absent without a connection.
  case ctProtocol

  /// Whether values have 128 bits.
  @inlinable
  public var isWide: Bool {
    switch self {
    case .ipv6Source, .ipv6Destination, .ctOriginalIPv6Source, .ctOriginalIPv6Destination, .ctReplyIPv6Source,
      .ctReplyIPv6Destination:
      true
    default: false
    }
  }

  /// Whether values are interface names.
  @inlinable
  public var isInterface: Bool { self == .inputInterface || self == .outputInterface }
}

/// What connection tracking says of a packet, as one of five values.
public enum ConntrackState: UInt8, Sendable, Hashable, CaseIterable {
  case new
  case established
  case related
  case invalid
  case untracked

  /// The bit of this state in a `RuleItem` of kind `.bits`.
  @inlinable
  public var bit: UInt32 { 1 << UInt32(rawValue) }

  /// The keyword that nft and iptables share.
  public var keyword: String { "\(self)" }
}

/// Routing types of addresses, numbered as in rtnetlink.h (`RTN_UNICAST` and so on).
public enum AddressType: UInt8, Sendable, Hashable, CaseIterable {
  case unspecified = 0
  case unicast = 1
  case local = 2
  case broadcast = 3
  case anycast = 4
  case multicast = 5
  case blackhole = 6
  case unreachable = 7
  case prohibit = 8
}
