import Evaluation
import PacketSets

extension Trap {
  /// The traps, each for one thing that readers and tools of rule sets get wrong.
  public static var all: [Trap] { bits + tracking + control + fields + translation + rewriting + more }

  private static let udp = IPProtocol.udp

  // MARK: Bit tests and sets

  private static let bits = [
    Trap(
      "a flag name tests for any of its bits", .nft, .v4, filter("input", "tcp flags syn drop"),
      [(.sample(flags: 0x02), false), (.sample(flags: 0x12), false), (.sample(flags: 0x10), true)]),
    Trap(
      "flags in braces are whole values", .nft, .v4, filter("input", "tcp flags { syn, ack } drop"),
      [(.sample(flags: 0x02), false), (.sample(flags: 0x12), true), (.sample(flags: 0x10), false)]),
    Trap(
      "flags with commas test for any of them", .nft, .v4, filter("input", "tcp flags syn,fin drop"),
      [(.sample(flags: 0x12), false), (.sample(flags: 0x11), false), (.sample(flags: 0x10), true)]),
    Trap(
      "== makes flags a whole value", .nft, .v4, filter("input", "tcp flags == syn drop"),
      [(.sample(flags: 0x02), false), (.sample(flags: 0x12), true)]),
    Trap(
      "connection states with commas and in braces", .nft, .v4,
      filter("input", "ct state established,invalid drop\nct state { untracked, related } drop"),
      [(.sample(), true), (.sample(flags: 0x12), false)]),
    Trap(
      "iptables --tcp-flags compares under a mask", .legacy, .v4,
      "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --tcp-flags SYN,ACK SYN -j DROP\nCOMMIT",
      [(.sample(flags: 0x02), false), (.sample(flags: 0x03), false), (.sample(flags: 0x12), true)]),
  ]

  // MARK: Connection tracking

  private static let tracking = [
    Trap(
      "a first ACK is new, SYN+ACK and RST are invalid", .nft, .v4, filter("input", "ct state invalid drop"),
      [(.sample(flags: 0x10), true), (.sample(flags: 0x12), false), (.sample(flags: 0x04), false)]),
    Trap(
      "untracked is not invalid", .nft, .v4,
      "table ip raw {\nchain pre {\ntype filter hook prerouting priority raw;\ntcp dport 22 notrack\n}\n}\n"
        + filter("input", "ct state untracked drop\nct state invalid drop"),
      [(.sample(port: 22), false), (.sample(port: 23), true)]),
    Trap(
      "what a packet without a connection lacks does not match, negated or not", .nft, .v4,
      "table ip raw {\nchain pre {\ntype filter hook prerouting priority raw;\nnotrack\n}\n}\n"
        + filter("input", "ct mark != 5 drop\nct direction original drop"),
      [(.sample(), true)]),
    Trap(
      "before tracking every packet is invalid", .nft, .v4,
      "table ip raw {\nchain pre {\ntype filter hook prerouting priority raw;\nct state new drop\n}\n}\n"
        + filter("input", "ct state new accept\ndrop"),
      [(.sample(), true), (.sample(flags: 0x12), false)]),
  ]

  // MARK: Chains and verdicts

  private static let control = [
    Trap(
      "goto does not come back behind its rule", .nft, .v4,
      "table ip filter {\nchain a {\ngoto b\ndrop\n}\nchain b {\ntcp dport 80 drop\n}\n"
        + "chain base {\ntype filter hook input priority 0; policy accept;\njump a\ntcp dport 25 drop\n}\n}\n",
      [(.sample(port: 22), true), (.sample(port: 80), false), (.sample(port: 25), false)]),
    Trap(
      "goto from a base chain ends in its policy", .nft, .v4,
      "table ip filter {\nchain b {\ntcp dport 80 drop\n}\n"
        + "chain base {\ntype filter hook input priority 0; policy drop;\ngoto b\naccept\n}\n}\n",
      [(.sample(port: 22), false)]),
    Trap(
      "accept ends its own base chain only", .nft, .v4,
      "table inet one {\nchain base {\ntype filter hook input priority 0; policy accept;\ntcp dport 22 accept\n}\n}\n"
        + "table inet two {\nchain base {\ntype filter hook input priority 10; policy accept;\ntcp dport 22 drop\n}\n}\n",
      [(.sample(port: 22), false), (.sample(port: 23), true)]),
    Trap(
      "return in a base chain is its policy", .nft, .v4, filter("input", "tcp dport 22 return\naccept", policy: "drop"),
      [(.sample(port: 22), false), (.sample(port: 23), true)]),
    Trap(
      "a verdict map without the key falls through", .nft, .v4,
      filter("input", "tcp dport vmap { 22 : accept, 80 : continue }\ndrop"),
      [(.sample(port: 22), true), (.sample(port: 80), false), (.sample(port: 81), false)]),
    Trap(
      "iptables -g", .legacy, .v4,
      "*filter\n:INPUT DROP [0:0]\n:a - [0:0]\n:b - [0:0]\n-A INPUT -j a\n-A INPUT -p tcp --dport 25 -j ACCEPT\n"
        + "-A a -g b\n-A a -j ACCEPT\n-A b -p tcp --dport 80 -j ACCEPT\nCOMMIT",
      [(.sample(port: 22), false), (.sample(port: 80), true), (.sample(port: 25), true)]),
  ]

