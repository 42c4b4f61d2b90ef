import PacketSets
import Requirements
import SourceText

/// Writes random sites, and rule sets that let some of what they need through.
public struct SiteGenerator {
  var random: SeededGenerator
  let family: IPFamily
  let constants: RandomConstants
  /// Addresses of a real rule set that units and peers are taken from; empty for random ones.
  var known: [IPAddress] = []
  /// Peers' and units' interfaces where the site declares them.
  private(set) var isDeclared = false
  private(set) var published: [(outer: IPAddress, inner: IPAddress)] = []

  /// Starts from a seed.
  public init(seed: UInt64, family: IPFamily, known: [IPAddress] = []) {
    random = SeededGenerator(seed: seed ^ 0x51_7E)
    self.family = family
    self.known = known
    constants = RandomConstants(family: family)
  }

  private static let outer: [IPFamily: IPAddress] = [
    .v4: IPAddress(v4: 0xCB00_7119), .v6: IPAddress(.v6, 0x2001_0DB8_00FF << 80 | 0x19),
  ]

  private mutating func host(_ block: Int) -> IPAddress {
    for _ in 0..<20 {
      let address = !known.isEmpty && random.chance(70) ? random.pick(known) : constants.address(&random, block: block)
      if address.isSendable { return address }
    }
    return constants.address(&random, block: block)
  }

  private mutating func peers() -> String {
    if random.chance(6) { return "any" }
    let blocks = (0..<random.number(1...3)).map { _ -> String in
      let address = host(random.number(0...7))
      let width = family.addressWidth
      return random.chance(40)
        ? "\"\(address)\""
        : "\"\(IPPrefix(address, length: random.pick([width - 1, width - 2, width - 3, width - 8])))\""
    }
    return "[\(blocks.joined(separator: ", "))]"
  }

  /// The text of a site with one firewall, whose file is called `rules`.
  public mutating func site(_ policy: Policy, position: FirewallPosition) -> String {
    let mode = random.pick(["gateway", "server"])
    var text = "policy: fortimail-7.6\nmode: \(mode)\nunits:\n"
    published = []
    var taken: Set<IPAddress> = []
    for index in 0..<random.pick([1, 1, 2]) {
      let address = host(index)
      guard taken.insert(address).inserted else { continue }
      text += "  - name: mail\(index)\n    addresses: [\"\(address)\"]\n"
      if position == .forward, index == 0, random.chance(25), let outer = Self.outer[family] {
        published.append((outer, address))
        text += "    published: [\"\(outer)\"]\n"
      }
    }
    let names = policy.features.map(\.name).filter { !$0.hasPrefix("factory") }
    let features = random.distinct(random.number(3...6), below: names.count).map { names[$0] }
    text += "features: [\(features.joined(separator: ", "))]\npeers:\n"
    for role in policy.roles where role.defaultMeaning != .units {
      if role.defaultMeaning == .any, random.chance(8) { continue }
      text += "  \(role.name): \(peers())\n"
    }
    if random.chance(25) { text += "ports: {port-https: 8443, smtp-port: 80, syslog-port: 1024}\n" }
    text += "firewalls:\n  - path: rules\n    position: \(position == .forward ? "forward" : "host")\n"
    isDeclared = position == .forward && random.chance(50)
    if isDeclared {
      text += "    interfaces: {units: eth1"
      for role in policy.roles where role.defaultMeaning != .units { text += ", \(role.name): [eth0, wan0]" }
      text += "}\n"
    }
    return text
  }

  // MARK: Rule sets for it

  /// A rule set that lets some of the requirements through, in the language of nft.
  public mutating func nftRules(_ requirements: [Requirement], units: AddressSet, isForward: Bool) -> String {
    let of = family == .v4 ? "ip" : "ip6"
    var chains = ""
    var helpers: [String] = []
    for hook in isForward ? ["forward"] : ["input", "output"] {
      var rules = random.chance(85) ? ["ct state established,related accept"] : []
      for requirement in requirements {
        guard isForward || (requirement.direction == .incoming) == (hook == "input") else { continue }
        for flow in requirement.alternatives.joined() where random.chance(80) {
          guard let rule = accept(flow, requirement.direction, units, of) else { continue }
          if random.chance(15) {
            helpers.append("chain h\(helpers.count) {\n\(rule)\n\(random.chance(50) ? "drop\n" : "")}\n")
            rules.append("\(random.chance(70) ? "jump" : "goto") h\(helpers.count - 1)")
          } else {
            rules.append(rule)
          }
        }
      }
      for _ in 0..<random.number(0...2) {
        let drop = random.pick([
          "\(of) saddr \(constants.prefix(&random)) drop", "tcp dport { 22, 443, 8443 } drop",
          "\(of) daddr \(constants.range(&random)) udp dport 1-1024 drop", "ct state invalid drop",
        ])
        rules.insert(drop, at: random.number(0...rules.count))
      }
      chains +=
        "chain \(hook) {\ntype filter hook \(hook) priority 0; policy \(random.chance(90) ? "drop" : "accept");\n"
      chains += rules.map { "\($0)\n" }.joined() + "}\n"
    }
    var text = "table inet f {\n\(helpers.joined())\(chains)}\n"
    for (outer, inner) in published where random.chance(85) {
      let port = random.chance(40) ? "tcp dport { 22, 25, 80, 443, 465 } " : ""
      text += "table \(of) n {\nchain pre {\ntype nat hook prerouting priority -100;\n"
      text += "\(of) daddr \(outer) \(port)dnat to \(inner)\n}\n}\n"
    }
    if isForward, random.chance(15) {
      text +=
        "table \(of) m {\nchain post {\ntype nat hook postrouting priority 100;\noifname \"eth0\" masquerade\n}\n}\n"
    }
    return text
  }

