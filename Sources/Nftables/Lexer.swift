import SourceText

/// Cuts nftables text into tokens by the longest match, as nft's scanner does.
///
/// Reads bytes `position ..< end` of a file and never beyond; memory is not touched after the buffer's scope.
struct Lexer {
  let bytes: UnsafeBufferPointer<UInt8>
  var position: Int
  var end: Int
  /// Whether line ends are white space, as inside braces.
  var skipsNewlines: Bool
  /// Line ends passed as white space so far; lines with nothing but a comment do not count.
  private(set) var lineEnds = 0
  /// Line ends between the last token and the one before it.
  private(set) var lineEndsInGap = 0
  /// Where the last line end in that gap stands.
  private(set) var lastLineEnd = 0
  /// The value of the last `address6` token.
  var wide: UInt128 = 0
  private let keywords = Keyword.vocabulary

  /// Starts at an offset.
  init(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int = 0, to end: Int? = nil, skipsNewlines: Bool = false) {
    self.bytes = bytes
    self.end = min(end ?? bytes.count, bytes.count)
    self.position = min(start, self.end)
    self.skipsNewlines = skipsNewlines
  }

  @inline(__always)
  private func byte(at index: Int) -> UInt8 { index < end ? bytes[index] : 0 }

  /// Passes white space, comments and continued line ends.
  @inline(__always)
  private mutating func skipBlanks() {
    while position < end {
      let byte = bytes[position]
      if byte == 0x20 || byte == 0x09 || byte == 0x0D {
        position += 1
      } else if byte == 0x0A {
        guard skipsNewlines else { return }
        countLineEnd()
      } else if byte == 0x23 {
        while position < end, bytes[position] != 0x0A { position += 1 }
        if lineEndsInGap > 0, position < end { position += 1 }
      } else if byte == 0x5C {
        var next = position + 1
        if next < end, bytes[next] == 0x0D { next += 1 }
        guard next < end, bytes[next] == 0x0A else { return }
        position = next + 1
      } else {
        return
      }
    }
  }

  private mutating func countLineEnd() {
    lastLineEnd = position
    lineEnds &+= 1
    lineEndsInGap &+= 1
    position += 1
  }

  /// The next token; `.end` at the end, for ever.
  mutating func next() -> Token {
    lineEndsInGap = 0
    skipBlanks()
    let start = position
    guard start < end else { return make(.end, start, start) }
    let first = bytes[start]
    if Self.beginsWord(first) { return word(start) }
    if first &- 0x30 < 10 { return number(start) }
    return punctuation(first, start)
  }

