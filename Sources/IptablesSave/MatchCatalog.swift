import PacketSets

/// The match extensions of iptables 1.8 that look at the packet itself.
enum MatchCatalog {
  static let all: [ExtensionSyntax] =
    transport + packet + connection + environment + ipv6Headers

  private static func bits(_ ids: Int...) -> UInt32 { ids.reduce(0) { $0 | 1 << UInt32($1) } }

  private static let portOptions: [OptionSyntax] = [
    OptionSyntax("sport", 0, .portRange, .invertible),
    OptionSyntax("source-port", 0, .portRange, .invertible),
    OptionSyntax("dport", 1, .portRange, .invertible),
    OptionSyntax("destination-port", 1, .portRange, .invertible),
  ]

  private static let chunkTypes = OptionSyntax("chunk-types", 2, .texts(2), .invertible)
  private static let dccpTypes: [StaticString] = [
    "REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE", "RESET", "SYNC", "SYNCACK", "INVALID",
  ]

  private static let transport: [ExtensionSyntax] = [
    ExtensionSyntax(
      "tcp", .ports, protocols: [IPProtocol.tcp],
      portOptions + [
        OptionSyntax("syn", 2, .none, .invertible, excludes: bits(3)),
        OptionSyntax("tcp-flags", 3, .own(2), .invertible, excludes: bits(2)),
        OptionSyntax("tcp-option", 4, .number(1, 255), .invertible),
      ]),
    ExtensionSyntax("udp", .ports, protocols: [IPProtocol.udp], portOptions),
    ExtensionSyntax("sctp", .ports, protocols: [IPProtocol.sctp], portOptions + [chunkTypes]),
    ExtensionSyntax(
      "dccp", .ports, protocols: [IPProtocol.dccp],
      portOptions + [
        OptionSyntax("dccp-types", 2, .words(dccpTypes), .invertible),
        OptionSyntax("dccp-option", 3, .number(1, 255), .invertible),
      ]),
    ExtensionSyntax(
      "multiport", .multiport,
      protocols: [IPProtocol.tcp, IPProtocol.udp, IPProtocol.udplite, IPProtocol.sctp, IPProtocol.dccp],
      oneOf: bits(0, 1, 2),
      [
        OptionSyntax("dports", 1, .own(1), .invertible, excludes: bits(0, 2)),
        OptionSyntax("destination-ports", 1, .own(1), .invertible, excludes: bits(0, 2)),
        OptionSyntax("sports", 0, .own(1), .invertible, excludes: bits(1, 2)),
        OptionSyntax("source-ports", 0, .own(1), .invertible, excludes: bits(1, 2)),
        OptionSyntax("ports", 2, .own(1), .invertible, excludes: bits(0, 1)),
      ]),
    ExtensionSyntax(
      "icmp", .icmp, families: .ip, protocols: [IPProtocol.icmp],
      [OptionSyntax("icmp-type", 0, .own(1), [.invertible, .mandatory])]),
    ExtensionSyntax(
      "icmp6", .icmp, families: .ip6, protocols: [IPProtocol.icmpv6],
      [OptionSyntax("icmpv6-type", 0, .own(1), [.invertible, .mandatory])]),
    ExtensionSyntax(
      "esp", .undecidable("ESP parameter index"), protocols: [IPProtocol.esp],
      [OptionSyntax("espspi", 0, .numberRange(0xFFFF_FFFF), .invertible)]),
    ExtensionSyntax(
      "ah", .undecidable("AH parameter index"), families: .ip, protocols: [IPProtocol.ah],
      [OptionSyntax("ahspi", 0, .numberRange(0xFFFF_FFFF), .invertible)]),
    ExtensionSyntax(
      "ipcomp", .undecidable("IPComp parameter index"), protocols: [108],
      [OptionSyntax("ipcompspi", 0, .numberRange(0xFFFF_FFFF), .invertible), OptionSyntax("compres", 1)]),
    ExtensionSyntax(
      "tcpmss", .undecidable("TCP maximum segment size"), protocols: [IPProtocol.tcp],
      [OptionSyntax("mss", 0, .numberRange(65535), [.invertible, .mandatory])]),
    ExtensionSyntax(
      "osf", .undecidable("operating system fingerprint"), protocols: [IPProtocol.tcp],
      [
        OptionSyntax("genre", 0, .name(maximum: 31), [.invertible, .mandatory]),
        OptionSyntax("ttl", 1, .number(0, 2)),
        OptionSyntax("log", 2, .number(0, 2)),
      ]),
  ]

  private static let ttl: [OptionSyntax] = [
    OptionSyntax("ttl-eq", 0, .number(0, 255), .invertible, excludes: bits(1, 2)),
    OptionSyntax("ttl", 0, .number(0, 255), .invertible, excludes: bits(1, 2)),
    OptionSyntax("ttl-lt", 1, .number(0, 255), excludes: bits(0, 2)),
    OptionSyntax("ttl-gt", 2, .number(0, 255), excludes: bits(0, 1)),
  ]

