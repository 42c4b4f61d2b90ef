import PacketSets

/// The target extensions of iptables 1.8.
enum TargetCatalog {
  private static func bits(_ ids: Int...) -> UInt32 { ids.reduce(0) { $0 | 1 << UInt32($1) } }
  private static let full: UInt64 = 0xFFFF_FFFF

  static let all: [ExtensionSyntax] = logging + fields + translations + others

  private static let logging: [ExtensionSyntax] = [
    ExtensionSyntax(
      target: "LOG", .proceed,
      [
        OptionSyntax("log-level", 6, .syslogLevel),
        OptionSyntax("log-prefix", 7, .name(maximum: 4095)),
        OptionSyntax("log-tcp-sequence", 0),
        OptionSyntax("log-tcp-options", 1),
        OptionSyntax("log-ip-options", 2),
        OptionSyntax("log-uid", 3),
        OptionSyntax("log-macdecode", 5),
      ]),
    ExtensionSyntax(
      target: "NFLOG", .proceed,
      [
        OptionSyntax("nflog-group", 0, .number(0, 65535)),
        OptionSyntax("nflog-prefix", 1, .name(maximum: 4095)),
        OptionSyntax("nflog-range", 2, .number(0, full), excludes: bits(3)),
        OptionSyntax("nflog-size", 3, .number(0, full), excludes: bits(2)),
        OptionSyntax("nflog-threshold", 4, .number(0, 65535)),
      ]),
    ExtensionSyntax(
      target: "ULOG", .proceed, families: .ip,
      [
        OptionSyntax("ulog-nlgroup", 0, .number(1, 32)),
        OptionSyntax("ulog-prefix", 1, .name(maximum: 4095)),
        OptionSyntax("ulog-cprange", 2, .number(0, .max)),
        OptionSyntax("ulog-qthreshold", 3, .number(1, 50)),
      ]),
    ExtensionSyntax(target: "TRACE", .proceed),
    ExtensionSyntax(
      target: "AUDIT", .proceed,
      [OptionSyntax("type", 0, .word(["accept", "drop", "reject"]), .mandatory)]),
  ]

  private static let markOptions: [OptionSyntax] = [
    OptionSyntax("set-xmark", 4, .mark, excludes: bits(0, 1, 2, 3, 5, 6)),
    OptionSyntax("set-mark", 0, .mark, excludes: bits(1, 2, 3, 4, 5, 6)),
    OptionSyntax("and-mark", 1, .number(0, full), excludes: bits(0, 2, 3, 4, 5, 6)),
    OptionSyntax("or-mark", 2, .number(0, full), excludes: bits(0, 1, 3, 4, 5, 6)),
    OptionSyntax("xor-mark", 3, .number(0, full), excludes: bits(0, 1, 2, 4, 5, 6)),
  ]

