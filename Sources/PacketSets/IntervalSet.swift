/// A set of unsigned integers as ascending, disjoint intervals that do not touch: equal sets have equal values.
@frozen
public struct IntervalSet<Bound: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable, Hashable {
  /// The intervals, ascending, with at least one missing value between neighbours.
  public internal(set) var intervals: [Interval<Bound>]

  /// The empty set.
  @inlinable
  public init() { self.init(canonical: []) }

  /// The set of one interval.
  @inlinable
  public init(_ interval: Interval<Bound>) { self.init(canonical: [interval]) }

  /// The union of intervals in any order, which may overlap.
  @inlinable
  public init(_ unordered: some Sequence<Interval<Bound>>) {
    var sorted = Array(unordered)
    var isSorted = true
    for index in sorted.indices.dropFirst() where sorted[index].lower < sorted[index - 1].lower {
      isSorted = false
      break
    }
    if !isSorted { sorted.sort { $0.lower < $1.lower } }
    var merged: [Interval<Bound>] = []
    merged.reserveCapacity(sorted.count)
    for interval in sorted {
      if let last = merged.last, last.upper == .max || interval.lower <= last.upper + 1 {
        if interval.upper > last.upper { merged[merged.count - 1].upper = interval.upper }
      } else {
        merged.append(interval)
      }
    }
    self.init(canonical: merged)
  }

  /// Takes intervals that are already ascending, disjoint and apart.
  @usableFromInline
  init(canonical intervals: [Interval<Bound>]) { self.intervals = intervals }

  /// Every value of the type.
  @inlinable
  public static var all: IntervalSet { IntervalSet(.all) }

  /// Whether there is no member.
  @inlinable
  public var isEmpty: Bool { intervals.isEmpty }

  /// Whether every value of the type is a member.
  @inlinable
  public var isAll: Bool { intervals.count == 1 && intervals[0] == .all }

  /// Whether a value is a member, by binary search.
  @inlinable
  public func contains(_ value: Bound) -> Bool {
    var low = 0
    var high = intervals.count
    while low < high {
      let middle = (low + high) / 2
      if intervals[middle].upper < value { low = middle + 1 } else { high = middle }
    }
    return low < intervals.count && intervals[low].lower <= value
  }

  /// The values in either set.
  @inlinable
  public func union(_ other: IntervalSet) -> IntervalSet {
    if isEmpty { return other }
    if other.isEmpty { return self }
    return IntervalSet(intervals + other.intervals)
  }

  /// The values in both sets.
  @inlinable
  public func intersection(_ other: IntervalSet) -> IntervalSet {
    var result: [Interval<Bound>] = []
    var left = 0
    var right = 0
    while left < intervals.count, right < other.intervals.count {
      if let common = intervals[left].intersection(other.intervals[right]) { result.append(common) }
      if intervals[left].upper < other.intervals[right].upper { left += 1 } else { right += 1 }
    }
    return IntervalSet(canonical: result)
  }

  /// The values that are not members, up to a last value.
  @inlinable
  public func complement(upTo last: Bound = .max) -> IntervalSet {
    var result: [Interval<Bound>] = []
    var next: Bound = 0
    for interval in intervals {
      if interval.lower > last { break }
      if interval.lower > next { result.append(Interval(next, interval.lower - 1)) }
      if interval.upper >= last { return IntervalSet(canonical: result) }
      next = interval.upper + 1
    }
    result.append(Interval(next, last))
    return IntervalSet(canonical: result)
  }

  /// The values of this set that are not in the other.
  @inlinable
  public func subtracting(_ other: IntervalSet) -> IntervalSet { intersection(other.complement()) }

  /// Whether every member of the other set is a member.
  @inlinable
  public func isSuperset(of other: IntervalSet) -> Bool { other.subtracting(self).isEmpty }
}
