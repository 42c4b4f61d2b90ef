import RuleGraph
import SourceText
import YAMLDocument

/// A comment of a file that begins with `fwlint:`.
struct FoundComment: Sendable, Hashable {
  /// The bytes of the comment.
  var range: SourceRange
  /// What it says, without its `#`, quotes and escapes.
  var text: String
  /// Whether nothing but blanks stands before it on its line, so that it speaks of what comes below.
  var isOwnLine: Bool
}

/// Finds the comments for fwlint of a file, as the file's own language has comments.
///
/// What looks like one inside of a string of the language is none.
struct CommentScanner {
  let source: SourceFile
  private let bytes: [UInt8]
  private var found: [FoundComment] = []

  private init(_ source: SourceFile) {
    self.source = source
    bytes = source.bytes
  }

  /// All comments for fwlint, in their order; a file without the marker costs one quick pass.
  static func comments(_ source: SourceFile, dialect: Dialect) -> [FoundComment] {
    guard holdsMarker(source.bytes) else { return [] }
    var scanner = CommentScanner(source)
    switch dialect {
    case .nftables: scanner.scanNftables()
    case .iptables, .ip6tables, .ipset: scanner.scanLines()
    case .aws, .openstack, .gcp, .azure, .cloudformation: scanner.scanYAML()
    }
    return scanner.found
  }

  /// All comments for fwlint of a YAML file.
  static func commentsOfYAML(_ source: SourceFile) -> [FoundComment] {
    guard holdsMarker(source.bytes) else { return [] }
    var scanner = CommentScanner(source)
    scanner.scanYAML()
    return scanner.found
  }

  /// Whether the marker occurs at all: by Horspool's algorithm, which looks at one byte in seven.
  private static func holdsMarker(_ bytes: [UInt8]) -> Bool {
    let marker = Array(SuppressionDirective.marker.utf8)
    let last = marker.count - 1
    return bytes.withUnsafeBufferPointer { bytes in
      var skips = [Int](repeating: marker.count, count: 256)
      for (offset, byte) in marker.dropLast().enumerated() { skips[Int(byte)] = last - offset }
      var index = last
      while index < bytes.count {
        if bytes[index] == marker[last], (0..<last).allSatisfy({ bytes[index - last + $0] == marker[$0] }) {
          return true
        }
        index += skips[Int(bytes[index])]
      }
      return false
    }
  }

  private mutating func add(_ range: Range<Int>, _ text: String) {
    guard SuppressionDirective(text) != nil else { return }
    var start = range.lowerBound
    while start > 0, bytes[start - 1] == 0x20 || bytes[start - 1] == 0x09 { start -= 1 }
    let isOwnLine = start == 0 || bytes[start - 1] == 0x0A
    found.append(FoundComment(range: SourceRange(range.lowerBound, range.upperBound), text: text, isOwnLine: isOwnLine))
  }

  private func text(_ range: Range<Int>) -> String { source.text(SourceRange(range.lowerBound, range.upperBound)) }

  private func endOfLine(from start: Int) -> Int {
    var end = start
    while end < bytes.count, bytes[end] != 0x0A { end += 1 }
    return end
  }

  /// The end of a comment: the line's, without a CR.
  private func endOfComment(from start: Int) -> Int {
    let end = endOfLine(from: start)
    return end > start && bytes[end - 1] == 0x0D ? end - 1 : end
  }

  // MARK: Languages

  /// nftables: `#` to the end of the line, and the string behind the keyword `comment`.
  ///
  /// Strings have no escapes and may span lines (nft's scanner.l).
  private mutating func scanNftables() {
    var index = 0
    var word = 0..<0
    while index < bytes.count {
      switch bytes[index] {
      case 0x23:
        let end = endOfComment(from: index)
        add(index..<end, text(index..<end))
        index = end
      case 0x22:
        guard let close = bytes[(index + 1)...].firstIndex(of: 0x22) else {
          index += 1
          continue
        }
        if bytes[word].elementsEqual("comment".utf8) { add(index..<close + 1, text(index + 1..<close)) }
        index = close + 1
        word = 0..<0
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      case let byte where Self.isWord(byte):
        let start = index
        while index < bytes.count, Self.isWord(bytes[index]) { index += 1 }
        word = start..<index
      default:
        word = 0..<0
        index += 1
      }
    }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte &- 0x30 < 10 || byte == 0x5F || byte == 0x2D
  }

  /// iptables-save and ipset save: lines that begin with `#`, and what follows `--comment`; in scripts of commands also
  /// `#` behind a blank.
  private mutating func scanLines() {
    var start = 0
    while start < bytes.count {
      let end = endOfComment(from: start)
      scanLine(start..<end)
      start = endOfLine(from: end) + 1
    }
  }

  private mutating func scanLine(_ line: Range<Int>) {
    var index = line.lowerBound
    while index < line.upperBound, Self.isBlank(bytes[index]) { index += 1 }
    guard index < line.upperBound else { return }
    // Dumps know double quotes only, and no comments behind a rule.
    let isDump = [0x2D, 0x5B, 0x3A, 0x2A].contains(bytes[index])
    var isComment = false
    while index < line.upperBound {
      let start = index
      if bytes[index] == 0x23, !isDump || start == line.lowerBound {
        return add(start..<line.upperBound, text(start..<line.upperBound))
      }
      let word = self.word(&index, line.upperBound, singleQuotes: !isDump)
      if isComment { add(start..<index, String(decoding: word, as: UTF8.self)) }
      isComment = word.elementsEqual("--comment".utf8)
      while index < line.upperBound, Self.isBlank(bytes[index]) { index += 1 }
    }
  }

  /// A word without its quotes and the backslashes inside of double ones.
  private func word(_ index: inout Int, _ end: Int, singleQuotes: Bool) -> [UInt8] {
    var word: [UInt8] = []
    var quote: UInt8 = 0
    while index < end {
      let byte = bytes[index]
      if quote == 0, Self.isBlank(byte) { break }
      if quote != 0 ? byte == quote : byte == 0x22 || byte == 0x27 && singleQuotes {
        quote = quote == 0 ? byte : 0
      } else if byte == 0x5C, quote == 0x22, index + 1 < end {
        index += 1
        word.append(bytes[index])
      } else {
        word.append(byte)
      }
      index += 1
    }
    return word
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

  private mutating func scanYAML() {
    for range in YAMLDocument.comments(source) {
      add(Int(range.start)..<Int(range.end), source.text(range))
    }
  }
}
