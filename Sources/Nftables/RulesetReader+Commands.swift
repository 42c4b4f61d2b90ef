import RuleGraph
import SourceText

extension RulesetReader {
  /// Reads commands to the end of the file.
  mutating func readCommands() {
    while token.kind != .end {
      if token.kind == .newline || token.kind == .semicolon {
        advance()
        continue
      }
      let start = token.start
      depth = 0
      do throws(SyntaxFault) {
        if [.include, .define, .redefine, .undefine].contains(token.keyword) {
          try readCommon()
          continue
        }
        try readCommand()
        if token.kind == .closeBrace { throw strayBrace }
        try endStatement()
      } catch {
        report(error)
        if token.kind == .closeBrace { advance() } else { skipStatement(from: start) }
      }
    }
  }

  private var strayBrace: SyntaxFault { fault("this brace closes no block") }

  /// Kinds of things that commands are about, for suggestions.
  static let objectWords = [
    "table", "chain", "rule", "set", "map", "element", "flowtable", "counter", "quota", "limit", "ct",
  ]

  /// Words that begin a command, for suggestions.
  private static let commandWords = [
    "add", "insert", "replace", "create", "delete", "destroy", "flush", "reset", "rename", "list", "table", "chain",
    "rule", "set", "map", "element", "define", "include",
  ]

  private mutating func readCommand() throws(SyntaxFault) {
    let command = token
    switch token.keyword {
    case .add, .create:
      advance()
      try readAddition(isCreation: command.keyword == .create)
    case .insert:
      advance()
      guard token.keyword == .rule else { throw misspelt("rule") }
      advance()
      try readRuleCommand(isInsertion: true)
    case .replace: try readReplacement()
    case .delete, .destroy:
      advance()
      try readDeletion(ignoresMissing: command.keyword == .destroy)
    case .flush:
      advance()
      try readFlush()
    case .rename: try readRename()
    case .list, .reset, .get, .monitor, .describe, .export, .import:
      // They change nothing that decides about packets.
      let scan = scanStatement(from: Int(command.start), marksUpdates: false)
      move(to: scan.next)
    case .table, .chain, .rule, .set, .map, .element, .flowtable, .counter, .quota, .limit, .ct, .secmark, .synproxy,
      .ip, .ip6, .inet, .arp, .bridge, .netdev:
      try readAddition(isCreation: false)
    default:
      if token.kind == .closeBrace { throw strayBrace }
      guard token.kind == .word else { throw foreign() ?? expected("a command") }
      if isTableName() { return try readAddition(isCreation: false) }
      throw foreign() ?? expected("a command", among: Self.commandWords)
    }
  }

  /// Whether a word names a known table of family ip, so that a rule may follow it without `add rule`.
  private func isTableName() -> Bool { ruleset.tableIndex["ip " + text(token)] != nil }

  // MARK: Handles

  /// An optional family.
  mutating func readFamily() -> TableFamily? {
    let family: TableFamily
    switch token.keyword {
    case .ip: family = .ip
    case .ip6: family = .ip6
    case .inet: family = .inet
    case .arp: family = .arp
    case .bridge: family = .bridge
    case .netdev: family = .netdev
    default: return nil
    }
    advance()
    return family
  }

  /// `[family] table`: the table must exist.
  mutating func readTable() throws(SyntaxFault) -> Int {
    let family = readFamily() ?? .ip
    guard token.kind == .word else { throw expected("the name of a table") }
    if family == lastFamily, isSame(lastTableName) {
      advance()
      return lastTable
    }
    let name = text(token)
    guard let table = ruleset.tableIndex["\(family) \(name)"] else {
      let live = ruleset.tables.filter { !$0.isDeleted }
      let elsewhere = live.first { $0.name == name }.map { " (did you mean '\($0.family) \($0.name)'?)" }
      let hint = elsewhere ?? Suggestion.hint(for: name, among: live.filter { $0.family == family }.map(\.name))
      throw SyntaxFault(message: "there is no table '\(family) \(name)'\(hint)", span: span)
    }
    remember(table, family)
    advance()
    return table
  }

  /// `chain` of a table: the chain must exist.
  mutating func readChain(of table: Int) throws(SyntaxFault) -> Int {
    guard token.kind == .word, !token.keyword.isReserved || isChain(text(token), of: table) else {
      throw expected("the name of a chain")
    }
    if isSame(lastChainName) {
      advance()
      return lastChain
    }
    let name = text(token)
    guard let chain = ruleset.tables[table].chainIndex[name] else {
      let hint = Suggestion.hint(for: name, among: ruleset.tables[table].chainIndex.keys.sorted())
      throw SyntaxFault(
        message: "there is no chain '\(name)' in table '\(ruleset.tables[table].name)'\(hint)", span: span)
    }
    lastChain = chain
    lastChainName = Array(lexer.bytes[Int(token.start)..<Int(token.end)])
    advance()
    return chain
  }

  private func isChain(_ name: String, of table: Int) -> Bool { ruleset.tables[table].chainIndex[name] != nil }