  private static let fields: [ExtensionSyntax] = [
    ExtensionSyntax(target: "MARK", .mark, oneOf: 0x1F, markOptions),
    ExtensionSyntax(
      target: "CONNMARK", .connectionMark, oneOf: 0x7F,
      markOptions + [
        OptionSyntax("save-mark", 5, excludes: 0x5F),
        OptionSyntax("restore-mark", 6, excludes: 0x3F),
        OptionSyntax("left-shift-mark", 7, .number(0, 32)),
        OptionSyntax("right-shift-mark", 8, .number(0, 32)),
        OptionSyntax("ctmask", 9, .number(0, full), excludes: bits(11)),
        OptionSyntax("nfmask", 10, .number(0, full), excludes: bits(11)),
        OptionSyntax("mask", 11, .number(0, full), excludes: bits(9, 10)),
      ]),
    ExtensionSyntax(
      target: "TTL", .timeToLive, families: .ip, oneOf: 7,
      [
        OptionSyntax("ttl-set", 0, .number(0, 255), excludes: bits(1, 2)),
        OptionSyntax("ttl-dec", 2, .number(1, 255), excludes: bits(0, 1)),
        OptionSyntax("ttl-inc", 1, .number(1, 255), excludes: bits(0, 2)),
      ]),
    ExtensionSyntax(
      target: "HL", .timeToLive, families: .ip6, oneOf: 7,
      [
        OptionSyntax("hl-set", 0, .number(0, 255), excludes: bits(1, 2)),
        OptionSyntax("hl-dec", 2, .number(1, 255), excludes: bits(0, 1)),
        OptionSyntax("hl-inc", 1, .number(1, 255), excludes: bits(0, 2)),
      ]),
    ExtensionSyntax(
      target: "DSCP", .dscp, oneOf: 3,
      [
        OptionSyntax("set-dscp", 0, .number(0, 63), excludes: bits(1)),
        OptionSyntax("set-dscp-class", 1, .own(1), excludes: bits(0)),
      ]),
    ExtensionSyntax(
      target: "TOS", .typeOfService, oneOf: 15,
      [
        OptionSyntax("set-tos", 0, .typeOfService, excludes: bits(1, 2, 3)),
        OptionSyntax("and-tos", 1, .number(0, 255), excludes: bits(0, 2, 3)),
        OptionSyntax("or-tos", 2, .number(0, 255), excludes: bits(0, 1, 3)),
        OptionSyntax("xor-tos", 3, .number(0, 255), excludes: bits(0, 1, 2)),
      ]),
    ExtensionSyntax(
      target: "ECN", .explicitCongestion, families: .ip, oneOf: 15,
      [
        OptionSyntax("ecn-tcp-remove", 0, excludes: bits(1, 2)),
        OptionSyntax("ecn-tcp-cwr", 1, .number(0, 1), excludes: bits(0)),
        OptionSyntax("ecn-tcp-ece", 2, .number(0, 1), excludes: bits(0)),
        OptionSyntax("ecn-ip-ect", 3, .number(0, 3)),
      ]),
    ExtensionSyntax(
      target: "HMARK", .unknownMark,
      [
        OptionSyntax("hmark-tuple", 13, .name(maximum: 127)),
        OptionSyntax("hmark-src-prefix", 0, .prefixLength),
        OptionSyntax("hmark-dst-prefix", 1, .prefixLength),
        OptionSyntax("hmark-sport-mask", 6, .number(0, 65535), excludes: bits(2, 3)),
        OptionSyntax("hmark-dport-mask", 7, .number(0, 65535), excludes: bits(2, 3)),
        OptionSyntax("hmark-spi-mask", 3, .number(0, full), excludes: bits(4, 5, 6, 7)),
        OptionSyntax("hmark-sport", 4, .number(0, 65535), excludes: bits(2, 3)),
        OptionSyntax("hmark-dport", 5, .number(0, 65535), excludes: bits(2, 3)),
        OptionSyntax("hmark-spi", 2, .number(0, full), excludes: bits(4, 5, 6, 7)),
        OptionSyntax("hmark-proto-mask", 8, .number(0, 65535)),
        OptionSyntax("hmark-rnd", 9, .number(0, full)),
        OptionSyntax("hmark-mod", 10, .number(1, full), .mandatory),
        OptionSyntax("hmark-offset", 11, .number(0, full)),
      ]),
  ]

  private static let translations: [ExtensionSyntax] = [
    ExtensionSyntax(
      target: "DNAT", .destinationNAT,
      [
        OptionSyntax("to-destination", 0, .own(1), .mandatory),
        OptionSyntax("random", 3),
        OptionSyntax("persistent", 5),
      ]),
    ExtensionSyntax(
      target: "SNAT", .sourceNAT,
      [
        OptionSyntax("to-source", 0, .own(1), .mandatory),
        OptionSyntax("random", 3),
        OptionSyntax("random-fully", 4),
        OptionSyntax("persistent", 5),
      ]),
    ExtensionSyntax(
      target: "MASQUERADE", .masquerade,
      [OptionSyntax("to-ports", 2, .own(1)), OptionSyntax("random", 3), OptionSyntax("random-fully", 4)]),
    ExtensionSyntax(
      target: "REDIRECT", .redirect, [OptionSyntax("to-ports", 2, .own(1)), OptionSyntax("random", 3)]),
    ExtensionSyntax(target: "NETMAP", .prefixNAT, [OptionSyntax("to", 0, .network, .mandatory)]),
    ExtensionSyntax(
      target: "TPROXY", .transparentProxy, protocols: [IPProtocol.tcp, IPProtocol.udp],
      [
        OptionSyntax("on-port", 0, .port, .mandatory),
        OptionSyntax("on-ip", 1, .host),
        OptionSyntax("tproxy-mark", 2, .mark),
      ]),
    ExtensionSyntax(target: "SNPT", .unknown, families: .ip6, prefixOptions),
    ExtensionSyntax(target: "DNPT", .unknown, families: .ip6, prefixOptions),
  ]

  private static let prefixOptions = [
    OptionSyntax("src-pfx", 1, .network, .mandatory), OptionSyntax("dst-pfx", 2, .network, .mandatory),
  ]

