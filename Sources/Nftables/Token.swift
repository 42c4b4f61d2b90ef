import SourceText

/// One token of nftables text.
struct Token: Sendable {
  /// What kind of token it is.
  enum Kind: UInt8, Sendable {
    case end
    case newline
    case semicolon
    case word
    /// Decimal, octal or hexadecimal; the value is in `number`.
    case number
    /// The value is in `number`.
    case address4
    /// The value is in the lexer's `wide`.
    case address6
    /// The value is in `number`.
    case mac
    /// Such as `1d2h3m4s`.
    case time
    case quoted
    /// A word that ends with an asterisk.
    case pattern
    /// Two short hexadecimal numbers with a colon between.
    case classID
    case comma
    case dot
    case colon
    case openBrace
    case closeBrace
    case openBracket
    case closeBracket
    case openParenthesis
    case closeParenthesis
    case shiftLeft
    case shiftRight
    case caret
    case ampersand
    case pipe
    case slash
    case dash
    case asterisk
    case at
    case dollar
    case assign
    case equal
    case notEqual
    case less
    case greater
    case lessOrEqual
    case greaterOrEqual
    case not
    case plus
    case junk
  }

  var kind: Kind
  /// The keyword of a word; `.none` for other words and tokens.
  var keyword: Keyword
  /// First byte in the file.
  var start: UInt32
  /// Just past the last byte.
  var end: UInt32
  /// The value of numbers, IPv4 and MAC addresses.
  var number: UInt64
  /// Whether a number is too large for 64 bits, or not a number after all (`08`).
  var isMalformed = false

  /// Whether it can stand for a text, as in comments: in quotes, or a word that means nothing else.
  var isText: Bool { kind == .quoted || kind == .pattern || kind == .word && !keyword.isReserved }

  /// Where it stands.
  var range: SourceRange { SourceRange(start, end) }

  /// A token before the first one.
  static let none = Token(kind: .end, keyword: .none, start: 0, end: 0, number: 0)
}
