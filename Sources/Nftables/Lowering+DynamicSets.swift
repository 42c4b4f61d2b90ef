import PacketSets
import RuleGraph
import SourceText

extension Lowering {
  /// `add|update|delete @set { key ... [: value] }`, or the old `set add key @set`.
  mutating func setUpdate() throws(SyntaxFault) {
    let isOld = token.keyword == .set
    if isOld {
      advance()
      guard [.add, .update, .delete].contains(token.keyword) else { throw expected("add, update or delete") }
    }
    advance()
    if isOld {
      try dynamicElement()
      _ = try setReference()
      return
    }
    let index = try setReference()
    try expect(.openBrace, "'{'")
    try descend()
    let saved = isApproximated
    let count = items.count
    try dynamicElement()
    // Limits inside decide whether the packet passes the statement.
    let decides = items.count > count && items[count...].contains { $0.kind == .undecidable }
    if token.kind == .colon {
      advance()
      try dynamicValue(index)
    }
    isApproximated = saved || decides
    depth -= 1
    guard token.kind == .closeBrace else { throw expected("'}'") }
    advance()
    if !sets[table][index].isValid { appendUndecidable(graph.reasons.intern("a set that was not understood")) }
  }

  /// The key of a dynamic element and the statements that it carries.
  private mutating func dynamicElement() throws(SyntaxFault) {
    while true {
      if startsExpression || token.kind == .openParenthesis || !isConstantToken {
        isElementKey = true
        defer { isElementKey = false }
        let part = try operand()
        // Packets without the value leave the rule here.
        appendPresence(part.field ?? part.presence)
      } else {
        advance()
      }
      guard token.kind == .dot else { break }
      advance()
    }
    while true {
      switch token.keyword {
      case .timeout, .expires:
        advance()
        guard token.kind == .time || token.kind == .number || token.kind == .dollar else { throw expected("a time") }
        if token.kind == .dollar {
          try withVariable { reader throws(SyntaxFault) in reader.advance() }
        } else {
          advance()
        }
      case .comment:
        advance()
        advance()
      case .counter: try counter()
      case .limit: try limit()
      case .quota: try quota()
      case .last: try last()
      case .ct:
        advance()
        try connectionCount()
      default: return
      }
    }
  }

  /// Whether the current token is a constant, as listings show parts of keys that never change.
  var isConstantToken: Bool {
    switch token.kind {
    case .number, .address4, .address6, .mac, .quoted, .time: true
    default: false
    }
  }

  private mutating func dynamicValue(_ index: Int) throws(SyntaxFault) {
    let signature = sets[table][index].signature
    if signature.isVerdictMap || [.accept, .drop, .jump, .goto, .continue, .return].contains(token.keyword) {
      _ = try verdictExpression()
      return
    }
    for (offset, type) in signature.data.enumerated() {
      if offset > 0 { try expect(.dot, "'.'") }
      if startsExpression {
        _ = try operand()
      } else {
        _ = try component(type, bits: type.bits)
      }
    }
    unresolved = nil
  }

  /// `meter NAME [size N] { key statement }`: a set of its own that this rule fills.
  mutating func meter() throws(SyntaxFault) {
    advance()
    guard token.kind == .word || token.kind == .quoted else { throw expected("the name of a meter") }
    advance()
    if token.keyword == .size {
      advance()
      _ = try numberToken()
    }
    try expect(.openBrace, "'{'")
    try dynamicElement()
    try expect(.closeBrace, "'}'")
  }

  /// `ct count [over] N`.
  mutating func connectionCount() throws(SyntaxFault) {
    try expect(.count)
    if token.keyword == .over { advance() }
    _ = try numberToken()
    appendUndecidable(graph.reasons.intern("ct count (the number of connections)"))
  }
}
