import PacketSets

extension NftGenerator {
  /// What a rule under construction has settled: nft refuses rules that contradict themselves.
  struct RuleContext {
    var hook: String
    var type: String
    /// `ip`, `ip6`, or nil for a rule that does not say.
    var family: String?
    /// The transport protocol of its matches.
    var transport: String

    /// Whether ports can be matched at all.
    var hasPorts: Bool { transport != "" && transport != "icmp" }
    /// What has to stand before ports of no particular protocol.
    var portGuard: String { transport == "th" ? "meta l4proto { tcp, udp } " : "" }
  }

  mutating func rules(_ count: Int, hook: String, type: String) -> [String] {
    (0..<count).map { _ in rule(hook: hook, type: type) }
  }

  private mutating func rule(hook: String, type: String) -> String {
    let own = family == .v4 ? "ip" : "ip6"
    var context = RuleContext(
      hook: hook, type: type, family: tableFamily == "inet" ? random.pick([own, own, own, nil]) : tableFamily,
      transport: random.pick(["tcp", "tcp", "tcp", "udp", "udp", "icmp", "sctp", "th", ""]))
    if let named = context.family, named != own { context.family = nil }
    if tableFamily != "inet", tableFamily != own { context.transport = random.pick(["tcp", "udp"]) }
    var parts: [String] = []
    for _ in 0..<random.pick([0, 1, 1, 2, 2, 3]) { parts.append(match(context)) }
    if random.chance(rewrites ? 35 : 15) {
      parts.append(rewrites && random.chance(60) ? rewriting(context) : effect(context))
      if random.chance(40) { parts.append(match(context)) }
    }
    if random.chance(8) { parts.append("counter") }
    parts.append(verdict(context))
    if random.chance(5) { parts.append("comment \"a { # word\"") }
    let text = parts.filter { !$0.isEmpty }.joined(separator: " ")
    return text.isEmpty ? "counter" : text
  }

  // MARK: Verdicts and effects

  private mutating func verdict(_ context: RuleContext) -> String {
    if context.type == "nat", random.chance(60), tableFamily != (family == .v4 ? "ip6" : "ip") {
      return translation(context)
    }
    if let chain = callable.randomElement(using: &random), random.chance(25) {
      return "\(random.chance(65) ? "jump" : "goto") \(chain)"
    }
    if random.chance(12), context.type != "nat" || callable.isEmpty { return verdictMap(context) }
    let rejects = ["input", "forward", "output"].contains(context.hook) && context.type == "filter"
    if rejects, random.chance(8) {
      return context.transport == "tcp" && random.chance(50) ? "reject with tcp reset" : "reject"
    }
    return random.pick(["accept", "accept", "accept", "drop", "drop", "return", "continue", ""])
  }

