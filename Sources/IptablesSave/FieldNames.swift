/// Words that options take for values of header fields and kernel states.
enum FieldNames {
  static let tcpFlags: [(StaticString, UInt32)] = [
    ("FIN", 0x01), ("SYN", 0x02), ("RST", 0x04), ("PSH", 0x08), ("ACK", 0x10), ("URG", 0x20), ("ALL", 0x3F),
    ("NONE", 0),
  ]

  static let typesOfService: [(StaticString, UInt8)] = [
    ("Minimize-Delay", 0x10), ("Maximize-Throughput", 0x08), ("Maximize-Reliability", 0x04),
    ("Minimize-Cost", 0x02), ("Normal-Service", 0x00),
  ]

  static let syslogLevels: [StaticString] = [
    "emerg", "panic", "alert", "crit", "error", "err", "warning", "warn", "notice", "info", "debug",
  ]

  /// Numbers of rtnetlink.h.
  static let addressTypes: [(StaticString, UInt32)] = [
    ("UNSPEC", 0), ("UNICAST", 1), ("LOCAL", 2), ("BROADCAST", 3), ("ANYCAST", 4), ("MULTICAST", 5),
    ("BLACKHOLE", 6), ("UNREACHABLE", 7), ("PROHIBIT", 8), ("THROW", 9), ("NAT", 10), ("XRESOLVE", 11),
  ]

  /// Numbers of if_packet.h.
  static let packetTypes: [(StaticString, UInt32)] = [
    ("unicast", 0), ("host", 0), ("broadcast", 1), ("bcast", 1), ("multicast", 2), ("mcast", 2),
  ]

  /// Differentiated services code points of RFC 2474, 2597 and 3246.
  static let dscpClasses: [(StaticString, UInt32)] = [
    ("BE", 0), ("EF", 46), ("CS0", 0), ("CS1", 8), ("CS2", 16), ("CS3", 24), ("CS4", 32), ("CS5", 40), ("CS6", 48),
    ("CS7", 56), ("AF11", 10), ("AF12", 12), ("AF13", 14), ("AF21", 18), ("AF22", 20), ("AF23", 22), ("AF31", 26),
    ("AF32", 28), ("AF33", 30), ("AF41", 34), ("AF42", 36), ("AF43", 38),
  ]

  /// Bits of nf_conntrack_common.h.
  static let connectionStatus: [(StaticString, UInt32)] = [
    ("NONE", 0), ("EXPECTED", 1), ("SEEN_REPLY", 2), ("ASSURED", 4), ("CONFIRMED", 8),
  ]

  static let sctpChunks: [StaticString] = [
    "DATA", "INIT", "INIT_ACK", "SACK", "HEARTBEAT", "HEARTBEAT_ACK", "ABORT", "SHUTDOWN", "SHUTDOWN_ACK", "ERROR",
    "COOKIE_ECHO", "COOKIE_ACK", "ECN_ECNE", "ECN_CWR", "SHUTDOWN_COMPLETE", "ASCONF", "ASCONF_ACK", "FORWARD_TSN",
    "I_DATA", "RE_CONFIG", "PAD", "I_FORWARD_TSN", "ALL", "NONE",
  ]

  static let tcpOptions: [StaticString] = [
    "wscale", "mss", "sack-permitted", "sack", "timestamp", "md5",
  ]

  static let rejectionsV4: [StaticString] = [
    "icmp-net-unreachable", "icmp-host-unreachable", "icmp-proto-unreachable", "icmp-port-unreachable",
    "icmp-net-prohibited", "icmp-host-prohibited", "tcp-reset", "icmp-admin-prohibited", "net-unreach",
    "host-unreach", "proto-unreach", "port-unreach", "net-prohib", "host-prohib", "tcp-rst", "admin-prohib",
  ]

  static let rejectionsV6: [StaticString] = [
    "icmp6-no-route", "icmp6-adm-prohibited", "icmp6-addr-unreachable", "icmp6-port-unreachable", "tcp-reset",
    "icmp6-policy-fail", "icmp6-reject-route", "no-route", "adm-prohibited", "addr-unreach", "port-unreach",
    "policy-fail", "reject-route",
  ]
}
