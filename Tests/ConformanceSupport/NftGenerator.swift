import PacketSets

/// Writes random rule sets in the language of nft, one statement a line.
public struct NftGenerator {
  var random: SeededGenerator
  let family: IPFamily
  let constants: RandomConstants
  /// Whether rules may rewrite addresses.
  var translates = false
  /// Whether rewriting may be to addresses that are not known offline.
  var allowsUnknown = false

  /// Whether marks may come from other marks and maps, which is not claimed to be exact.
  var copiesMarks = false
  /// Whether rules may write headers without translation.
  var rewrites = false

  /// The table that is being written.
  var tableFamily = "inet"
  var setNames: [String: [String]] = [:]
  var callable: [String] = []

  /// Starts from a seed.
  public init(seed: UInt64, family: IPFamily) {
    random = SeededGenerator(seed: seed)
    self.family = family
    constants = RandomConstants(family: family)
  }

  /// A rule set of one to three tables.
  public mutating func ruleSet() -> String {
    translates = random.chance(25)
    allowsUnknown = translates && random.chance(40)
    copiesMarks = random.chance(20)
    rewrites = random.chance(12)
    let own = family == .v4 ? "ip" : "ip6"
    var text = ""
    for index in 0..<random.pick([1, 1, 2, 3]) {
      tableFamily = random.pick([own, own, "inet", "inet", "inet", family == .v4 ? "ip6" : "ip"])
      if index == 0, tableFamily != own { tableFamily = "inet" }
      text += table("t\(index)")
    }
    if random.chance(10) { text += edgeTable() }
    if random.chance(8) { text += otherTable() }
    return text
  }

  // MARK: Tables and chains

  private struct BaseKind {
    var type: String
    var hook: String
    var priorities: [String]
  }

  private static let filters = [
    BaseKind(type: "filter", hook: "prerouting", priorities: ["raw", "mangle", "-50", "filter", "-201", "10", "-100"]),
    BaseKind(type: "filter", hook: "input", priorities: ["filter", "mangle", "security", "filter + 10", "-1", "100"]),
    BaseKind(type: "filter", hook: "forward", priorities: ["filter", "mangle", "filter - 5", "0", "100"]),
    BaseKind(type: "filter", hook: "output", priorities: ["filter", "raw", "mangle", "security", "-99", "-100"]),
    BaseKind(type: "route", hook: "output", priorities: ["mangle", "filter", "-101", "-100"]),
    BaseKind(type: "filter", hook: "postrouting", priorities: ["mangle", "0", "srcnat - 1", "200", "srcnat"]),
  ]
  private static let translators = [
    BaseKind(type: "nat", hook: "prerouting", priorities: ["dstnat", "-100", "0", "50"]),
    BaseKind(type: "nat", hook: "input", priorities: ["100", "0"]),
    BaseKind(type: "nat", hook: "output", priorities: ["-100", "0"]),
    BaseKind(type: "nat", hook: "postrouting", priorities: ["srcnat", "0", "120"]),
  ]

  private mutating func table(_ name: String) -> String {
    setNames = [:]
    var lines = ["table \(tableFamily) \(name) {"]
    if name != "t0", random.chance(6) { lines.append("flags dormant") }
    let isOther = tableFamily == (family == .v4 ? "ip6" : "ip")
    callable = (0..<random.number(1...4)).map { "r\($0)" }
    lines += isOther ? [] : namedSets()
    let regular = callable
    var chains: [[String]] = []
    for (index, chain) in regular.enumerated() {
      callable = Array(regular[(index + 1)...])
      let verdictMaps = setNames["verdict"]
      if callable.isEmpty { setNames["verdict"] = nil }
      chains.append(["chain \(chain) {"] + rules(random.number(1...5), hook: "", type: "filter") + ["}"])
      setNames["verdict"] = verdictMaps
    }
    callable = regular
    for (index, kind) in Self.filters.enumerated() where random.chance(index == 4 ? 15 : 55) {
      chains.append(baseChain(kind, "b\(index)"))
    }
    if random.chance(25) { chains.append(baseChain(random.pick(Self.filters), "again")) }
    if translates {
      callable = []
      for (index, kind) in Self.translators.enumerated() where random.chance(60) {
        chains.append(baseChain(kind, "n\(index)"))
      }
    }
    if random.chance(30) { chains.shuffle(using: &random) }
    for chain in chains { lines += chain }
    return (lines + ["}"]).map { "\($0)\n" }.joined()
  }

  private mutating func baseChain(_ kind: BaseKind, _ name: String) -> [String] {
    let policy = kind.type == "nat" ? "" : random.pick(["", " policy accept;", " policy drop;"])
    return [
      "chain \(name) {", "type \(kind.type) hook \(kind.hook) priority \(random.pick(kind.priorities));\(policy)",
    ]
      + rules(random.number(1...7), hook: kind.hook, type: kind.type) + ["}"]
  }

