import PacketSets

/// Writes random rule sets as iptables-save prints them, with ipsets beside them.
public struct IptablesGenerator {
  var random: SeededGenerator
  let family: IPFamily
  let constants: RandomConstants
  /// Whether rules may rewrite addresses.
  var translates = false
  /// Whether rewriting may be to addresses that are not known offline.
  var allowsUnknown = false
  /// Whether rules may use what is not claimed to be exact.
  var approximates = false
  /// Names and types of ipsets.
  var ipsets: [(name: String, directions: String)] = []

  /// The chain that a rule stands in: its table and the built-in chain, or nothing of a user's own.
  struct Place {
    var table: String
    var chain: String
    var isOwn: Bool
    /// User chains that may be called from here.
    var callable: [String]
  }

  /// Starts from a seed.
  public init(seed: UInt64, family: IPFamily) {
    random = SeededGenerator(seed: seed)
    self.family = family
    constants = RandomConstants(family: family)
  }

  private static let tables: [(name: String, chains: [String])] = [
    ("raw", ["PREROUTING", "OUTPUT"]),
    ("mangle", ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]),
    ("nat", ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
    ("filter", ["INPUT", "FORWARD", "OUTPUT"]),
    ("security", ["INPUT", "FORWARD", "OUTPUT"]),
  ]

  /// A rule set and the input of `ipset restore`.
  public mutating func ruleSet() -> (text: String, ipsets: String) {
    translates = random.chance(25)
    allowsUnknown = translates && random.chance(40)
    approximates = random.chance(20)
    let sets = random.chance(25) ? ipsetText() : ""
    var text = ""
    for (name, chains) in Self.tables {
      let isWanted =
        switch name {
        case "nat": translates
        case "filter": true
        case "mangle": random.chance(40)
        case "raw": random.chance(30)
        default: random.chance(10)
        }
      if isWanted { text += table(name, chains) }
    }
    return (text, sets)
  }

  private mutating func table(_ name: String, _ chains: [String]) -> String {
    var lines = ["*\(name)"]
    for chain in chains {
      lines.append(":\(chain) \(name != "nat" && random.chance(25) ? "DROP" : "ACCEPT") [\(random.number(0...9)):0]")
    }
    let own = (0..<random.number(0...3)).map { "own\($0)" }
    lines += own.map { ":\($0) - [0:0]" }
    var rules: [String] = []
    for chain in chains {
      for _ in 0..<random.number(0...6) {
        rules.append("-A \(chain) " + rule(Place(table: name, chain: chain, isOwn: false, callable: own)))
      }
    }
    for (index, chain) in own.enumerated() {
      for _ in 0..<random.number(1...5) {
        let place = Place(table: name, chain: chain, isOwn: true, callable: Array(own[(index + 1)...]))
        rules.append("-A \(chain) " + rule(place))
      }
    }
    return (lines + rules + ["COMMIT"]).map { "\($0)\n" }.joined()
  }

