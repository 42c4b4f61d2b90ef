/// Translates byte offsets of one file into lines and columns.
///
/// A line ends with LF; a CR before it belongs to the line's end, not its text.
public struct LineIndex: Sendable {
  private let source: SourceFile
  /// Offset of each line's first byte, ascending.
  private let starts: [UInt32]
  /// Characters before each block of bytes; empty unless some line is so long that counting in it would take long.
  private let counts: [UInt32]

  private static let blockSize = 1024
  /// Bytes of a line that are counted one by one.
  private static let longLine = 4096

  /// Indexes a file, in one pass over its bytes; in two where a line is very long.
  public init(_ source: SourceFile) {
    self.source = source
    var starts: [UInt32] = [0]
    source.bytes.withUnsafeBufferPointer { bytes in
      for offset in 0..<bytes.count where bytes[offset] == 0x0A {
        starts.append(UInt32(truncatingIfNeeded: offset + 1))
      }
    }
    self.starts = starts
    let ends = starts.dropFirst() + [UInt32(truncatingIfNeeded: source.bytes.count)]
    let isLong = zip(starts, ends).contains { start, end in end - start > Self.longLine }
    counts = isLong ? Self.characterCounts(source.bytes) : []
  }

  private static func characterCounts(_ bytes: [UInt8]) -> [UInt32] {
    var counts: [UInt32] = []
    counts.reserveCapacity(bytes.count / blockSize + 1)
    var count: UInt32 = 0
    bytes.withUnsafeBufferPointer { bytes in
      for offset in 0..<bytes.count {
        if offset % blockSize == 0 { counts.append(count) }
        if bytes[offset] & 0xC0 != 0x80 { count &+= 1 }
      }
    }
    counts.append(count)
    return counts
  }

  /// Characters that begin in a range of bytes.
  private func characterCount(from start: Int, to end: Int) -> Int {
    guard !counts.isEmpty, end - start > Self.longLine else {
      return source.bytes.withUnsafeBufferPointer { bytes in
        var count = 0
        for offset in start..<end where bytes[offset] & 0xC0 != 0x80 { count += 1 }
        return count
      }
    }
    let first = start / Self.blockSize + 1
    let last = end / Self.blockSize
    return characterCount(from: start, to: first * Self.blockSize) + Int(counts[last] - counts[first])
      + characterCount(from: last * Self.blockSize, to: end)
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
    return SourcePosition(line: line, column: 1 + characterCount(from: Int(starts[line - 1]), to: Int(clamped)))
  }

  /// The number of characters in a line's text.
  public func width(ofLine line: Int) -> Int {
    let range = range(ofLine: line)
    return characterCount(from: Int(range.start), to: Int(range.end))
  }

  /// The byte range of some columns of a line, which are counted from 0 here; it ends with the line.
  public func range(ofLine line: Int, columns: Range<Int>) -> SourceRange {
    let range = range(ofLine: line)
    let start = offset(of: columns.lowerBound, from: Int(range.start), to: Int(range.end))
    return SourceRange(start, offset(of: columns.count, from: start, to: Int(range.end)))
  }

  /// The offset behind so many characters.
  private func offset(of count: Int, from start: Int, to end: Int) -> Int {
    var left = count
    var offset = start
    // Whole blocks at once.
    if !counts.isEmpty, left > Self.longLine, end - start > Self.longLine {
      let first = start / Self.blockSize + 1
      left -= characterCount(from: start, to: min(end, first * Self.blockSize))
      let wanted = Int(counts[first]) + left
      var (low, high) = (first, max(first + 1, end / Self.blockSize + 1))
      while high - low > 1 {
        let middle = (low + high) / 2
        if Int(counts[middle]) <= wanted { low = middle } else { high = middle }
      }
      left = wanted - Int(counts[low])
      offset = min(end, low * Self.blockSize)
      while offset < end, source.bytes[offset] & 0xC0 == 0x80 { offset += 1 }
    }
    while left > 0, offset < end {
      offset += 1
      while offset < end, source.bytes[offset] & 0xC0 == 0x80 { offset += 1 }
      left -= 1
    }
    return offset
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