  /// A table of chains at the edge of single interfaces, before and behind everything else.
  private mutating func edgeTable() -> String {
    tableFamily = random.pick(["netdev", "inet"])
    (setNames, callable) = ([:], [])
    var chains: [[String]] = []
    for hook in tableFamily == "netdev" ? ["ingress", "egress"] : ["ingress"] where random.chance(70) {
      let devices = random.pick(["device \"eth0\"", "device \"wan0\"", "devices = { \"eth0\", \"eth1\" }"])
      chains.append(
        ["chain \(hook) {", "type filter hook \(hook) \(devices) priority \(random.pick(["-500", "0", "10"]));"]
          + (0..<random.number(1...3)).map { _ in edgeRule() } + ["}"])
    }
    return (["table \(tableFamily) edge {"] + chains.flatMap(\.self) + ["}"]).map { "\($0)\n" }.joined()
  }

  private mutating func edgeRule() -> String {
    let of = family == .v4 ? "ip" : "ip6"
    let match = random.pick([
      "\(of) saddr \(constants.prefix(&random))", "\(of) daddr != \(constants.address(&random))",
      "\(of) daddr \(constants.address(&random)) tcp dport \(constants.port(&random))",
      "\(of) saddr \(constants.prefix(&random)) udp dport \(constants.portRange(&random))",
      "meta protocol \(of) \(of) dscp ef",
    ])
    return "\(match) \(random.pick(["drop", "accept", "counter", "drop"]))"
  }

  /// A table of a family that sees no routed packets.
  private mutating func otherTable() -> String {
    let (of, hook) = random.pick([("bridge", "forward"), ("arp", "input"), ("bridge", "prerouting")])
    return "table \(of) other {\nchain c {\ntype filter hook \(hook) priority 0; policy drop;\n}\n}\n"
  }

  // MARK: Named sets

  private mutating func namedSets() -> [String] {
    var lines: [String] = []
    let addressType = family == .v4 ? "ipv4_addr" : "ipv6_addr"
    func declare(_ kind: String, _ name: String, _ body: [String]) {
      setNames[kind, default: []].append(name)
      lines += body
    }
    if random.chance(50) {
      let elements = addressElements()
      declare(
        "address", "a0",
        [
          "set a0 {", "type \(addressType)", "flags interval", "elements = { \(elements.joined(separator: ", ")) }",
          "}",
        ])
    }
    if random.chance(30) {
      let elements = random.distinct(3, below: 8).map { "\(constants.address(&random, block: $0))" }
      let type = random.chance(50) ? "type \(addressType)" : "typeof \(family == .v4 ? "ip" : "ip6") saddr"
      declare("address", "a1", ["set a1 {", type, "elements = { \(elements.joined(separator: ", ")) }", "}"])
    }
    if random.chance(25) {
      // Elements that overlap and touch are merged.
      let elements = (0..<4).map { _ in
        random.chance(50) ? constants.prefix(&random).description : constants.range(&random)
      }
      declare(
        "address", "a2",
        [
          "set a2 {", "type \(addressType)", "flags interval", "auto-merge",
          "elements = { \(elements.joined(separator: ", ")) }", "}",
        ])
    }
    if random.chance(25) {
      let elements = random.distinct(3, below: 8).map { block in
        "\(random.pick(["tcp", "udp", "sctp"])) . \(constants.portRange(&random, block: block))"
      }
      declare(
        "service", "s0",
        [
          "set s0 {", "type inet_proto . inet_service", "flags interval",
          "elements = { \(elements.joined(separator: ", ")) }", "}",
        ])
    }
    if random.chance(40) {
      let elements = portElements()
      declare(
        "port", "p0",
        [
          "set p0 {", "type inet_service", "flags interval", "elements = { \(elements.joined(separator: ", ")) }", "}",
        ])
    }
    if random.chance(40) {
      let elements = tupleElements()
      declare(
        "tuple", "c0",
        [
          "set c0 {", "type \(addressType) . inet_service", "flags interval",
          "elements = { \(elements.joined(separator: ", ")) }", "}",
        ])
    }
    if random.chance(40) {
      // Only the last chain is called, which never asks the map itself: nft refuses loops.
      let all = callable
      callable = Array(all.suffix(1))
      let elements = portElements().map { "\($0) : \(mapVerdict())" }
      callable = all
      declare(
        "verdict", "v0",
        [
          "map v0 {", "type inet_service : verdict", "flags interval",
          "elements = { \(elements.joined(separator: ", ")) }", "}",
        ])
    }
    return lines
  }

  /// Elements of a set of addresses that do not overlap.
  mutating func addressElements() -> [String] {
    random.distinct(random.number(1...5), below: 8).map { block in
      switch random.number(0...2) {
      case 0: "\(constants.address(&random, block: block))"
      case 1: constants.prefix(&random, block: block).description
      default: constants.range(&random, block: block)
      }
    }
  }

  mutating func portElements() -> [String] {
    random.distinct(random.number(1...5), below: 8).map { block in
      random.chance(50) ? "\(constants.port(&random, block: block))" : constants.portRange(&random, block: block)
    }
  }

  mutating func tupleElements() -> [String] {
    random.distinct(random.number(1...4), below: 8).map { block in
      let address =
        random.chance(50) ? "\(constants.address(&random, block: block))" : constants.range(&random, block: block)
      return "\(address) . \(random.chance(50) ? "\(constants.port(&random))" : constants.portRange(&random))"
    }
  }

  /// A verdict as a map's value.
  mutating func mapVerdict() -> String {
    if let chain = callable.randomElement(using: &random), random.chance(40) {
      return "\(random.chance(70) ? "jump" : "goto") \(chain)"
    }
    return random.pick(["accept", "drop", "accept", "return", "continue"])
  }
}
