import Nftables
import RuleGraph
import SourceText
import Testing

@Suite struct DiagnosticTests {
  static let head = "table inet t {\nchain c {\n"
  static let tail = "\n}\n}\n"

  /// Rules, and what is said about each; positions count from the third line.
  static let rules: [(String, String)] = [
    ("tcp dprot 22 accept", "3:5 error expected a field of tcp, found 'dprot' (did you mean 'dport'?)"),
    ("tcp dport 22 acept", "3:14 error expected a match or a statement, found 'acept' (did you mean 'accept'?)"),
    ("tcp dport 65536 accept", "3:11 error the value 65536 exceeds the range 0-65535 of inet_service"),
    ("tcp dport 30-20 accept", "3:13 error the range is empty: its end lies before its start"),
    ("tcp dport smpt accept", "3:11 error expected a port, found 'smpt' (did you mean 'smtp'?)"),
    ("tcp dport accept", "3:11 error expected a port, found 'accept'"),
    ("tcp dport", "3:10 error expected a port, found the end of the statement"),
    ("ip saddr 10.0.0.256 accept", "3:10 error '10.0.0.256' is no IPv4 address"),
    ("ip saddr 10.0.0.0/33 accept", "3:19 error a prefix of ipv4_addr has at most 32 bits"),
    ("ip saddr 2001:db8::1 accept", "3:10 error expected an IPv4 address, found an IPv6 address"),
    ("ip saddr { 10.0.0.1, 10.0.0.2 accept", "3:10 error this brace is never closed"),
    ("ip saddr 10.0.0.1 ip6 daddr ::1 drop", "3:23 error conflicting protocols: ip and ip6"),
    ("udp dport 53 tcp dport 53 accept", "3:14 error conflicting protocols: udp and tcp"),
    ("tcp dport 22 accept drop", "3:21 error nothing is reached behind the verdict of a rule"),
    ("jump nowhere", "3:6 error there is no chain 'nowhere' in table 't'"),
    ("ip saddr @missing drop", "3:11 error there is no set 'missing' in table 't'"),
    ("ip saddr $absent drop", "3:10 error there is no variable 'absent'"),
    ("ip saddr $missing drop", "3:11 error expected the name of a variable, found 'missing'"),
    ("tcp dport 22,23 accept", "3:13 error a list without braces is for flags only; write { ... }"),
    ("ct state nwe accept", "3:10 error expected a connection state, found 'nwe' (did you mean 'new'?)"),
    ("meta iifnam eth0", "3:6 error expected a key of meta, found 'iifnam' (did you mean 'iifname'?)"),
    ("tcp flags & (fin | syn == syn accept", "3:24 error expected ')', found '=='"),
    ("limit rate 5/secnd accept", "3:14 error expected a unit of time, found 'secnd' (did you mean 'second'?)"),
    (
      "reject with icmp host-unreachble",
      "3:18 error expected a value of type icmp_code, found 'host-unreachble' (did you mean 'host-unreachable'?)"
    ),
    ("iifname a-name-that-is-too-long accept", "3:9 error the name of an interface has at most 15 characters"),
    ("ip saddr . tcp dport 10.0.0.1", "3:22 error several values at once are compared with sets only; write { ... }"),
    (
      "tcp dport vmap { 22 : acept }",
      "3:23 error expected a verdict (accept, drop, continue, return, jump or goto), found 'acept' "
        + "(did you mean 'accept'?)"
    ),
    ("dnat ip to 10.0.0.1:80", "3:20 error a port can be translated only behind a match of the transport protocol"),
    (
      "ip saddr mail.example.com accept",
      "3:10 warning the host name 'mail.example.com' is resolved when the file is loaded"
    ),
  ]

  @Test("a rule that is not understood is reported at its place", arguments: rules)
  func rule(_ rule: String, _ message: String) {
    let (graph, diagnostics) = parse(Self.head + rule + Self.tail)
    #expect(lines(diagnostics, graph).first == message)
    let isError = message.contains(" error ")
    #expect(graph.rules.first?.understanding == (isError ? .unparsed : .approximated))
    #expect(graph.rules.first?.verdict.kind == (isError ? .unknown : .accept))
  }

