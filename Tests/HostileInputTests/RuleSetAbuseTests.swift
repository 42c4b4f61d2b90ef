import Testing

/// Lists B and C: what nftables text and iptables dumps can do to a reader.
struct RuleSetAbuseTests {
  private static func chain(_ rules: String, before: String = "") -> String {
    "\(before)table inet t {\n  chain c {\n    type filter hook input priority 0;\n    \(rules)\n  }\n}\n"
  }

  private static func ports(_ text: String) -> AbuseCase {
    AbuseCase("number \(text)", "a.nft", 1, says: "a.nft:4:") { chain("\(text) accept") }
  }

  /// Rules that call the next chain twice: 2^n ways through n chains.
  private static func doubled(_ count: Int, _ first: String, _ second: String) -> String {
    let chains = (0..<count).map { index in
      "  chain c\(index) {\n    \(first) jump c\(index + 1)\n    \(second) jump c\(index + 1)\n  }\n"
    }.joined()
    return "table inet t {\n  chain c\(count) {\n    tcp dport 25 accept\n  }\n\(chains)  chain forward {\n"
      + "    type filter hook forward priority 0; policy drop;\n    jump c0\n  }\n}\n"
  }

  static let includes = [
    AbuseCase("include of itself", "a.nft", 1, says: "a.nft:1:9: error FW501 syntax: \"a.nft\" includes itself") {
      chain("drop", before: "include \"a.nft\"\n")
    },
    AbuseCase("include above the root", "a.nft", 1, says: "lies outside of the lint root", never: "root:") {
      chain("drop", before: "include \"../../../../../../../../etc/passwd\"\n")
    },
    AbuseCase("include of an absolute path", "a.nft", 1, says: "lies outside of the lint root", never: "root:") {
      chain("drop", before: "include \"/etc/passwd\"\n")
    },
    AbuseCase("include of a pattern outside", "a.nft", 1, says: "lies outside of the lint root", never: "root:") {
      chain("drop", before: "include \"/etc/pass*\"\n")
    },
    AbuseCase("include of a device", "a.nft", 1, says: "cannot include") {
      chain("drop", before: "include \"/dev/zero\"\n")
    },
    AbuseCase("include of a folder", "a.nft", 1, says: "is a directory") { chain("drop", before: "include \".\"\n") },
    AbuseCase("include of nothing", "a.nft", 1, says: "there is no file") {
      chain("drop", before: "include \"\u{1B}]0;x\u{7}\"\n")
    },
  ]

  static let nftables = [
    AbuseCase("definitions in a circle", "a.nft", 1, says: "there is no variable 'b'") {
      chain("ip saddr $a drop", before: "define a = $b\ndefine b = $a\n")
    },
    AbuseCase("definitions that double", "a.nft", 1, says: "FW501") {
      let doubled = (1..<60).map { "define a\($0) = { $a\($0 - 1), $a\($0 - 1) }\n" }.joined()
      return chain("ip saddr $a59 drop", before: "define a0 = { 1.1.1.1, 2.2.2.2 }\n" + doubled)
    },
    AbuseCase("set of 100,000 elements", "a.nft", 0, says: "") {
      let elements = (0..<100_000).map { "10.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255)" }.joined(separator: ",")
      return chain(
        "ip saddr @s drop",
        before: "table inet t {\n  set s {\n    type ipv4_addr\n    elements = { \(elements) }\n  }\n}\n")
    },
    AbuseCase("concatenated ranges of all ports", "a.nft", 0, says: "") {
      let elements = (0..<3000).map { "10.\($0 >> 8).\($0 & 255).0/24 . 0-65535 . 1-65534" }.joined(separator: ",")
      return chain(
        "ip saddr . tcp dport . tcp sport @s drop",
        before: "table inet t {\n  set s {\n    type ipv4_addr . inet_service . inet_service\n    flags interval\n"
          + "    elements = { \(elements) }\n  }\n}\n")
    },
    AbuseCase("brace that is never closed", "a.nft", 1, says: "never closed") { chain("ip saddr { 1.1.1.1,") },
    AbuseCase("quote that is never closed", "a.nft", 1, says: "FW501") { chain("ip saddr 1.1.1.1 comment \"abc") },
    AbuseCase("deep braces", "a.nft", 1, says: "FW501") {
      chain("ip saddr " + String(repeating: "{", count: 100_000) + " drop")
    },
    AbuseCase("deep parentheses", "a.nft", 1, says: "nested too deep") {
      chain("ip saddr " + String(repeating: "(", count: 100_000) + " drop")
    },
    AbuseCase("deep anonymous chains", "a.nft", 1, says: "FW501") {
      chain(String(repeating: "jump { ", count: 20_000) + " drop")
    },
    AbuseCase("100,000 continued lines", "a.nft", 0, says: "") {
      chain(String(repeating: "\\\n", count: 100_000) + "drop")
    },
    AbuseCase("NUL between tables", "a.nft", 1, says: "a.nft:7:1: error FW501") {
      chain("drop") + "\0" + chain("accept")
    },
    AbuseCase("byte order mark", "a.nft", 2, says: "nothing understood") { "\u{FEFF}" + chain("drop") },
    AbuseCase(name: "UTF-16", file: "a.nft", status: 2, says: "encoded in UTF-16; fwlint reads UTF-8") {
      [0xFF, 0xFE] + chain("drop").utf8.flatMap { [$0, 0] }
    },
    AbuseCase(name: "invalid UTF-8", file: "a.nft", status: 1, says: "a.nft:4:") {
      Array(chain("iifname \u{1}x accept").utf8).map { $0 == 1 ? 0xFF : $0 }
    },
    AbuseCase("escape in a name", "a.nft", 1, says: "found '␛'") { chain("jump \u{1B}[31m") },
    AbuseCase("command for a log", "a.nft", 1, says: "a.nft:5:1: error FW501", never: "\n::error") {
      chain("\n::error::x accept")
    },
    AbuseCase("compressed", "a.nft", 2, says: "nothing understood") { "\u{1F}\u{8B}\u{8}\u{0}\u{0}\u{0}" },
  ]

