/// Translates byte offsets of one file into lines and columns.
///
/// A line ends with LF; a CR before it belongs to the line's end, not its text.
public struct LineIndex: Sendable {
  private let source: SourceFile
  /// Offset of each line's first byte, ascending.
  private let starts: [UInt32]

  /// Indexes a file, in one pass over its bytes.
  public init(_ source: SourceFile) {
    self.source = source
    var starts: [UInt32] = [0]
    source.bytes.withUnsafeBufferPointer { bytes in
      for offset in 0..<bytes.count where bytes[offset] == 0x0A {
        starts.append(UInt32(truncatingIfNeeded: offset + 1))
      }
    }
    self.starts = starts
  }

  /// The number of lines; a file that ends with LF has no further empty line.
  public var lineCount: Int {
    guard let last = starts.last else { return 0 }
    return Int(last) == source.bytes.count ? starts.count - 1 : starts.count
  }

  /// The line, from 1, that holds a byte offset.
  public func line(at offset: UInt32) -> Int {
    var low = 0
    var high = starts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= offset { low = middle } else { high = middle }
    }
    return low + 1
  }

  /// The line and column of a byte offset; offsets past the end give the end.
  public func position(at offset: UInt32) -> SourcePosition {
    let clamped = min(offset, UInt32(truncatingIfNeeded: source.bytes.count))
    let line = line(at: clamped)
    var column = 1
    for byte in source.bytes[Int(starts[line - 1])..<Int(clamped)] where byte & 0xC0 != 0x80 {
      column += 1
    }
    return SourcePosition(line: line, column: column)
  }

  /// The byte range of a line's text, without its line end; empty for a line that does not exist.
  public func range(ofLine line: Int) -> SourceRange {
    guard line >= 1, line <= starts.count else { return SourceRange(0, 0) }
    let start = Int(starts[line - 1])
    var end = line < starts.count ? Int(starts[line]) - 1 : source.bytes.count
    if end > start, source.bytes[end - 1] == 0x0D { end -= 1 }
    return SourceRange(start, max(start, end))
  }
}