  private mutating func verdictMap(_ context: RuleContext) -> String {
    func entries(_ keys: [String]) -> String {
      "vmap { \(keys.map { "\($0) : \(mapVerdict())" }.joined(separator: ", ")) }"
    }
    switch random.number(0...12) {
    case 10 where context.hasPorts: return "\(context.portGuard)\(context.transport) sport \(entries(portElements()))"
    case 10 where ["forward", "output", "postrouting"].contains(context.hook):
      return "oifname \(entries(["\"eth0\"", "\"wan0\""]))"
    case 11 where context.family != nil: return "\(context.family ?? "") dscp \(entries(["cs0", "ef"]))"
    case 11 where tableFamily == "inet" && context.family == nil && context.transport.isEmpty:
      return "meta nfproto \(entries(["ipv4"]))"
    case 12 where context.family != nil && context.hasPorts:
      let of = context.family ?? ""
      let keys = (0..<2).map { block in
        "\(constants.prefix(&random, block: block)) . \(constants.range(&random)) . \(constants.portRange(&random, block: block))"
      }
      return "\(context.portGuard)\(of) saddr . \(of) daddr . \(context.transport) dport \(entries(keys))"
    case 7: return "meta mark \(entries(random.pick([["0"], ["0x1", "2-4"], ["0", "3"]])))"
    case 8 where context.transport == "icmp":
      return "\(family == .v4 ? "icmp" : "icmpv6") type \(entries(["echo-request", "echo-reply"]))"
    case 8 where context.transport == "tcp": return "tcp flags \(entries(["syn", "ack", "syn|ack"]))"
    case 9 where context.family != nil && context.transport.isEmpty:
      return "\(context.family ?? "") saddr . meta l4proto "
        + entries(["\(constants.prefix(&random, block: 1)) . tcp", "\(constants.address(&random, block: 2)) . udp"])
    case 0 where context.hasPorts: return "\(context.portGuard)\(context.transport) dport \(entries(portElements()))"
    case 1 where context.family != nil: return "\(context.family ?? "") saddr \(entries(addressElements()))"
    case 2 where context.transport.isEmpty:
      return "meta l4proto \(entries(random.pick([["tcp", "udp"], ["udp"], ["tcp", "icmp", "sctp"]])))"
    case 3: return "ct state \(entries(random.pick([["new", "invalid"], ["established", "new"], ["untracked"]])))"
    case 4: return "iifname \(entries(random.pick([["\"eth0\"", "\"wan0\""], ["\"eth1\""]])))"
    case 5 where context.family != nil && context.hasPorts:
      return
        "\(context.portGuard)\(context.family ?? "") daddr . \(context.transport) dport \(entries(tupleElements()))"
    default:
      guard setNames["verdict"] != nil, context.hasPorts else { return "accept" }
      return "\(context.portGuard)\(context.transport) dport vmap @v0"
    }
  }

  private mutating func effect(_ context: RuleContext) -> String {
    let mark = random.number(0...7)
    switch random.number(0...9) {
    case 0...2: return "meta mark set \(mark)"
    case 3: return "meta mark set meta mark or \(mark)"
    case 4: return "meta mark set meta mark & 0x\(mark) ^ 0x\(random.number(0...7))"
    case 5: return "ct mark set \(mark)"
    case 6 where copiesMarks: return "ct mark set meta mark"
    case 7 where copiesMarks: return "meta mark set ct mark"
    case 8 where context.hook == "prerouting" || context.hook == "output": return "notrack"
    case 8: return "meta mark set mark xor \(mark)"
    case 9 where context.hasPorts && copiesMarks:
      return "\(context.portGuard)meta mark set \(context.transport) dport map { 22 : 1, 80-90 : 2, 443 : 3 }"
    default: return "meta mark set \(mark)"
    }
  }

  /// A header written without translation.
  private mutating func rewriting(_ context: RuleContext) -> String {
    var choices: [String] = []
    if let of = context.family {
      let address = constants.address(&random)
      choices += [
        "\(of) saddr set \(address)", "\(of) daddr set \(address)", "\(of) dscp set \(random.pick(["cs1", "ef", "0"]))",
        "\(of == "ip" ? "ip ttl" : "ip6 hoplimit") set \(random.pick([1, 2, 63, 64, 128]))",
        "\(of) daddr set \(of) daddr map { \(constants.address(&random, block: 1)) : \(address), "
          + "\(constants.address(&random, block: 2)) : \(address) }",
      ]
    }
    if context.hasPorts {
      let port = constants.port(&random)
      choices += [
        "\(context.portGuard)\(context.transport) dport set \(port)",
        "\(context.portGuard)\(context.transport) dport set \(port)",
        "\(context.portGuard)\(context.transport) sport set \(port)",
      ]
      if context.transport != "th" { choices.append("meta l4proto \(context.transport) @th,16,16 set \(port)") }
    }
    if copiesMarks {
      if context.hook == "prerouting" { choices.append("meta pkttype set \(random.pick(["host", "broadcast"]))") }
      if context.transport == "tcp" { choices.append("tcp flags set ack") }
    }
    return choices.isEmpty ? effect(context) : random.pick(choices)
  }

  private mutating func translation(_ context: RuleContext) -> String {
    let of = tableFamily == "inet" ? (family == .v4 ? "ip " : "ip6 ") : ""
    let address = constants.address(&random)
    let hasPorts = context.hasPorts && context.transport != "th"
    func target(_ port: Int?) -> String {
      guard let port else { return "\(address)" }
      return family == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
    let isDestination = context.hook == "prerouting" || context.hook == "output"
    let guarded = "meta l4proto \(context.transport) "
    if allowsUnknown, random.chance(40) {
      if context.hook == "input" { return "" }
      if isDestination {
        if hasPorts, random.chance(20) { return "\(guarded)redirect to :8000-8003" }
        return random.chance(50) || !hasPorts ? "redirect" : "\(guarded)redirect to :\(random.number(1...65535))"
      }
      if hasPorts, random.chance(30) { return "\(guarded)masquerade to :\(random.number(1024...65000))" }
      return "masquerade"
    }
    if allowsUnknown, random.chance(40) {
      let other = constants.range(&random, block: 5)
      let end = family == .v4 ? random.pick([other, "\(address)"]) : "[\(address)]"
      if hasPorts, random.chance(70) {
        let ports = random.pick(["8000-8003", "\(constants.port(&random))"])
        return "\(guarded)\(isDestination ? "dnat" : "snat") \(of)to \(end):\(ports)"
      }
      return "\(isDestination ? "dnat" : "snat") \(of)to \(other)"
    }
    let word = isDestination ? "dnat" : "snat"
    switch random.number(0...4) {
    case 0...1: return "\(word) \(of)to \(target(nil))"
    case 2 where hasPorts: return "\(guarded)\(word) \(of)to \(target(constants.port(&random)))"
    case 3 where isDestination && hasPorts: return "\(guarded)\(word) to :\(constants.port(&random))"
    case 4 where isDestination && hasPorts:
      let other = constants.address(&random)
      return "\(word) \(of)to \(context.transport) dport map { 80 : \(address), 443-445 : \(other) }"
    default: return "\(word) \(of)to \(target(nil))"
    }
  }
}