  private mutating func accept(
    _ flow: RequiredFlow, _ direction: Direction, _ units: AddressSet, _ of: String
  ) -> String? {
    let peers: AddressSet
    switch flow.peers {
    case .known(let addresses): peers = addresses.restricted(to: family)
    case .units: peers = units
    case .any, .unknown: peers = .all
    }
    guard !peers.isEmpty else { return nil }
    let (peerSide, unitSide) = direction == .incoming ? ("saddr", "daddr") : ("daddr", "saddr")
    var parts: [String] = []
    if peers != .all {
      var prefixes = peers.prefixes.map(\.description)
      // Some of them are forgotten, or only half of one is let through.
      if prefixes.count > 1, random.chance(20) { prefixes.removeLast() }
      if random.chance(15), let first = peers.prefixes.first, first.length < family.addressWidth {
        prefixes[0] = IPPrefix(first.base, length: first.length + 1).description
      }
      parts.append("\(of) \(peerSide) { \(prefixes.joined(separator: ", ")) }")
    } else if random.chance(20) {
      parts.append("\(of) \(peerSide) \(family == .v4 ? "0.0.0.0/1" : "2000::/4")")
    }
    if random.chance(60) {
      parts.append("\(of) \(unitSide) { \(units.prefixes.map(\.description).joined(separator: ", ")) }")
    }
    let name = IPProtocol.name(flow.transport.protocolNumber)
    if flow.transport.ports.isEmpty {
      parts.append("meta l4proto \(name)")
    } else {
      var ports = flow.transport.ports.intervals.map {
        $0.lower == $0.upper ? "\($0.lower)" : "\($0.lower)-\($0.upper)"
      }
      if random.chance(6) { ports = ["\(constants.port(&random))"] }
      if random.chance(4) { parts.append("\(name) sport 1024-40000") }
      parts.append("\(name) dport { \(ports.joined(separator: ", ")) }")
    }
    return parts.joined(separator: " ") + " accept"
  }

  /// The same in the language of iptables-save.
  public mutating func iptablesRules(_ requirements: [Requirement], units: AddressSet, isForward: Bool) -> String {
    var text = "*filter\n"
    for chain in ["INPUT", "FORWARD", "OUTPUT"] { text += ":\(chain) \(random.chance(90) ? "DROP" : "ACCEPT") [0:0]\n" }
    for chain in isForward ? ["FORWARD"] : ["INPUT", "OUTPUT"] {
      if random.chance(85) { text += "-A \(chain) -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n" }
      if random.chance(30) { text += "-A \(chain) -s \(constants.prefix(&random)) -p tcp -m tcp --syn -j DROP\n" }
      for requirement in requirements {
        guard isForward || (requirement.direction == .incoming) == (chain == "INPUT") else { continue }
        for flow in requirement.alternatives.joined() where random.chance(80) {
          text += rules(flow, requirement.direction, units).map { "-A \(chain) \($0) -j ACCEPT\n" }.joined()
        }
      }
    }
    text += "COMMIT\n"
    for (outer, inner) in published where random.chance(85) {
      text += "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d \(outer) -j DNAT --to-destination \(inner)\nCOMMIT\n"
    }
    return text
  }

  private mutating func rules(_ flow: RequiredFlow, _ direction: Direction, _ units: AddressSet) -> [String] {
    var sources: [String] = [""]
    switch flow.peers {
    case .known(let addresses):
      sources = addresses.restricted(to: family).prefixes.map { "\(direction == .incoming ? "-s" : "-d") \($0) " }
      if sources.count > 1, random.chance(20) { sources.removeLast() }
    case .units, .any, .unknown: break
    }
    let name = IPProtocol.name(flow.transport.protocolNumber)
    guard !flow.transport.ports.isEmpty else { return sources.map { "\($0)-p \(name)" } }
    return sources.flatMap { source in
      flow.transport.ports.intervals.map { ports in
        "\(source)-p \(name) -m \(name) --dport \(ports.lower)" + (ports.lower == ports.upper ? "" : ":\(ports.upper)")
      }
    }
  }
}
