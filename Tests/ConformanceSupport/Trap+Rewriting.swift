import Evaluation
import PacketSets

extension Trap {
  private static let udp = IPProtocol.udp

  private static func chain(_ hook: String, _ priority: String, _ rules: String, type: String = "filter") -> String {
    "chain \(hook)\(priority.filter { $0.isNumber || $0.isLetter }) {\n"
      + "type \(type) hook \(hook) priority \(priority); policy accept;\n\(rules)\n}\n"
  }

  private static func table(_ chains: String..., family: String = "inet") -> String {
    "table \(family) t {\n\(chains.joined())}\n"
  }

  /// Headers that rules write without translation.
  static let rewriting = [
    Trap(
      "a port that was written is what later rules see", .nft, .v4,
      table(chain("prerouting", "-150", "tcp dport 8080 tcp dport set 80"), chain("input", "0", "tcp dport 8080 drop")),
      [(.sample(port: 8080), true), (.sample(port: 80), true)]),
    Trap(
      "the rest of the rule sees what it has written", .nft, .v4,
      table(chain("input", "0", "tcp dport 22 tcp dport set 80 tcp dport 80 drop")),
      [(.sample(port: 22), false), (.sample(port: 80), true)]),
    Trap(
      "a write to TCP leaves UDP alone", .nft, .v4,
      table(chain("prerouting", "-150", "tcp dport set 80"), chain("input", "0", "th dport 80 drop")),
      [(.sample(port: 22), false), (.sample(.input, .v4, udp, port: 22), true)]),
    Trap(
      "an address that was written, in inet", .nft, .v4,
      table(
        chain("prerouting", "-150", "ip saddr set 10.9.9.9"), chain("forward", "0", "ip saddr 10.9.9.9 accept\ndrop")),
      [(.sample(.forward), true)]),
    Trap(
      "an IPv4 write leaves IPv6 alone", .nft, .v6,
      table(chain("prerouting", "-150", "ip daddr set 10.9.9.9"), chain("forward", "0", "ip6 daddr 2001:db8::2 drop")),
      [(.sample(.forward, .v6), false)]),
    Trap(
      "an IPv6 address that was written", .nft, .v6,
      table(
        chain("prerouting", "-150", "ip6 daddr set 2001:db8::99"),
        chain("forward", "0", "ip6 daddr 2001:db8::99 accept\ndrop")),
      [(.sample(.forward, .v6), true)]),
    Trap(
      "a connection keeps the ends that tracking saw", .nft, .v4,
      table(
        chain("prerouting", "-150", "tcp dport set 80"),
        chain("input", "0", "meta l4proto tcp ct original proto-dst 22 accept\ndrop")),
      [(.sample(port: 22), true), (.sample(port: 80), false)]),
    Trap(
      "what is written before tracking is what it sees", .nft, .v4,
      table(
        chain("prerouting", "-300", "tcp dport set 80"),
        chain("input", "0", "meta l4proto tcp ct original proto-dst 80 accept\ndrop")),
      [(.sample(port: 22), true)]),
    Trap(
      "translation writes the connection's port back", .nft, .v4,
      table(
        chain("prerouting", "-150", "tcp dport set 80"),
        chain("prerouting", "-100", "dnat to 10.0.0.9", type: "nat"),
        chain("forward", "0", "ip daddr 10.0.0.9 tcp dport 22 accept\ndrop"), family: "ip"),
      [(.sample(.forward, port: 22), true)]),
    Trap(
      "a translation that changes nothing leaves what was written", .nft, .v4,
      table(
        chain("prerouting", "-150", "tcp dport set 80"),
        chain("prerouting", "-100", "dnat to 10.0.0.2", type: "nat"),
        chain("forward", "0", "ip daddr 10.0.0.2 tcp dport 80 accept\ndrop"), family: "ip"),
      [(.sample(.forward, port: 22), true)]),
    Trap(
      "raw bytes at the place of a port", .nft, .v4,
      table(
        chain("prerouting", "-150", "meta l4proto tcp @th,16,16 set 80"), chain("input", "0", "tcp dport != 80 drop")),
      [(.sample(port: 22), true)]),
    Trap(
      "DSCP and time to live that were written", .nft, .v4,
      table(
        chain("prerouting", "-150", "ip dscp set ef ip ttl set 9"),
        chain("forward", "0", "ip dscp ef ip ttl 8 accept\ndrop"), family: "ip"),
      [(.sample(.forward), true)]),
    Trap(
      "a time to live of one goes no further", .nft, .v4,
      table(chain("prerouting", "-150", "tcp dport 22 ip ttl set 1"), family: "ip"),
      [(.sample(.forward, port: 22), false), (.sample(.forward, port: 80), true), (.sample(port: 22), true)]),
    Trap(
      "a hop limit of one goes no further", .legacy, .v6,
      "*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 22 -j HL --hl-set 1\nCOMMIT",
      [(.sample(.forward, .v6, port: 22), false), (.sample(.forward, .v6, port: 80), true)]),
    Trap(
      "a link-layer type that was written ends forwarding", .nft, .v4,
      table(
        chain("prerouting", "-150", "tcp dport 22 meta pkttype set broadcast"),
        chain("input", "0", "pkttype broadcast drop")),
      [(.sample(.forward, port: 22), false), (.sample(port: 22), false), (.sample(port: 80), true)]),
    Trap(
      "iptables writes DSCP and TOS", .legacy, .v4,
      "*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 22 -j DSCP --set-dscp 0x0a\n"
        + "-A PREROUTING -p tcp -m tcp --dport 80 -j TOS --set-tos 0x20/0xfc\nCOMMIT\n"
        + "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m dscp --dscp 0x0a -j DROP\n-A INPUT -m dscp --dscp 0x08 -j DROP\nCOMMIT",
      [(.sample(port: 22), false), (.sample(port: 80), false), (.sample(port: 25), true)]),
    Trap(
      "NETMAP at POSTROUTING is about sources", .legacy, .v4,
      "*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j NETMAP --to 192.0.2.0/24\nCOMMIT\n"
        + "*mangle\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -s 192.0.2.0/24 -j DROP\nCOMMIT",
      [(.sample(.forward), true)]),
  ]

