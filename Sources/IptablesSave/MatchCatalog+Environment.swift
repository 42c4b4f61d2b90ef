import PacketSets

/// The match extensions that depend on time, load, the host or IPv6 extension headers.
extension MatchCatalog {
  private static func bits(_ ids: Int...) -> UInt32 { ids.reduce(0) { $0 | 1 << UInt32($1) } }
  private static let full: UInt64 = 0xFFFF_FFFF

  static let environment: [ExtensionSyntax] = [
    ExtensionSyntax(
      "limit", .undecidable("limit rate"),
      [OptionSyntax("limit", 0, .rate(bytes: false)), OptionSyntax("limit-burst", 1, .number(0, 10000))]),
    ExtensionSyntax(
      "hashlimit", .undecidable("hashlimit rate"), oneOf: bits(0, 1),
      [
        OptionSyntax("hashlimit-upto", 0, .rate(bytes: true), .invertible, excludes: bits(1)),
        OptionSyntax("hashlimit", 0, .rate(bytes: true), .invertible, excludes: bits(1)),
        OptionSyntax("hashlimit-above", 1, .rate(bytes: true), .invertible, excludes: bits(0)),
        OptionSyntax("hashlimit-srcmask", 4, .number(0, 128)),
        OptionSyntax("hashlimit-dstmask", 5, .number(0, 128)),
        OptionSyntax("hashlimit-burst", 7, .name(maximum: 31)),
        OptionSyntax("hashlimit-htable-size", 8, .number(0, full)),
        OptionSyntax("hashlimit-htable-max", 9, .number(0, full)),
        OptionSyntax("hashlimit-htable-gcinterval", 10, .number(0, full)),
        OptionSyntax("hashlimit-htable-expire", 11, .number(0, full)),
        OptionSyntax("hashlimit-mode", 3, .words(["srcip", "srcport", "dstip", "dstport"])),
        OptionSyntax("hashlimit-name", 6, .name(maximum: 254), .mandatory),
        OptionSyntax("hashlimit-rate-match", 12),
        OptionSyntax("hashlimit-rate-interval", 13, .name(maximum: 31)),
      ]),
    ExtensionSyntax(
      "recent", .undecidable("match recent"), oneOf: bits(0, 1, 2, 3),
      [
        OptionSyntax("set", 0, .none, .invertible, excludes: bits(1, 2, 3)),
        OptionSyntax("rcheck", 1, .none, .invertible, excludes: bits(0, 2, 3)),
        OptionSyntax("update", 2, .none, .invertible, excludes: bits(0, 1, 3)),
        OptionSyntax("remove", 3, .none, .invertible, excludes: bits(0, 1, 2)),
        OptionSyntax("seconds", 4, .number(1, full)),
        OptionSyntax("reap", 5, needs: bits(4)),
        OptionSyntax("hitcount", 6, .number(0, 65535)),
        OptionSyntax("rttl", 7, excludes: bits(0, 3)),
        OptionSyntax("name", 8, .name(maximum: 199)),
        OptionSyntax("rsource", 9),
        OptionSyntax("rdest", 10),
        OptionSyntax("mask", 11, .host),
      ]),
    ExtensionSyntax(
      "time", .undecidable("time of day"),
      [
        OptionSyntax("datestart", 0, .name(maximum: 63)),
        OptionSyntax("datestop", 1, .name(maximum: 63)),
        OptionSyntax("timestart", 2, .name(maximum: 63)),
        OptionSyntax("timestop", 3, .name(maximum: 63)),
        OptionSyntax("contiguous", 4),
        OptionSyntax("weekdays", 6, .name(maximum: 127), .invertible),
        OptionSyntax("monthdays", 5, .name(maximum: 255), .invertible),
        OptionSyntax("localtz", 7, excludes: bits(8)),
        OptionSyntax("utc", 8, excludes: bits(7, 9)),
        OptionSyntax("kerneltz", 9, excludes: bits(8)),
      ]),
    ExtensionSyntax(
      "statistic", .undecidable("match statistic"), oneOf: bits(1, 2),
      [
        OptionSyntax("mode", 0, .word(["random", "nth"]), .mandatory),
        OptionSyntax("probability", 1, .probability, .invertible, excludes: bits(2, 3)),
        OptionSyntax("every", 2, .number(1, full), .invertible, excludes: bits(1), needs: bits(3)),
        OptionSyntax("packet", 3, .number(0, full), excludes: bits(1), needs: bits(2)),
      ]),
    ExtensionSyntax(
      "quota", .undecidable("match quota"), [OptionSyntax("quota", 0, .number(0, .max), [.invertible, .mandatory])]),
    ExtensionSyntax(
      "nfacct", .undecidable("match nfacct"), [OptionSyntax("nfacct-name", 0, .name(maximum: 31), .mandatory)]),
    ExtensionSyntax(
      "rateest", .undecidable("match rateest"), oneOf: bits(7, 8, 9),
      [
        OptionSyntax("rateest1", 0, .name(maximum: 15)),
        OptionSyntax("rateest", 0, .name(maximum: 15)),
        OptionSyntax("rateest2", 1, .name(maximum: 15)),
        OptionSyntax("rateest-bps1", 2, .optionalText, .invertible),
        OptionSyntax("rateest-pps1", 3, .optionalText, .invertible),
        OptionSyntax("rateest-bps2", 4, .optionalText, .invertible),
        OptionSyntax("rateest-pps2", 5, .optionalText, .invertible),
        OptionSyntax("rateest-bps", 4, .optionalText, .invertible),
        OptionSyntax("rateest-pps", 5, .optionalText, .invertible),
        OptionSyntax("rateest-delta", 6),
        OptionSyntax("rateest-lt", 7, .none, .invertible, excludes: bits(8, 9)),
        OptionSyntax("rateest-gt", 8, .none, .invertible, excludes: bits(7, 9)),
        OptionSyntax("rateest-eq", 9, .none, .invertible, excludes: bits(7, 8)),
      ]),
    ExtensionSyntax(
      "owner", .undecidable("socket owner"), oneOf: bits(0, 1, 2),
      [
        OptionSyntax("uid-owner", 0, .name(maximum: 63), .invertible),
        OptionSyntax("gid-owner", 1, .name(maximum: 63), .invertible),
        OptionSyntax("socket-exists", 2, .none, .invertible),
        OptionSyntax("suppl-groups", 6, needs: bits(1)),
      ]),
    ExtensionSyntax(
      "cgroup", .undecidable("control group"), oneOf: bits(0, 1),
      [
        OptionSyntax("path", 1, .name(maximum: 4095), .invertible, excludes: bits(0)),
        OptionSyntax("cgroup", 0, .number(0, full), .invertible, excludes: bits(1)),
      ]),
    ExtensionSyntax(
      "cpu", .undecidable("processor number"), [OptionSyntax("cpu", 0, .number(0, full), [.invertible, .mandatory])]),
    ExtensionSyntax(
      "devgroup", .undecidable("device group"), oneOf: bits(0, 1),
      [
        OptionSyntax("src-group", 0, .name(maximum: 63), .invertible),
        OptionSyntax("dst-group", 1, .name(maximum: 63), .invertible),
      ]),
    ExtensionSyntax(
      "physdev", .undecidable("bridge port"), oneOf: 0x1F,
      [
        OptionSyntax("physdev-in", 0, .name(maximum: 15), .invertible),
        OptionSyntax("physdev-out", 1, .name(maximum: 15), .invertible),
        OptionSyntax("physdev-is-in", 2, .none, .invertible),
        OptionSyntax("physdev-is-out", 3, .none, .invertible),
        OptionSyntax("physdev-is-bridged", 4, .none, .invertible),
      ]),
    ExtensionSyntax(
      "policy", .undecidable("IPsec policy"), oneOf: bits(0),
      [
        OptionSyntax("dir", 0, .word(["in", "out"])),
        OptionSyntax("pol", 1, .word(["ipsec", "none"])),
        OptionSyntax("strict", 2),
        OptionSyntax("reqid", 3, .number(0, full), [.invertible, .repeatable]),
        OptionSyntax("spi", 4, .number(0, full), [.invertible, .repeatable]),
        OptionSyntax("tunnel-src", 7, .network, [.invertible, .repeatable]),
        OptionSyntax("tunnel-dst", 8, .network, [.invertible, .repeatable]),
        OptionSyntax("proto", 5, .protocolNumber, [.invertible, .repeatable]),
        OptionSyntax("mode", 6, .word(["transport", "tunnel"]), [.invertible, .repeatable]),
        OptionSyntax("next", 9, .none, .repeatable, needs: bits(2)),
      ]),
    ExtensionSyntax(
      "rpfilter", .undecidable("reverse path of the source"),
      [
        OptionSyntax("loose", 0), OptionSyntax("validmark", 1), OptionSyntax("accept-local", 2),
        OptionSyntax("invert", 3),
      ]),
    ExtensionSyntax(
      "socket", .undecidable("open socket"),
      [OptionSyntax("transparent", 0), OptionSyntax("nowildcard", 1), OptionSyntax("restore-skmark", 2)]),
    // Of xtables-addons, which many distributions ship beside iptables.
    ExtensionSyntax(
      "geoip", .undecidable("match geoip"), oneOf: bits(0, 1),
      [
        OptionSyntax("src-cc", 0, .name(maximum: 255), .invertible, excludes: bits(1)),
        OptionSyntax("source-country", 0, .name(maximum: 255), .invertible, excludes: bits(1)),
        OptionSyntax("dst-cc", 1, .name(maximum: 255), .invertible, excludes: bits(0)),
        OptionSyntax("destination-country", 1, .name(maximum: 255), .invertible, excludes: bits(0)),
      ]),
  ]