  private mutating func ipsetText() -> String {
    let of = family == .v4 ? "inet" : "inet6"
    var text = ""
    ipsets = []
    if random.chance(70) {
      text += "create s0 hash:ip family \(of)\n"
      for _ in 0..<3 { text += "add s0 \(constants.address(&random)) -exist\n" }
      ipsets.append(("s0", random.pick(["src", "dst"])))
    }
    if random.chance(70) {
      text += "create s1 hash:net family \(of)\n"
      for _ in 0..<3 { text += "add s1 \(constants.prefix(&random)) -exist\n" }
      ipsets.append(("s1", random.pick(["src", "dst"])))
    }
    if random.chance(40) {
      text += "create s2 hash:ip,port family \(of)\n"
      for _ in 0..<3 {
        text +=
          "add s2 \(constants.address(&random)),\(random.pick(["tcp", "udp"])):\(constants.port(&random)) -exist\n"
      }
      ipsets.append(("s2", "\(random.pick(["src", "dst"])),dst"))
    }
    if random.chance(30) {
      text += "create s3 hash:net,port family \(of)\n"
      for _ in 0..<3 { text += "add s3 \(constants.prefix(&random)),\(constants.port(&random)) -exist\n" }
      ipsets.append(("s3", "\(random.pick(["src", "dst"])),dst"))
    }
    if random.chance(20) {
      text += "create s4 bitmap:port range 0-1024\n"
      for port in [22, 80, 443] { text += "add s4 \(port)\n" }
      ipsets.append(("s4", "dst"))
    }
    if random.chance(30) {
      text += "create s5 hash:net family \(of)\n"
      for block in 0..<3 {
        let prefix = constants.prefix(&random, block: block)
        text += "add s5 \(prefix) -exist\n"
        text += "add s5 \(prefix.base) nomatch -exist\n"
      }
      ipsets.append(("s5", random.pick(["src", "dst"])))
    }
    if random.chance(25) {
      text += "create s7 hash:ip,port,ip family \(of)\n"
      for _ in 0..<3 {
        let port = "\(random.pick(["tcp", "udp"])):\(constants.port(&random))"
        text += "add s7 \(constants.address(&random)),\(port),\(constants.address(&random)) -exist\n"
      }
      ipsets.append(("s7", "src,dst,dst"))
    }
    if random.chance(20), family == .v4 {
      text += "create s9 bitmap:ip range 10.0.0.0/16\n"
      for _ in 0..<3 { text += "add s9 \(constants.address(&random)) -exist\n" }
      ipsets.append(("s9", random.pick(["src", "dst"])))
    }
    if random.chance(20) {
      text += "create s10 hash:net,iface family \(of)\n"
      for name in ["eth0", "eth1"] { text += "add s10 \(constants.prefix(&random)),\(name) -exist\n" }
      ipsets.append(("s10", "src,src"))
    }
    if random.chance(20) {
      text += "create s11 hash:ip,port,net family \(of)\n"
      for _ in 0..<2 {
        let port = "\(random.pick(["tcp", "udp"])):\(constants.port(&random))"
        text += "add s11 \(constants.address(&random)),\(port),\(constants.prefix(&random)) -exist\n"
      }
      ipsets.append(("s11", "src,dst,dst"))
    }
    let members = ipsets.filter { $0.directions == "src" || $0.directions == "dst" }
    if random.chance(30), members.count > 1 {
      text += "create s12 list:set\n"
      for member in members where member.name != "s4" { text += "add s12 \(member.name)\n" }
      ipsets.append(("s12", random.pick(["src", "dst"])))
    }
    return text
  }

  // MARK: Rules

  /// Matches and target of a rule, without the chain.
  private mutating func rule(_ place: Place) -> String {
    let transport = random.pick(["tcp", "tcp", "tcp", "udp", "udp", "icmp", "sctp", "", "", "other"])
    var parts: [String] = []
    if random.chance(35) { parts.append(address("-s")) }
    if random.chance(35) { parts.append(address("-d")) }
    parts += interfaces(place)
    switch transport {
    case "icmp": parts.append(random.chance(80) ? icmp() : not() + "-p \(family == .v4 ? "icmp" : "ipv6-icmp")")
    case "tcp", "udp", "sctp":
      parts.append("-p \(transport)")
      for _ in 0..<random.pick([0, 1, 1, 2]) { parts.append(port(transport)) }
      if transport == "tcp", random.chance(30) { parts.append(flags()) }
    case "other": parts.append("\(not())-p \(random.pick(["tcp", "udp", "esp", "47", "89", "gre", "udplite"]))")
    default: break
    }
    for _ in 0..<random.pick([0, 0, 1, 1, 2]) {
      let next = match(place, transport)
      // iptables takes -f once.
      if !next.hasSuffix("-f") || !parts.contains(where: { $0.hasSuffix("-f") }) { parts.append(next) }
    }
    if random.chance(6) { parts.append("-m comment --comment \"a -j DROP \\\"word\\\"\"") }
    parts.append(target(place, transport))
    return parts.filter { !$0.isEmpty }.joined(separator: " ")
  }

  mutating func not(_ percent: Int = 25) -> String { random.chance(percent) ? "! " : "" }

  private mutating func address(_ option: String) -> String {
    if random.chance(7) {
      return "\(option) \(constants.prefix(&random, block: 0)),\(constants.prefix(&random, block: 4))"
    }
    let value: String
    switch random.number(0...5) {
    case 0...1: value = "\(constants.address(&random))/\(family.addressWidth)"
    case 2...4: value = constants.prefix(&random).description
    default:
      value =
        family == .v4
        ? "10.0.0.\(random.number(0...7))/255.255.0.7" : "2001:db8::\(random.number(0...7))/ffff:ffff::7"
    }
    return "\(not())\(option) \(value)"
  }

  private mutating func interfaces(_ place: Place) -> [String] {
    var parts: [String] = []
    let name = random.pick(["eth0", "eth+", "wan0", "eth1", "lo", "nosuch0", "e+"])
    if random.chance(15), place.isOwn || !["OUTPUT", "POSTROUTING"].contains(place.chain) {
      parts.append("\(not())-i \(name)")
    }
    if random.chance(15), place.isOwn || !["INPUT", "PREROUTING"].contains(place.chain) {
      parts.append("\(not())-o \(name)")
    }
    return parts
  }
}
