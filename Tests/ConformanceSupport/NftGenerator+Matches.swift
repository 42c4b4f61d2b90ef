import PacketSets

extension NftGenerator {
  /// A random match of a rule; `!=` about every fourth time.
  mutating func match(_ context: RuleContext) -> String {
    let not = random.chance(25) ? "!= " : ""
    if let family = context.family, random.chance(40) { return addressMatch(context, family, not) }
    switch random.number(0...10) {
    case 10: return tupleMatch(context, not)
    case 0...4: return transportMatch(context, not)
    case 5: return interfaceMatch(not)
    case 6: return trackingMatch(context, not)
    case 7: return markMatch(not)
    case 8: return headerMatch(context, not)
    default: return protocolMatch(context, not)
    }
  }

  private mutating func addressMatch(_ context: RuleContext, _ family: String, _ not: String) -> String {
    let side = random.chance(50) ? "saddr" : "daddr"
    switch random.number(0...8) {
    case 0...1: return "\(family) \(side) \(not)\(constants.address(&random))"
    case 2: return "\(family) \(side) \(not)\(constants.prefix(&random))"
    case 3: return "\(family) \(side) \(not)\(constants.range(&random))"
    case 4...5: return "\(family) \(side) \(not){ \(addressElements().joined(separator: ", ")) }"
    case 6:
      guard let name = setNames["address"]?.randomElement(using: &random) else {
        return "\(family) \(side) \(not){ \(addressElements().joined(separator: ", ")) }"
      }
      return "\(family) \(side) \(not)@\(name)"
    case 7:
      let mask = self.family == .v4 ? "255.255.0.7" : "ffff:ffff::7"
      let value = self.family == .v4 ? "10.0.0.\(random.number(0...7))" : "2001:db8::\(random.number(0...7))"
      return "\(family) \(side) & \(mask) \(not.isEmpty ? "==" : "!=") \(value)"
    default:
      let isNamed = setNames["tuple"] != nil && random.chance(60)
      let set = isNamed ? "@c0" : "{ \(tupleElements().joined(separator: ", ")) }"
      guard context.hasPorts else { return "\(family) \(side) \(not)\(constants.address(&random))" }
      return "\(context.portGuard)\(family) \(side) . \(context.transport) dport \(not)\(set)"
    }
  }

  private mutating func transportMatch(_ context: RuleContext, _ not: String) -> String {
    switch context.transport {
    case "icmp": return icmpMatch(not)
    case "": return protocolMatch(context, not)
    case "tcp" where random.chance(35): return flagsMatch(not)
    default: break
    }
    let field = "\(context.portGuard)\(context.transport) \(random.chance(75) ? "dport" : "sport")"
    switch random.number(0...5) {
    case 0...1: return "\(field) \(not)\(constants.port(&random))"
    case 2: return "\(field) \(not)\(constants.portRange(&random))"
    case 3: return "\(field) \(not){ \(portElements().joined(separator: ", ")) }"
    case 4: return "\(field) \(random.pick(["<", ">", "<=", ">="])) \(random.pick([22, 80, 1024, 8080]))"
    default: return setNames["port"] == nil ? "\(field) \(not)\(constants.port(&random))" : "\(field) \(not)@p0"
    }
  }

  private mutating func flagsMatch(_ not: String) -> String {
    let equals = not.isEmpty ? "==" : "!="
    return random.pick([
      "tcp flags syn", "tcp flags \(not){ syn, ack }", "tcp flags & (fin|syn|rst|ack) \(equals) syn",
      "tcp flags & (syn|ack) \(equals) syn", "tcp flags \(equals) syn", "tcp flags syn,ack", "tcp flags ! syn",
      "tcp flags & syn != 0", "tcp flags & (syn|ack) == 0", "tcp flags & (fin|syn) \(equals) fin|syn",
      "tcp flags \(not){ syn, syn|ack }", "tcp flags syn / syn,ack", "tcp flags != syn / fin,syn,rst,ack",
      "tcp flags & (ecn|cwr) == 0x0", "tcp flags \(equals) 0x2", "tcp flags \(equals) syn|ack",
    ])
  }