  private func isSame(_ name: [UInt8]) -> Bool {
    guard !name.isEmpty, name.count == Int(token.end - token.start) else { return false }
    return lexer.bytes[Int(token.start)..<Int(token.end)].elementsEqual(name)
  }

  /// Makes a table the one that rules stand in.
  mutating func remember(_ table: Int, _ family: TableFamily) {
    lastTable = table
    lastFamily = family
    lastTableName = Array(ruleset.tables[table].name.utf8)
    lastChainName = []
  }

  // MARK: Additions

  private mutating func readAddition(isCreation: Bool) throws(SyntaxFault) {
    switch token.keyword {
    case .table:
      advance()
      try readTableDeclaration(isCreation: isCreation)
    case .chain:
      advance()
      let table = try readTable()
      try readChainDeclaration(in: table, isCreation: isCreation)
    case .set, .map:
      let isMap = token.keyword == .map
      advance()
      let table = try readTable()
      try readSetDeclaration(in: table, isMap: isMap, isCreation: isCreation)
    case .element:
      advance()
      try readElements(isDeletion: false)
    case .rule:
      advance()
      try readRuleCommand(isInsertion: false)
    case .flowtable:
      advance()
      let table = try readTable()
      try readObject("flowtable", in: table)
    case .counter, .quota, .limit, .secmark, .synproxy:
      let kind = text(token)
      advance()
      let table = try readTable()
      try readObject(kind, in: table)
    case .ct:
      advance()
      let kind = try readConntrackKind()
      let table = try readTable()
      try readObject("ct \(kind)", in: table)
    default:
      guard token.kind == .word else { throw expected("what to add") }
      switch token.keyword {
      case .ip, .ip6, .inet, .arp, .bridge, .netdev, .none: try readRuleCommand(isInsertion: false)
      default:
        throw expected(
          "one of table, chain, rule, set, map, element, flowtable, counter, quota, limit or ct",
          among: Self.objectWords)
      }
    }
  }

  mutating func readConntrackKind() throws(SyntaxFault) -> String {
    guard [.helper, .timeout, .expectation].contains(token.keyword) else {
      throw expected("helper, timeout or expectation")
    }
    let kind = text(token)
    advance()
    return kind
  }

  /// `[family] table chain [position N | handle N | index N] rule`.
  private mutating func readRuleCommand(isInsertion: Bool) throws(SyntaxFault) {
    let start = token.start
    let table = try readTable()
    let chain = try readChain(of: table)
    var index: Int?
    var isPlaced = true
    switch token.keyword {
    case .position, .handle:
      advance()
      guard token.kind == .number else { throw expected("a handle") }
      isPlaced = false
      advance()
    case .index:
      advance()
      guard token.kind == .number, !token.isMalformed else { throw expected("an index") }
      index = Int(truncatingIfNeeded: token.number & 0xFFFF_FFFF)
      advance()
    default: break
    }
    guard !isAtSeparator else { throw expected("a statement") }
    let scan = scanStatement(from: Int(token.start), marksUpdates: true)
    var rule = RuleText(
      start: token.start, end: UInt32(truncatingIfNeeded: scan.end), environment: environment,
      file: UInt16(truncatingIfNeeded: file))
    rule.isPlaced = isPlaced
    rule.openBrace = scan.openBrace
    if !isPlaced {
      report(
        .warning, "the place of this rule depends on a handle, which only the running system knows",
        span(from: start, to: token.start))
    }
    insert(rule, table: table, chain: chain, index: index, isInsertion: isInsertion, at: start)
    move(to: scan.next)
  }

  private mutating func insert(
    _ rule: RuleText, table: Int, chain: Int, index: Int?, isInsertion: Bool, at start: UInt32
  ) {
    let count = ruleset.tables[table].chains[chain].rules.count
    if let index {
      if index >= count {
        report(
          .error, "there is no rule with index \(index): the chain has \(count)", span(from: start, to: token.start))
      }
      let place = min(isInsertion ? index : index &+ 1, count)
      ruleset.tables[table].chains[chain].rules.insert(rule, at: place)
    } else if isInsertion {
      ruleset.tables[table].chains[chain].rules.insert(rule, at: 0)
    } else {
      ruleset.tables[table].chains[chain].rules.append(rule)
    }
  }

  private mutating func readReplacement() throws(SyntaxFault) {
    advance()
    guard token.keyword == .rule else { throw expected("'rule'") }
    advance()
    let start = token.start
    let table = try readTable()
    let chain = try readChain(of: table)
    guard token.keyword == .handle else { throw expected("'handle'") }
    advance()
    guard token.kind == .number else { throw expected("a handle") }
    advance()
    report(
      .warning, "which rule is replaced depends on a handle, which only the running system knows",
      span(from: start, to: token.start))
    let scan = scanStatement(from: Int(token.start), marksUpdates: true)
    var rule = RuleText(
      start: token.start, end: UInt32(truncatingIfNeeded: scan.end), environment: environment,
      file: UInt16(truncatingIfNeeded: file))
    rule.isPlaced = false
    ruleset.tables[table].chains[chain].rules.append(rule)
    move(to: scan.next)
  }
}
