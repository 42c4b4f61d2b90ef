import SourceText

/// The difference of two versions of a file as `patch` and `git apply` read it.
public enum UnifiedDiff {
  /// Unchanged lines around a change.
  static let context = 3
  /// Edit steps after which the rest counts as replaced as a whole.
  static let stepLimit = 600

  /// The patch; empty for equal files.
  ///
  /// Bytes of the files stay as they are, so that it can be applied.
  public static func bytes(from old: SourceFile, to new: SourceFile) -> [UInt8] {
    if old.bytes == new.bytes { return [] }
    let before = lines(old.bytes)
    let after = lines(new.bytes)
    var result = Array("--- \(name("a/", old.path))\n+++ \(name("b/", new.path))\n".utf8)
    for hunk in hunks(script(before, after)) { result += text(hunk, before, after) }
    return result
  }

  /// A path in a header; absolute paths stay as they are, and names that would break the line are quoted as git does.
  private static func name(_ prefix: String, _ path: String) -> String {
    let full = path.hasPrefix("/") ? path : prefix + path
    let isPlain = full.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != 0x22 && $0 != 0x5C }
    if isPlain { return full }
    let quoted = full.utf8.map { byte -> String in
      switch byte {
      case 0x22, 0x5C: "\\" + String(UnicodeScalar(byte))
      case 0x20..<0x7F: String(UnicodeScalar(byte))
      default: "\\" + String(repeating: "0", count: byte < 8 ? 2 : byte < 64 ? 1 : 0) + String(byte, radix: 8)
      }
    }
    return "\"" + quoted.joined() + "\""
  }

  /// Lines with their line feeds.
  private static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var result: [ArraySlice<UInt8>] = []
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
      result.append(bytes[start..<end])
      start = end
    }
    return result
  }

  // MARK: What changed

  /// Lines that are replaced: ranges of both versions.
  private struct Change {
    var old: Range<Int>
    var new: Range<Int>
  }

  /// The changes in order, by the greedy algorithm of Myers (1986) between the common ends.
  private static func script(_ old: [ArraySlice<UInt8>], _ new: [ArraySlice<UInt8>]) -> [Change] {
    var head = 0
    while head < old.count, head < new.count, old[head] == new[head] { head += 1 }
    var tail = 0
    while tail < old.count - head, tail < new.count - head, old[old.count - 1 - tail] == new[new.count - 1 - tail] {
      tail += 1
    }
    let left = head..<(old.count - tail)
    let right = head..<(new.count - tail)
    guard let pairs = commonLines(old, left, new, right) else { return [Change(old: left, new: right)] }
    var changes: [Change] = []
    var next = (left.lowerBound, right.lowerBound)
    for pair in pairs + [(left.upperBound, right.upperBound)] {
      if pair.0 > next.0 || pair.1 > next.1 {
        changes.append(Change(old: next.0..<pair.0, new: next.1..<pair.1))
      }
      next = (pair.0 + 1, pair.1 + 1)
    }
    return changes
  }

  /// Pairs of equal lines, ascending; nil when there are too many steps between.
  private static func commonLines(
    _ old: [ArraySlice<UInt8>], _ left: Range<Int>, _ new: [ArraySlice<UInt8>], _ right: Range<Int>
  ) -> [(Int, Int)]? {
    let (rows, columns) = (left.count, right.count)
    if rows == 0 || columns == 0 { return [] }
    let limit = min(rows + columns, stepLimit)
    var furthest = [Int](repeating: 0, count: 2 * limit + 3)
    var trace: [[Int]] = []
    let middle = limit + 1
    search: for step in 0...limit {
      trace.append(furthest)
      for diagonal in stride(from: -step, through: step, by: 2) {
        let down =
          diagonal == -step
          || diagonal != step && furthest[middle + diagonal - 1] < furthest[middle + diagonal + 1]
        var row = down ? furthest[middle + diagonal + 1] : furthest[middle + diagonal - 1] + 1
        while row < rows, row - diagonal >= 0, row - diagonal < columns,
          old[left.lowerBound + row] == new[right.lowerBound + row - diagonal]
        {
          row += 1
        }
        furthest[middle + diagonal] = row
        if row >= rows, row - diagonal >= columns {
          break search
        }
      }
      if step == limit { return nil }
    }
    return walkBack(trace, middle, rows, columns).map { (left.lowerBound + $0.0, right.lowerBound + $0.1) }
  }

  private static func walkBack(_ trace: [[Int]], _ middle: Int, _ rows: Int, _ columns: Int) -> [(Int, Int)] {
    var pairs: [(Int, Int)] = []
    var (row, column) = (rows, columns)
    for step in stride(from: trace.count - 1, through: 0, by: -1) {
      let furthest = trace[step]
      let diagonal = row - column
      let down =
        diagonal == -step || diagonal != step && furthest[middle + diagonal - 1] < furthest[middle + diagonal + 1]
      let before = down ? diagonal + 1 : diagonal - 1
      let start = (row: furthest[middle + before], column: furthest[middle + before] - before)
      while row > start.row, column > start.column {
        row -= 1
        column -= 1
        pairs.append((row, column))
      }
      (row, column) = start
    }
    return pairs.reversed()
  }

  // MARK: Hunks

  /// Changes whose contexts touch belong together.
  private static func hunks(_ changes: [Change]) -> [[Change]] {
    changes.reduce(into: []) { result, change in
      if let last = result.last?.last, change.old.lowerBound - last.old.upperBound <= 2 * context {
        result[result.count - 1].append(change)
      } else {
        result.append([change])
      }
    }
  }

  private static func text(_ hunk: [Change], _ old: [ArraySlice<UInt8>], _ new: [ArraySlice<UInt8>]) -> [UInt8] {
    guard let first = hunk.first, let last = hunk.last else { return [] }
    let lead = min(context, first.old.lowerBound)
    let trail = min(context, old.count - last.old.upperBound)
    let oldRange = (first.old.lowerBound - lead)..<(last.old.upperBound + trail)
    let newRange = (first.new.lowerBound - lead)..<(last.new.upperBound + trail)
    var result = Array("@@ -\(span(oldRange)) +\(span(newRange)) @@\n".utf8)
    func add(_ mark: UInt8, _ line: ArraySlice<UInt8>) {
      result.append(mark)
      result += line
      if line.last != 0x0A { result += Array("\n\\ No newline at end of file\n".utf8) }
    }
    var next = oldRange.lowerBound
    for change in hunk {
      for index in next..<change.old.lowerBound { add(0x20, old[index]) }
      for index in change.old { add(0x2D, old[index]) }
      for index in change.new { add(0x2B, new[index]) }
      next = change.old.upperBound
    }
    for index in next..<oldRange.upperBound { add(0x20, old[index]) }
    return result
  }

  private static func span(_ range: Range<Int>) -> String {
    switch range.count {
    case 0: "\(range.lowerBound),0"
    case 1: "\(range.lowerBound + 1)"
    default: "\(range.lowerBound + 1),\(range.count)"
    }
  }
}
