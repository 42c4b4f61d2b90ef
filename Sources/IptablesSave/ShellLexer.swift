import SourceText

/// Splits a shell script into simple commands, as far as calls of iptables need it.
///
/// Quotes, escapes, continued lines, comments, `;`, `&&`, `||`, pipes, redirections, here-documents, and variables that
/// were assigned a plain value before. Anything else that the shell would expand makes a word unknown.
struct ShellLexer {
  /// A word after quotes were taken away and variables were put in.
  struct Word {
    var text: [UInt8] = []
    var start: Int
    var end: Int
    /// Whether it begins with a quote, so that it is no word of the shell's own.
    var isQuoted = false
    /// What the shell would put in that is not known; nil when the word is known.
    var unknown: String?
  }

  /// A simple command.
  struct Command {
    var words: [Word] = []
    /// Delimiters of here-documents that follow the line.
    var documents: [(delimiter: [UInt8], stripsTabs: Bool)] = []
  }

  let bytes: UnsafeBufferPointer<UInt8>
  var index = 0
  /// Values of variables.
  var variables: [String: [UInt8]] = [:]

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// The next command; nil at the end.
  ///
  /// A command without words is an empty line or a separator.
  mutating func next() -> (command: Command, endsLine: Bool)? {
    guard index < bytes.count else { return nil }
    var command = Command()
    while index < bytes.count {
      let byte = bytes[index]
      switch byte {
      case 0x0A:
        index += 1
        return (command, true)
      case 0x20, 0x09, 0x0D: index += 1
      case 0x23: while index < bytes.count, bytes[index] != 0x0A { index += 1 }
      case 0x5C where index + 1 < bytes.count && bytes[index + 1] == 0x0A: index += 2
      case 0x5C where index + 2 < bytes.count && bytes[index + 1] == 0x0D && bytes[index + 2] == 0x0A: index += 3
      case 0x3B, 0x26, 0x7C, 0x28, 0x29:
        index += 1
        return (command, false)
      case 0x3C, 0x3E: readRedirection(&command)
      default:
        let word = readWord()
        if word.end == word.start { index += 1 }
        if index < bytes.count, bytes[index] == 0x3E || bytes[index] == 0x3C, !word.isQuoted,
          word.text.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        {
          readRedirection(&command)
        } else {
          command.words.append(word)
        }
      }
    }
    return (command, true)
  }

  private mutating func readRedirection(_ command: inout Command) {
    let isInput = bytes[index] == 0x3C
    index += 1
    if isInput, index < bytes.count, bytes[index] == 0x3C {
      index += 1
      var stripsTabs = false
      if index < bytes.count, bytes[index] == 0x2D {
        stripsTabs = true
        index += 1
      }
      skipBlanks()
      command.documents.append((readWord().text, stripsTabs))
      return
    }
    while index < bytes.count, bytes[index] == 0x3E || bytes[index] == 0x26 || bytes[index] == 0x7C { index += 1 }
    skipBlanks()
    if index < bytes.count, bytes[index] != 0x0A { _ = readWord() }
  }

  private mutating func skipBlanks() {
    while index < bytes.count, LineLexer.isBlank(bytes[index]) { index += 1 }
  }

  // MARK: Words

  private mutating func readWord() -> Word {
    var word = Word(start: index, end: index)
    var quote: UInt8 = 0
    scan: while index < bytes.count {
      let byte = bytes[index]
      if quote == 0x27 {
        if byte == 0x27 { quote = 0 } else { word.text.append(byte) }
        index += 1
        continue
      }
      switch byte {
      case 0x22:
        quote = quote == 0x22 ? 0 : 0x22
        if index == word.start { word.isQuoted = true }
        index += 1
      case 0x27 where quote == 0:
        quote = 0x27
        if index == word.start { word.isQuoted = true }
        index += 1
      case 0x5C:
        index += 1
        guard index < bytes.count else { break scan }
        if bytes[index] == 0x0A {
          index += 1
        } else {
          if quote == 0x22, ![0x22, 0x5C, 0x24, 0x60].contains(bytes[index]) { word.text.append(0x5C) }
          word.text.append(bytes[index])
          index += 1
        }
      case 0x24: expand(&word)
      case 0x60:
        word.unknown = word.unknown ?? "the output of a command"
        index += 1
        while index < bytes.count, bytes[index] != 0x60 { index += 1 }
        index += 1
      case 0x20, 0x09, 0x0A, 0x0D, 0x3B, 0x26, 0x7C, 0x3C, 0x3E, 0x28, 0x29:
        if quote == 0 { break scan }
        word.text.append(byte)
        index += 1
      default:
        word.text.append(byte)
        index += 1
      }
    }
    index = min(index, bytes.count)
    word.end = index
    return word
  }

  /// Reads `$NAME`, `${NAME}` or `$(...)`.
  private mutating func expand(_ word: inout Word) {
    index += 1
    guard index < bytes.count else { return word.text.append(0x24) }
    if bytes[index] == 0x28 {
      word.unknown = word.unknown ?? "the output of a command"
      var depth = 0
      while index < bytes.count {
        if bytes[index] == 0x28 { depth += 1 }
        if bytes[index] == 0x29 { depth -= 1 }
        index += 1
        if depth == 0 { return }
      }
      return
    }
    let isBraced = bytes[index] == 0x7B
    if isBraced { index += 1 }
    let start = index
    while index < bytes.count, isNameByte(bytes[index]) { index += 1 }
    if index == start, !isBraced, index < bytes.count, [0x40, 0x2A, 0x23, 0x3F, 0x24, 0x21].contains(bytes[index]) {
      index += 1
    }
    let name = String(decoding: bytes[start..<index], as: UTF8.self)
    var isPlain = true
    if isBraced {
      while index < bytes.count, bytes[index] != 0x7D, bytes[index] != 0x0A {
        isPlain = false
        index += 1
      }
      if index < bytes.count, bytes[index] == 0x7D { index += 1 }
    }
    if isPlain, let value = variables[name] {
      word.text += value
    } else if name.isEmpty {
      word.text.append(0x24)
    } else {
      word.unknown = word.unknown ?? "the shell variable \(name)"
    }
  }

  private func isNameByte(_ byte: UInt8) -> Bool {
    byte == 0x5F || byte >= 0x30 && byte <= 0x39 || byte >= 0x41 && byte <= 0x5A || byte >= 0x61 && byte <= 0x7A
  }

  /// The range of a here-document's text; the lexer goes on behind it.
  mutating func readDocument(_ delimiter: [UInt8], stripsTabs: Bool) -> Range<Int> {
    let start = index
    while index < bytes.count {
      var lineStart = index
      var end = index
      while end < bytes.count, bytes[end] != 0x0A { end += 1 }
      if stripsTabs { while lineStart < end, bytes[lineStart] == 0x09 { lineStart += 1 } }
      let textEnd = end > lineStart && bytes[end - 1] == 0x0D ? end - 1 : end
      let isDelimiter = bytes[lineStart..<textEnd].elementsEqual(delimiter)
      let document = start..<index
      index = min(end + 1, bytes.count)
      if isDelimiter { return document }
    }
    return start..<bytes.count
  }
}
