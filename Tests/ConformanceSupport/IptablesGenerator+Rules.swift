import PacketSets

extension IptablesGenerator {
  mutating func port(_ transport: String) -> String {
    if random.chance(25) {
      let option = random.pick(["--dports", "--dports", "--sports", "--ports"])
      let values = random.distinct(random.number(1...4), below: 8).map { block in
        random.chance(60)
          ? "\(constants.port(&random, block: block))"
          : constants.portRange(&random, block: block, separator: ":")
      }
      return "-m multiport \(not())\(option) \(values.joined(separator: ","))"
    }
    let option = random.chance(75) ? "--dport" : "--sport"
    let value =
      switch random.number(0...4) {
      case 0...1: "\(constants.port(&random))"
      case 2: constants.portRange(&random, separator: ":")
      case 3: ":\(constants.port(&random))"
      default: "\(constants.port(&random)):"
      }
    return "-m \(transport) \(not())\(option) \(value)"
  }

  mutating func flags() -> String {
    random.pick([
      "-m tcp --syn", "-m tcp ! --syn", "-m tcp --tcp-flags FIN,SYN,RST,ACK SYN", "-m tcp --tcp-flags SYN,ACK SYN,ACK",
      "-m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN", "-m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE",
      "-m tcp --tcp-flags ALL FIN,PSH,URG", "-m tcp --tcp-flags SYN,RST SYN,RST", "-m tcp --tcp-flags FIN FIN",
    ])
  }

  mutating func icmp() -> String {
    if family == .v4 {
      let type = random.pick([
        "8", "echo-request", "echo-reply", "3/1", "destination-unreachable", "any", "timestamp-request", "13", "0/0",
        "host-unreachable", "255",
      ])
      return "-p icmp -m icmp \(not())--icmp-type \(type)"
    }
    let type = random.pick([
      "128", "echo-request", "echo-reply", "1/3", "packet-too-big", "neighbour-solicitation", "135", "time-exceeded",
    ])
    return "-p ipv6-icmp -m icmp6 \(not())--icmpv6-type \(type)"
  }

  /// A match of an extension that goes with any protocol, or brings its own.
  mutating func match(_ place: Place, _ transport: String) -> String {
    if !ipsets.isEmpty, random.chance(50) {
      let set = random.pick(ipsets)
      return "-m set \(not())--match-set \(set.name) \(set.directions)"
    }
    switch random.number(0...10) {
    case 0...2: return tracking(transport)
    case 3: return marks()
    case 4: return "-m iprange \(not())--\(random.pick(["src", "dst"]))-range \(range())"
    case 5: return "-m length \(not())--length \(random.pick(["48", "60:100", "68", "100:", ":576", "0:59"]))"
    case 6: return hops()
    case 7: return "-m dscp \(not())--dscp \(random.pick(["0x08", "0x2e", "0x00", "10"]))"
    case 8 where family == .v4: return "\(not(50))-f"
    case 9: return "-m pkttype \(not())--pkt-type \(random.pick(["unicast", "broadcast", "multicast"]))"
    case 10 where approximates: return "-m tos \(not())--tos \(random.pick(["0x20/0xfc", "0x10/0x3f", "0x00/0xff"]))"
    case 8 where approximates: return "-m ecn \(not())--ecn-ip-ect 0"
    case 10 where place.chain == "FORWARD" && !place.isOwn:
      return "-m addrtype \(not())--dst-type \(random.pick(["LOCAL", "UNICAST", "MULTICAST", "LOCAL,UNICAST"]))"
    default: return tracking(transport)
    }
  }

  private mutating func range() -> String {
    let ends = [constants.address(&random), constants.address(&random)].sorted()
    return "\(ends[0])-\(ends[1])"
  }

