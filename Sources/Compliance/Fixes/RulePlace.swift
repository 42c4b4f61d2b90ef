import RuleGraph
import SourceText

/// The lines around a rule or a declaration: where text goes in or comes out so that the layout stays.
struct RulePlace {
  let source: SourceFile
  let range: SourceRange

  private static let lineFeed: UInt8 = 0x0A
  private static let carriageReturn: UInt8 = 0x0D

  /// A place in a file; nil when the range is empty or lies outside of it.
  init?(_ source: SourceFile, _ range: SourceRange) {
    guard range.end > range.start, Int(range.end) <= source.bytes.count else { return nil }
    self.source = source
    self.range = range
  }

  private var bytes: [UInt8] { source.bytes }
  private var start: Int { Int(range.start) }
  private var end: Int { Int(range.end) }

  /// The first byte of the line in which it begins.
  var lineStart: Int { bytes[..<start].lastIndex(of: Self.lineFeed).map { $0 + 1 } ?? 0 }

  /// The end of the line in which it ends, without its line end.
  var lineEnd: Int {
    let feed = bytes[end...].firstIndex(of: Self.lineFeed) ?? bytes.count
    return feed > end && feed < bytes.count && bytes[feed - 1] == Self.carriageReturn ? feed - 1 : feed
  }

  /// The first byte of the next line; the end of the file when there is none.
  private var nextLine: Int { bytes[end...].firstIndex(of: Self.lineFeed).map { $0 + 1 } ?? bytes.count }

  /// The file's line end: that of this line, else of the first one.
  var newline: String {
    let feed = bytes[end...].firstIndex(of: Self.lineFeed) ?? bytes.firstIndex(of: Self.lineFeed)
    guard let feed, feed > 0, bytes[feed - 1] == Self.carriageReturn else { return "\n" }
    return "\r\n"
  }

  /// What stands before it on its line.
  var prefix: String { source.text(SourceRange(lineStart, start)) }
  /// What stands behind it on its line.
  var suffix: String { source.text(SourceRange(end, lineEnd)) }
  /// The text itself; nil when it is not valid UTF-8, so that it could not be written back.
  var text: String? {
    let text = source.text(range)
    return text.utf8.elementsEqual(bytes[start..<end]) ? text : nil
  }

  /// The blanks at the beginning of the line.
  var indentation: String { String(prefix.prefix { $0 == " " || $0 == "\t" }) }

  /// Whether nothing else stands on its lines but blanks, a semicolon and a comment.
  var isAlone: Bool { prefix.allSatisfy(Self.isBlank) && hasFreeEnd }

  /// Whether nothing stands behind it but blanks, a semicolon and a comment.
  var hasFreeEnd: Bool {
    var rest = suffix.drop { Self.isBlank($0) || $0 == ";" }
    if rest.last == "\\" { return false }
    rest = rest.prefix { $0 != "#" }
    return rest.isEmpty
  }

  private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }

  // MARK: Edits

  func edit(_ from: Int, _ to: Int, _ text: String) -> TextEdit {
    TextEdit(path: source.path, range: SourceRange(from, to), replacement: text)
  }

  /// Takes its whole lines away.
  var deletingLines: TextEdit { edit(lineStart, nextLine, "") }

  /// Takes it away from among other statements of its line, with the semicolon behind it.
  var deletingInline: TextEdit {
    var to = end
    while to < bytes.count, bytes[to] == 0x20 || bytes[to] == 0x09 { to += 1 }
    guard to < bytes.count, bytes[to] == UInt8(ascii: ";") else { return edit(start, end, "") }
    to += 1
    while to < bytes.count, bytes[to] == 0x20 || bytes[to] == 0x09 { to += 1 }
    return edit(start, to, "")
  }

  /// New lines before its own, above comments that stand right before it.
  func insertingLines(_ lines: [String]) -> TextEdit {
    var at = lineStart
    while at > 0 {
      let before = bytes[..<(at - 1)].lastIndex(of: Self.lineFeed).map { $0 + 1 } ?? 0
      let line = bytes[before..<(at - 1)].drop { $0 == 0x20 || $0 == 0x09 }
      guard line.first == UInt8(ascii: "#"), before > 0 else { break }
      at = before
    }
    return edit(at, at, lines.map { $0 + newline }.joined())
  }

  /// New lines behind its own.
  func appendingLines(_ lines: [String]) -> TextEdit {
    edit(lineEnd, lineEnd, lines.map { newline + $0 }.joined())
  }
}
