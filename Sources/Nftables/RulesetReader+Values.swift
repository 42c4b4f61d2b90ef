import SourceText

extension RulesetReader {
  /// Checks that a variable's value follows the grammar: constants, ranges, prefixes, concatenations, lists and sets.
  mutating func checkValue(_ value: TextSpan) throws(SyntaxFault) {
    var reader = self
    reader.lexer = Lexer(lexer.bytes, from: Int(value.start), to: Int(value.end), skipsNewlines: true)
    reader.advance()
    defer { ruleset.diagnostics = reader.ruleset.diagnostics }
    if reader.token.kind == .dash {
      reader.advance()
      guard reader.token.kind == .number else { throw reader.expected("a number") }
      reader.advance()
    } else {
      var copy = reader
      if (try? copy.checkBasic()) != nil, copy.token.kind == .comma {
        // Lists hold plain values only.
        try reader.checkBasic()
        while reader.token.kind == .comma {
          reader.advance()
          try reader.checkBasic()
        }
      } else {
        try reader.checkRight()
      }
    }
    guard reader.token.kind == .end else { throw reader.expected("the end of the value") }
  }

  /// A right side: `@set`, `{ ... }` or a concatenation.
  private mutating func checkRight() throws(SyntaxFault) {
    depth += 1
    defer { depth -= 1 }
    guard depth < limits.depth else { throw SyntaxFault(message: "nested too deep", span: span) }
    switch token.kind {
    case .at:
      advance()
      guard token.kind == .word else { throw expected("the name of a set") }
      advance()
    case .openBrace: try checkElements()
    default: try checkConcatenation()
    }
  }

  private mutating func checkElements() throws(SyntaxFault) {
    depth += 1
    defer { depth -= 1 }
    guard depth < limits.depth else { throw SyntaxFault(message: "nested too deep", span: span) }
    advance()
    if token.kind == .closeBrace { checkGap() }
    while token.kind != .closeBrace {
      let lineEnds = lexer.lineEnds
      checkGap()
      if token.kind == .openBrace {
        try checkElements()
      } else {
        if token.kind == .asterisk { advance() } else { try checkConcatenation() }
        try skipOptions()
        if token.kind == .colon {
          advance()
          switch token.keyword {
          case .accept, .drop, .continue, .return: advance()
          case .jump, .goto:
            advance()
            if token.kind == .dollar { advance() }
            guard token.kind == .word else { throw expected("the name of a chain") }
            advance()
          default: try checkConcatenation()
          }
        }
      }
      if lexer.lineEnds - lineEnds > lexer.lineEndsInGap { reportLineEnd(LineEndFault.withinElement) }
      checkGap()
      guard token.kind == .comma else { break }
      while token.kind == .comma { advance() }
    }
    guard token.kind == .closeBrace else { throw expected("',' or '}'") }
    advance()
  }

  private mutating func checkGap() { if lexer.lineEndsInGap > 1 { reportLineEnd(LineEndFault.emptyLine) } }

  private mutating func reportLineEnd(_ message: String) {
    let place = UInt32(truncatingIfNeeded: lexer.lastLineEnd)
    report(.error, message, span(from: place, to: place &+ 1))
  }

  /// Timeouts, counters and comments of elements.
  private mutating func skipOptions() throws(SyntaxFault) {
    while [.timeout, .expires, .comment, .counter, .packets, .bytes, .limit, .quota, .ct, .last, .used]
      .contains(token.keyword)
    {
      advance()
      while token.kind == .number || token.kind == .time || token.kind == .quoted || token.kind == .slash
        || [.rate, .over, .second, .minute, .hour, .day, .week, .burst, .count, .until, .never].contains(token.keyword)
        || ["kbytes", "mbytes"].contains(text(token))
      {
        advance()
      }
    }
  }

  private mutating func checkConcatenation() throws(SyntaxFault) {
    while true {
      if token.kind == .asterisk { advance() } else { try checkBasic() }
      if token.kind == .slash {
        advance()
        guard token.kind == .number else { throw expected("a number of bits") }
        advance()
      } else if token.kind == .dash {
        advance()
        try checkBasic()
      }
      guard token.kind == .dot else { return }
      advance()
    }
  }

  /// Words of the language that are values as well.
  private static let valueWords: Set<Keyword> = [
    .ether, .ip, .ip6, .vlan, .arp, .dnat, .snat, .ecn, .reset, .destroy, .original, .reply, .label, .last, .exists,
    .missing, .tcp, .udp, .udplite, .esp, .ah, .icmp, .icmpv6, .igmp, .gre, .comp, .dccp, .sctp, .redirect,
  ]

  /// Primaries with operators between.
  private mutating func checkBasic() throws(SyntaxFault) {
    depth += 1
    defer { depth -= 1 }
    guard depth < limits.depth else { throw SyntaxFault(message: "nested too deep", span: span) }
    while true {
      switch token.kind {
      case .dollar:
        advance()
        guard token.kind == .word else { throw expected("the name of a variable") }
        let name = text(token)
        guard ruleset.binding(name, in: environment) != nil else {
          let hint = Suggestion.hint(for: name, among: ruleset.names(in: environment))
          throw SyntaxFault(message: "there is no variable '\(name)'\(hint)", span: span)
        }
        advance()
      case .openParenthesis:
        advance()
        try checkBasic()
        try expect(.closeParenthesis, "')'")
      case .word where token.keyword.isReserved && !Self.valueWords.contains(token.keyword): throw expected("a value")
      case .word, .number, .address4, .address6, .mac, .time, .quoted, .pattern, .classID: advance()
      default: throw expected("a value")
      }
      switch token.kind {
      case .ampersand, .pipe, .caret, .shiftLeft, .shiftRight: advance()
      default: return
      }
    }
  }
}
