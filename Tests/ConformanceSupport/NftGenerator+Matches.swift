import PacketSets

extension NftGenerator {
  /// A random match of a rule; `!=` about every fourth time.
  mutating func match(_ context: RuleContext) -> String {
    let not = random.chance(25) ? "!= " : ""
    if let family = context.family, random.chance(40) { return addressMatch(context, family, not) }
    switch random.number(0...9) {
    case 0...4: return transportMatch(context, not)
    case 5: return interfaceMatch(not)
    case 6: return trackingMatch(not)
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

  private mutating func trackingMatch(_ not: String) -> String {
    random.pick([
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
      "meta mark & 0x5 != 0", "meta mark >= \(value)",
    ])
  }

  private mutating func headerMatch(_ context: RuleContext, _ not: String) -> String {
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
    default: if tableFamily == "inet" { choices += ["meta nfproto \(not)ipv4", "meta nfproto ipv6"] }
    }
    return random.pick(choices)
  }
}
