import RuleGraph
import SourceText

extension RulesetReader {
  /// `name { ... }` of a set or map.
  mutating func readSetDeclaration(in table: Int, isMap: Bool, isCreation: Bool) throws(SyntaxFault) {
    let (name, nameSpan) = try identifier("the name of a \(isMap ? "map" : "set")")
    var set = SetModel(name: name, span: nameSpan, isMap: isMap)
    let known = ruleset.tables[table].setIndex[name]
    guard token.kind == .openBrace else { throw expected("'{'") }
    readBlock(of: "\(isMap ? "map" : "set") '\(name)'") { reader throws(SyntaxFault) in
      try reader.readSetStatement(&set)
    }
    if let known {
      if isCreation { report(.error, "there is already a set '\(name)'", nameSpan) }
      ruleset.tables[table].sets[known].elements += set.elements
    } else {
      if set.key == nil { report(.error, "the \(isMap ? "map" : "set") '\(name)' has no type", nameSpan) }
      ruleset.tables[table].setIndex[name] = ruleset.tables[table].sets.count
      ruleset.tables[table].sets.append(set)
    }
  }

  private static let setWords = [
    "type", "typeof", "flags", "elements", "timeout", "gc-interval", "size", "policy", "auto-merge", "counter",
    "comment",
  ]

  private mutating func readSetStatement(_ set: inout SetModel) throws(SyntaxFault) {
    switch token.keyword {
    case .include, .define, .redefine, .undefine: try readCommon()
    case .type, .typeof:
      set.isTypeof = token.keyword == .typeof
      advance()
      guard !isAtSeparator else { throw expected("a type") }
      let scan = scanStatement(from: Int(token.start), marksUpdates: false)
      set.key = span(from: token.start, to: UInt32(truncatingIfNeeded: scan.end))
      set.keyEnvironment = environment
      move(to: scan.next)
      try endStatement()
    case .flags:
      advance()
      try readSetFlags(&set)
    case .elements:
      advance()
      try expect(.assign, "'='")
      skipNewlines()
      set.elements.append(try readElementText(isDeletion: false))
      if token.kind != .closeBrace { try endStatement() }
    case .timeout, .gcInterval:
      if token.keyword == .timeout { set.hasTimeout = true }
      advance()
      guard token.kind == .time || token.kind == .number || token.kind == .quoted else { throw expected("a time") }
      advance()
      try endStatement()
    case .size:
      advance()
      if token.kind == .dollar {
        try withVariable { reader throws(SyntaxFault) in reader.advance() }
      } else {
        guard token.kind == .number else { throw expected("a number") }
        advance()
      }
      try endStatement()
    case .policy:
      advance()
      guard token.keyword == .performance || token.keyword == .memory else {
        throw expected("performance or memory")
      }
      advance()
      try endStatement()
    case .autoMerge:
      set.mergesOverlaps = true
      advance()
      if token.kind != .closeBrace { try endStatement() }
    case .comment:
      try readComment()
      try endStatement()
    case .counter, .limit, .quota, .ct, .last:
      // A statement that every element carries.
      if token.keyword == .limit || token.keyword == .quota || token.keyword == .ct { set.hasTimeout = true }
      let scan = scanStatement(from: Int(token.start), marksUpdates: false)
      move(to: scan.next)
    default:
      throw expected("a property of the set", among: Self.setWords)
    }
  }

  private mutating func readSetFlags(_ set: inout SetModel) throws(SyntaxFault) {
    while true {
      switch token.keyword {
      case .constant: set.isConstant = true
      case .interval: set.isInterval = true
      case .dynamic: set.isDynamic = true
      case .timeout: set.hasTimeout = true
      default:
        throw expected(
          "one of constant, interval, dynamic or timeout", among: ["constant", "interval", "dynamic", "timeout"])
      }
      advance()
      guard token.kind == .comma else { break }
      advance()
    }
    try endStatement()
  }

  /// Counters, quotas, limits, flowtables, helpers and the like: they are named by rules, and decide nothing by
  /// themselves.
  mutating func readObject(_ kind: String, in table: Int) throws(SyntaxFault) {
    let (name, _) = try identifier("the name of a \(kind)")
    ruleset.tables[table].objects.insert("\(kind) \(name)")
    if token.kind == .openBrace {
      try readObjectBlock(kind)
      return
    }
    // Commands may name an object alone, or say what it is without braces.
    if case .table = block { throw expected("'{'") }
    while !isAtSeparator, token.kind != .closeBrace { advance() }
  }

  /// The words that the blocks of each kind may begin their statements with.
  private static func words(of kind: String) -> [Keyword] {
    switch kind {
    case "flowtable": [.hook, .devices, .counter, .flags, .comment]
    case "counter": [.packets, .bytes, .comment]
    case "quota": [.over, .until, .used, .comment]
    case "limit": [.rate, .comment]
    case "ct helper": [.type, .l3proto, .protocol, .comment]
    case "ct timeout": [.protocol, .l3proto, .policy, .comment]
    case "ct expectation": [.protocol, .dport, .timeout, .size, .l3proto, .comment]
    case "synproxy": [.mss, .maxseg, .wscale, .timestamp, .sackPerm, .sackPermitted, .comment]
    default: []
    }
  }

  private mutating func readObjectBlock(_ kind: String) throws(SyntaxFault) {
    let open = span
    guard let end = matchingBrace(Int(token.start)) else {
      throw SyntaxFault(message: "this brace is never closed", span: open)
    }
    let words = Self.words(of: kind)
    advance()
    while token.kind != .closeBrace, Int(token.start) < end - 1 {
      if token.kind == .newline || token.kind == .semicolon {
        advance()
        continue
      }
      if [.include, .define, .redefine, .undefine].contains(token.keyword) {
        try readCommon()
        continue
      }
      let isValue = token.kind == .number || token.kind == .quoted || kind == "secmark"
      if !words.contains(token.keyword), !isValue {
        report(expected("a property of the \(kind)"))
      }
      let start = Int(token.start)
      let scan = scanStatement(from: start, marksUpdates: false)
      move(to: max(scan.next, start + 1))
    }
    move(to: end)
  }
}
