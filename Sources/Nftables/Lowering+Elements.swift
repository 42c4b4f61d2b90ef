import PacketSets
import RuleGraph
import SourceText

extension Lowering {
  /// The elements in braces at the current token.
  mutating func elements(_ signature: SetSignature, into contents: inout SetContents) throws(SyntaxFault) {
    try descend()
    try expect(.openBrace, "'{'")
    while token.kind != .closeBrace {
      let lineEnds = lexer.lineEnds
      checkGap()
      if signature.isNarrow {
        try narrowElement(signature, into: &contents)
      } else {
        try element(signature, into: &contents)
      }
      if lexer.lineEnds - lineEnds > lexer.lineEndsInGap { reportLineEnd(LineEndFault.withinElement) }
      checkGap()
      guard token.kind == .comma else { break }
      while token.kind == .comma { advance() }
    }
    depth -= 1
    guard token.kind == .closeBrace else { throw foreign() ?? expected("',' or '}'") }
    advance()
  }

  /// Reports empty lines before the current token, of which nft takes none between braces.
  private mutating func checkGap() { if lexer.lineEndsInGap > 1 { reportLineEnd(LineEndFault.emptyLine) } }

  private mutating func reportLineEnd(_ message: String) {
    let place = UInt32(truncatingIfNeeded: lexer.lastLineEnd)
    report(.error, message, TextSpan(file: UInt16(truncatingIfNeeded: file), start: place, end: place &+ 1))
  }

  /// An element of a set of plain values.
  @inline(__always)
  private mutating func narrowElement(
    _ signature: SetSignature, into contents: inout SetContents
  ) throws(SyntaxFault) {
    if token.kind == .openBrace || token.kind == .dollar || token.kind == .asterisk {
      return try element(signature, into: &contents)
    }
    let value = try component(signature.types[0], bits: signature.widths[0])
    contents.narrow.append(
      Interval(UInt32(truncatingIfNeeded: value.lower), UInt32(truncatingIfNeeded: value.upper)))
    contents.count += 1
    if token.kind != .comma, token.kind != .closeBrace { try elementOptions(&contents, isMap: false) }
  }

  private mutating func element(_ signature: SetSignature, into contents: inout SetContents) throws(SyntaxFault) {
    if token.kind == .openBrace { return try elements(signature, into: &contents) }
    if token.kind == .dollar, firstToken(of: try binding().binding) == .openBrace {
      // Taken out of `contents` and put back, so that the closure need not capture an inout.
      var inner = contents
      contents = SetContents()
      defer { contents = inner }
      try withVariable { reader throws(SyntaxFault) in
        if reader.token.kind == .dollar {
          try reader.element(signature, into: &inner)
        } else {
          try reader.elements(signature, into: &inner)
        }
      }
      return
    }
    let start = token.start
    let outerUnresolved = unresolved
    unresolved = nil
    if token.kind == .asterisk, !signature.types[0].isInterface || signature.types.count == 1 {
      advance()
      guard contents.catchAll == nil else { throw fault("there is already an element '*'") }
      for (type, bits) in zip(signature.types, signature.widths) {
        if type.isInterface {
          contents.keys.append(Interval(UInt128(graph.names.intern("")) | Lookup.wildcard))
        } else if signature.isNarrow {
          contents.narrow.append(.all)
        } else {
          contents.keys.append(Interval(0, bits >= 128 ? .max : (UInt128(1) << UInt128(bits)) - 1))
        }
      }
      contents.catchAll = contents.count
    } else {
      try key(signature, into: &contents)
    }
    contents.unknown = contents.unknown ?? unresolved
    unresolved = outerUnresolved
    contents.count += 1
    if token.kind != .comma, token.kind != .closeBrace {
      try elementOptions(&contents, isMap: signature.isMap)
      if signature.isMap { try mappedValue(signature, into: &contents) }
    } else if signature.isMap {
      if expectsData { throw expected("':' and a value") }
      appendPlaceholder(signature, into: &contents)
    }
    if signature.isMap { contents.ranges.append(span(from: start).range) }
  }

  private mutating func key(_ signature: SetSignature, into contents: inout SetContents) throws(SyntaxFault) {
    for index in signature.types.indices {
      if index > 0 {
        guard token.kind == .dot else {
          throw expected("'.' and \(Self.article(signature.types[index]))")
        }
        advance()
      }
      let type = signature.types[index]
      if token.kind == .asterisk, !type.isInterface {
        advance()
        let bits = signature.widths[index]
        contents.keys.append(Interval(0, bits >= 128 ? .max : (UInt128(1) << UInt128(bits)) - 1))
        continue
      }
      let value = try component(type, bits: signature.widths[index])
      if signature.isNarrow {
        contents.narrow.append(
          Interval(UInt32(truncatingIfNeeded: value.lower), UInt32(truncatingIfNeeded: value.upper)))
      } else {
        contents.keys.append(value)
      }
    }
    if token.kind == .dot { throw fault("the element has more parts than the type of the set") }
  }