  /// What the facts of other projects name that the rest does not.
  static let more = [
    Trap(
      "redirect keeps a forwarded packet at the host", .nft, .v4,
      table(chain("prerouting", "-100", "tcp dport 80 redirect to :8080", type: "nat"), family: "ip"),
      [(.sample(.forward, port: 80), false), (.sample(.forward, port: 22), true)]),
    Trap(
      "redirect at output goes to loopback's address", .nft, .v4,
      table(
        chain("output", "-100", "tcp dport 80 redirect to :8080", type: "nat"),
        chain("output", "0", "ip daddr 127.0.0.1 tcp dport 8080 drop"), family: "ip"),
      [(.sample(.output, port: 80), false), (.sample(.output, port: 22), true)]),
    Trap(
      "overlapping intervals that are merged", .nft, .v4,
      "table ip t {\nset s {\ntype ipv4_addr\nflags interval\nauto-merge\nelements = { 10.0.0.0/24, 10.0.0.128-10.0.1.5, 10.0.1.6 }\n}\n"
        + chain("input", "0", "ip saddr @s accept\ndrop") + "}\n",
      [
        (.sample(from: 1), true), (.sample(from: 0x105), true), (.sample(from: 0x106), true),
        (.sample(from: 0x107), false),
      ]),
    Trap(
      "overlapping tuples are a union", .nft, .v4,
      filter("input", "ip saddr . tcp dport { 10.0.0.0/24 . 22, 10.0.0.0/16 . 20-25 } accept\ndrop"),
      [(.sample(port: 22), true), (.sample(port: 25, from: 0x105), true), (.sample(port: 26), false)]),
    Trap(
      "status with commas tests for any bit", .nft, .v4,
      table(
        chain("prerouting", "-100", "tcp dport 80 dnat to 10.0.0.9", type: "nat"),
        chain("forward", "0", "ct status snat,dnat drop"), family: "ip"),
      [(.sample(.forward, port: 80), false), (.sample(.forward, port: 22), true)]),
    Trap(
      "iif by index is as exact as a name", .nft, .v4, filter("input", "iif \"eth0\" drop"), [(.sample(), false)]),
    Trap(
      "a name with a star is a beginning", .nft, .v4, filter("input", "iifname \"et*\" drop"), [(.sample(), false)]),
    Trap(
      "an ICMP type belongs to its protocol, in a map too", .nft, .v4,
      filter("input", "icmp type vmap { echo-request : drop }\ntcp dport 22 accept\ndrop"),
      [(.sample(.input, .v4, IPProtocol.icmp), false), (.sample(), true)]),
    Trap(
      "translation in inet decides by the packet's family", .nft, .v6,
      table(
        chain(
          "prerouting", "-100", "tcp dport 80 dnat ip to 10.0.0.9:81\ntcp dport 80 dnat ip6 to [2001:db8::9]:82",
          type: "nat"),
        chain("forward", "0", "tcp dport 82 accept\ndrop")),
      [(.sample(.forward, .v6, port: 80), true)]),
    Trap(
      "an ingress chain drops for its device only", .nft, .v4,
      "table netdev e {\nchain i {\ntype filter hook ingress device \"eth0\" priority 0; policy accept;\nip saddr 10.0.0.1 drop\n}\n}\n",
      [(.sample(), false), (.sample(from: 3), true)]),
    Trap(
      "tables of bridge and arp see no routed packet", .nft, .v4,
      "table bridge b {\nchain c {\ntype filter hook forward priority 0; policy drop;\n}\n}\n"
        + "table arp a {\nchain c {\ntype filter hook input priority 0; policy drop;\n}\n}\n",
      [(.sample(.forward), true), (.sample(), true)]),
    Trap(
      "a dormant table does nothing", .nft, .v4,
      "table ip d {\nflags dormant\nchain c {\ntype filter hook input priority 0; policy drop;\n}\n}\n",
      [(.sample(), true)]),
    Trap(
      "exceptions of an ipset are found by the longest prefix", .legacy, .v4,
      "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m set --match-set s src -j DROP\nCOMMIT",
      [(.sample(from: 1), true), (.sample(from: 3), false), (.sample(from: 0x100), true)],
      ipsets: "create s hash:net family inet\nadd s 10.0.0.0/24\nadd s 10.0.0.0/31 nomatch\n"),
  ]