  private static let hopLimit: [OptionSyntax] = [
    OptionSyntax("hl-eq", 0, .number(0, 255), .invertible, excludes: bits(1, 2)),
    OptionSyntax("hl", 0, .number(0, 255), .invertible, excludes: bits(1, 2)),
    OptionSyntax("hl-lt", 1, .number(0, 255), excludes: bits(0, 2)),
    OptionSyntax("hl-gt", 2, .number(0, 255), excludes: bits(0, 1)),
  ]

  private static let packet: [ExtensionSyntax] = [
    ExtensionSyntax("comment", .always, [OptionSyntax("comment", 0, .text(maximum: 255), .mandatory)]),
    ExtensionSyntax(
      "iprange", .addressRange, oneOf: bits(0, 1),
      [OptionSyntax("src-range", 0, .own(1), .invertible), OptionSyntax("dst-range", 1, .own(1), .invertible)]),
    ExtensionSyntax(
      "addrtype", .addressType, oneOf: bits(0, 1),
      [
        OptionSyntax("src-type", 0, .own(1), .invertible),
        OptionSyntax("dst-type", 1, .own(1), .invertible),
        OptionSyntax("limit-iface-in", 2, excludes: bits(3)),
        OptionSyntax("limit-iface-out", 3, excludes: bits(2)),
      ]),
    ExtensionSyntax(
      "pkttype", .packetType, [OptionSyntax("pkt-type", 0, .own(1), [.invertible, .mandatory])]),
    ExtensionSyntax(
      "length", .length, [OptionSyntax("length", 0, .numberRange(65535), [.invertible, .mandatory])]),
    ExtensionSyntax("ttl", .timeToLive, families: .ip, oneOf: bits(0, 1, 2), ttl),
    ExtensionSyntax("hl", .timeToLive, families: .ip6, oneOf: bits(0, 1, 2), hopLimit),
    ExtensionSyntax(
      "dscp", .dscp, oneOf: bits(0, 1),
      [
        OptionSyntax("dscp", 0, .number(0, 63), .invertible, excludes: bits(1)),
        OptionSyntax("dscp-class", 1, .own(1), .invertible, excludes: bits(0)),
      ]),
    ExtensionSyntax("tos", .typeOfService, [OptionSyntax("tos", 0, .typeOfService, [.invertible, .mandatory])]),
    ExtensionSyntax(
      "ecn", .explicitCongestion, oneOf: bits(0, 1, 2),
      [
        OptionSyntax("ecn-tcp-cwr", 0, .none, .invertible),
        OptionSyntax("ecn-tcp-ece", 1, .none, .invertible),
        OptionSyntax("ecn-ip-ect", 2, .number(0, 3), .invertible),
      ]),
    ExtensionSyntax("mark", .mark, [OptionSyntax("mark", 0, .mark, [.invertible, .mandatory])]),
    ExtensionSyntax(
      "mac", .undecidable("source MAC address"), [OptionSyntax("mac-source", 0, .mac, [.invertible, .mandatory])]),
    ExtensionSyntax(
      "string", .undecidable("match string"), oneOf: bits(4, 5),
      [
        OptionSyntax("from", 0, .number(0, 65535)),
        OptionSyntax("to", 1, .number(0, 65535)),
        OptionSyntax("algo", 2, .word(["bm", "kmp"]), .mandatory),
        OptionSyntax("string", 4, .text(maximum: 128), .invertible, excludes: bits(5)),
        OptionSyntax("hex-string", 5, .text(maximum: 1024), .invertible, excludes: bits(4)),
        OptionSyntax("icase", 3),
      ]),
    ExtensionSyntax(
      "u32", .undecidable("match u32"), [OptionSyntax("u32", 0, .name(maximum: 4096), [.invertible, .mandatory])]),
    ExtensionSyntax(
      "bpf", .undecidable("match bpf"), oneOf: bits(0, 1),
      [OptionSyntax("bytecode", 0, .name(maximum: 65535)), OptionSyntax("object-pinned", 1, .name(maximum: 511))]),
    ExtensionSyntax(
      "realm", .undecidable("routing realm"), families: .ip,
      [OptionSyntax("realm", 0, .name(maximum: 63), [.invertible, .mandatory])]),
    ExtensionSyntax(
      "set", .set, oneOf: bits(0),
      [
        OptionSyntax("match-set", 0, .own(2), .invertible),
        OptionSyntax("set", 0, .own(2), .invertible),
        OptionSyntax("return-nomatch", 1),
        OptionSyntax("update-counters", 2, .none, .invertible),
        OptionSyntax("update-subcounters", 3, .none, .invertible),
        OptionSyntax("packets-eq", 4, .number(0, .max), .invertible, excludes: bits(5, 6)),
        OptionSyntax("packets-lt", 5, .number(0, .max), excludes: bits(4, 6)),
        OptionSyntax("packets-gt", 6, .number(0, .max), excludes: bits(4, 5)),
        OptionSyntax("bytes-eq", 7, .number(0, .max), .invertible, excludes: bits(8, 9)),
        OptionSyntax("bytes-lt", 8, .number(0, .max), excludes: bits(7, 9)),
        OptionSyntax("bytes-gt", 9, .number(0, .max), excludes: bits(7, 8)),
      ]),
  ]