  private static let others: [ExtensionSyntax] = [
    ExtensionSyntax(target: "REJECT", .reject, [OptionSyntax("reject-with", 0, .own(1))]),
    ExtensionSyntax(
      target: "NFQUEUE", .queue,
      [
        OptionSyntax("queue-num", 0, .number(0, 65535), excludes: bits(1)),
        OptionSyntax("queue-balance", 1, .own(1), excludes: bits(0)),
        OptionSyntax("queue-bypass", 2),
        OptionSyntax("queue-cpu-fanout", 3, needs: bits(1)),
      ]),
    ExtensionSyntax(target: "NOTRACK", .notrack),
    ExtensionSyntax(
      target: "CT", .conntrack,
      [
        OptionSyntax("notrack", 0),
        OptionSyntax("helper", 1, .name(maximum: 15)),
        OptionSyntax("timeout", 2, .name(maximum: 31)),
        OptionSyntax("ctevents", 3, .name(maximum: 127)),
        OptionSyntax("expevents", 4, .name(maximum: 127)),
        OptionSyntax("zone-orig", 6, .name(maximum: 15)),
        OptionSyntax("zone-reply", 7, .name(maximum: 15)),
        OptionSyntax("zone", 5, .name(maximum: 15)),
      ]),
    ExtensionSyntax(
      target: "SET", .setUpdate, oneOf: bits(0, 1, 4),
      [
        OptionSyntax("add-set", 0, .own(2)),
        OptionSyntax("del-set", 1, .own(2)),
        OptionSyntax("exist", 2),
        OptionSyntax("timeout", 3, .number(0, full)),
        OptionSyntax("map-set", 4, .own(2)),
        OptionSyntax("map-mark", 5, needs: bits(4)),
        OptionSyntax("map-prio", 6, needs: bits(4)),
        OptionSyntax("map-queue", 7, needs: bits(4)),
      ]),
    ExtensionSyntax(
      target: "TCPMSS", .proceed, protocols: [IPProtocol.tcp], oneOf: 3,
      [
        OptionSyntax("set-mss", 0, .number(0, 65515), excludes: bits(1)),
        OptionSyntax("clamp-mss-to-pmtu", 1, excludes: bits(0)),
      ]),
    ExtensionSyntax(
      target: "TCPOPTSTRIP", .proceed, protocols: [IPProtocol.tcp], [OptionSyntax("strip-options", 0, .own(1))]),
    ExtensionSyntax(
      target: "SYNPROXY", .unknown, protocols: [IPProtocol.tcp],
      [
        OptionSyntax("sack-perm", 0),
        OptionSyntax("timestamp", 1),
        OptionSyntax("wscale", 2, .number(0, 14)),
        OptionSyntax("mss", 3, .number(0, 65535)),
        OptionSyntax("ecn", 4),
      ]),
    ExtensionSyntax(target: "CHECKSUM", .proceed, [OptionSyntax("checksum-fill", 0, .none, .mandatory)]),
    ExtensionSyntax(target: "CLASSIFY", .proceed, [OptionSyntax("set-class", 0, .name(maximum: 31), .mandatory)]),
    ExtensionSyntax(target: "SECMARK", .proceed, [OptionSyntax("selctx", 0, .name(maximum: 255), .mandatory)]),
    ExtensionSyntax(
      target: "CONNSECMARK", .proceed, oneOf: 3,
      [OptionSyntax("save", 0, excludes: bits(1)), OptionSyntax("restore", 1, excludes: bits(0))]),
    ExtensionSyntax(
      target: "IDLETIMER", .proceed,
      [
        OptionSyntax("timeout", 0, .number(1, full), .mandatory),
        OptionSyntax("label", 1, .name(maximum: 27), .mandatory),
        OptionSyntax("alarm", 2),
      ]),
    ExtensionSyntax(
      target: "LED", .proceed,
      [
        OptionSyntax("led-trigger-id", 0, .name(maximum: 16), .mandatory),
        OptionSyntax("led-delay", 1, .name(maximum: 31)),
        OptionSyntax("led-always-blink", 2),
      ]),
    ExtensionSyntax(
      target: "RATEEST", .proceed,
      [
        OptionSyntax("rateest-name", 0, .name(maximum: 15), .mandatory),
        OptionSyntax("rateest-interval", 1, .name(maximum: 31), .mandatory),
        OptionSyntax("rateest-ewmalog", 2, .name(maximum: 31), .mandatory),
      ]),
    ExtensionSyntax(
      target: "TEE", .proceed,
      [OptionSyntax("gateway", 0, .host, .mandatory), OptionSyntax("oif", 1, .name(maximum: 15))]),
    ExtensionSyntax(
      target: "CLUSTERIP", .unknown, families: .ip,
      [
        OptionSyntax("new", 0),
        OptionSyntax("hashmode", 1, .word(["sourceip", "sourceip-sourceport", "sourceip-sourceport-destport"])),
        OptionSyntax("clustermac", 2, .mac),
        OptionSyntax("total-nodes", 3, .number(0, 16)),
        OptionSyntax("local-node", 4, .number(0, 16)),
        OptionSyntax("hash-init", 5, .number(0, full)),
      ]),
  ]
}