  /// Constructs that cannot be decided offline: both fates must stay open, whichever the kernel chooses.
  public static let openEnded = [
    Trap(
      "limit lets the first packets match", .nft, .v4,
      filter("input", "limit rate 1000/second burst 1000 packets drop"),
      [(.sample(), false)]),
    Trap(
      "limit over is the opposite of limit", .nft, .v4,
      filter("input", "limit rate over 1000/second burst 1000 packets drop"), [(.sample(), true)]),
    Trap(
      "a set that is filled at run time", .nft, .v4,
      "table inet t {\nset s {\ntype ipv4_addr\nflags dynamic\n}\n"
        + chain("input", "0", "ip saddr @s drop\nadd @s { ip saddr }") + "}\n",
      [(.sample(), true)]),
    Trap(
      "a protocol that is written", .nft, .v4,
      table(
        chain("prerouting", "-150", "tcp dport 22 ip protocol set 17"), chain("input", "0", "udp dport 22 drop"),
        family: "ip"),
      [(.sample(port: 22), false)]),
    Trap(
      "flags that are written", .nft, .v4,
      table(chain("prerouting", "-150", "tcp flags set ack"), chain("input", "0", "tcp flags ack drop")),
      [(.sample(port: 22), false)]),
    Trap(
      "a time to live that is counted down", .legacy, .v4,
      "*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j TTL --ttl-dec 63\nCOMMIT", [(.sample(.forward), false)]),
    Trap(
      "a status compared as a whole value", .nft, .v4,
      table(
        chain("prerouting", "-100", "tcp dport 80 dnat to 10.0.0.9", type: "nat"),
        chain("forward", "0", "ct status == dnat drop"), family: "ip"),
      [(.sample(.forward, port: 80), true)]),
    Trap(
      "a chain at the place of NAT", .nft, .v4,
      table(
        chain("prerouting", "-100", "tcp dport 80 drop"),
        "chain n {\ntype nat hook prerouting priority -100;\ntcp dport 22 dnat to 10.0.0.9:80\n}\n", family: "ip"),
      [(.sample(.forward, port: 22), false)]),
  ]
}