  private mutating func hops() -> String {
    guard family == .v4 else {
      let value = random.pick([1, 63, 64, 128])
      return "-m hl " + random.pick(["\(not())--hl-eq \(value)", "--hl-lt \(value)", "--hl-gt \(value)"])
    }
    let value = random.pick([1, 63, 64, 128])
    return "-m ttl " + random.pick(["\(not())--ttl-eq \(value)", "--ttl-lt \(value)", "--ttl-gt \(value)"])
  }

  private mutating func tracking(_ transport: String) -> String {
    let address = constants.prefix(&random)
    var choices = [
      "-m conntrack \(not())--ctstate NEW", "-m conntrack --ctstate RELATED,ESTABLISHED",
      "-m state \(not())--state NEW",
      "-m conntrack \(not())--ctstate INVALID", "-m conntrack --ctstate NEW,UNTRACKED", "-m state --state INVALID",
      "-m conntrack ! --ctstate RELATED,ESTABLISHED", "-m conntrack --ctdir ORIGINAL",
      "-m conntrack \(not())--ctstate DNAT", "-m connmark \(not())--mark 0x1",
      "-m conntrack \(not())--ctorigdst \(address)", "-m conntrack \(not())--ctorigsrc \(address)",
      "-m connmark --mark 0x1/0x3", "-m conntrack --ctdir REPLY", "-m conntrack \(not())--ctstate SNAT",
      "-m conntrack \(not())--ctstatus NONE", "-m conntrack \(not())--ctstatus SEEN_REPLY,ASSURED",
      "-m conntrack --ctstatus CONFIRMED", "-m conntrack --ctstate NEW,DNAT",
      "-m conntrack --ctstate INVALID,UNTRACKED",
      "-m conntrack \(not())--ctreplsrc \(address)", "-m conntrack \(not())--ctrepldst \(address)",
      "-m conntrack \(not())--ctproto 6", "-m conntrack --ctproto 1",
      "-m conntrack --ctstate NEW --ctdir ORIGINAL", "-m conntrack ! --ctstate INVALID,UNTRACKED,SNAT",
    ]
    if transport == "tcp" || transport == "udp" {
      choices += [
        "-m conntrack \(not())--ctorigdstport \(constants.port(&random))",
        "-m conntrack --ctorigsrcport 1024:65535", "-m conntrack \(not())--ctreplsrcport \(constants.port(&random))",
        "-m conntrack --ctrepldstport 1024:65535", "-m conntrack \(not())--ctproto \(transport)",
      ]
    }
    if approximates {
      choices += [
        "-m conntrack \(not())--ctorigdstport \(constants.port(&random))", "-m conntrack --ctproto 6",
        "-m conntrack --ctstate SNAT,INVALID", "-m conntrack --ctstate INVALID --ctdir ORIGINAL",
      ]
    }
    return random.pick(choices)
  }

  private mutating func marks() -> String {
    let value = random.number(0...7)
    return random.pick(["-m mark \(not())--mark 0x\(value)", "-m mark \(not())--mark 0x\(value & 3)/0x3"])
  }

  // MARK: Targets

  mutating func target(_ place: Place, _ transport: String) -> String {
    if place.table == "nat", !place.isOwn, random.chance(60) { return translation(place, transport) }
    if let chain = place.callable.randomElement(using: &random), random.chance(30) {
      return "\(random.chance(70) ? "-j" : "-g") \(chain)"
    }
    if ["mangle", "raw"].contains(place.table), random.chance(40) { return effect(place) }
    var choices = ["-j ACCEPT", "-j ACCEPT", "-j ACCEPT", "-j RETURN", "-j RETURN", ""]
    if place.table != "nat" { choices += ["-j DROP", "-j DROP"] }
    if place.table == "filter" {
      choices.append(transport == "tcp" && random.chance(50) ? "-j REJECT --reject-with tcp-reset" : "-j REJECT")
      if random.chance(20) { choices.append("-j LOG --log-prefix \"a \"") }
    }
    return random.pick(choices)
  }