  /// Timeouts, comments, counters and limits of an element.
  mutating func elementOptions(_ contents: inout SetContents, isMap: Bool) throws(SyntaxFault) {
    while true {
      switch token.keyword {
      case .timeout, .expires:
        advance()
        if token.kind == .dollar {
          _ = try withVariable { reader throws(SyntaxFault) in reader.advance() }
          continue
        }
        guard token.kind == .time || token.keyword == .never || token.kind == .number else {
          throw expected("a time")
        }
        advance()
      case .comment:
        advance()
        guard token.kind == .quoted || token.kind == .word else { throw expected("a text") }
        advance()
      case .counter:
        advance()
        while token.keyword == .packets || token.keyword == .bytes {
          advance()
          guard token.kind == .number else { throw expected("a number") }
          advance()
        }
      case .limit:
        contents.unknown = contents.unknown ?? graph.reasons.intern("limit rate of an element")
        try skipLimit()
      case .quota:
        contents.unknown = contents.unknown ?? graph.reasons.intern("quota of an element")
        try skipQuota()
      case .ct:
        contents.unknown = contents.unknown ?? graph.reasons.intern("ct count of an element")
        advance()
        try expect(.count)
        if token.keyword == .over { advance() }
        guard token.kind == .number else { throw expected("a number") }
        advance()
      case .last:
        advance()
        try expect(.used)
        advance()
      default: return
      }
    }
  }

  /// Whether every element needs a value; elements that are deleted do not.
  private var expectsData: Bool { !isDeleting }

  private mutating func appendPlaceholder(_ signature: SetSignature, into contents: inout SetContents) {
    if signature.isVerdictMap { contents.verdicts.append(.none) }
    for _ in signature.data { contents.data.append(Interval(0)) }
  }

  private mutating func mappedValue(_ signature: SetSignature, into contents: inout SetContents) throws(SyntaxFault) {
    guard token.kind == .colon else {
      if isDeleting { return appendPlaceholder(signature, into: &contents) }
      throw expected("':' and a value")
    }
    advance()
    if signature.isVerdictMap {
      contents.verdicts.append(try verdictExpression())
    } else if signature.isObjectMap {
      guard token.kind == .quoted || token.kind == .word else { throw expected("the name of an object") }
      advance()
    } else {
      for index in signature.data.indices {
        if index > 0 {
          guard token.kind == .dot else { throw expected("'.' and \(Self.article(signature.data[index]))") }
          advance()
        }
        contents.data.append(try component(signature.data[index], bits: signature.data[index].bits))
      }
    }
    if token.kind != .comma, token.kind != .closeBrace { try elementOptions(&contents, isMap: true) }
  }

  /// `accept`, `drop`, `continue`, `return`, `jump C` or `goto C`.
  mutating func verdictExpression() throws(SyntaxFault) -> Verdict {
    let keyword = token.keyword
    if token.kind == .dollar {
      return try withVariable { reader throws(SyntaxFault) in try reader.verdictExpression() }
    }
    switch keyword {
    case .accept:
      advance()
      return .accept
    case .drop:
      advance()
      return .drop
    case .continue:
      advance()
      return .none
    case .return:
      advance()
      return .returning
    case .jump, .goto:
      advance()
      let chain = try chainReference()
      return Verdict(keyword == .jump ? .jump : .goto, chain)
    default:
      throw expected(
        "a verdict (accept, drop, continue, return, jump or goto)",
        among: ["accept", "drop", "continue", "return", "jump", "goto"])
    }
  }

  /// The graph's chain that a name or variable stands for.
  ///
  /// Only variables may hold the name in quotes.
  mutating func chainReference(isInVariable: Bool = false) throws(SyntaxFault) -> UInt32 {
    if token.kind == .dollar {
      return try withVariable { reader throws(SyntaxFault) in try reader.chainReference(isInVariable: true) }
    }
    guard token.kind == .word || token.kind == .quoted && isInVariable else {
      throw expected(token.kind == .quoted ? "the name of a chain without quotes" : "the name of a chain")
    }
    let name = text(token)
    guard let chain = chainIndices[name] else {
      let hint = Suggestion.hint(for: name, among: chainIndices.keys.sorted())
      throw fault("there is no chain '\(name)' in table '\(ruleset.tables[table].name)'\(hint)")
    }
    guard graph.chains[Int(chain)].base == nil else {
      throw fault("'\(name)' is a base chain, to which nothing can jump")
    }
    advance()
    return chain
  }
}