  private static let connection: [ExtensionSyntax] = [
    ExtensionSyntax(
      "conntrack", .conntrack, oneOf: 0xFFFF,
      [
        OptionSyntax("ctstate", 0, .own(1), .invertible),
        OptionSyntax("ctproto", 1, .protocolNumber, .invertible),
        OptionSyntax("ctorigsrc", 2, .network, .invertible),
        OptionSyntax("ctorigdst", 3, .network, .invertible),
        OptionSyntax("ctreplsrc", 4, .network, .invertible),
        OptionSyntax("ctrepldst", 5, .network, .invertible),
        OptionSyntax("ctorigsrcport", 6, .portRange, .invertible),
        OptionSyntax("ctorigdstport", 7, .portRange, .invertible),
        OptionSyntax("ctreplsrcport", 8, .portRange, .invertible),
        OptionSyntax("ctrepldstport", 9, .portRange, .invertible),
        OptionSyntax("ctstatus", 10, .own(1), .invertible),
        OptionSyntax("ctexpire", 11, .numberRange(0xFFFF_FFFF), .invertible),
        OptionSyntax("ctdir", 12, .own(1)),
      ]),
    ExtensionSyntax("state", .conntrack, [OptionSyntax("state", 0, .own(1), [.invertible, .mandatory])]),
    ExtensionSyntax("connmark", .connectionMark, [OptionSyntax("mark", 0, .mark, [.invertible, .mandatory])]),
    ExtensionSyntax(
      "connbytes", .undecidable("match connbytes"),
      [
        OptionSyntax("connbytes", 0, .numberRange(.max), [.invertible, .mandatory]),
        OptionSyntax("connbytes-dir", 1, .word(["original", "reply", "both"]), .mandatory),
        OptionSyntax("connbytes-mode", 2, .word(["packets", "bytes", "avgpkt"]), .mandatory),
      ]),
    ExtensionSyntax(
      "connlabel", .undecidable("connection label"),
      [OptionSyntax("label", 0, .name(maximum: 127), [.invertible, .mandatory]), OptionSyntax("set", 1)]),
    ExtensionSyntax(
      "connlimit", .undecidable("match connlimit"), oneOf: bits(0, 1),
      [
        OptionSyntax("connlimit-upto", 0, .number(0, 0xFFFF_FFFF), .invertible, excludes: bits(1)),
        OptionSyntax("connlimit-above", 1, .number(0, 0xFFFF_FFFF), .invertible, excludes: bits(0)),
        OptionSyntax("connlimit-mask", 2, .prefixLength),
        OptionSyntax("connlimit-saddr", 3, excludes: bits(4)),
        OptionSyntax("connlimit-daddr", 4, excludes: bits(3)),
      ]),
    ExtensionSyntax(
      "helper", .undecidable("connection helper"),
      [OptionSyntax("helper", 0, .name(maximum: 29), [.invertible, .mandatory])]),
    ExtensionSyntax(
      "ipvs", .undecidable("match ipvs"), oneOf: 0xFF,
      [
        OptionSyntax("ipvs", 0, .none, .invertible),
        OptionSyntax("vproto", 1, .protocolNumber, .invertible),
        OptionSyntax("vaddr", 2, .network, .invertible),
        OptionSyntax("vport", 3, .port, .invertible),
        OptionSyntax("vdir", 4, .word(["ORIGINAL", "REPLY"])),
        OptionSyntax("vmethod", 5, .word(["GATE", "IPIP", "MASQ"]), .invertible),
        OptionSyntax("vportctl", 6, .port, .invertible),
      ]),
    ExtensionSyntax(
      "cluster", .undecidable("match cluster"), oneOf: bits(1, 2),
      [
        OptionSyntax("cluster-total-nodes", 0, .number(1, 32), .mandatory),
        OptionSyntax("cluster-local-node", 1, .number(1, 32), .invertible, excludes: bits(2)),
        OptionSyntax("cluster-local-nodemask", 2, .number(1, 32), .invertible, excludes: bits(1)),
        OptionSyntax("cluster-hash-seed", 3, .number(0, 0xFFFF_FFFF), .mandatory),
      ]),
  ]
}
