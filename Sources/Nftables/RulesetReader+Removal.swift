import RuleGraph
import SourceText

extension RulesetReader {
  /// `delete` and `destroy`.
  mutating func readDeletion(ignoresMissing: Bool) throws(SyntaxFault) {
    let kind = token.keyword
    switch kind {
    case .table:
      advance()
      let family = readFamily() ?? .ip
      if try readHandle("the table") { return }
      let (name, span) = try identifier("the name of a table")
      deleteTable(family, name, span, ignoresMissing: ignoresMissing)
    case .chain:
      advance()
      guard let table = try readTable(orIgnore: ignoresMissing) else { return skipToSeparator() }
      if try readHandle("the chain") { return }
      let (name, span) = try identifier("the name of a chain")
      if token.kind == .openBrace { return try skipBlock() }
      guard let chain = ruleset.tables[table].chainIndex[name] else {
        if !ignoresMissing { report(.error, "there is no chain '\(name)'", span) }
        return
      }
      ruleset.tables[table].chains[chain].isDeleted = true
      ruleset.tables[table].chainIndex[name] = nil
      lastChainName = []
    case .set, .map:
      advance()
      guard let table = try readTable(orIgnore: ignoresMissing) else { return skipToSeparator() }
      if try readHandle("the set") { return }
      let (name, span) = try identifier("the name of a set")
      guard let set = ruleset.tables[table].setIndex[name] else {
        if !ignoresMissing { report(.error, "there is no set '\(name)'", span) }
        return
      }
      ruleset.tables[table].sets[set].isDeleted = true
      ruleset.tables[table].setIndex[name] = nil
    case .element:
      advance()
      try readElements(isDeletion: true)
    case .rule:
      advance()
      let start = token.start
      let table = try readTable()
      let chain = try readChain(of: table)
      guard token.keyword == .handle else { throw expected("'handle'") }
      advance()
      guard token.kind == .number else { throw expected("a handle") }
      advance()
      // Any rule of the chain may be the one that goes.
      for index in ruleset.tables[table].chains[chain].rules.indices {
        ruleset.tables[table].chains[chain].rules[index].isPlaced = false
      }
      report(
        .warning, "which rule is deleted depends on a handle, which only the running system knows",
        span(from: start, to: token.start))
    case .flowtable, .counter, .quota, .limit, .secmark, .synproxy, .ct:
      var name = text(token)
      advance()
      if kind == .ct { name = "ct " + (try readConntrackKind()) }
      guard let table = try readTable(orIgnore: ignoresMissing) else { return skipToSeparator() }
      if try readHandle("the object") { return }
      let object = try identifier("the name of a \(name)")
      ruleset.tables[table].objects.remove("\(name) \(object.name)")
      if token.kind == .openBrace { try skipBlock() }
    default: throw expected("what to delete", among: Self.objectWords)
    }
  }

  mutating func skipToSeparator() {
    let scan = scanStatement(from: Int(token.start), marksUpdates: false)
    move(to: scan.next)
  }

  /// A table that may be missing.
  private mutating func readTable(orIgnore ignoresMissing: Bool) throws(SyntaxFault) -> Int? {
    guard ignoresMissing else { return try readTable() }
    do throws(SyntaxFault) {
      return try readTable()
    } catch {
      return nil
    }
  }

  /// `handle N` instead of a name.
  private mutating func readHandle(_ what: String) throws(SyntaxFault) -> Bool {
    guard token.keyword == .handle else { return false }
    let start = token.start
    advance()
    guard token.kind == .number else { throw expected("a handle") }
    advance()
    report(
      .warning, "\(what) is named by a handle, which only the running system knows", span(from: start, to: token.start))
    return true
  }

  private mutating func deleteTable(_ family: TableFamily, _ name: String, _ span: TextSpan, ignoresMissing: Bool) {
    guard let table = ruleset.tableIndex["\(family) \(name)"] else {
      // A script usually deletes what an earlier load left behind.
      return
    }
    ruleset.tables[table].isDeleted = true
    ruleset.tableIndex["\(family) \(name)"] = nil
    lastTableName = []
    lastChainName = []
  }

