import PacketSets
import SourceText

/// A rule of iptables and what iptables-translate makes of it, from the test files of iptables' own extensions.
struct TranslationPair: CustomStringConvertible {
  var file: String
  var line: Int
  var family: IPFamily
  var table: String
  var chain: String
  /// The arguments of iptables, without table and chain.
  var rule: String
  /// The statements of nft rules.
  var translated: [String]
  /// Sets that these statements speak of, as nft commands.
  var sets: [String] = []

  var description: String { "\(file):\(line)" }

  /// Reads the pairs of a file; commands that add no rule, and those of ebtables and arptables, are left out.
  static func read(_ path: String) throws -> [TranslationPair] {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let source = try IptablesSaveTests.read(path)
    let text = source.text(SourceRange(0, source.bytes.count))
    var pairs: [TranslationPair] = []
    var open: TranslationPair?
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line.hasPrefix("nft ") {
        if let statements = statements(line.dropFirst(4)) { open?.translated.append(statements) }
        if line.contains("'add set ") { open?.sets.append(String(line.dropFirst(5).dropLast())) }
      } else if !line.isEmpty, !line.hasPrefix("#") {
        if let open, !open.translated.isEmpty { pairs.append(open) }
        open = command(line, file: name, line: index + 1)
      }
    }
    if let open, !open.translated.isEmpty { pairs.append(open) }
    return pairs
  }

  private static func command(_ line: Substring, file: String, line number: Int) -> TranslationPair? {
    var words = line.split(separator: " ")
    let program = words.removeFirst()
    guard program.hasPrefix("iptables") || program.hasPrefix("ip6tables") else { return nil }
    var pair = TranslationPair(
      file: file, line: number, family: program.hasPrefix("ip6") ? .v6 : .v4, table: "filter", chain: "", rule: "",
      translated: [])
    func take(_ options: [String]) -> String? {
      guard let index = words.firstIndex(where: { options.contains(String($0)) }), index + 1 < words.count else {
        return nil
      }
      let value = String(words[index + 1])
      words.removeSubrange(index...(index + 1))
      return value
    }
    pair.table = take(["-t"]) ?? "filter"
    guard let chain = take(["-A", "-I"]) else { return nil }
    pair.chain = chain
    pair.rule = words.joined(separator: " ")
    // Table filter has no such chain: the translator does not ask the kernel.
    if pair.table == "filter", chain == "PREROUTING" { pair.table = "mangle" }
    return pair
  }

  /// What follows family, table and chain of `add rule` or `insert rule`.
  private static func statements(_ quoted: Substring) -> String? {
    let command = quoted.dropFirst().dropLast()
    let words = command.split(separator: " ", maxSplits: 5)
    guard words.count == 6, words[1] == "rule" else { return nil }
    return String(words[5])
  }

  // MARK: Rule sets

  /// Base chains of the table that the rule's chain is called from, and whether it is one of them itself.
  var hooks: (names: [String], isBase: Bool) {
    switch chain {
    case "prerouting": (table == "nat" ? ["PREROUTING", "OUTPUT"] : ["PREROUTING"], false)
    case "postrouting": (["POSTROUTING"], false)
    default: ([chain], true)
    }
  }

  /// A rule without a target matches only; it accepts here, so that one sees what it matches.
  private var acceptsByItself: Bool { !rule.split(separator: " ").contains { $0 == "-j" || $0 == "-g" } }

  private var jumpsAway: Bool { rule.contains("LONGNACCEPT") }

  /// Whether what the rule matches is accepted, so that everything else has to be dropped to see it.
  var isAccepting: Bool { acceptsByItself || rule.hasSuffix("-j ACCEPT") || rule.hasSuffix(" accept") }

  /// Input of iptables-restore.
  ///
  /// - Parameter isClosed: whether the rule's own chain drops what it does not decide.
  func dump(isClosed: Bool = false) -> String {
    let (names, isBase) = hooks
    var text = "*\(table)\n\(jumpsAway ? ":LONGNACCEPT - [0:0]\n-A LONGNACCEPT -j ACCEPT\n" : "")"
    if !isBase { text += ":\(chain) - [0:0]\n" + names.map { "-A \($0) -j \(chain)\n" }.joined() }
    if isBase, isClosed { text += ":\(chain) DROP [0:0]\n" }
    return text + "-A \(chain) \(rule)\(acceptsByItself ? " -j ACCEPT" : "")\nCOMMIT\n"
  }

  /// Input of nft.
  func script(isClosed: Bool = false) -> String {
    let (names, isBase) = hooks
    let rules = translated.map { statement -> String in
      guard acceptsByItself else { return "\(statement)\n" }
      // A comment ends the rule.
      let body = statement.firstRange(of: " comment \"").map { statement[..<$0.lowerBound] } ?? statement[...]
      return "\(body) accept\n"
    }.joined()
    let family = family == .v4 ? "ip" : "ip6"
    var text = sets.isEmpty ? "" : "add table \(family) \(table)\n\(sets.joined(separator: "\n"))\n"
    text += "table \(family) \(table) {\n\(jumpsAway ? "chain LONGNACCEPT {\naccept\n}\n" : "")"
    if !isBase { text += "chain \(chain) {\n\(rules)}\n" }
    for name in names {
      let policy = isBase && isClosed ? "drop" : "accept"
      text += "chain \(name) {\ntype \(type(of: name)) hook \(name.lowercased()) priority \(priority(of: name)); "
      text += "policy \(policy);\n\(isBase ? rules : "jump \(chain)\n")}\n"
    }
    return text + "}\n"
  }

  private func type(of chain: String) -> String {
    table == "nat" ? "nat" : table == "mangle" && chain == "OUTPUT" ? "route" : "filter"
  }

  private func priority(of chain: String) -> Int {
    switch table {
    case "raw": -300
    case "mangle": -150
    case "nat": chain == "PREROUTING" || chain == "OUTPUT" ? -100 : 100
    case "security": 50
    default: 0
    }
  }
}
