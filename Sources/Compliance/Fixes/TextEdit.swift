import SourceText

/// A replacement of some bytes of one file; an insertion when the range is empty.
public struct TextEdit: Sendable, Hashable {
  /// The file, by the path of its `SourceFile`.
  public var path: String
  /// The bytes that go.
  public var range: SourceRange
  /// The text that comes in their place, with the file's own line ends.
  public var replacement: String

  /// Makes an edit.
  public init(path: String, range: SourceRange, replacement: String) {
    self.path = path
    self.range = range
    self.replacement = replacement
  }

  /// Whether two edits cannot both be made: they share bytes, or one is inserted amid what the other replaces.
  ///
  /// Insertions at one place do not conflict.
  public func conflicts(with other: TextEdit) -> Bool {
    guard path == other.path else { return false }
    return range.start < other.range.end && other.range.start < range.end
  }
}

extension SourceFile {
  /// The file with some edits made that do not conflict; bytes outside of them stay as they are.
  ///
  /// Insertions at one place follow one another in the order of the list; ranges are clamped to the file.
  public func applying(_ edits: [TextEdit]) -> SourceFile {
    let ordered = edits.enumerated().filter { $0.element.path == path }.sorted {
      ($0.element.range.start, $0.element.range.end, $0.offset)
        < ($1.element.range.start, $1.element.range.end, $1.offset)
    }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + 256)
    var next = 0
    for (_, edit) in ordered {
      let start = min(Int(edit.range.start), bytes.count)
      guard start >= next else { continue }
      result += bytes[next..<start]
      result += edit.replacement.utf8
      next = max(start, min(Int(edit.range.end), bytes.count))
    }
    result += bytes[next...]
    return SourceFile(path: path, bytes: result)
  }
}
