import SourceText

/// Recognises what belongs to other languages, so that messages can say so.
enum ForeignSyntax {
  /// What to say about the text at an offset; nil where it looks like nothing in particular.
  ///
  /// - Returns: the message, and the end of the text that it is about.
  static func message(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int, to limit: Int) -> (String, end: Int)? {
    func byte(_ index: Int) -> UInt8 { index < limit ? bytes[index] : 0 }
    func wordEnd(_ from: Int) -> Int {
      var end = from
      while end < limit, bytes[end] > 0x20, bytes[end] != 0x3B, bytes[end] != 0x7B, bytes[end] != 0x7D { end += 1 }
      return end
    }
    func text(_ end: Int) -> String { String(decoding: bytes[start..<end], as: UTF8.self) }
    let first = byte(start)
    if first == 0x2F, byte(start + 1) == 0x2F || byte(start + 1) == 0x2A {
      return ("a comment begins with '#', not with '\(text(start + 2))'", start + 2)
    }
    if first == 0x2D, Lexer.beginsWord(byte(start + 1)) || byte(start + 1) == 0x2D && Lexer.beginsWord(byte(start + 2))
    {
      let end = wordEnd(start)
      return ("'\(text(end))' is an option of iptables, which nft does not know", end)
    }
    if first == 0x7B, byte(start + 1) == 0x7B || byte(start + 1) == 0x25 || byte(start + 1) == 0x23 {
      return ("'\(text(start + 2))' belongs to a template, which has to be filled in first", start + 2)
    }
    let end = wordEnd(start)
    if ["iptables", "ip6tables", "ebtables", "arptables"].contains(text(end)) {
      return ("'\(text(end))' is a command of its own, not one of nft", end)
    }
    return nil
  }

  /// What to say about a value that is glued to what follows it, as `10.0.0.0/255.255.255.0` or `fe80:::1`; nil where
  /// there is a blank between them.
  ///
  /// - Parameter start: where the token begins that does not fit.
  static func gluedValue(
    _ bytes: UnsafeBufferPointer<UInt8>, at start: Int, to limit: Int
  ) -> (String, start: Int, end: Int)? {
    func isPart(_ byte: UInt8) -> Bool {
      Lexer.hexValue(byte) != nil || byte == 0x2E || byte == 0x3A || byte == 0x2F
    }
    guard start > 0, start < limit, isPart(bytes[start - 1]), isPart(bytes[start]) else { return nil }
    var first = start
    while first > 0, isPart(bytes[first - 1]) { first -= 1 }
    var end = start
    while end < limit, isPart(bytes[end]) { end += 1 }
    let text = String(decoding: bytes[first..<end], as: UTF8.self)
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2, let bits = prefixLength(parts[1]) {
      return ("a prefix is a number of bits, not a mask (did you mean '\(parts[0])/\(bits)'?)", first, end)
    }
    guard text.contains(":") || text.contains(".") else { return nil }
    return ("'\(text)' is no address", first, end)
  }

  /// The number of bits of a mask with dots.
  private static func prefixLength(_ mask: Substring) -> Int? {
    let parts = mask.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
    guard parts.count == 4, mask.contains(".") else { return nil }
    let value = parts.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let bits = (~value).leadingZeroBitCount
    return bits + value.trailingZeroBitCount == 32 || value == 0 || value == .max ? bits : nil
  }
}

extension RulesetReader {
  /// A fault that names another language at the current token, if it looks like one.
  func foreign() -> SyntaxFault? {
    guard let (message, end) = ForeignSyntax.message(lexer.bytes, at: Int(token.start), to: lexer.end) else {
      return nil
    }
    return SyntaxFault(message: message, span: span(from: token.start, to: UInt32(truncatingIfNeeded: end)))
  }

  func fault(_ message: String) -> SyntaxFault { SyntaxFault(message: message, span: span) }
}

extension Lowering {
  /// A fault that says more than that something else was expected at the current token, if there is more to say.
  func foreign() -> SyntaxFault? {
    let index = UInt16(truncatingIfNeeded: file)
    if let (message, end) = ForeignSyntax.message(lexer.bytes, at: Int(token.start), to: lexer.end) {
      return SyntaxFault(
        message: message, span: TextSpan(file: index, start: token.start, end: UInt32(truncatingIfNeeded: end)))
    }
    guard token.start == lastEnd,
      let (message, start, end) = ForeignSyntax.gluedValue(lexer.bytes, at: Int(token.start), to: lexer.end)
    else { return nil }
    return SyntaxFault(
      message: message,
      span: TextSpan(file: index, start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end)))
  }
}