  static let numbers = [
    "tcp dport 65536", "tcp dport 99999999999999999999", "tcp dport 25-10", "tcp dport -1", "ip saddr 10.0.0.0/33",
    "ip6 saddr ::/129", "ip saddr 10.0.0.300", "meta mark 4294967296", "ip ttl 256", "meta mark 0x1ffffffff",
    "ip saddr 10.0.0.9-10.0.0.1", "ip6 saddr fe80::1%eth0", "tcp dport 25-99999999999999999999999",
    "@th,0,99999", "ct mark and 0xffffffffff 1",
  ].map(ports)

  static let iptables = [
    AbuseCase("quote that is never closed", "a.v4", 1, says: "the quote is not closed", never: "\u{1B}") {
      "*filter\n:INPUT DROP [0:0]\n-A INPUT -m comment --comment \"::error file=x::boo\u{1B}[31m<script> -j ACCEPT\nCOMMIT\n"
    },
    AbuseCase("no COMMIT", "a.v4", 1, says: "table filter has no COMMIT") {
      "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"
    },
    AbuseCase("calls in a circle", "a.v4", 1, says: "makes a loop") {
      "*filter\n:INPUT DROP [0:0]\n:a - [0:0]\n:b - [0:0]\n-A INPUT -j a\n-A a -j b\n-A b -j a\nCOMMIT\n"
    },
    AbuseCase("a call of itself", "a.v4", 1, says: "a.v4:4:") {
      "*filter\n:INPUT DROP [0:0]\n:a - [0:0]\n-A a -j a\n-A INPUT -j a\nCOMMIT\n"
    },
    AbuseCase("17 ports of multiport", "a.v4", 1, says: "multiport takes at most 15 ports") {
      "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m multiport --dports \((1...17).map(String.init).joined(separator: ",")) -j ACCEPT\nCOMMIT\n"
    },
    AbuseCase("counters beyond all", "a.v4", 0, says: "") {
      "*filter\n:INPUT DROP [99999999999999999999999:1]\n[99999999999999999999999:9] -A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n"
    },
    AbuseCase("NUL in a target", "a.v4", 1, says: "a.v4:3:") {
      "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\0\nCOMMIT\n"
    },
    AbuseCase("lone CR", "a.v4", 2, says: "nothing understood") { "*filter\r:INPUT DROP [0:0]\rCOMMIT\r" },
    AbuseCase("CR LF", "a.v4", 1, says: "CR and LF") { "*filter\r\n:INPUT DROP [0:0]\r\nCOMMIT\r\n" },
    AbuseCase("another language behind it", "a.v4", 1, says: "a.v4:4:1: error FW501") {
      "*filter\n:INPUT DROP [0:0]\nCOMMIT\ntable ip t { chain c { type filter hook input priority 0; } }\n"
    },
    AbuseCase("port beyond all", "a.v4", 1, says: "a.v4:3:") {
      "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 65536 -j ACCEPT\nCOMMIT\n"
    },
    AbuseCase("prefix beyond all", "a.v4", 1, says: "a.v4:3:") {
      "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.0/33 -j ACCEPT\nCOMMIT\n"
    },
    AbuseCase("one line of a megabyte", "a.v4", 1, says: "a.v4:3:") {
      "*filter\n:INPUT DROP [0:0]\n-A INPUT \(String(repeating: "! ", count: 500_000))-j ACCEPT\nCOMMIT\n"
    },
  ]

