import SourceText

extension RulesetReader {
  /// What lies from a statement's first byte to its end.
  struct Scan {
    /// Just past the last byte of the statement that is not blank.
    var end: Int
    /// The separator, or the end.
    var next: Int
    /// The first brace that is never closed; nil when all are.
    var openBrace: UInt32?
    /// Whether all braces are closed.
    var isBalanced: Bool { openBrace == nil }
  }

  /// Whether a byte means something to the scan for a statement's end: `\n " # ; @ \\ { }`.
  @inline(__always)
  private static func isSpecial(_ byte: UInt8) -> Bool {
    byte < 128 && (byte < 64 ? lowSpecial : highSpecial) >> UInt64(byte & 63) & 1 == 1
  }

  private static let lowSpecial: UInt64 = 1 << 0x0A | 1 << 0x22 | 1 << 0x23 | 1 << 0x3B
  private static let highSpecial: UInt64 = 1 << 0 | 1 << 0x1C | 1 << 0x3B | 1 << 0x3D

  /// Finds the end of a statement: a line end, a semicolon or a closing brace outside all braces of its own.
  ///
  /// A brace that is never closed ends the statement at its line.
  mutating func scanStatement(from start: Int, marksUpdates: Bool) -> Scan {
    let bytes = lexer.bytes
    let limit = lexer.end
    var index = start
    var depth = 0
    var firstLineEnd = -1
    var outermost = start
    var textEnd = start
    /// Whether the outermost open brace holds rules rather than values.
    var isBlock = false
    scanning: while index < limit {
      let byte = bytes[index]
      guard Self.isSpecial(byte) else {
        index += 1
        if byte > 0x20 { textEnd = index }
        continue
      }
      switch byte {
      case 0x0A:
        if depth == 0 { break scanning }
        if firstLineEnd < 0 { firstLineEnd = index }
        if closesBracesEarly, !isBlock, !continues(textEnd, index) {
          index = limit
          break scanning
        }
      case 0x3B:
        if depth == 0 { break scanning }
      case 0x22:
        var close = index + 1
        while close < limit, bytes[close] != 0x22 { close += 1 }
        if close < limit { index = close }
        textEnd = index + 1
      case 0x23:
        while index + 1 < limit, bytes[index + 1] != 0x0A { index += 1 }
        index += 1
        continue
      case 0x40:
        if marksUpdates { noteUpdate(at: index, from: start) }
        textEnd = index + 1
      case 0x5C:
        if index + 1 < limit, bytes[index + 1] == 0x0A {
          index += 1
        } else if index + 2 < limit, bytes[index + 1] == 0x0D, bytes[index + 2] == 0x0A {
          index += 2
        } else {
          textEnd = index + 1
        }
      case 0x7B:
        if depth == 0 {
          isBlock = isBehindJump(index, from: start)
          outermost = index
        }
        depth += 1
        textEnd = index + 1
      default:
        if depth == 0 { break scanning }
        depth -= 1
        textEnd = index + 1
      }
      index += 1
    }
    if depth > 0, firstLineEnd >= 0 {
      var end = firstLineEnd
      while end > start, bytes[end - 1] <= 0x20 { end -= 1 }
      return Scan(end: end, next: firstLineEnd, openBrace: UInt32(truncatingIfNeeded: outermost))
    }
    return Scan(
      end: textEnd, next: min(index, limit), openBrace: depth == 0 ? nil : UInt32(truncatingIfNeeded: outermost))
  }

  /// Whether the word before a brace is `jump` or `goto`.
  private func isBehindJump(_ brace: Int, from start: Int) -> Bool {
    var end = brace
    while end > start, lexer.bytes[end - 1] <= 0x20 { end -= 1 }
    guard end - start >= 4 else { return false }
    let word = lexer.bytes[end - 4..<end]
    return word.elementsEqual("jump".utf8) || word.elementsEqual("goto".utf8)
  }

  /// Whether an open brace of a rule goes on behind a line end, given the end of the line's text.
  private func continues(_ textEnd: Int, _ lineEnd: Int) -> Bool {
    let bytes = lexer.bytes
    guard textEnd > 0 else { return false }
    if bytes[textEnd - 1] == 0x2C || bytes[textEnd - 1] == 0x7B { return true }
    var next = lineEnd
    while next < lexer.end, bytes[next] <= 0x20 { next += 1 }
    guard next < lexer.end, bytes[next] == 0x7D else { return false }
    // A brace with something behind it on its line closes a set rather than a block.
    next += 1
    while next < lexer.end, bytes[next] == 0x20 || bytes[next] == 0x09 { next += 1 }
    return next < lexer.end && bytes[next] > 0x20 && bytes[next] != 0x7D
  }

  /// The offset just past the brace that closes the one at `start`; nil when there is none.
  func matchingBrace(_ start: Int) -> Int? {
    let bytes = lexer.bytes
    let limit = lexer.end
    var index = start
    var depth = 0
    while index < limit {
      let byte = bytes[index]
      if Self.isSpecial(byte) {
        switch byte {
        case 0x22:
          var close = index + 1
          while close < limit, bytes[close] != 0x22 { close += 1 }
          if close < limit { index = close }
        case 0x23:
          while index + 1 < limit, bytes[index + 1] != 0x0A { index += 1 }
        case 0x7B: depth += 1
        case 0x7D:
          depth -= 1
          if depth == 0 { return index + 1 }
        default: break
        }
      }
      index += 1
    }
    return nil
  }

  /// Notes the set at an `@` when the rule adds to it or deletes from it.
  private mutating func noteUpdate(at offset: Int, from start: Int) {
    let bytes = lexer.bytes
    var end = offset
    while end > start, bytes[end - 1] <= 0x20 { end -= 1 }
    var first = end
    while first > start, Lexer.isWordByte(bytes[first - 1]) { first -= 1 }
    let word = String(decoding: bytes[first..<end], as: UTF8.self)
    guard ["add", "update", "delete"].contains(word) || hasOldUpdate(start, offset) else { return }
    var last = offset + 1
    while last < lexer.end, Lexer.isWordByte(bytes[last]) { last += 1 }
    guard lastTable < ruleset.tables.count, last > offset + 1 else { return }
    ruleset.tables[lastTable].updatedSets.insert(String(decoding: bytes[offset + 1..<last], as: UTF8.self))
  }

  /// Whether `set add` or `set update`, the old form, stands before an offset.
  private func hasOldUpdate(_ start: Int, _ offset: Int) -> Bool {
    let bytes = lexer.bytes
    var index = start
    while index + 8 <= offset {
      if bytes[index] == 0x73, bytes[index + 1] == 0x65, bytes[index + 2] == 0x74, bytes[index + 3] == 0x20 {
        let next = bytes[index + 4]
        if next == 0x61 && bytes[index + 5] == 0x64 || next == 0x75 && bytes[index + 5] == 0x70 { return true }
      }
      index += 1
    }
    return false
  }
}