  // MARK: Fields

  private static let fields = [
    Trap(
      "a port belongs to its protocol", .nft, .v4, filter("input", "tcp dport != 80 drop"),
      [(.sample(port: 22), false), (.sample(.input, .v4, udp, port: 22), true), (.sample(port: 80), true)]),
    Trap(
      "an IPv4 match in an inet table leaves IPv6 alone", .nft, .v6, filter("input", "ip saddr != 10.0.0.1 drop"),
      [(.sample(.input, .v6), true)]),
    Trap(
      "ICMP of the other family", .nft, .v6, filter("input", "icmp type echo-request drop"),
      [(.sample(.input, .v6, IPProtocol.icmpv6), true)]),
    Trap(
      "an interface that a hook does not have is the empty name", .nft, .v4,
      filter("input", "oifname != \"eth1\" drop"),
      [(.sample(), false)]),
    Trap(
      "prerouting knows no outgoing interface", .nft, .v4,
      "table ip f {\nchain pre {\ntype filter hook prerouting priority -150;\noifname \"eth1\" drop\n}\n}\n",
      [(.sample(.forward), true)]),
    Trap(
      "hops are counted before forward", .nft, .v4, filter("forward", "ip ttl 64 drop"),
      [(.sample(.forward), true)]),
    Trap(
      "hops are not counted in prerouting", .nft, .v6,
      "table inet f {\nchain pre {\ntype filter hook prerouting priority -150;\nip6 hoplimit 64 drop\n}\n}\n",
      [(.sample(.forward, .v6), false)]),
    Trap(
      "a tuple is looked up as a whole", .nft, .v4,
      filter("input", "ip saddr . tcp dport { 10.0.0.1 . 22, 10.0.0.3 . 80 } drop"),
      [(.sample(port: 22), false), (.sample(port: 80), true), (.sample(port: 80, from: 3), false)]),
    Trap(
      "a tuple of intervals", .nft, .v4,
      filter("input", "ip saddr . tcp dport { 10.0.0.0/31 . 20-30, 10.0.0.0-10.0.0.9 . 80 } drop"),
      [(.sample(port: 30), false), (.sample(port: 31), true), (.sample(port: 80, from: 9), false)]),
  ]

  // MARK: Translation

  private static let translation = [
    Trap(
      "destinations change before filter sees them", .nft, .v4,
      "table ip nat {\nchain pre {\ntype nat hook prerouting priority dstnat;\ntcp dport 80 dnat to 10.0.0.9:8080\n}\n}\n"
        + filter("forward", "tcp dport 80 drop\nip daddr 10.0.0.9 tcp dport 8080 accept\ndrop"),
      [(.sample(.forward, port: 80), true), (.sample(.forward, port: 81), false)]),
    Trap(
      "a map without the key does not translate", .nft, .v4,
      "table ip nat {\nchain pre {\ntype nat hook prerouting priority dstnat;\n"
        + "dnat to tcp dport map { 80 : 10.0.0.9, 443 : 10.0.0.8 }\n}\n}\n"
        + filter("forward", "ip daddr { 10.0.0.8, 10.0.0.9 } accept\ndrop"),
      [(.sample(.forward, port: 80), true), (.sample(.forward, port: 22), false)]),
    Trap(
      "translation of one family leaves the other alone", .nft, .v6,
      "table inet nat {\nchain pre {\ntype nat hook prerouting priority dstnat;\ndnat ip to 10.0.0.9\n}\n}\n"
        + filter("forward", "ip6 daddr 2001:db8::2 accept\ndrop"),
      [(.sample(.forward, .v6), true)]),
    Trap(
      "the first translation ends the later ones", .nft, .v4,
      "table ip nat {\nchain pre {\ntype nat hook prerouting priority -100;\ntcp dport 80 dnat to 10.0.0.9\n}\n"
        + "chain late {\ntype nat hook prerouting priority -90;\ntcp dport 80 drop\ntcp dport 81 drop\n}\n}\n",
      [(.sample(.forward, port: 80), true), (.sample(.forward, port: 81), false)]),
    Trap(
      "sources change after filter", .nft, .v4,
      "table ip nat {\nchain post {\ntype nat hook postrouting priority srcnat;\nsnat to 192.0.2.9\n}\n}\n"
        + filter("forward", "ip saddr 192.0.2.9 drop")
        + "table ip late {\nchain post {\ntype filter hook postrouting priority 0;\nip saddr 192.0.2.9 drop\n}\n}\n",
      [(.sample(.forward), true)]),
  ]
}