  private mutating func icmpMatch(_ not: String) -> String {
    let word = family == .v4 ? "icmp" : "icmpv6"
    let names =
      family == .v4
      ? ["echo-request", "echo-reply", "destination-unreachable", "timestamp-request"]
      : ["echo-request", "echo-reply", "packet-too-big", "nd-neighbor-solicit", "mld-listener-query"]
    switch random.number(0...4) {
    case 0...1: return "\(word) type \(not)\(random.pick(names))"
    case 2: return "\(word) type \(not){ \(names[0]), \(random.pick(Array(names[1...]))) }"
    case 3: return "\(word) code \(not)\(random.number(0...3))"
    default: return "\(word) type \(random.pick([3, 8, 128, 135])) \(word) code \(not){ 0, 1 }"
    }
  }

  private mutating func interfaceMatch(_ not: String) -> String {
    let field = random.pick(["iifname", "iifname", "oifname", "oifname", "iif", "oif"])
    if field.hasSuffix("name") {
      return random.pick([
        "\(field) \(not)\"eth0\"", "\(field) \(not)\"eth*\"", "\(field) \(not){ \"eth1\", \"wan0\" }",
        "\(field) \(not)\"lo\"", "\(field) \(not)\"wan0\"", "\(field) \(not)\"nosuch0\"",
      ])
    }
    return "\(field) \(not)\(random.pick(["eth0", "wan0", "lo"]))"
  }

