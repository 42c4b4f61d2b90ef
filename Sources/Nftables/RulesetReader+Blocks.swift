import SourceText

extension RulesetReader {
  /// Reads the block of a table, chain or set in a scope of its own; the current token is its opening brace.
  ///
  /// - Parameters:
  ///   - what: what the block belongs to, as messages call it.
  ///   - inner: what included files belong to; nil where the block is no place for them.
  ///   - statement: reads one statement and its end.
  mutating func readBlock(
    of what: String, as inner: Block? = nil, _ statement: (inout RulesetReader) throws(SyntaxFault) -> Void
  ) {
    let open = span
    let outer = (scope: openScope(), block: block)
    advance()
    depth += 1
    if let inner { block = inner }
    readStatements(isSet: inner == nil, statement)
    block = outer.block
    closeScope(outer.scope)
    depth -= 1
    switch token.kind {
    case .closeBrace: advance()
    case .end:
      hasOpenBlock = true
      report(.error, "this block is never closed", open)
    default:
      hasOpenBlock = true
      isBraceMissing = true
      report(.error, "expected '}' before '\(text(token))': \(what) is not closed", span)
    }
  }

  /// Reads statements up to a closing brace, the end, or what can only stand outside of the block.
  mutating func readStatements(
    isSet: Bool = false, _ statement: (inout RulesetReader) throws(SyntaxFault) -> Void
  ) {
    while token.kind != .closeBrace, token.kind != .end, !belongsOutside(isSet: isSet) {
      if token.kind == .newline || token.kind == .semicolon {
        advance()
        continue
      }
      let start = token.start
      do throws(SyntaxFault) {
        try statement(&self)
      } catch {
        report(error)
        skipStatement(from: start)
      }
    }
  }

  /// Whether the current token begins the declaration of a table, a chain or a set where none can stand, so that a
  /// brace must be missing.
  private func belongsOutside(isSet: Bool) -> Bool {
    switch token.keyword {
    case .table:
      if case .commands = block { return false }
      return opensBlock(within: 3)
    case .chain, .set, .map, .flowtable:
      if case .chain = block { return opensBlock(within: 2) }
      return isSet && opensBlock(within: 2)
    default: return false
    }
  }

  /// Whether a word, or two, and a brace follow the current token.
  private func opensBlock(within count: Int) -> Bool {
    var copy = lexer
    for index in 0..<count {
      let next = copy.next()
      if next.kind == .openBrace { return index > 0 }
      guard next.kind == .word else { return false }
    }
    return false
  }

  /// The end of a declaration: nft wants a line end or a semicolon even before a closing brace.
  mutating func endDeclaration() {
    if !isAtSeparator, !isBraceMissing { reportMissingSeparator() }
    isBraceMissing = false
  }

  /// Reports that a statement has no end before what follows it.
  mutating func reportMissingSeparator() {
    let found = Self.describe(token, text(token))
    report(.error, "expected a line end or ';' before \(found)", span)
  }
}