  /// Texts without rules, and all that is said about them.
  static let texts: [(String, [String])] = [
    ("tabel inet t {\n}\n", ["1:1 error expected a command, found 'tabel' (did you mean 'table'?)"]),
    (
      "table inet t {\nchian c {\n}\n}\n",
      [
        "2:1 error expected a chain, a set or another part of a table, found 'chian' (did you mean 'chain'?)"
      ]
    ),
    (
      "table inet t {\nchain c {\ntype filter hook inputt priority 0\n}\n}\n",
      [
        "3:18 error expected a hook, found 'inputt' (did you mean 'input'?)"
      ]
    ),
    (
      "table inet t {\nchain c {\ntype nat hook forward priority 0\n}\n}\n",
      [
        "3:15 error a nat chain cannot stand at hook forward"
      ]
    ),
    (
      "table inet t {\nchain c {\ntype filter hook input priority 0; policy maybe\n}\n}\n",
      [
        "3:43 error expected accept or drop, found 'maybe'"
      ]
    ),
    (
      "table inet t {\nset s {\ntype ipv4_adr\n}\n}\n",
      [
        "3:6 error there is no type 'ipv4_adr' (did you mean 'ipv4_addr'?)"
      ]
    ),
    (
      "table inet t {\nset s {\ntype ipv4_addr\nelements = { 10.0.0.1, 10.0.0 }\n}\n}\n",
      [
        "4:24 error expected an IPv4 address, found '10.0.0'"
      ]
    ),
    (
      "table inet t {\nset s {\ntype ipv4_addr\nelements = { 10.0.0.0/8 }\n}\n}\n",
      [
        "4:14 error ranges and prefixes need 'flags interval' in the set's declaration"
      ]
    ),
    (
      "table inet t {\nset s {\ntype ipv4_addr; flags interval\nelements = { 10.0.0.0/8, 10.1.0.0/16 }\n}\n}\n",
      [
        "4:26 error this element overlaps another one, and the set has no auto-merge"
      ]
    ),
    ("table inet t {\n", ["1:14 error this block is never closed"]),
    ("add rule inet t c accept\n", ["1:15 error there is no table 'inet t'"]),
    ("define a = 1\ndefine a = 2\n", ["2:8 error the variable 'a' is defined already (redefine replaces it)"]),
    ("define a = $b\n", ["1:13 error there is no variable 'b'"]),
    ("include \"x\"\n", ["1:9 error cannot include \"x\": files are not included here"]),
    (
      "table ip t { chain c { accept } }\n",
      ["1:31 error expected a line end or ';' before '}'", "1:33 error expected a line end or ';' before '}'"]
    ),
    ("table ip t {\r\n}\n", ["1:13 error nft takes no carriage returns: line ends have to be LF alone, not CR LF"]),
    (
      "table ip t {\nchain c {\ntype nat hook prerouting priority -200\n}\ncounter d\n}\n",
      [
        "3:1 error a nat chain needs a priority above -200, where connections are tracked",
        "5:10 error expected '{', found end of line",
      ]
    ),
    ("define a = {\n1,\n\n2 }\n", ["3:1 error an empty line cannot stand between braces"]),
    ("define a = { 1 .\n2 }\n", ["1:17 error a line end cannot stand within an element"]),
    ("define a = {\n1, # one\n# two\n  # three\n2,, 3 #\n}\n", []),
    ("define a = accept\n", ["1:12 error expected a value, found 'accept'"]),
    ("undefine a\n", ["1:10 warning there is no variable 'a'"]),
    (
      "table ip t {\nset s {\ntype ipv4_addr\nelements = { }\n}\n}\n",
      ["4:12 error there are no elements between these braces"]
    ),
    ("table ip t {\n}\n# end", ["3:1 error a comment needs a line end, which is missing at the end of the file"]),
    ("table ip fwd {\n}\n", ["1:10 error expected the name of a table, found 'fwd', which is a word of the language"]),
    (
      "add table ip t\nadd chain ip t c\nadd rule ip t c position 3 accept\n",
      [
        "3:10 warning the place of this rule depends on a handle, which only the running system knows"
      ]
    ),
  ]

  @Test("a mistake outside of rules is reported at its place", arguments: texts)
  func text(_ text: String, _ messages: [String]) {
    let (graph, diagnostics) = parse(text)
    #expect(lines(diagnostics, graph) == messages)
  }