  /// `flush`.
  mutating func readFlush() throws(SyntaxFault) {
    switch token.keyword {
    case .ruleset:
      advance()
      let family = readFamily()
      for index in ruleset.tables.indices where family == nil || ruleset.tables[index].family == family {
        ruleset.tables[index].isDeleted = true
      }
      ruleset.tableIndex = [:]
      for (index, table) in ruleset.tables.enumerated() where !table.isDeleted {
        ruleset.tableIndex["\(table.family) \(table.name)"] = index
      }
      lastTableName = []
      lastChainName = []
    case .table:
      advance()
      let table = try readTable()
      for chain in ruleset.tables[table].chains.indices { ruleset.tables[table].chains[chain].rules = [] }
    case .chain:
      advance()
      let table = try readTable()
      let chain = try readChain(of: table)
      ruleset.tables[table].chains[chain].rules = []
    case .set, .map, .meter:
      let isMeter = token.keyword == .meter
      advance()
      let table = try readTable()
      let (name, span) = try identifier("the name of a set")
      guard let set = ruleset.tables[table].setIndex[name] else {
        if !isMeter { report(.error, "there is no set '\(name)'", span) }
        return
      }
      ruleset.tables[table].sets[set].elements = []
    default:
      throw expected(
        "one of ruleset, table, chain, set, map or meter", among: ["ruleset", "table", "chain", "set", "map", "meter"])
    }
  }

  /// `rename chain`.
  mutating func readRename() throws(SyntaxFault) {
    advance()
    guard token.keyword == .chain else { throw expected("'chain'") }
    advance()
    let table = try readTable()
    let chain = try readChain(of: table)
    let (name, span) = try identifier("the new name")
    guard ruleset.tables[table].chainIndex[name] == nil else {
      throw SyntaxFault(message: "there is already a chain '\(name)'", span: span)
    }
    ruleset.tables[table].chainIndex[ruleset.tables[table].chains[chain].name] = nil
    ruleset.tables[table].chainIndex[name] = chain
    ruleset.tables[table].chains[chain].name = name
    lastChainName = []
  }

  /// `[family] table set { elements }` behind `add element` and `delete element`.
  mutating func readElements(isDeletion: Bool) throws(SyntaxFault) {
    let table = try readTable()
    let (name, nameSpan) = try identifier("the name of a set")
    let text = try readElementText(isDeletion: isDeletion)
    guard let set = ruleset.tables[table].setIndex[name] else {
      let hint = Suggestion.hint(for: name, among: ruleset.tables[table].setIndex.keys.sorted())
      throw SyntaxFault(message: "there is no set '\(name)'\(hint)", span: nameSpan)
    }
    ruleset.tables[table].sets[set].elements.append(text)
  }

  /// Braces with elements, or a variable.
  mutating func readElementText(isDeletion: Bool) throws(SyntaxFault) -> ElementText {
    let start = token.start
    if token.kind == .dollar {
      advance()
      guard token.kind == .word else { throw expected("the name of a variable") }
      let end = token.end
      advance()
      return ElementText(span: span(from: start, to: end), environment: environment, isDeletion: isDeletion)
    }
    guard token.kind == .openBrace else { throw expected("'{' or a variable") }
    guard let end = matchingBrace(Int(start)) else {
      throw SyntaxFault(message: "this brace is never closed", span: span)
    }
    move(to: end)
    return ElementText(
      span: span(from: start, to: UInt32(truncatingIfNeeded: end)), environment: environment, isDeletion: isDeletion)
  }

  /// Skips a block in braces.
  mutating func skipBlock() throws(SyntaxFault) {
    guard token.kind == .openBrace else { throw expected("'{'") }
    guard let end = matchingBrace(Int(token.start)) else {
      throw SyntaxFault(message: "this brace is never closed", span: span)
    }
    move(to: end)
  }
}
