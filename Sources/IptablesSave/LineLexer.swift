import SourceText

/// One argument of a line: its bytes in the text that is being read, and where it stands in the file.
struct Argument {
  var start: UInt32
  var end: UInt32
  var sourceStart: UInt32
  var sourceEnd: UInt32
  /// Whether it was written in quotes, so that it is no option whatever it begins with.
  var isQuoted = false

  var sourceRange: SourceRange { SourceRange(sourceStart, sourceEnd) }
}

/// Splits lines of iptables-restore input into arguments.
///
/// Source: xtables' `add_param_to_argv`: blanks separate, a double quote opens a quoted run and the next one ends the
/// argument, a backslash inside quotes takes the next byte as it is. Single quotes and comments mean nothing.
struct LineLexer {
  /// What a line turned out to be.
  enum Result {
    /// All arguments are runs of the line's own bytes.
    case plain
    /// Some argument is not: read the line again with `rewrite`.
    case composite
    /// A quote is not closed; offset of the quote.
    case openQuote(Int)
  }

  /// Splits the line that begins at an offset; `lineEnd` becomes the offset of its LF or of the end.
  @inline(__always)
  static func split(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, into arguments: inout [Argument], lineEnd: inout Int
  ) -> Result {
    arguments.removeAll(keepingCapacity: true)
    var index = start
    let count = bytes.count
    var result = Result.plain
    while true {
      while index < count, isBlank(bytes[index]) { index += 1 }
      guard index < count, bytes[index] != 0x0A else { break }
      let argumentStart = index
      if bytes[index] == 0x22 {
        index += 1
        while index < count, bytes[index] != 0x22, bytes[index] != 0x0A {
          if bytes[index] == 0x5C { result = .composite }
          index += bytes[index] == 0x5C && index + 1 < count && bytes[index + 1] != 0x0A ? 2 : 1
        }
        guard index < count, bytes[index] == 0x22 else {
          lineEnd = index
          return .openQuote(argumentStart)
        }
        arguments.append(
          Argument(
            start: UInt32(truncatingIfNeeded: argumentStart + 1), end: UInt32(truncatingIfNeeded: index),
            sourceStart: UInt32(truncatingIfNeeded: argumentStart), sourceEnd: UInt32(truncatingIfNeeded: index + 1),
            isQuoted: true))
        index += 1
        continue
      }
      while index < count, bytes[index] > 0x20 || !isBlank(bytes[index]) && bytes[index] != 0x0A {
        if bytes[index] == 0x22 { break }
        index += 1
      }
      if index < count, bytes[index] == 0x22 {
        // A quoted run joins what stands before it.
        result = .composite
        let quote = index
        index += 1
        while index < count, bytes[index] != 0x22, bytes[index] != 0x0A {
          index += bytes[index] == 0x5C && index + 1 < count && bytes[index + 1] != 0x0A ? 2 : 1
        }
        guard index < count, bytes[index] == 0x22 else {
          lineEnd = index
          return .openQuote(quote)
        }
        index += 1
      }
      arguments.append(
        Argument(
          start: UInt32(truncatingIfNeeded: argumentStart), end: UInt32(truncatingIfNeeded: index),
          sourceStart: UInt32(truncatingIfNeeded: argumentStart), sourceEnd: UInt32(truncatingIfNeeded: index)))
    }
    lineEnd = index
    return result
  }

  /// Takes quotes and escapes out of the arguments of a composite line; the arguments then index the result.
  static func unquote(_ bytes: UnsafeBufferPointer<UInt8>, _ arguments: inout [Argument]) -> [UInt8] {
    var text: [UInt8] = []
    for position in arguments.indices {
      let start = text.count
      var isOpen = false
      var index = Int(arguments[position].sourceStart)
      let end = Int(arguments[position].sourceEnd)
      while index < end {
        let byte = bytes[index]
        if byte == 0x22 {
          isOpen.toggle()
        } else if byte == 0x5C, isOpen, index + 1 < end {
          index += 1
          text.append(bytes[index])
        } else {
          text.append(byte)
        }
        index += 1
      }
      arguments[position].start = UInt32(truncatingIfNeeded: start)
      arguments[position].end = UInt32(truncatingIfNeeded: text.count)
      text.append(0x20)
    }
    return text
  }

  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
}