  private mutating func effect(_ place: Place) -> String {
    let value = "0x\(random.number(0...7))"
    if place.table == "raw" { return place.isOwn ? "-j ACCEPT" : random.pick(["-j CT --notrack", "-j NOTRACK"]) }
    var choices = [
      "-j MARK --set-mark \(value)", "-j MARK --set-xmark \(value)/0x3", "-j MARK --or-mark \(value)",
      "-j MARK --and-mark \(value)", "-j MARK --xor-mark \(value)", "-j MARK --set-mark \(value)/0x6",
      "-j CONNMARK --set-mark \(value)",
      "-j CONNMARK --set-xmark \(value)/0x3",
      family == .v4 ? "-j TTL --ttl-set \(random.pick([1, 2, 63, 64]))" : "-j HL --hl-set \(random.pick([1, 63, 64]))",
      "-j DSCP --set-dscp 0x08", "-j DSCP --set-dscp-class AF11", "-j TOS --set-tos 0x10/0x3f", "-j TOS --set-tos 0x20",
      "-j TOS --or-tos 0x08", "-j TOS --and-tos 0xf8", "-j TOS --xor-tos 0x40", "-j CONNMARK --and-mark 0x3",
      "-j CONNMARK --or-mark 0x2", "-j CONNMARK --save-mark", "-j CONNMARK --restore-mark",
      "-j CONNMARK --restore-mark --mask 0x3", "-j CONNMARK --save-mark --nfmask 0x3 --ctmask 0x7",
      "-j CONNMARK --restore-mark --nfmask 0x7 --ctmask 0x1",
    ]
    choices.append("-j CONNMARK --set-xmark \(value)/0x7 --left-shift-mark 1")
    if approximates {
      let hops = family == .v4 ? "TTL --ttl" : "HL --hl"
      choices += ["-j \(hops)-dec \(random.pick([1, 62, 63, 200]))", "-j \(hops)-inc \(random.pick([1, 200]))"]
    }
    return random.pick(choices)
  }

  private mutating func translation(_ place: Place, _ transport: String) -> String {
    let address = constants.address(&random)
    let hasPorts = ["tcp", "udp"].contains(transport)
    let target = family == .v4 ? "\(address)" : "[\(address)]"
    let port = hasPorts && random.chance(50) ? ":\(constants.port(&random))" : ""
    let isDestination = place.chain == "PREROUTING" || place.chain == "OUTPUT"
    if isDestination {
      if allowsUnknown, random.chance(40) {
        if hasPorts, random.chance(20) { return "-j REDIRECT --to-ports 8000-8003" }
        return hasPorts && random.chance(50) ? "-j REDIRECT --to-ports \(constants.port(&random))" : "-j REDIRECT"
      }
      if random.chance(10) { return "-j NETMAP --to \(constants.prefix(&random, block: 3))" }
      if allowsUnknown, random.chance(40) {
        let range = constants.range(&random, block: 5)
        let ports = random.pick([":8000-8003", ":\(constants.port(&random))", ""])
        return "-j DNAT --to-destination \(range)\(hasPorts && family == .v4 ? ports : "")"
      }
      return "-j DNAT --to-destination \(port.isEmpty ? "\(address)" : target + port)"
    }
    if random.chance(10) { return "-j NETMAP --to \(constants.prefix(&random, block: 3))" }
    if allowsUnknown, place.chain == "POSTROUTING", random.chance(40) {
      return hasPorts && random.chance(30) ? "-j MASQUERADE --to-ports 30000-30010" : "-j MASQUERADE"
    }
    if allowsUnknown, random.chance(40) {
      let ports = random.pick([":8000-8003", ":\(constants.port(&random))", ""])
      return "-j SNAT --to-source \(constants.range(&random, block: 5))\(hasPorts && family == .v4 ? ports : "")"
    }
    return "-j SNAT --to-source \(port.isEmpty ? "\(address)" : target + port)"
  }
}