  @Test(arguments: includes + nftables + numbers + iptables)
  func survives(abuse: AbuseCase) throws { try abuse.check() }

  /// Two tables of one name are one table: the kernel's answer, not the first or the last alone.
  @Test func duplicateTablesAreOne() throws {
    try Folder.with { folder in
      try folder.write(
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n"
          + "-A INPUT -p tcp --dport 23 -j DROP\nCOMMIT\n", to: "a.v4")
      let packets = [22, 23, 24].map {
        "{hook: input, src: 192.0.2.1, dst: 10.0.0.1, proto: tcp, dport: \($0)}"
      }.joined(separator: ", ")
      let outcome = try Program.run(
        ["trace", "a.v4", "--packets", "-", "--format", "json"], folder: folder.path, input: "[\(packets)]")
      let verdicts = outcome.output.split(separator: "\n").filter { $0.contains("\"verdict\"") }
        .map { $0.split(separator: "\"")[3] }
      // iptables-restore empties a table at its header: the second one counts.
      #expect(verdicts == ["accept", "drop", "accept"], "\(outcome.output)")
    }
  }

  /// A match or a target that nobody knows is neither "always" nor "accept".
  @Test(arguments: ["-m strange --x 5 -j ACCEPT", "-j STRANGE --y"])
  func unknownModulesAreUndecided(rule: String) throws {
    try Folder.with { folder in
      try folder.write("*filter\n:INPUT DROP [0:0]\n-A INPUT \(rule)\nCOMMIT\n", to: "a.v4")
      let outcome = try Program.run(
        ["trace", "a.v4", "--from", "192.0.2.1", "--to", "10.0.0.1", "--port", "25", "--hook", "input"],
        folder: folder.path)
      #expect(outcome.output.contains("= undecided"), "\(outcome.output)")
    }
  }

  // MARK: Blow-ups

  private static let site = [
    "--position", "forward", "--mode", "gateway", "--unit", "mail1=10.0.10.5", "--feature", "smtp", "--peer",
    "email-users=10.0.0.0/16", "--peer", "email-servers=any",
  ]

  /// 2^14 ways through the chains: judged exactly, or undecided because the budget ran out, but never passed.
  @Test(arguments: [
    ("addresses", doubled(14, "ip saddr 10.0.0.0/8", "tcp dport 1-1000"), "FW206"),
    ("masks", doubled(14, "ip saddr & 0.0.0.5 == 1", "tcp dport & 0x3 == 1"), "the evaluation budget ran out"),
    ("marks", doubled(14, "tcp dport 25 meta mark set 1", "meta mark set mark xor 3"), ""),
  ])
  func doubledCallsStayCheap(name: String, text: String, says: String) throws {
    let abuse = AbuseCase(name, "a.nft", name == "masks" ? 2 : 1, says: says) { text }
    try abuse.check(Self.site)
  }

  /// Wide ranges that all overlap in two fields.
  @Test func overlappingRangesStayCheap() throws {
    let rules = (0..<400).map { index in
      "    ip saddr 10.\(index / 2).0.0-10.255.\(index % 256).9 tcp sport \(index * 7 + 1)-\(65000 - index * 5) "
        + "tcp dport \(index * 11 + 26)-\(64000 - index * 3) \(index % 2 == 0 ? "accept" : "drop")\n"
    }.joined()
    let text = "table inet t {\n  chain f {\n    type filter hook forward priority 0; policy drop;\n\(rules)  }\n}\n"
    try AbuseCase("overlaps", "a.nft", 1, says: "FW101") { text }.check(Self.site)
  }
}