  static let ipv6Headers: [ExtensionSyntax] = [
    ExtensionSyntax(
      "ah", .undecidable("AH parameter index"), families: .ip6,
      [
        OptionSyntax("ahspi", 0, .numberRange(full), .invertible),
        OptionSyntax("ahlen", 1, .number(0, full), .invertible),
        OptionSyntax("ahres", 2),
      ]),
    ExtensionSyntax(
      "dst", .undecidable("IPv6 destination options"), families: .ip6,
      [
        OptionSyntax("dst-len", 0, .number(0, full), .invertible),
        OptionSyntax("dst-opts", 1, .name(maximum: 1023)),
      ]),
    ExtensionSyntax(
      "hbh", .undecidable("IPv6 hop-by-hop options"), families: .ip6,
      [
        OptionSyntax("hbh-len", 0, .number(0, full), .invertible),
        OptionSyntax("hbh-opts", 1, .name(maximum: 1023)),
      ]),
    ExtensionSyntax("eui64", .undecidable("match eui64"), families: .ip6),
    ExtensionSyntax(
      "frag", .undecidable("IPv6 fragment header"), families: .ip6,
      [
        OptionSyntax("fragid", 0, .numberRange(full), .invertible),
        OptionSyntax("fraglen", 1, .number(0, full), .invertible),
        OptionSyntax("fragres", 2),
        OptionSyntax("fragfirst", 3),
        OptionSyntax("fragmore", 4, excludes: bits(5)),
        OptionSyntax("fraglast", 5, excludes: bits(4)),
      ]),
    ExtensionSyntax(
      "ipv6header", .undecidable("IPv6 extension headers"), families: .ip6,
      [OptionSyntax("header", 0, .name(maximum: 255), [.invertible, .mandatory]), OptionSyntax("soft", 1)]),
    ExtensionSyntax(
      "mh", .undecidable("mobility header type"), families: .ip6, protocols: [135],
      [OptionSyntax("mh-type", 0, .name(maximum: 63), .invertible)]),
    ExtensionSyntax(
      "rt", .undecidable("IPv6 routing header"), families: .ip6,
      [
        OptionSyntax("rt-type", 0, .number(0, full), .invertible),
        OptionSyntax("rt-segsleft", 1, .numberRange(full), .invertible),
        OptionSyntax("rt-len", 2, .number(0, full), .invertible),
        OptionSyntax("rt-0-res", 3),
        OptionSyntax("rt-0-addrs", 4, .name(maximum: 1023)),
        OptionSyntax("rt-0-not-strict", 5),
      ]),
    ExtensionSyntax(
      "srh", .undecidable("IPv6 segment routing header"), families: .ip6,
      [
        OptionSyntax("srh-next-hdr", 0, .protocolNumber, .invertible),
        OptionSyntax("srh-hdr-len-eq", 1, .number(0, 255), .invertible),
        OptionSyntax("srh-hdr-len-gt", 2, .number(0, 255), .invertible),
        OptionSyntax("srh-hdr-len-lt", 3, .number(0, 255), .invertible),
        OptionSyntax("srh-segs-left-eq", 4, .number(0, 255), .invertible),
        OptionSyntax("srh-segs-left-gt", 5, .number(0, 255), .invertible),
        OptionSyntax("srh-segs-left-lt", 6, .number(0, 255), .invertible),
        OptionSyntax("srh-last-entry-eq", 7, .number(0, 255), .invertible),
        OptionSyntax("srh-last-entry-gt", 8, .number(0, 255), .invertible),
        OptionSyntax("srh-last-entry-lt", 9, .number(0, 255), .invertible),
        OptionSyntax("srh-tag", 10, .number(0, 65535), .invertible),
        OptionSyntax("srh-psid", 11, .network, .invertible),
        OptionSyntax("srh-nsid", 12, .network, .invertible),
        OptionSyntax("srh-lsid", 13, .network, .invertible),
      ]),
  ]
}
