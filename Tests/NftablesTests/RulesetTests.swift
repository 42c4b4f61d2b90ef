import RuleGraph
import SourceText
import Testing

/// Whole rule sets, and what becomes of packets.
struct RulesetCase: CustomStringConvertible {
  var description: String
  var text: String
  /// Packets with their fates, `packet => fate`.
  var fates: [String]
}

@Suite struct RulesetTests {
  static let cases: [RulesetCase] = [
    RulesetCase(
      description: "the policy on its own line, before the hook",
      text: "table ip t {\nchain c {\npolicy drop\ntype filter hook input priority filter + 10\n}\n}\n",
      fates: ["tcp 10.0.0.1:9 > 10.0.0.2:22 => drop"]),
    RulesetCase(
      description: "jump comes back, goto does not, return in a base chain is the policy",
      text: """
        table inet t {
          chain a { tcp dport 1 accept; tcp dport 2 return; }
          chain b { tcp dport 3 accept
          }
          chain c {
            type filter hook input priority 0; policy drop
            tcp dport 1-2 jump a
            tcp dport 2 accept
            tcp dport 3-4 goto b
            tcp dport 4 accept
            tcp dport 5 return
            accept
          }
        }

        """,
      fates: [
        "tcp 10.0.0.1:9 > 10.0.0.2:1 => accept", "tcp 10.0.0.1:9 > 10.0.0.2:2 => accept",
        "tcp 10.0.0.1:9 > 10.0.0.2:3 => accept", "tcp 10.0.0.1:9 > 10.0.0.2:4 => drop",
        "tcp 10.0.0.1:9 > 10.0.0.2:5 => drop", "tcp 10.0.0.1:9 > 10.0.0.2:6 => accept",
      ]),
    RulesetCase(
      description: "a chain without a name",
      text:
        "table inet t {\nchain c {\ntype filter hook input priority 0\ntcp dport 22 jump { ip saddr 10.0.0.1 drop\nreturn; }\n}\n}\n",
      fates: ["tcp 10.0.0.1:9 > 10.0.0.2:22 => drop", "tcp 10.0.0.3:9 > 10.0.0.2:22 => accept"]),
    RulesetCase(
      description: "a dormant table does nothing",
      text: "table inet t {\nflags dormant\nchain c {\ntype filter hook input priority 0; policy drop\n}\n}\n",
      fates: ["tcp 10.0.0.1:9 > 10.0.0.2:22 => accept"]),
    RulesetCase(
      description: "accept ends only its own base chain",
      text: """
        table inet a { chain c { type filter hook input priority -5; accept; }; }
        table inet b { chain c { type filter hook input priority 5; tcp dport 22 drop; }; }

        """,
      fates: ["tcp 10.0.0.1:9 > 10.0.0.2:22 => drop", "tcp 10.0.0.1:9 > 10.0.0.2:23 => accept"]),
    RulesetCase(
      description: "commands in their order: insert, add, index, flush, delete, rename",
      text: """
        add table inet t
        add chain inet t gone
        add chain inet t c { type filter hook input priority 0; policy accept; }
        add rule inet t c tcp dport 1 accept
        flush chain inet t c
        add rule inet t c tcp dport 22 drop
        insert rule inet t c ip saddr 10.0.0.9 accept
        add rule inet t c index 0 ip saddr 10.0.0.8 accept
        add chain inet t old
        rename chain inet t old new
        add rule inet t new drop
        add rule inet t c tcp dport 23 jump new
        delete chain inet t gone
        add set inet t s { type ipv4_addr; }
        add element inet t s { 10.0.0.5, 10.0.0.6 }
        delete element inet t s { 10.0.0.6 }
        add rule inet t c ip saddr @s drop

        """,
      fates: [
        "tcp 10.0.0.1:9 > 10.0.0.2:22 => drop", "tcp 10.0.0.9:9 > 10.0.0.2:22 => accept",
        "tcp 10.0.0.8:9 > 10.0.0.2:22 => accept", "tcp 10.0.0.1:9 > 10.0.0.2:23 => drop",
        "tcp 10.0.0.5:9 > 10.0.0.2:80 => drop", "tcp 10.0.0.6:9 > 10.0.0.2:80 => accept",
      ]),
    RulesetCase(
      description: "flush ruleset forgets what was before it",
      text: """
        table inet t { chain c { type filter hook input priority 0; policy drop; }; }
        flush ruleset
        table inet u { chain c { type filter hook input priority 0; tcp dport 22 drop; }; }

        """,
      fates: ["tcp 10.0.0.1:9 > 10.0.0.2:22 => drop", "tcp 10.0.0.1:9 > 10.0.0.2:23 => accept"]),
    RulesetCase(
      description: "a table and a chain opened twice, a chain used before it is declared",
      text: """
        table inet t { chain c { type filter hook input priority 0; tcp dport 22 jump later; }; }
        table inet t { chain later { drop; }; chain c { tcp dport 23 drop; }; }

        """,
      fates: ["tcp 10.0.0.1:9 > 10.0.0.2:22 => drop", "tcp 10.0.0.1:9 > 10.0.0.2:23 => drop"]),
    RulesetCase(
      description: "variables: scopes, lists in lists, redefinition, sets and chains",
      text: """
        define ports = { 22, 23 }
        define all_ports = { $ports, 80 }
        define net = 10.0.0.0/8
        define prio = -5
        define links = { eth0, "wan*" }
        table inet t {
          define net = 192.0.2.0/24
          chain c {
            type filter hook input priority $prio; policy drop
            ip saddr $net tcp dport $all_ports accept
            iifname $links udp dport { 53, $ports } accept
          }
        }
        redefine net = 198.51.100.0/24
        add rule inet t c ip saddr $net accept

        """,
      fates: [
        "tcp 192.0.2.1:9 > 10.0.0.2:80 => accept", "tcp 10.0.0.1:9 > 10.0.0.2:80 => drop",
        "tcp 198.51.100.1:9 > 10.0.0.2:81 => accept", "udp 10.0.0.1:9 > 10.0.0.2:23 iif=wan0 => accept",
        "udp 10.0.0.1:9 > 10.0.0.2:23 iif=lan0 => drop",
      ]),
    RulesetCase(
      description: "continued lines, comments, semicolons",
      text: """
        #!/usr/sbin/nft -f
        table inet t { # the table
          chain c { type filter hook input priority 0; policy drop; tcp dport 22 \\
              accept; udp dport { 53, # names
                123 } accept
          }
        }

        """,
      fates: ["tcp 10.0.0.1:9 > 10.0.0.2:22 => accept", "udp 10.0.0.1:9 > 10.0.0.2:123 => accept"]),
    RulesetCase(
      description: "translations of destinations, which the forward chain then sees",
      text: """
        table ip nat {
          chain pre {
            type nat hook prerouting priority dstnat
            tcp dport 25 dnat to 10.0.0.5
            tcp dport 8025 dnat to 10.0.0.6:25
            dnat to tcp dport map { 80 : 10.0.0.7, 443 : 10.0.0.8 }
            dnat ip to ip daddr . tcp dport map { 192.0.2.1 . 81 : 10.0.0.9 . 8081 }
            ip daddr 192.0.2.9 dnat ip prefix to ip daddr map { 192.0.2.9/32 : 10.9.0.9/32 }
          }
        }
        table ip filter {
          chain fw { type filter hook forward priority 0; policy drop; ip daddr 10.0.0.0/24 tcp dport { 25, 80, 8081 } accept; }
        }

        """,
      fates: [
        "forward tcp 198.51.100.1:9 > 192.0.2.1:25 => accept to 10.0.0.5",
        "forward tcp 198.51.100.1:9 > 192.0.2.1:8025 => accept to 10.0.0.6 to port 25",
        "forward tcp 198.51.100.1:9 > 192.0.2.1:80 => accept to 10.0.0.7",
        "forward tcp 198.51.100.1:9 > 192.0.2.1:443 => drop",
        "forward tcp 198.51.100.1:9 > 192.0.2.1:81 => accept to 10.0.0.9 to port 8081",
        "forward tcp 198.51.100.1:9 > 192.0.2.1:82 => drop",
      ]),
    RulesetCase(
      description: "translations of sources and redirection",
      text: """
        table inet nat {
          chain post {
            type nat hook postrouting priority srcnat
            oifname wan0 ip saddr 10.0.0.0/24 snat ip to 192.0.2.1
            oifname wan1 masquerade
          }
          chain spread {
            type nat hook postrouting priority 200
            oifname wan2 snat ip to numgen inc mod 2 map { 0 : 192.0.2.2, 1 : 192.0.2.3 }
          }
          chain out { type nat hook output priority -100; tcp dport 80 redirect to :3128; }
        }

        """,
      fates: [
        "forward tcp 10.0.0.1:9 > 198.51.100.1:25 oif=wan0 => accept from 192.0.2.1",
        "forward tcp 10.0.1.1:9 > 198.51.100.1:25 oif=wan0 => accept",
        "output tcp 10.0.0.1:9 > 198.51.100.1:80 oif=wan0 => accept from 192.0.2.1 to 127.0.0.1 to port 3128",
      ]),
    RulesetCase(
      description: "untracked packets, marks of connections",
      text: """
        table inet t {
          chain raw { type filter hook prerouting priority raw; udp dport 53 notrack; }
          chain c { type filter hook input priority 0; policy drop; ct state untracked accept; }
        }

        """,
      fates: ["udp 10.0.0.1:9 > 10.0.0.2:53 => accept", "udp 10.0.0.1:9 > 10.0.0.2:54 => drop"]),
    RulesetCase(
      description: "a chain of a device",
      text: "table netdev t {\nchain c {\ntype filter hook ingress device eth0 priority 0; policy drop\n}\n}\n",
      fates: [
        "tcp 10.0.0.1:9 > 10.0.0.2:22 iif=eth0 => drop", "tcp 10.0.0.1:9 > 10.0.0.2:22 iif=eth1 => accept",
      ]),
    RulesetCase(
      description: "tables of bridges and of ARP do not see routed packets",
      text: """
        table bridge t { chain c { type filter hook input priority filter; policy drop; }; }
        table arp t { chain c { type filter hook input priority filter; policy drop; }; }

        """,
      fates: ["tcp 10.0.0.1:9 > 10.0.0.2:22 => accept"]),
  ]

