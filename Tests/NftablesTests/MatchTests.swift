import RuleGraph
import Testing

/// One rule of an input chain with policy drop in some family, and what becomes of packets.
struct MatchCase: CustomStringConvertible {
  var family = "inet"
  var rule: String
  var accepts: [String] = []
  var drops: [String] = []
  var undecided: [String] = []
  var understanding = Understanding.exact
  /// Statements of the table besides the chain.
  var table = ""
  var description: String { "\(family) \(rule)" }
}

@Suite struct MatchTests {
  static let ssh = "tcp 10.0.0.1:1024 > 10.0.0.2:22"
  static let ssh6 = "tcp [2001:db8::1]:1024 > [2001:db8::2]:22"
  static let dns = "udp 10.0.0.1:1024 > 10.0.0.2:53"
  static let ping = "icmp 10.0.0.1 > 10.0.0.2 type=8"
  static let ping6 = "icmpv6 2001:db8::1 > 2001:db8::2 type=128"

  static let cases: [MatchCase] = [
    // Dependencies that nft adds by itself.
    MatchCase(rule: "tcp dport 22 accept", accepts: [ssh, ssh6], drops: [dns, "udp 10.0.0.1:9 > 10.0.0.2:22"]),
    MatchCase(rule: "ip saddr 10.0.0.0/8 accept", accepts: [ssh, dns, ping], drops: [ssh6]),
    MatchCase(rule: "ip saddr != 192.0.2.0/24 accept", accepts: [ssh], drops: [ssh6, "udp 192.0.2.9:1 > 10.0.0.2:2"]),
    MatchCase(rule: "icmp type echo-request accept", accepts: [ping], drops: [ping6, ssh]),
    MatchCase(rule: "icmpv6 type { echo-request, nd-neighbor-solicit } accept", accepts: [ping6], drops: [ping]),
    MatchCase(rule: "icmp type != echo-reply accept", accepts: [ping], drops: [ping6, ssh]),
    MatchCase(rule: "ip protocol tcp accept", accepts: [ssh], drops: [ssh6, dns]),
    MatchCase(rule: "meta l4proto tcp accept", accepts: [ssh, ssh6], drops: [dns]),
    MatchCase(rule: "ip6 nexthdr tcp accept", accepts: [ssh6], drops: [ssh]),
    MatchCase(rule: "meta nfproto ipv6 accept", accepts: [ssh6], drops: [ssh]),
    MatchCase(rule: "meta protocol ip accept", accepts: [ssh], drops: [ssh6]),
    MatchCase(rule: "meta l4proto { tcp, udp } th dport { 22, 53 } accept", accepts: [ssh, dns, ssh6], drops: [ping]),
    MatchCase(
      rule: "th dport 22 accept", accepts: [ssh], drops: [dns], undecided: [ping], understanding: .approximated),
    MatchCase(rule: "reject with tcp reset", drops: [dns]),
    MatchCase(rule: "meta l4proto . th dport { tcp . 22, udp . 53 } accept", accepts: [ssh, dns], drops: [ping]),
    MatchCase(
      rule: "meta l4proto . th dport vmap { tcp . 22 : accept, udp . 53 : drop }", accepts: [ssh], drops: [dns, ping]),
    MatchCase(rule: "ether type arp accept", drops: [ssh]),

    // Numbers in their notations.
    MatchCase(rule: "tcp dport 0x16 accept", accepts: [ssh], drops: ["tcp 10.0.0.1:9 > 10.0.0.2:16"]),
    MatchCase(rule: "tcp dport 026 accept", accepts: [ssh], drops: ["tcp 10.0.0.1:9 > 10.0.0.2:26"]),
    MatchCase(rule: "tcp dport ssh accept", accepts: [ssh], drops: ["tcp 10.0.0.1:9 > 10.0.0.2:23"]),
    MatchCase(rule: "tcp dport 20-22 accept", accepts: [ssh], drops: ["tcp 10.0.0.1:9 > 10.0.0.2:23"]),
    MatchCase(rule: "tcp dport != 20-22 accept", accepts: ["tcp 10.0.0.1:9 > 10.0.0.2:23"], drops: [ssh, dns]),
    MatchCase(rule: "tcp dport < 23 accept", accepts: [ssh], drops: ["tcp 10.0.0.1:9 > 10.0.0.2:23"]),
    MatchCase(rule: "tcp dport ge 22 accept", accepts: [ssh], drops: ["tcp 10.0.0.1:9 > 10.0.0.2:21"]),
    MatchCase(rule: "tcp dport { 22, 80-90 } accept", accepts: [ssh], drops: ["tcp 10.0.0.1:9 > 10.0.0.2:79"]),
    MatchCase(rule: "tcp dport != { 22, 80-90 } accept", accepts: ["tcp 10.0.0.1:9 > 10.0.0.2:79"], drops: [ssh, dns]),
    MatchCase(
      rule: "ip saddr & 255.0.0.255 == 10.0.0.1 accept", accepts: [ssh], drops: ["udp 10.0.0.3:1 > 10.0.0.2:2"]),

    // Flags: any of them, exactly them, or under a mask.
    MatchCase(rule: "tcp flags syn accept", accepts: [ssh, ssh + " flags=syn,ack"], drops: [ssh + " flags=ack"]),
    MatchCase(rule: "tcp flags == syn accept", accepts: [ssh], drops: [ssh + " flags=syn,ack"]),
    MatchCase(
      rule: "tcp flags { syn, ack } accept", accepts: [ssh, ssh + " flags=ack"], drops: [ssh + " flags=syn,ack"]),
    MatchCase(
      rule: "tcp flags { syn } accept", accepts: [ssh], drops: [ssh + " flags=ack"],
      undecided: [ssh + " flags=syn,ack"], understanding: .approximated),
    MatchCase(
      rule: "tcp flags & (fin | syn) == syn accept", accepts: [ssh, ssh + " flags=syn,ack"],
      drops: [ssh + " flags=fin,syn"]),
    MatchCase(
      rule: "tcp flags syn / fin,syn,rst,ack accept", accepts: [ssh, ssh + " flags=syn,psh"],
      drops: [ssh + " flags=syn,ack"]),
    MatchCase(
      rule: "tcp flags != syn / fin,syn,rst,ack accept", accepts: [ssh + " flags=syn,ack"], drops: [ssh, dns]),
    MatchCase(rule: "tcp flags ! syn accept", accepts: [ssh + " flags=ack"], drops: [ssh + " flags=syn,ack"]),
    MatchCase(rule: "tcp flags & syn != 0 accept", accepts: [ssh], drops: [ssh + " flags=ack"]),
    MatchCase(rule: "ct state new accept", accepts: [ssh], drops: [ssh + " state=established"]),
    MatchCase(
      rule: "ct state established,related accept", accepts: [ssh + " state=related"], drops: [ssh + " state=invalid"]),
    MatchCase(rule: "ct state { established, new } accept", accepts: [ssh], drops: [ssh + " state=related"]),
    MatchCase(rule: "ct state != new accept", accepts: [ssh + " state=invalid"], drops: [ssh]),
    // The kernel compares with both bits at once, and no packet has both.
    MatchCase(rule: "ct state != established,related accept", accepts: [ssh + " state=established"]),
    MatchCase(rule: "ct status dnat accept", drops: [ssh, ssh + " state=invalid"]),

    // Interfaces.
    MatchCase(rule: "iifname \"eth*\" accept", accepts: [ssh + " iif=eth7"], drops: [ssh + " iif=ppp0"]),
    MatchCase(rule: "iifname { \"lan*\", eth0 } accept", accepts: [ssh + " iif=lan1"], drops: [ssh + " iif=eth01"]),
    MatchCase(rule: "iifname != { \"lan*\", eth0 } accept", accepts: [ssh + " iif=ppp0"], drops: [ssh + " iif=eth0"]),
    MatchCase(rule: "iif lo accept", accepts: [ssh + " iif=lo"], drops: [ssh + " iif=eth0"]),
    MatchCase(rule: "oifname eth0 accept", drops: [ssh + " iif=eth0"]),
    MatchCase(
      rule: "iifname . tcp dport { eth0 . 22, \"wan*\" . 80-90 } accept",
      accepts: [ssh + " iif=eth0", "tcp 10.0.0.1:9 > 10.0.0.2:85 iif=wan3"], drops: [ssh + " iif=wan3", dns]),

    // Concatenations, maps and sets with names.
    MatchCase(
      rule: "ip saddr . tcp dport { 10.0.0.0/24 . 20-30 } accept", accepts: [ssh], drops: [ssh6, dns]),
    MatchCase(
      rule: "ip saddr . tcp dport != { 10.0.0.0/24 . 20-30 } accept",
      accepts: ["tcp 10.0.1.1:9 > 10.0.0.2:22"], drops: [ssh, ssh6, dns]),
    MatchCase(
      rule: "tcp dport vmap { 22 : accept, 80-90 : drop }", accepts: [ssh],
      drops: [dns, "tcp 10.0.0.1:9 > 10.0.0.2:80"]),
    MatchCase(
      rule: "tcp dport vmap { 80 : drop, * : accept }", accepts: [ssh], drops: [dns, "tcp 10.0.0.1:9 > 10.0.0.2:80"]),
    MatchCase(
      rule: "tcp dport vmap { 80 : drop, 22 : continue } accept", accepts: [ssh],
      drops: [dns, "tcp 10.0.0.1:9 > 10.0.0.2:80", "tcp 10.0.0.1:9 > 10.0.0.2:81"]),
    MatchCase(
      rule: "tcp dport vmap { 80 : drop, * : continue } accept", accepts: [ssh],
      drops: [dns, "tcp 10.0.0.1:9 > 10.0.0.2:80"]),
    // A key that is not in the map breaks the rule.
    MatchCase(rule: "tcp dport vmap { 80 : drop } accept", drops: [dns, ssh]),
    MatchCase(
      rule: "ct state vmap { established : drop, new : accept }", accepts: [ssh], drops: [ssh + " state=related"]),
    MatchCase(
      rule: "ip saddr . meta mark vmap @m",
      accepts: [ssh + " mark=7"], drops: [ssh],
      table: "map m { type ipv4_addr . mark : verdict; elements = { 10.0.0.1 . 7 : accept } }"),
    MatchCase(
      rule: "ip saddr @s accept", accepts: [ssh], drops: [ssh6, "udp 192.0.2.1:1 > 10.0.0.2:2"],
      table: "set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 } }"),
    MatchCase(
      rule: "ip saddr != @s accept", accepts: ["udp 192.0.2.1:1 > 10.0.0.2:2"], drops: [ssh, ssh6],
      table: "set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 } }"),
    MatchCase(rule: "ip saddr @s accept", drops: [ssh, ssh6], table: "set s { type ipv4_addr; }"),
    MatchCase(rule: "ip saddr != @s accept", accepts: [ssh], drops: [ssh6], table: "set s { type ipv4_addr; }"),
    MatchCase(
      rule: "ip saddr @s accept", drops: [ssh6], undecided: [ssh], understanding: .approximated,
      table: "set s { type ipv4_addr; flags dynamic; }\nchain f { add @s { ip saddr }; }"),
    MatchCase(
      rule: "ip saddr @s accept", accepts: [ssh],
      table: "set s { type ipv4_addr; flags dynamic,timeout; elements = { 10.0.0.1 timeout 1h } }"),
    MatchCase(
      rule: "ip saddr . tcp dport @s accept", accepts: [ssh], drops: [dns],
      table: "set s { typeof ip saddr . tcp dport; flags interval; elements = { 10.0.0.0/24 . 22 } }"),
    MatchCase(
      rule: "ip6 saddr { 2001:db8::/32, fe80::1-fe80::ff } accept", accepts: [ssh6], drops: [ssh],
      table: ""),

    // Headers that the model holds, in other words.
    MatchCase(rule: "ip ttl 64 accept", accepts: [ssh], drops: [ssh + " ttl=63", ssh6]),
    MatchCase(rule: "ip6 hoplimit > 63 accept", accepts: [ssh6], drops: [ssh6 + " ttl=63", ssh]),
    MatchCase(rule: "ip dscp ef accept", accepts: [ssh + " dscp=46"], drops: [ssh]),
    MatchCase(rule: "meta length 60-100 accept", accepts: [ssh], drops: [ssh + " length=59"]),
    MatchCase(rule: "ip6 length 20 accept", accepts: [ssh6], drops: [ssh6 + " length=61"]),
    MatchCase(rule: "ip frag-off & 0x1fff != 0 accept", drops: [ssh, ssh6]),
    MatchCase(rule: "ip frag-off & 0x1fff == 0 accept", accepts: [ssh], drops: [ssh6]),
    MatchCase(rule: "meta pkttype host accept", accepts: [ssh]),
    MatchCase(rule: "meta l4proto tcp @th,16,16 22 accept", accepts: [ssh], drops: [dns]),
    MatchCase(family: "ip", rule: "@nh,96,32 0x0a000001 accept", accepts: [ssh]),
    MatchCase(rule: "ct direction original accept", accepts: [ssh], drops: [ssh + " state=invalid"]),
    MatchCase(rule: "ct original ip daddr 10.0.0.2 accept", accepts: [ssh], drops: [ssh6, ssh + " state=untracked"]),
    MatchCase(rule: "meta l4proto tcp ct original proto-dst 22 accept", accepts: [ssh], drops: [dns]),

    // Marks, and the order of statements.
    MatchCase(rule: "meta mark & 0xf0 == 0x10 accept", accepts: [ssh + " mark=17"], drops: [ssh]),
    MatchCase(rule: "meta mark and 0xf0 != 0x10 accept", accepts: [ssh], drops: [ssh + " mark=17"]),
    MatchCase(rule: "meta mark { 1, 5-7 } accept", accepts: [ssh + " mark=6"], drops: [ssh]),
    MatchCase(
      rule: "meta mark set meta mark and 0xff or 0x100\nmeta mark 0x107 accept", accepts: [ssh + " mark=519"],
      drops: [ssh]),
    MatchCase(
      rule: "meta mark set 5 tcp dport 80 drop\nmeta mark 5 accept", accepts: [ssh],
      drops: ["tcp 10.0.0.1:9 > 10.0.0.2:80"]),
    MatchCase(rule: "tcp dport 80 meta mark set 5\nmeta mark 5 accept", drops: [ssh]),
    MatchCase(rule: "meta mark set 7 ct mark set mark\nct mark 7 accept", accepts: [ssh]),
    MatchCase(
      rule: "ct mark set mark and 0xff\nmeta mark set 0\nmeta mark set ct mark or 0x100\nmeta mark 0x107 accept",
      accepts: [ssh + " mark=775"], drops: [ssh + " mark=8", ssh + " mark=775 state=invalid"]),
    MatchCase(rule: "meta mark set ip saddr map { 10.0.0.1 : 3 }\nmeta mark 3 accept", accepts: [ssh], drops: [ssh6]),

    // What cannot be known.
    MatchCase(rule: "limit rate 5/second accept", undecided: [ssh], understanding: .approximated),
    MatchCase(rule: "limit rate 5/second log prefix \"x\"\naccept", accepts: [ssh]),
    MatchCase(rule: "meta skuid 0 accept", undecided: [ssh], understanding: .approximated),
    MatchCase(rule: "iif 7 accept", undecided: [ssh], understanding: .approximated),
    MatchCase(
      rule: "tcp dport 22 ct count over 4 accept", drops: [dns], undecided: [ssh], understanding: .approximated),
    MatchCase(rule: "counter packets 3 bytes 4 log level warn flags all accept", accepts: [ssh]),
    MatchCase(rule: "fib daddr type local accept", accepts: [ssh], drops: ["udp 10.0.0.1:1 > 224.0.0.1:2"]),
    MatchCase(rule: "fib daddr . iif type local accept", undecided: [ssh], understanding: .approximated),
  ]

  @Test("a rule does what the kernel does", arguments: cases)
  func rule(_ test: MatchCase) {
    let (graph, diagnostics) = parse(
      """
      table \(test.family) t {
      \(test.table)
      chain c {
      type filter hook input priority 0; policy drop
      \(test.rule)
      }
      }

      """)
    #expect(diagnostics.filter { $0.severity == .error }.isEmpty, "\(lines(diagnostics, graph))")
    for packet in test.accepts { #expect(fate(graph, packet) == "accept", "\(packet)") }
    for packet in test.drops { #expect(fate(graph, packet) == "drop", "\(packet)") }
    for packet in test.undecided { #expect(fate(graph, packet) == "undecided", "\(packet)") }
    let understandings = graph.rules.filter(\.isWritten).map(\.understanding)
    if understandings.contains(.approximated) || test.understanding == .approximated {
      #expect(understandings.contains(test.understanding), "\(understandings)")
    }
  }
}
