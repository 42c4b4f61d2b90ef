/// The data types of nft's expressions, which decide how a constant is read.
enum DataType: UInt8, Sendable {
  case integer
  case verdict
  case networkProtocol
  case etherAddress
  case ipv4Address
  case ipv6Address
  case transportProtocol
  case service
  case icmpType
  case icmpCode
  case icmpv6Type
  case icmpv6Code
  case icmpxCode
  case igmpType
  case mark
  case ctState
  case ctDirection
  case ctStatus
  case ctLabel
  case ctEvent
  case tcpFlag
  case interfaceName
  case interfaceIndex
  case interfaceType
  case userID
  case groupID
  case packetType
  case deviceGroup
  case dscp
  case ecn
  case etherType
  case arpOperation
  case dccpType
  case mobilityType
  case duration
  case date
  case day
  case hour
  case realm
  case trafficClass
  case boolean
  case addressType
  case string
  case chunkFlags
  case tcpOption

  /// The number of bits of a value.
  var bits: Int {
    switch self {
    case .boolean: 1
    case .ecn: 2
    case .dccpType: 4
    case .dscp: 6
    case .networkProtocol,
      .transportProtocol,
      .icmpType,
      .icmpCode,
      .icmpv6Type,
      .icmpv6Code,
      .icmpxCode,
      .igmpType,
      .ctDirection,
      .tcpFlag,
      .packetType,
      .mobilityType,
      .day,
      .chunkFlags,
      .tcpOption:
      8
    case .service, .interfaceType, .etherType, .arpOperation: 16
    case .verdict,
      .ipv4Address,
      .mark,
      .ctState,
      .ctStatus,
      .ctEvent,
      .interfaceIndex,
      .userID,
      .groupID,
      .deviceGroup,
      .hour,
      .realm,
      .trafficClass,
      .addressType:
      32
    case .etherAddress: 48
    case .duration, .date: 64
    case .integer, .ipv6Address, .ctLabel, .interfaceName, .string: 128
    }
  }

  /// The largest value.
  var last: UInt128 { bits >= 128 ? .max : (UInt128(1) << UInt128(bits)) - 1 }

  /// Whether values are sets of flags, so that a plain comparison asks for any of them.
  var isBitmask: Bool {
    switch self {
    case .ctState, .ctStatus, .ctEvent, .tcpFlag, .ctLabel: true
    default: false
    }
  }

  /// Whether values are names of interfaces.
  var isInterface: Bool { self == .interfaceName || self == .interfaceIndex }

  /// Whether values are texts that are not looked into.
  var isText: Bool { self == .string }

  /// The name that set declarations use.
  var name: String {
    switch self {
    case .integer: "integer"
    case .verdict: "verdict"
    case .networkProtocol: "nf_proto"
    case .etherAddress: "ether_addr"
    case .ipv4Address: "ipv4_addr"
    case .ipv6Address: "ipv6_addr"
    case .transportProtocol: "inet_proto"
    case .service: "inet_service"
    case .icmpType: "icmp_type"
    case .icmpCode: "icmp_code"
    case .icmpv6Type: "icmpv6_type"
    case .icmpv6Code: "icmpv6_code"
    case .icmpxCode: "icmpx_code"
    case .igmpType: "igmp_type"
    case .mark: "mark"
    case .ctState: "ct_state"
    case .ctDirection: "ct_dir"
    case .ctStatus: "ct_status"
    case .ctLabel: "ct_label"
    case .ctEvent: "ct_event"
    case .tcpFlag: "tcp_flag"
    case .interfaceName: "ifname"
    case .interfaceIndex: "iface_index"
    case .interfaceType: "iface_type"
    case .userID: "uid"
    case .groupID: "gid"
    case .packetType: "pkt_type"
    case .deviceGroup: "devgroup"
    case .dscp: "dscp"
    case .ecn: "ecn"
    case .etherType: "ether_type"
    case .arpOperation: "arp_op"
    case .dccpType: "dccp_pkttype"
    case .mobilityType: "mh_type"
    case .duration: "time"
    case .date: "date"
    case .day: "day"
    case .hour: "hour"
    case .realm: "realm"
    case .trafficClass: "trafficClass"
    case .boolean: "boolean"
    case .addressType: "fib_addrtype"
    case .string: "string"
    case .chunkFlags: "sctp_chunk"
    case .tcpOption: "tcp_option"
    }
  }

  private static let byName: [String: DataType] = [
    "integer": .integer,
    "verdict": .verdict,
    "nf_proto": .networkProtocol,
    "ether_addr": .etherAddress,
    "ll_addr": .etherAddress,
    "ipv4_addr": .ipv4Address,
    "ipv6_addr": .ipv6Address,
    "inet_proto": .transportProtocol,
    "inet_service": .service,
    "icmp_type": .icmpType,
    "icmp_code": .icmpCode,
    "icmpv6_type": .icmpv6Type,
    "icmpv6_code": .icmpv6Code,
    "icmpx_code": .icmpxCode,
    "igmp_type": .igmpType,
    "mark": .mark,
    "ct_state": .ctState,
    "ct_dir": .ctDirection,
    "ct_status": .ctStatus,
    "ct_label": .ctLabel,
    "ct_event": .ctEvent,
    "tcp_flag": .tcpFlag,
    "ifname": .interfaceName,
    "iface_index": .interfaceIndex,
    "iface_type": .interfaceType,
    "uid": .userID,
    "gid": .groupID,
    "pkt_type": .packetType,
    "devgroup": .deviceGroup,
    "dscp": .dscp,
    "ecn": .ecn,
    "ether_type": .etherType,
    "arp_op": .arpOperation,
    "dccp_pkttype": .dccpType,
    "mh_type": .mobilityType,
    "time": .duration,
    "day": .day,
    "hour": .hour,
    "realm": .realm,
    "classid": .realm,
    "boolean": .boolean,
    "fib_addrtype": .addressType,
    "string": .string,
    "sctp_chunk": .chunkFlags,
    "tcp_option": .tcpOption,
    "tcpopt": .tcpOption,
  ]

  /// The type of a name in a set declaration.
  init?(named name: String) {
    guard let type = Self.byName[name] else { return nil }
    self = type
  }

  /// All names.
  static var names: [String] { byName.keys.sorted() }
}
