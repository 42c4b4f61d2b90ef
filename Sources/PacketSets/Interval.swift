/// A closed interval of unsigned integers, never empty.
@frozen
public struct Interval<Bound: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable, Hashable {
  /// The first member.
  public var lower: Bound
  /// The last member; at least `lower`.
  public var upper: Bound

  /// Makes an interval; `upper` must not be below `lower`.
  @inlinable
  public init(_ lower: Bound, _ upper: Bound) {
    assert(lower <= upper)
    self.lower = lower
    self.upper = upper
  }

  /// Makes the interval of one value.
  @inlinable
  public init(_ value: Bound) {
    self.lower = value
    self.upper = value
  }

  /// Every value of the type.
  @inlinable
  public static var all: Interval { Interval(.min, .max) }

  /// Whether a value is a member.
  @inlinable
  public func contains(_ value: Bound) -> Bool { lower <= value && value <= upper }

  /// Whether every member of another interval is a member.
  @inlinable
  public func contains(_ other: Interval) -> Bool { lower <= other.lower && other.upper <= upper }

  /// Whether the two share a member.
  @inlinable
  public func overlaps(_ other: Interval) -> Bool { lower <= other.upper && other.lower <= upper }

  /// The common members, or nil when there are none.
  @inlinable
  public func intersection(_ other: Interval) -> Interval? {
    let low = Swift.max(lower, other.lower)
    let high = Swift.min(upper, other.upper)
    return low <= high ? Interval(low, high) : nil
  }
}
