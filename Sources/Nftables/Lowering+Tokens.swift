import SourceText

extension Lowering {
  @inline(__always)
  mutating func advance() {
    lastEnd = token.end
    token = lexer.next()
  }

  var span: TextSpan { TextSpan(file: UInt16(truncatingIfNeeded: file), start: token.start, end: token.end) }

  func span(from start: UInt32) -> TextSpan {
    TextSpan(file: UInt16(truncatingIfNeeded: file), start: start, end: max(start, lastEnd))
  }

  /// The text of a token, without quotes.
  func text(_ token: Token) -> String {
    let start = Int(token.start)
    let end = Int(token.end)
    guard start < end, end <= lexer.bytes.count else { return "" }
    if token.kind == .quoted { return String(decoding: lexer.bytes[start + 1..<end - 1], as: UTF8.self) }
    return String(decoding: lexer.bytes[start..<end], as: UTF8.self)
  }

  /// The fault that something else was expected here.
  func expected(_ what: String) -> SyntaxFault {
    let found = token.kind == .end ? "the end of the statement" : RulesetReader.describe(token, text(token))
    return SyntaxFault(message: "expected \(what), found \(found)", span: span)
  }

  /// The fault that something else was expected here, and what may have been meant.
  func expected(_ what: String, among candidates: [String]) -> SyntaxFault {
    var fault = expected(what)
    if token.kind == .word { fault.message += Hint.text(for: text(token), among: candidates) }
    return fault
  }

  func fault(_ message: String) -> SyntaxFault { SyntaxFault(message: message, span: span) }

  @inline(__always)
  mutating func expect(_ kind: Token.Kind, _ what: String) throws(SyntaxFault) {
    guard token.kind == kind else { throw expected(what) }
    advance()
  }

  mutating func expect(_ keyword: Keyword) throws(SyntaxFault) {
    guard token.keyword == keyword else { throw expected("'\(keyword.spelling)'", among: [keyword.spelling]) }
    advance()
  }

  /// Starts to read another text.
  mutating func open(_ span: TextSpan, environment: UInt32) {
    file = Int(span.file)
    self.environment = environment
    lexer = Lexer(buffers[file], from: Int(span.start), to: Int(span.end), skipsNewlines: true)
    lastEnd = span.start
    token = lexer.next()
  }

  /// Counts a level of nesting.
  mutating func descend() throws(SyntaxFault) {
    depth += 1
    guard depth <= limits.depth else { throw fault("nested too deep") }
  }

  /// What a variable stands for; the current token is the `$`.
  mutating func binding() throws(SyntaxFault) -> (binding: Binding, name: String) {
    var copy = lexer
    let nameToken = copy.next()
    guard nameToken.kind == .word else {
      advance()
      throw expected("the name of a variable")
    }
    let name = text(nameToken)
    guard let binding = ruleset.binding(name, in: environment) else {
      if nameToken.keyword.isReserved {
        advance()
        throw expected("the name of a variable")
      }
      let hint = Suggestion.hint(for: name, among: ruleset.names(in: environment))
      throw SyntaxFault(
        message: "there is no variable '\(name)'\(hint)",
        span: TextSpan(file: UInt16(truncatingIfNeeded: file), start: token.start, end: nameToken.end))
    }
    if binding.isFaulty {
      throw SyntaxFault(
        message: "the value of the variable '\(name)' was not understood",
        span: TextSpan(file: UInt16(truncatingIfNeeded: file), start: token.start, end: nameToken.end))
    }
    return (binding, name)
  }

  /// The first token of a variable's value.
  mutating func firstToken(of binding: Binding) -> Token.Kind {
    var first = Lexer(
      buffers[Int(binding.value.file)], from: Int(binding.value.start), to: Int(binding.value.end),
      skipsNewlines: true)
    let token = first.next()
    guard token.kind == .dollar else { return token.kind }
    let saved = (lexer, self.token, file, environment, lastEnd)
    defer { (lexer, self.token, file, environment, lastEnd) = saved }
    guard depth < limits.depth else { return .junk }
    depth += 1
    defer { depth -= 1 }
    open(binding.value, environment: binding.environment)
    guard let inner = try? self.binding() else { return .junk }
    return firstToken(of: inner.binding)
  }

  /// Reads the value of the variable at the `$` in its place.
  mutating func withVariable<Value>(
    _ body: (inout Lowering) throws(SyntaxFault) -> Value
  ) throws(SyntaxFault) -> Value {
    let start = token.start
    let (binding, name) = try binding()
    advance()
    let place = TextSpan(file: UInt16(truncatingIfNeeded: file), start: start, end: token.end)
    let saved = (lexer, file, environment)
    try descend()
    expansion += 1
    guard expansion <= limits.expansion else { throw SyntaxFault(message: "variables expand to too much", span: place) }
    open(binding.value, environment: binding.environment)
    let result: Value
    do throws(SyntaxFault) {
      result = try body(&self)
      guard token.kind == .end else { throw expected("one value") }
    } catch {
      (lexer, file, environment) = saved
      advance()
      // Said where the value is written, as nft does.
      throw SyntaxFault(message: "\(error.message) (in the variable '\(name)')", span: error.span)
    }
    depth -= 1
    (lexer, file, environment) = saved
    token = Token.none
    advance()
    lastEnd = place.end
    return result
  }
}