  @inline(__always)
  private mutating func make(_ kind: Token.Kind, _ start: Int, _ next: Int) -> Token {
    position = next
    return Token(
      kind: kind, keyword: .none, start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: next),
      number: 0)
  }

  // MARK: Words

  private mutating func word(_ start: Int) -> Token {
    let first = bytes[start]
    if first == 0x2E, !Self.isWordByte(byte(at: start + 1)) { return make(.dot, start, start + 1) }
    var next = start + 1
    while next < end, Self.isWordByte(bytes[next]) { next += 1 }
    let following = byte(at: next)
    if following == 0x3A, next - start <= 4, Self.hexValue(first) != nil,
      let token = address(start, longerThan: next)
    {
      return token
    }
    if following == 0x3A, next - start <= 4, Self.hexValue(first) != nil, let token = classID(start) { return token }
    if following == 0x2A { return make(.pattern, start, next + 1) }
    if following == 0x5C, byte(at: next + 1) == 0x2A { return escapedAsterisk(start, next) }
    var token = make(.word, start, next)
    guard let number = keywords.value(bytes, start, next) else { return token }
    let keyword = Keyword.words[Int(number)]
    token.keyword = keyword
    if keyword.isOperator { token.kind = Self.operatorKind(keyword) }
    return token
  }

  /// A word with `\*`, which stands for the asterisk itself.
  private mutating func escapedAsterisk(_ start: Int, _ backslash: Int) -> Token {
    var next = backslash + 2
    if next < end, Self.beginsWord(bytes[next]) {
      while next < end, Self.isWordByte(bytes[next]) { next += 1 }
    }
    return make(.pattern, start, next)
  }

  private static func operatorKind(_ keyword: Keyword) -> Token.Kind {
    switch keyword {
    case .opEqual: .equal
    case .opNotEqual: .notEqual
    case .opLess: .less
    case .opGreater: .greater
    case .opLessOrEqual: .lessOrEqual
    case .opGreaterOrEqual: .greaterOrEqual
    case .opAnd: .ampersand
    case .opOr: .pipe
    case .opXor: .caret
    case .opNot: .not
    case .opShiftLeft: .shiftLeft
    default: .shiftRight
    }
  }

  // MARK: Numbers

  private mutating func number(_ start: Int) -> Token {
    let first = bytes[start]
    if first == 0x30, byte(at: start + 1) | 0x20 == 0x78, Self.hexValue(byte(at: start + 2)) != nil {
      return hexadecimal(start)
    }
    var next = start
    var value: UInt64 = 0
    var overflows = false
    while next < end, bytes[next] &- 0x30 < 10 {
      let (product, high) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(bytes[next] &- 0x30))
      overflows = overflows || high || carry
      value = sum
      next += 1
    }
    let following = byte(at: next)
    if following == 0x2E, next - start <= 3, let token = address4(start) { return token }
    if following == 0x3A || Self.hexValue(following) != nil, let token = address(start, longerThan: next) {
      return token
    }
    if let token = timeOrName(start, digitsEnd: next) { return token }
    if following == 0x3A, let token = classID(start) { return token }
    var token = make(.number, start, next)
    token.number = value
    token.isMalformed = overflows
    if first == 0x30, next - start > 1 { readOctal(&token) }
    return token
  }

  private func readOctal(_ token: inout Token) {
    var value: UInt64 = 0
    for index in Int(token.start)..<Int(token.end) {
      let digit = bytes[index] &- 0x30
      if digit > 7 || value >> 61 != 0 { token.isMalformed = true }
      value = value << 3 | UInt64(digit & 7)
    }
    token.number = value
  }

  private mutating func hexadecimal(_ start: Int) -> Token {
    var next = start + 2
    var value: UInt64 = 0
    var overflows = false
    while let digit = Self.hexValue(byte(at: next)) {
      if value >> 60 != 0 { overflows = true }
      value = value << 4 | UInt64(digit)
      next += 1
    }
    var token = make(.number, start, next)
    token.number = value
    token.isMalformed = overflows
    return token
  }

  /// `1d2h3m4s5ms`, or one of the names `8021q` and `8021ad`.
  private mutating func timeOrName(_ start: Int, digitsEnd: Int) -> Token? {
    if digitsEnd - start == 4, byte(at: digitsEnd) | 0x20 == 0x71 || byte(at: digitsEnd) == 0x61,
      bytes[start] == 0x38, bytes[start + 1] == 0x30, bytes[start + 2] == 0x32, bytes[start + 3] == 0x31
    {
      if bytes[digitsEnd] == 0x71 { return make(.word, start, digitsEnd + 1) }
      if byte(at: digitsEnd + 1) == 0x64 { return make(.word, start, digitsEnd + 2) }
    }
    var unit = 0
    var next = digitsEnd
    var last = -1
    while unit < 5 {
      let letter = byte(at: next)
      let isMilli = letter == 0x6D && byte(at: next + 1) == 0x73
      let found: Int? =
        switch letter {
        case 0x64: 0
        case 0x68: 1
        case 0x6D: isMilli ? 4 : 2
        case 0x73: 3
        default: nil
        }
      guard let found, found >= unit else { break }
      next += isMilli ? 2 : 1
      last = next
      unit = found + 1
      let digits = next
      while next < end, bytes[next] &- 0x30 < 10 { next += 1 }
      if next == digits { break }
    }
    return last > 0 ? make(.time, start, last) : nil
  }

  /// Two groups of one to four hexadecimal digits, before white space, a colon, a dash, a comma or a brace.
  private mutating func classID(_ start: Int) -> Token? {
    var next = start
    while Self.hexValue(byte(at: next)) != nil, next - start < 4 { next += 1 }
    guard byte(at: next) == 0x3A else { return nil }
    let second = next + 1
    next = second
    while Self.hexValue(byte(at: next)) != nil, next - second < 4 { next += 1 }
    guard next > second else { return nil }
    switch next < bytes.count ? bytes[next] : 0x0A {
    case 0x20, 0x09, 0x0A, 0x3A, 0x2D, 0x7D, 0x2C: return make(.classID, start, next)
    default: return nil
    }
  }

  // MARK: Punctuation

  private mutating func punctuation(_ first: UInt8, _ start: Int) -> Token {
    let second = byte(at: start + 1)
    switch first {
    case 0x0A: return make(.newline, start, start + 1)
    case 0x3B: return make(.semicolon, start, start + 1)
    case 0x7B: return make(.openBrace, start, start + 1)
    case 0x7D: return make(.closeBrace, start, start + 1)
    case 0x2C: return make(.comma, start, start + 1)
    case 0x2D: return make(.dash, start, start + 1)
    case 0x2F: return make(.slash, start, start + 1)
    case 0x40: return make(.at, start, start + 1)
    case 0x24: return make(.dollar, start, start + 1)
    case 0x28: return make(.openParenthesis, start, start + 1)
    case 0x29: return make(.closeParenthesis, start, start + 1)
    case 0x26: return make(.ampersand, start, start + 1)
    case 0x7C: return make(.pipe, start, start + 1)
    case 0x5E: return make(.caret, start, start + 1)
    case 0x2B: return make(.plus, start, start + 1)
    case 0x2A: return make(.asterisk, start, start + 1)
    case 0x5D: return make(.closeBracket, start, start + 1)
    case 0x3A: return address(start, longerThan: start + 1) ?? make(.colon, start, start + 1)
    case 0x5B: return bracketedAddress(start) ?? make(.openBracket, start, start + 1)
    case 0x3D: return second == 0x3D ? make(.equal, start, start + 2) : make(.assign, start, start + 1)
    case 0x21: return second == 0x3D ? make(.notEqual, start, start + 2) : make(.not, start, start + 1)
    case 0x3C where second == 0x3C: return make(.shiftLeft, start, start + 2)
    case 0x3C: return second == 0x3D ? make(.lessOrEqual, start, start + 2) : make(.less, start, start + 1)
    case 0x3E where second == 0x3E: return make(.shiftRight, start, start + 2)
    case 0x3E: return second == 0x3D ? make(.greaterOrEqual, start, start + 2) : make(.greater, start, start + 1)
    case 0x22: return quoted(start)
    case 0x5C where second == 0x2A: return make(.pattern, start, start + 2)
    default:
      var next = start + 1
      while next < end, bytes[next] & 0xC0 == 0x80 { next += 1 }
      return make(.junk, start, next)
    }
  }

  private mutating func quoted(_ start: Int) -> Token {
    var next = start + 1
    while next < end, bytes[next] != 0x22 { next += 1 }
    return next < end ? make(.quoted, start, next + 1) : make(.junk, start, start + 1)
  }

  // MARK: Bytes

  /// Whether a byte may begin a word: a letter, an underscore or a dot.
  @inline(__always)
  static func beginsWord(_ byte: UInt8) -> Bool {
    byte < 128 && (byte < 64 ? byte == 0x2E : letters >> UInt64(byte & 63) & 1 == 1)
  }

  /// Whether a byte may go on in a word: besides, a digit, a slash or a dash.
  @inline(__always)
  static func isWordByte(_ byte: UInt8) -> Bool {
    byte < 128 && (byte < 64 ? signs : letters) >> UInt64(byte & 63) & 1 == 1
  }

  /// Letters and the underscore, from byte 64 on.
  private static let letters: UInt64 = 0x07FF_FFFE_87FF_FFFE
  /// Digits, dash, dot and slash.
  private static let signs: UInt64 = 0x03FF_E000_0000_0000

  @inline(__always)
  static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte &- 0x30
    case 0x61...0x66: byte &- 0x57
    case 0x41...0x46: byte &- 0x37
    default: nil
    }
  }
}
