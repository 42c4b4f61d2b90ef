import Compliance
import Evaluation
import Testing

/// Two rule sets without a site: every path in full.
struct FullDifferenceTests {
  private static let base = [
    "ct state established,related accept", "iif lo accept", "ip saddr 10.0.0.0/8 tcp dport 22 accept",
    "tcp dport { 25, 465 } accept",
  ]

  @Test(arguments: [
    // Reordered.
    [base[0], base[1], base[3], base[2]],
    // Split and joined.
    [
      base[0], base[1], "tcp dport 25 accept", "tcp dport 465 accept", "ip saddr 10.0.0.0/9 tcp dport 22 accept",
      "ip saddr 10.128.0.0/9 tcp dport 22 accept",
    ],
    // A rule that decides nothing, and one that is covered.
    base + ["ip saddr 10.1.1.1 tcp dport 22 accept", "udp dport 53 drop"],
  ])
  func rewritingWithoutEffectIsNoChange(rules: [String]) {
    #expect(changes(input(Self.base), input(rules)) == [])
  }

  @Test(arguments: [
    (
      base + ["tcp dport 22 accept"],
      "let-in first input: tcp/22 from any address but 10.0.0.0/8 to any; tcp/22 from any to any (IPv6)"
    ),
    (Array(base.dropLast()), "blocked first input: tcp/25, 465 from any to any"),
    // What is taken from the answers counts as far as no rule for first packets lets it in all the same.
    (
      ["ct state established accept", "iif lo accept", "accept"],
      "let-in first input: any but tcp from any to any; tcp/0-21, 23-24, 26-464, 466-65535 from any to any (IPv4); "
        + "tcp/22 from any address but 10.0.0.0/8 to any; tcp/0-24, 26-464, 466-65535 from any to any (IPv6)"
    ),
    (
      base.map { $0.hasPrefix("tcp") ? "tcp dport { 25, 465 } limit rate 1/second accept" : $0 },
      "undecided first input: tcp/25, 465 from any to any"
    ),
    (
      base + ["iifname \"wan*\" udp sport 53 accept"],
      "let-in first input: udp from any to any, source port 53, in by wan*"
    ),
    (
      base.map { $0 == "iif lo accept" ? "iifname { lo, eth0 } udp dport 1 accept" : $0 } + ["iif lo accept"],
      "let-in first input: udp/1 from any to any, in by eth0"
    ),
  ])
  func changesAreStatedExactly(rules: [String], expected: String) {
    let found = changes(input(Self.base), input(rules))
    #expect(found.first == expected)
  }

  @Test func droppedAnswersAreToldOnce() {
    let found = changes(input(Self.base), input(["ct state established accept"] + Self.base.dropFirst()))
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("blocked other input: any but tcp from any to any; ") ?? false)
    let none = changes(input(Self.base), input(Array(Self.base.dropFirst())))
    #expect(none.map { String($0.prefix(20)) } == ["blocked reply input:", "blocked other input:"])
  }

  @Test func undecidedOnBothSidesIsSaid() {
    let limited = input(["tcp dport 25 limit rate 1/second accept"])
    let difference = TrafficComparer(
      before: .init(firewall: firewall(limited)),
      after: .init(firewall: firewall(limited.replacing("1/second", with: "9/second"))), policy: nil
    ).compare()
    #expect(difference.isEmpty)
    let first = difference.undecided.first
    #expect(first.map { TrafficRegion.phrases($0.regions) } == ["tcp/25 from any to any (IPv4)"])
    #expect(first?.reasons == first?.formerReasons && first?.reasons.isEmpty == false)
  }

  @Test func movedTranslationsAreRewritten() {
    func gateway(_ target: String) -> String {
      "table ip n {\nchain p {\ntype nat hook prerouting priority dstnat; policy accept;\n"
        + "ip daddr 203.0.113.1 tcp dport 25 dnat to \(target)\n}\n}\n"
    }
    #expect(changes(gateway("10.0.0.5"), gateway("10.0.0.5")) == [])
    #expect(
      changes(gateway("10.0.0.5"), gateway("10.0.0.6"))
        == ["input", "forward"].map { "rewritten first \($0): tcp/25 from any to 203.0.113.1" })
  }

  @Test func iptablesAndNftablesAreCompared() {
    let dump = """
      *filter
      :INPUT DROP [0:0]
      :FORWARD ACCEPT [0:0]
      :OUTPUT ACCEPT [0:0]
      -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
      -A INPUT -s 10.0.0.0/8 -p tcp -m multiport --dports 22,443 -j ACCEPT
      COMMIT

      """
    let successor = """
      table ip filter {
        chain input {
          type filter hook input priority filter; policy drop;
          ip saddr 10.0.0.0/8 tcp dport { 22, 443 } accept
          ct state vmap { established : accept, related : accept }
        }
      }

      """
    #expect(changes(dump, successor) == [])
    #expect(
      changes(dump, successor.replacing("443", with: "444")) == [
        "let-in first input: tcp/444 from 10.0.0.0/8 to any", "blocked first input: tcp/443 from 10.0.0.0/8 to any",
      ])
  }

  /// A family of which one version is silent is not guessed about.
  @Test func silentFamiliesAreRemarkedUpon() {
    let dump = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"
    let both = TrafficComparer(
      before: .init(firewall: firewall(dump, path: "rules.v4")), after: .init(firewall: firewall(input([]))),
      policy: nil
    ).compare()
    #expect(both.isEmpty && both.remarks == ["IPv6 was not compared: rules.v4 said nothing of it"])
    let one = TrafficComparer(
      before: .init(firewall: firewall(dump)),
      after: .init(firewall: firewall(input([]).replacing("inet", with: "ip"))), policy: nil
    ).compare()
    #expect(one.isEmpty && one.remarks == [])
  }
}
