import RuleGraph
import SourceText

extension RulesetReader {
  /// `table [family] name [{ ... }]`.
  mutating func readTableDeclaration(isCreation: Bool) throws(SyntaxFault) {
    let family = readFamily() ?? .ip
    try checkFamilyName()
    let (name, nameSpan) = try identifier("the name of a table")
    let key = "\(family) \(name)"
    let table: Int
    if let known = ruleset.tableIndex[key] {
      if isCreation { report(.error, "there is already a table '\(key)'", nameSpan) }
      table = known
    } else {
      table = ruleset.tables.count
      ruleset.tables.append(TableModel(family: family, name: name, span: nameSpan))
      ruleset.tableIndex[key] = table
    }
    remember(table, family)
    guard token.kind == .openBrace else { return }
    readBlock(of: "table '\(name)'", as: .table(table)) { reader throws(SyntaxFault) in
      try reader.readTableStatement(table)
    }
  }

  /// Reports a word before the name of a table that is no family.
  private mutating func checkFamilyName() throws(SyntaxFault) {
    var copy = lexer
    guard token.kind == .word, !token.keyword.isReserved, copy.next().kind == .word, copy.next().kind == .openBrace
    else { return }
    report(
      expected(
        "a family (ip, ip6, inet, arp, bridge or netdev)", among: ["ip", "ip6", "inet", "arp", "bridge", "netdev"]))
    advance()
  }

  private static let tableWords = [
    "chain", "set", "map", "flowtable", "counter", "quota", "limit", "ct", "secmark", "synproxy", "flags", "comment",
    "define", "include",
  ]

  mutating func readTableStatement(_ table: Int) throws(SyntaxFault) {
    switch token.keyword {
    case .include, .define, .redefine, .undefine: try readCommon()
    case .chain:
      advance()
      try readChainDeclaration(in: table, isCreation: false)
      endDeclaration()
    case .set, .map:
      let isMap = token.keyword == .map
      advance()
      try readSetDeclaration(in: table, isMap: isMap, isCreation: false)
      endDeclaration()
    case .flowtable, .counter, .quota, .limit, .secmark, .synproxy:
      let kind = text(token)
      advance()
      try readObject(kind, in: table)
      endDeclaration()
    case .ct:
      advance()
      let kind = try readConntrackKind()
      try readObject("ct \(kind)", in: table)
      endDeclaration()
    case .flags:
      advance()
      try readTableFlags(table)
    case .comment:
      try readComment()
      try endStatement()
    default:
      if Lowering.statementWords.contains(text(token)) { throw fault("a rule can only stand in a chain") }
      throw foreign() ?? expected("a chain, a set or another part of a table", among: Self.tableWords)
    }
  }

  private mutating func readTableFlags(_ table: Int) throws(SyntaxFault) {
    while true {
      switch text(token) {
      case "dormant": ruleset.tables[table].isDormant = true
      case "owner", "persist": break
      default: throw expected("one of dormant, owner or persist", among: ["dormant", "owner", "persist"])
      }
      advance()
      guard token.kind == .comma else { break }
      advance()
    }
    try endStatement()
  }

  /// `comment "text"`.
  mutating func readComment() throws(SyntaxFault) {
    advance()
    guard token.isText else { throw expected("a text") }
    advance()
  }

  /// `name [{ ... }]` of a chain.
  mutating func readChainDeclaration(in table: Int, isCreation: Bool) throws(SyntaxFault) {
    let (name, nameSpan) = try identifier("the name of a chain")
    let chain: Int
    if let known = ruleset.tables[table].chainIndex[name] {
      if isCreation { report(.error, "there is already a chain '\(name)'", nameSpan) }
      chain = known
    } else {
      chain = ruleset.tables[table].chains.count
      ruleset.tables[table].chains.append(ChainModel(name: name, span: nameSpan))
      ruleset.tables[table].chainIndex[name] = chain
    }
    guard token.kind == .openBrace else { return }
    readBlock(of: "chain '\(name)'", as: .chain(table, chain)) { reader throws(SyntaxFault) in
      try reader.readChainStatement(table, chain)
    }
  }

  mutating func readChainStatement(_ table: Int, _ chain: Int) throws(SyntaxFault) {
    switch token.keyword {
    case .include, .define, .redefine, .undefine: try readCommon()
    case .type:
      do throws(SyntaxFault) {
        try readHook(table, chain)
      } catch {
        ruleset.tables[table].chains[chain].hasFaultyHook = true
        throw error
      }
      // What follows on the same line is read, so that a policy is not lost for want of a semicolon.
      endDeclaration()
    case .policy:
      try readPolicy(table, chain)
      endDeclaration()
    case .comment:
      try readComment()
      try endStatement()
    case .flags:
      advance()
      guard token.keyword == .offload else { throw expected("'offload'") }
      advance()
      try endStatement()
    case .devices, .device:
      try readDevices(table, chain)
      try endStatement()
    default:
      let scan = scanStatement(from: Int(token.start), marksUpdates: true)
      var rule = RuleText(
        start: token.start, end: UInt32(truncatingIfNeeded: scan.end), environment: environment,
        file: UInt16(truncatingIfNeeded: file))
      rule.openBrace = scan.openBrace
      ruleset.tables[table].chains[chain].rules.append(rule)
      move(to: scan.next)
      if token.kind == .closeBrace {
        report(.error, "expected a line end or ';' before '}'", span)
      } else if token.kind != .end {
        advance()
      }
    }
  }
}