  @Test("a rule set does what the kernel does", arguments: cases)
  func ruleset(_ test: RulesetCase) {
    let (graph, diagnostics) = parse(test.text)
    #expect(diagnostics.isEmpty, "\(lines(diagnostics, graph))")
    for line in test.fates {
      guard let arrow = line[...].range(of: " => ") else { continue }
      let packet = String(line[..<arrow.lowerBound])
      #expect(fate(graph, packet) == line[arrow.upperBound...], "\(packet)")
    }
  }

  @Test("every graph that is read keeps its indices in range")
  func indices() {
    for test in Self.cases {
      let graph = parse(test.text).graph
      for rule in graph.rules {
        #expect(Int(rule.firstItem + rule.itemCount) <= graph.items.count)
        switch rule.verdict.kind {
        case .jump, .goto: #expect(Int(rule.verdict.target) < graph.chains.count)
        case .lookup: #expect(Int(rule.verdict.target) < graph.lookups.count)
        case .translate: #expect(Int(rule.verdict.target) < graph.translations.count)
        default: break
        }
      }
      for lookup in graph.lookups {
        #expect(lookup.intervals.count == lookup.count * lookup.fields.count)
        #expect(lookup.verdicts.isEmpty || lookup.verdicts.count == lookup.count)
      }
    }
  }
}
