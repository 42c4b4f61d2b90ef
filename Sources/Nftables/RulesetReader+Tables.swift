import RuleGraph
import SourceText

extension RulesetReader {
  /// `table [family] name [{ ... }]`.
  mutating func readTableDeclaration(isCreation: Bool) throws(SyntaxFault) {
    let family = readFamily() ?? .ip
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
    let open = span
    advance()
    depth += 1
    let outer = openScope()
    let outerBlock = block
    block = .table(table)
    readTableBlock(table)
    block = outerBlock
    closeScope(outer)
    depth -= 1
    if token.kind == .closeBrace {
      advance()
    } else {
      hasOpenBlock = true
      report(.error, "this block is never closed", open)
    }
  }

  /// The statements of a table's block, up to its closing brace.
  mutating func readTableBlock(_ table: Int) {
    while token.kind != .closeBrace, token.kind != .end {
      if token.kind == .newline || token.kind == .semicolon {
        advance()
        continue
      }
      let start = token.start
      do throws(SyntaxFault) {
        try readTableStatement(table)
      } catch {
        report(error)
        skipStatement(from: start)
      }
    }
  }

  private static let tableWords = [
    "chain", "set", "map", "flowtable", "counter", "quota", "limit", "ct", "secmark", "synproxy", "flags", "comment",
    "define", "include",
  ]

  private mutating func readTableStatement(_ table: Int) throws(SyntaxFault) {
    switch token.keyword {
    case .include, .define, .redefine, .undefine: try readCommon()
    case .chain:
      advance()
      try readChainDeclaration(in: table, isCreation: false)
    case .set, .map:
      let isMap = token.keyword == .map
      advance()
      try readSetDeclaration(in: table, isMap: isMap, isCreation: false)
    case .flowtable, .counter, .quota, .limit, .secmark, .synproxy:
      let kind = text(token)
      advance()
      try readObject(kind, in: table)
    case .ct:
      advance()
      let kind = try readConntrackKind()
      try readObject("ct \(kind)", in: table)
    case .flags:
      advance()
      try readTableFlags(table)
    case .comment:
      try readComment()
      try endStatement()
    default:
      guard token.kind == .word else { throw expected("a chain, a set or another part of a table") }
      let hint = Suggestion.hint(for: text(token), among: Self.tableWords)
      throw SyntaxFault(
        message: "expected a chain, a set or another part of a table, found '\(text(token))'\(hint)", span: span)
    }
  }

  private mutating func readTableFlags(_ table: Int) throws(SyntaxFault) {
    while true {
      switch text(token) {
      case "dormant": ruleset.tables[table].isDormant = true
      case "owner", "persist": break
      default: throw expected("one of dormant, owner or persist")
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
    guard token.kind == .quoted || token.kind == .word || token.kind == .pattern else { throw expected("a text") }
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
    let open = span
    advance()
    depth += 1
    let outer = openScope()
    let outerBlock = block
    block = .chain(table, chain)
    readChainBlock(table, chain)
    block = outerBlock
    closeScope(outer)
    depth -= 1
    if token.kind == .closeBrace {
      advance()
    } else {
      hasOpenBlock = true
      report(.error, "this block is never closed", open)
    }
  }

  /// The statements of a chain's block, up to its closing brace.
  mutating func readChainBlock(_ table: Int, _ chain: Int) {
    while token.kind != .closeBrace, token.kind != .end {
      if token.kind == .newline || token.kind == .semicolon {
        advance()
        continue
      }
      let start = token.start
      do throws(SyntaxFault) {
        try readChainStatement(table, chain)
      } catch {
        report(error)
        skipStatement(from: start)
      }
    }
  }

  private mutating func readChainStatement(_ table: Int, _ chain: Int) throws(SyntaxFault) {
    switch token.keyword {
    case .include, .define, .redefine, .undefine: try readCommon()
    case .type:
      try readHook(table, chain)
      try endStatement()
    case .policy:
      try readPolicy(table, chain)
      try endStatement()
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
      rule.isBalanced = scan.isBalanced
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