  @Test("one bad rule never costs the rest of the file")
  func recovery() {
    let (graph, diagnostics) = parse(
      """
      table inet t {
        chain c {
          type filter hook input priority 0; policy drop
          tcp dport 22 acept
          iifname { lo accept
          tcp dport 25 accept
          bogus { a; b } d
          udp dport 53 accept
        }
        nonsense { chain x { accept; } }
        chain d { drop; }
      }
      gibberish here
      add rule inet t d accept

      """)
    #expect(diagnostics.count == 5)
    #expect(graph.counts.unparsed == 3)
    #expect(graph.counts.exact == 4)
    #expect(graph.chains.map { $0.rules.count } == [5, 2])
  }

  @Test(
    "no text of any kind stops the reader",
    arguments: [
      "", "\0", "{", "}", "{{{{", "}}}}", "table", "table inet t {", "\"", "#", "\\", "define x = {", "$", "@",
      "add rule",
      "table inet t { chain c { jump { jump { jump { jump {", "table inet t { set s { elements = {", "define a = $a\n",
      "include \"\"\n", "table inet t { chain c { ip saddr . . . } }", "add element ip t s {", "\u{FEFF}table ip t {}",
      "table ip t { chain c { meta mark set ((((((((((((((((((((((((((((((((((((((1))))",
      "table ip t { chain c { tcp dport 99999999999999999999999999999999999999999999 } }",
      "table ip t { chain c { @th,99999999999,99999999999 1; numgen inc mod 0 vmap {}; } }",
    ])
  func hostile(_ text: String) {
    let (graph, _) = parse(text)
    #expect(graph.sources.count == 1)
    _ = NftablesFrontend.recognises(Array(text.utf8))
  }

  @Test("nested variables expand within bounds")
  func expansion() {
    var text = "define v0 = { 1, 2 }\n"
    for index in 1..<20 { text += "define v\(index) = { $v\(index - 1), $v\(index - 1) }\n" }
    text += "table inet t {\nchain c {\ntcp dport $v19 accept\n}\n}\n"
    let limits = NftablesLimits(files: 1, includeDepth: 1, depth: 64, expansion: 1_000, diagnostics: 10)
    let (graph, diagnostics) = NftablesFrontend.parse(SourceFile(path: "x", text: text), limits: limits)
    #expect(graph.counts.unparsed == 1)
    #expect(diagnostics.contains { $0.message.contains("variables expand to too much") })
  }

  @Test("files that include one another are read in their place")
  func includes() {
    let files = [
      "defs": "define port = 22\n", "rules": "tcp dport $port accept\n", "loop": "include \"loop\"\n",
      "bad": "tcp dport nonsense accept\n",
    ]
    let text = """
      include "defs"
      include "*.absent"
      table inet t {
        chain c {
          type filter hook input priority 0; policy drop
          include "rules"
          include "bad"
        }
      }
      include "loop"
      include "nowhere"

      """
    let (graph, diagnostics) = NftablesFrontend.parse(SourceFile(path: "main", text: text)) { pattern, _ in
      if pattern.contains("*") { return .files([]) }
      guard let text = files[pattern] else { return .refused("there is no such file") }
      return .files([SourceFile(path: pattern, text: text)])
    }
    #expect(graph.sources.map(\.path) == ["main", "defs", "rules", "bad", "loop"])
    #expect(fate(graph, "tcp 10.0.0.1:9 > 10.0.0.2:22") == "accept")
    #expect(graph.rules.map(\.file) == [2, 3])
    #expect(
      zip(diagnostics.map(\.file), lines(diagnostics, graph)).map { "\($0) \($1)" } == [
        "0 11:9 error cannot include \"nowhere\": there is no such file",
        "3 1:11 error expected a port, found 'nonsense'",
        "4 1:9 error \"loop\" includes itself",
      ])
  }

  @Test(
    "texts are told apart",
    arguments: [
      ("table inet filter {\n", true), ("#!/usr/sbin/nft -f\n\nflush ruleset\n", true), ("# x\nflush ruleset\n", true),
      ("define x = 1\n", true), ("include \"/etc/nftables.d/*.nft\"\n", true),
      ("add rule ip filter input accept\n", true),
      ("table filter {}", true), ("*filter\n:INPUT ACCEPT [0:0]\n", false),
      ("SecurityGroups:\n- GroupId: sg-1\n", false),
      ("{\"nftables\": []}", false), ("", false), ("create blocked hash:ip\n", false),
      ("add blocked 10.0.0.1\n", false),
    ])
  func recognition(_ text: String, _ expected: Bool) {
    #expect(NftablesFrontend.recognises(Array(text.utf8)) == expected)
  }
}
