extension DiagramStore {
  /// A node on one level: `inside` for an interval of its values, `outside` for the others.
  public mutating func split(
    level: Int, _ values: Interval<UInt32>, inside: Diagram, outside: Diagram
  ) -> Diagram {
    let last = lastValues[level]
    guard values.lower <= last else { return outside }
    let base = stack.count
    if values.lower > 0 { push(values.lower - 1, outside, base: base) }
    push(min(values.upper, last), inside, base: base)
    if values.upper < last { push(last, outside, base: base) }
    return finishNode(level: UInt32(level), base: base)
  }

  /// A node on one level: `inside` for a set of its values, `outside` for the others.
  public mutating func split(
    level: Int, _ values: IntervalSet<UInt32>, inside: Diagram, outside: Diagram
  ) -> Diagram {
    let last = lastValues[level]
    let base = stack.count
    var next: UInt32 = 0
    for interval in values.intervals {
      guard interval.lower <= last else { break }
      if interval.lower > next { push(interval.lower - 1, outside, base: base) }
      push(min(interval.upper, last), inside, base: base)
      if interval.upper >= last { return finishNode(level: UInt32(level), base: base) }
      next = interval.upper + 1
    }
    push(last, outside, base: base)
    return finishNode(level: UInt32(level), base: base)
  }

  /// A node on one level with a diagram for each of some ascending, disjoint intervals, `outside` elsewhere.
  public mutating func split(
    level: Int, cases: some Sequence<(values: Interval<UInt32>, diagram: Diagram)>, outside: Diagram
  ) -> Diagram {
    let last = lastValues[level]
    let base = stack.count
    var next: UInt32 = 0
    for (values, diagram) in cases {
      guard values.lower <= last else { break }
      if values.lower > next { push(values.lower - 1, outside, base: base) }
      push(min(values.upper, last), diagram, base: base)
      if values.upper >= last { return finishNode(level: UInt32(level), base: base) }
      next = values.upper + 1
    }
    push(last, outside, base: base)
    return finishNode(level: UInt32(level), base: base)
  }

  /// 128-bit values over four levels: `inside` for ascending, disjoint intervals, `outside` for the others.
  public mutating func splitWide(
    firstLevel: Int, _ intervals: [Interval<UInt128>], inside: Diagram, outside: Diagram
  ) -> Diagram {
    splitWide(level: firstLevel, wordsAfter: 3, intervals, inside: inside, outside: outside)
  }

  /// Values of this word that an interval covers whole, or one value that it covers in part.
  private struct WordPiece {
    var values: Interval<UInt32>
    /// What is covered of the later words; nil when all of them are.
    var part: Interval<UInt128>?
  }

  /// Intervals are of values without the words before this one.
  private mutating func splitWide(
    level: Int, wordsAfter: Int, _ intervals: [Interval<UInt128>], inside: Diagram, outside: Diagram
  ) -> Diagram {
    let shift = UInt128(32 * wordsAfter)
    let rest = shift == 0 ? 0 : (UInt128(1) << shift) - 1
    var pieces: [WordPiece] = []
    pieces.reserveCapacity(intervals.count)
    for interval in intervals {
      var low = interval.lower >> shift
      var high = interval.upper >> shift
      let lowPart = Interval(interval.lower & rest, low == high ? interval.upper & rest : rest)
      if lowPart != Interval(0, rest) {
        pieces.append(WordPiece(values: Interval(UInt32(truncatingIfNeeded: low)), part: lowPart))
        if low == high { continue }
        low += 1
      }
      var highPiece: WordPiece?
      if interval.upper & rest != rest {
        let part = Interval(0, interval.upper & rest)
        highPiece = WordPiece(values: Interval(UInt32(truncatingIfNeeded: high)), part: part)
        if low == high {
          pieces.append(WordPiece(values: Interval(UInt32(truncatingIfNeeded: high)), part: part))
          continue
        }
        high -= 1
      }
      pieces.append(
        WordPiece(values: Interval(UInt32(truncatingIfNeeded: low), UInt32(truncatingIfNeeded: high)), part: nil))
      if let highPiece { pieces.append(highPiece) }
    }
    let base = stack.count
    var next: UInt64 = 0
    var index = 0
    while index < pieces.count {
      let piece = pieces[index]
      var child = inside
      var end = index + 1
      if piece.part != nil {
        while end < pieces.count, pieces[end].values == piece.values { end += 1 }
        child = splitWide(
          level: level + 1, wordsAfter: wordsAfter - 1, pieces[index..<end].compactMap(\.part), inside: inside,
          outside: outside)
      }
      if UInt64(piece.values.lower) > next { push(piece.values.lower - 1, outside, base: base) }
      push(piece.values.upper, child, base: base)
      next = UInt64(piece.values.upper) + 1
      index = end
    }
    if next <= UInt64(UInt32.max) { push(.max, outside, base: base) }
    return finishNode(level: UInt32(level), base: base)
  }

  /// Masked bits of one level: inside where `value & mask == expected`; nil when that takes over 1,024 intervals.
  public mutating func splitMasked(level: Int, mask: UInt32, expected: UInt32, inside: Diagram, outside: Diagram)
    -> Diagram?
  {
    guard let values = IntervalSet<UInt32>.masked(mask: mask, expected: expected) else { return nil }
    return split(level: level, values, inside: inside, outside: outside)
  }
}

extension IntervalSet where Bound == UInt32 {
  /// The values with `value & mask == expected`; nil when that takes over 1,024 intervals.
  public static func masked(mask: UInt32, expected: UInt32) -> IntervalSet? {
    guard expected & ~mask == 0 else { return IntervalSet() }
    // Free bits below the lowest masked bit make one interval; each free bit above it doubles their number.
    let low = mask == 0 ? 32 : mask.trailingZeroBitCount
    guard low < 32 else { return .all }
    let highFree = ~mask & ~((UInt32(1) << UInt32(low)) - 1)
    guard highFree.nonzeroBitCount <= 10 else { return nil }
    let run = (UInt32(1) << UInt32(low)) - 1
    var intervals: [Interval<UInt32>] = []
    intervals.reserveCapacity(1 << highFree.nonzeroBitCount)
    var free: UInt32 = 0
    repeat {
      intervals.append(Interval(expected | free, expected | free | run))
      free = (free &- highFree) & highFree
    } while free != 0
    return IntervalSet(intervals)
  }
}
