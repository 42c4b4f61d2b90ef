extension Field {
  /// The field in words, as messages name it.
  public var words: String {
    switch self {
    case .ipv4Source, .ipv6Source: "source address"
    case .ipv4Destination, .ipv6Destination: "destination address"
    case .family: "family"
    case .protocolNumber: "protocol"
    case .sourcePort: "source port"
    case .destinationPort: "destination port"
    case .icmpType: "ICMP type"
    case .icmpCode: "ICMP code"
    case .tcpFlags: "TCP flags"
    case .inputInterface: "incoming interface"
    case .outputInterface: "outgoing interface"
    case .ctState: "tracking state"
    case .ctStatus: "tracking status"
    case .ctDirection: "direction in its connection"
    case .mark: "mark"
    case .ctMark: "connection mark"
    case .fragment: "fragmentation"
    case .timeToLive: "time to live"
    case .dscp: "DSCP"
    case .length: "length"
    case .packetType: "link-layer type"
    case .sourceAddressType: "kind of source address"
    case .destinationAddressType: "kind of destination address"
    case .ctOriginalIPv4Source, .ctOriginalIPv6Source: "original source address"
    case .ctOriginalIPv4Destination, .ctOriginalIPv6Destination: "original destination address"
    case .ctOriginalSourcePort: "original source port"
    case .ctOriginalDestinationPort: "original destination port"
    case .ctReplyIPv4Source, .ctReplyIPv6Source: "source address of its replies"
    case .ctReplyIPv4Destination, .ctReplyIPv6Destination: "destination address of its replies"
    case .ctReplySourcePort: "source port of its replies"
    case .ctReplyDestinationPort: "destination port of its replies"
    case .ctProtocol: "protocol of its connection"
    }
  }
}