  /// Tuples of more than an address and a port.
  private mutating func tupleMatch(_ context: RuleContext, _ not: String) -> String {
    let ports = random.distinct(3, below: 8).map { constants.portRange(&random, block: $0) }
    func set(_ elements: [String]) -> String { "\(not){ \(elements.joined(separator: ", ")) }" }
    if setNames["service"] != nil, context.transport == "th" {
      return "\(context.portGuard)meta l4proto . th dport \(not)@s0"
    }
    if context.hasPorts {
      let field = "\(context.transport) dport"
      var choices = [
        "\(context.portGuard)iifname . \(field) \(set(["\"eth0\" . \(ports[0])", "\"wan0\" . \(ports[1])"]))",
        "\(context.portGuard)meta mark . \(field) \(set(["0 . \(ports[0])", "1-3 . \(ports[1])"]))",
        "\(context.portGuard)ct state . \(field) \(set(["new . \(ports[0])", "invalid . \(ports[1])"]))",
        "\(context.portGuard)\(context.transport) sport . \(field) \(set(["1024-65535 . \(ports[0])"]))",
      ]
      if let of = context.family {
        let one = (constants.prefix(&random, block: 0), constants.range(&random, block: 1))
        let two = (constants.address(&random), constants.prefix(&random, block: 2))
        choices.append(
          "\(context.portGuard)\(of) saddr . \(of) daddr . \(field) "
            + set(["\(one.0) . \(one.1) . \(ports[0])", "\(two.0) . \(two.1) . \(ports[1])"]))
      }
      return random.pick(choices)
    }
    guard let of = context.family, context.transport.isEmpty else { return interfaceMatch(not) }
    return random.pick([
      "\(of) saddr . \(of) daddr \(set(["\(constants.prefix(&random)) . \(constants.address(&random))"]))",
      "\(of) saddr . meta l4proto \(set(["\(constants.prefix(&random)) . tcp", "\(constants.address(&random)) . udp"]))",
      "iifname . oifname \(set(["\"eth0\" . \"eth1\"", "\"eth1\" . \"wan0\""]))",
    ])
  }

  private mutating func trackingMatch(_ context: RuleContext, _ not: String) -> String {
    let of = family == .v4 ? "ip" : "ip6"
    if random.chance(20), tableFamily == "inet" || tableFamily == of, context.family ?? of == of {
      var choices = [
        "ct original \(of) saddr \(not)\(constants.prefix(&random))",
        "ct reply \(of) saddr \(not)\(constants.address(&random))",
        "ct reply \(of) daddr \(not)\(constants.prefix(&random))", "ct protocol \(not)tcp", "ct protocol { udp, icmp }",
        "ct original \(of) daddr \(not)\(constants.address(&random))",
        "ct original \(of) daddr \(not){ \(constants.prefix(&random, block: 1)), \(constants.address(&random, block: 2)) }",
      ]
      if context.hasPorts {
        let guarding = context.transport == "th" ? context.portGuard : "meta l4proto \(context.transport) "
        choices += [
          "\(guarding)ct original proto-dst \(not)\(constants.port(&random))",
          "\(guarding)ct original proto-src \(not)1024-65535",
          "\(guarding)ct reply proto-src \(not)\(constants.port(&random))",
          "\(guarding)ct reply proto-dst \(not)1024-65535",
        ]
      }
      return random.pick(choices)
    }
    if random.chance(20) {
      return random.pick([
        "ct status \(not)snat", "ct status snat,dnat", "ct status \(not)seen-reply", "ct status \(not)assured",
        "ct status confirmed", "ct status & (snat|dnat) == 0", "ct status & dnat != 0", "ct direction \(not)reply",
        "ct status \(not){ snat, dnat }", "ct status == dnat", "ct status expected", "ct direction { original, reply }",
        "ct mark & 0x1 == 0x0", "ct mark != { 1, 3-5 }",
      ])
    }
    return random.pick([
      "ct state \(not)new", "ct state \(not){ new, established }", "ct state established,related",
      "ct state \(not)invalid", "ct state new,invalid", "ct state \(not)untracked", "ct state & new != 0",
      "ct state != established,related", "ct direction original", "ct mark \(not)\(random.number(0...3))",
      "ct status dnat", "ct state { invalid, untracked }", "ct mark & 0x3 \(not.isEmpty ? "==" : "!=") 0x1",
      "ct state & (established | related) == 0",
    ])
  }

  private mutating func markMatch(_ not: String) -> String {
    let value = random.number(0...7)
    return random.pick([
      "meta mark \(not)\(value)", "meta mark & 0x3 \(not.isEmpty ? "==" : "!=") \(value & 3)",
      "mark \(not){ 1, 4-6 }", "meta mark and 0x4 == 0x4", "meta mark \(not)\(value)-\(value + 2)",
      "meta mark & 0x5 != 0", "meta mark >= \(value)", "meta mark & 0x6 \(not)4", "meta mark & 0x3 { 1, 2 }",
      "meta mark xor 0x1 == 0x3", "mark < \(value + 1)",
    ])
  }

  private mutating func headerMatch(_ context: RuleContext, _ not: String) -> String {
    // What kind of address a destination is depends on the path alone where the path is settled.
    let isSettled = context.hook == "forward" || context.hook == "input" && family == .v4
    if isSettled, random.chance(25), tableFamily != (family == .v4 ? "ip6" : "ip") {
      return random.pick(["fib daddr type \(not)local", "fib daddr type \(not){ unicast, multicast }"])
    }
    if random.chance(15) { return "meta length \(not){ 48, 60-100, 576 }" }
    let length = random.pick([48, 60, 68, 100, 576])
    guard let of = context.family else {
      return random.pick(["meta length \(not)\(length)", "meta length < \(length)", "meta length \(length)-1000"])
    }
    let hops = of == "ip" ? "ip ttl" : "ip6 hoplimit"
    let total = of == "ip" ? "ip length \(not)\(length)" : "ip6 length > \(length)"
    return random.pick([
      "\(hops) \(not)\(random.pick([1, 63, 64, 128]))", "\(hops) < \(random.pick([10, 64, 65]))",
      "\(hops) \(not){ 63, 64, 128-255 }", "\(of) dscp \(not)\(random.pick(["cs1", "ef", "af11", "0x10"]))",
      "\(of) dscp \(not){ cs0, cs3, ef }", total, "meta length \(not)\(length)-\(length + 20)",
      of == "ip" ? "ip frag-off & 0x1fff != 0" : "meta protocol ip",
      of == "ip" ? "ip frag-off & 0x1fff == 0" : "meta protocol ip6", "meta pkttype \(not)host",
    ])
  }

  private mutating func protocolMatch(_ context: RuleContext, _ not: String) -> String {
    if context.hasPorts, context.transport != "th" { return "meta l4proto \(context.transport)" }
    if !context.transport.isEmpty { return "meta l4proto > 0" }
    let transport = random.pick(["tcp", "udp", "sctp"])
    var choices = [
      "meta l4proto \(not)\(transport)", "meta l4proto \(not){ tcp, udp }",
      "meta l4proto \(random.pick(["<", ">"])) 50",
      "meta l4proto \(not)\(random.pick([1, 6, 47, 58, 89]))",
    ]
    switch context.family {
    case "ip": choices += ["ip protocol \(not)\(transport)", "ip protocol \(not){ icmp, udp, esp }"]
    case "ip6": choices += ["ip6 nexthdr \(not)\(transport)", "ip6 nexthdr \(not){ icmpv6, udp }"]
    default:
      if tableFamily == "inet" {
        choices += ["meta nfproto \(not)ipv4", "meta nfproto ipv6", "meta nfproto \(not){ ipv4, ipv6 }"]
      }
    }
    return random.pick(choices)
  }
}
