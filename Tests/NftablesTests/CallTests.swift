import Nftables
import RuleGraph
import Testing

/// What the kernel refuses when it follows the calls of a rule set from its base chains.
@Suite struct CallTests {
  /// Ways from one chain to another.
  static let ways = [
    "jump %", "goto %", "tcp dport vmap { 1 : jump % }", "tcp dport vmap { 1 : accept, 2 : goto % }",
    "tcp dport vmap @%",
  ]

  /// A base chain and chains `c1`, `c2` and so on below it, each called by the one before.
  static func nested(_ levels: Int, _ way: String, base: String = "type filter hook input priority 0") -> String {
    func call(_ level: Int) -> String {
      let name = way.hasSuffix("@%") ? "m\(level)" : "c\(level)"
      return way.split(separator: "%", omittingEmptySubsequences: false).joined(separator: name)
    }
    var text = "table inet t {\n"
    if way.hasSuffix("@%") {
      for level in 1...levels {
        text += "map m\(level) {\ntype inet_service : verdict\nelements = { 1 : jump c\(level) }\n}\n"
      }
    }
    for level in (1...levels).reversed() {
      text += "chain c\(level) {\n\(level < levels ? call(level + 1) : "accept")\n}\n"
    }
    return text + "chain base {\n\(base)\n\(call(1))\n}\n}\n"
  }

  private static func errors(_ text: String) -> [String] {
    let (graph, diagnostics) = parse(text)
    return lines(diagnostics.filter { $0.severity == .error }, graph)
  }

  @Test("fifteen levels below a base chain, and no more", arguments: ways)
  func depth(_ way: String) {
    #expect(Self.errors(Self.nested(15, way)).isEmpty)
    let tooDeep = Self.errors(Self.nested(16, way))
    #expect(tooDeep.count == 1)
    #expect(tooDeep.first?.contains("16 levels deep from base chain 'base' on, and the kernel takes 15") ?? false)
    // No base chain leads there, so the kernel does not look.
    #expect(Self.errors(Self.nested(40, way, base: "")).isEmpty)
  }

  @Test("circles are refused where a base chain leads to them")
  func circles() {
    let circle = "table inet t {\nchain a {\njump b\n}\nchain b {\naccept\ngoto a\n}\n"
    #expect(Self.errors(circle + "}\n").isEmpty)
    let called = circle + "chain base {\ntype filter hook input priority 0\njump a\njump b\n}\n}\n"
    #expect(Self.errors(called) == ["7:1 error chains call one another in a circle: a → b → a"])
    let short =
      "table ip t {\nchain a {\ntcp dport vmap { 1 : jump a }\n}\nchain base {\ntype filter hook input priority 0\n"
      + "jump a\n}\n}\n"
    #expect(Self.errors(short) == ["3:1 error chains call one another in a circle: a → a"])
  }

  @Test("many ways to the same chains take no time")
  func manyWays() {
    var text = "table inet t {\n"
    for level in (1...15).reversed() {
      text += "chain c\(level) {\n"
      if level < 15 { for port in 1...20 { text += "tcp dport \(port) jump c\(level + 1)\n" } }
      text += "}\n"
    }
    text += "chain base {\ntype filter hook input priority 0\n" + String(repeating: "jump c1\n", count: 20) + "}\n}\n"
    #expect(Self.errors(text).isEmpty)
    #expect(Self.errors(text + "add rule inet t c15 jump c3\n").count == 1)
  }

  @Test(
    "statements that work at some hooks only are refused where other base chains lead to them",
    arguments: [
      ("masquerade", "nat hook postrouting", "filter hook postrouting"),
      ("dnat ip to 10.0.0.1", "nat hook output", "nat hook postrouting"),
      ("snat ip to 10.0.0.1", "nat hook input", "route hook output"),
      ("redirect", "nat hook prerouting", "filter hook prerouting"),
      ("meta l4proto tcp tproxy to :80", "filter hook prerouting", "filter hook input"),
      ("synproxy", "filter hook forward", "filter hook output"),
      ("reject", "filter hook output", "filter hook postrouting"),
      ("socket transparent 1", "filter hook input", "filter hook forward"),
      ("osf name \"Linux\" drop", "filter hook forward", "filter hook postrouting"),
      ("rt mtu 1500 drop", "filter hook output", "filter hook input"),
      ("ipsec in reqid 1 drop", "filter hook forward", "filter hook output"),
      ("meta sdif \"lo\" drop", "filter hook forward", "filter hook prerouting"),
    ])
  func places(_ rule: String, _ right: String, _ wrong: String) {
    for hook in [right, wrong] {
      let direct = "table inet t {\nchain c {\ntype \(hook) priority 0\n\(rule)\n}\n}\n"
      #expect(Self.errors(direct).count == (hook == right ? 0 : 1))
      let called = "table inet t {\nchain d {\n\(rule)\n}\nchain c {\ntype \(hook) priority 0\njump d\n}\n}\n"
      #expect(Self.errors(called).count == (hook == right ? 0 : 1))
      #expect(Self.errors(called).allSatisfy { $0.contains("leads here") })
    }
  }

  @Test("the kernel agrees with all of this")
  func kernel() {
    guard InstalledNft.isUsable else { return }
    let texts =
      Self.ways.flatMap { way in [15, 16].map { Self.nested($0, way) } }
      + ["nat hook prerouting", "nat hook postrouting", "filter hook output"].flatMap { hook in
        ["masquerade", "dnat ip to 10.0.0.1", "reject", "synproxy"].map {
          "table inet t {\nchain d {\n\($0)\n}\nchain c {\ntype \(hook) priority 0\njump d\n}\n}\n"
        }
      }
    for text in texts { #expect(InstalledNft.loads(text) == Self.errors(text).isEmpty, "\(text)") }
  }
}
