import Nftables
import RuleGraph
import Testing

/// What of a rule is said to be open, and when that decides nothing.
@Suite struct ApproximationTests {
  static func graph(_ rules: String, policy: String = "accept") -> RuleGraph {
    parse(
      "table inet t {\nset blocked {\ntype ipv4_addr\nflags dynamic\n}\nchain other {\n}\nchain c {\n"
        + "type filter hook prerouting priority -300; policy \(policy)\n\(rules)\n}\n}\n"
    ).graph
  }

  @Test(
    "a rule whose open match decides nothing is exact",
    arguments: [
      ("limit rate 5/minute drop\ndrop", "accept", true),
      ("limit rate 5/minute log prefix \"x\" drop\ncounter\nlog\ncounter drop", "accept", true),
      ("limit rate 5/minute drop\nlimit rate 5/hour drop\ndrop", "accept", true),
      ("tcp dport 22 limit rate 5/minute drop\ntcp dport 22 drop", "accept", true),
      ("ip saddr @blocked drop", "drop", true),
      ("limit rate 5/minute accept", "accept", true),
      ("limit rate 5/minute return", "drop", true),
      ("limit rate 5/minute goto other\ngoto other", "accept", true),
      ("limit rate 5/minute accept", "drop", false),
      ("limit rate 5/minute reject\ndrop", "accept", false),
      ("limit rate 5/minute drop\ntcp dport 22 drop", "accept", false),
      ("limit rate 5/minute drop\naccept\ndrop", "drop", false),
      ("limit rate 5/minute drop\nmeta mark set 1\ndrop", "accept", false),
      ("limit rate 5/minute drop\nlimit rate 5/hour drop", "accept", false),
      ("limit rate 5/minute jump other\njump other", "accept", false),
      ("limit rate 5/minute meta mark set 1 drop\ndrop", "accept", false),
    ])
  func indifference(_ rules: String, _ policy: String, _ isExact: Bool) {
    let graph = Self.graph(rules, policy: policy)
    #expect(graph.rules.first?.understanding == (isExact ? .exact : .approximated))
    // The step stays, so that what follows does not seem never to be reached.
    #expect(graph.items(of: graph.rules[0]).contains { $0.kind == .undecidable })
  }

  @Test("the end of a called chain is what follows its calls")
  func endsOfChains() {
    func understanding(_ behind: String) -> Understanding? {
      parse(
        "table inet t {\nchain d {\nlimit rate 5/minute drop\n}\nchain c {\n"
          + "type filter hook input priority 0\ntcp dport 22 jump d\n\(behind)\n}\n}\n"
      ).graph.rules.first?.understanding
    }
    #expect(understanding("counter\ndrop") == .exact)
    #expect(understanding("accept") == .approximated)
    #expect(understanding("goto d") == .approximated)
  }

  @Test(
    "the construct that is open is named, with what of the rule it leaves open",
    arguments: [
      ("limit rate 5/minute accept", "match", "limit rate"),
      ("queue num 3", "verdict", "queue to a process"),
      ("numgen random mod 2 vmap { 0 : accept, 1 : drop }", "verdict", "numgen"),
      ("meta mark set ip saddr map { 10.0.0.1 : 1, 10.0.0.2 : 2 }", "effect", "a mark from a map"),
      ("th dport 53 accept", "match", "th of protocols without ports"),
      ("tcp flags { syn } accept", "match", "a set of one flag, which releases of nft read differently"),
      ("fib saddr . iif oif 0 drop", "match", "fib saddr oif (reverse path)"),
    ])
  func reasons(_ rule: String, _ part: String, _ reason: String) {
    let graph = Self.graph(rule, policy: "drop" == rule.suffix(4) ? "accept" : "drop")
    let found = graph.approximations(of: 0)
    #expect(found.map { "\($0.part) \($0.reason)" } == ["\(part) \(reason)"])
  }

  @Test("a target for every number is a translation in any case")
  func spread() {
    func understanding(_ map: String) -> Understanding? {
      parse(
        "table ip t {\nchain c {\ntype nat hook prerouting priority -100\ndnat to numgen inc mod 2 map { \(map) }\n}\n}\n"
      ).graph.rules.first?.understanding
    }
    #expect(understanding("0 : 10.0.0.1, 1 : 10.9.0.2") == .exact)
    #expect(understanding("0 : 10.0.0.1, 1 : 10.0.0.2") == .exact)
    #expect(understanding("0 : 10.0.0.1") == .approximated)
  }
}
