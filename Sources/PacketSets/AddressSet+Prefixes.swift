extension AddressSet {
  /// The number of `prefixes`, without making them.
  public var prefixCount: Int {
    v4.intervals.reduce(0) { $0 + IPPrefix.coveringCount(UInt128($1.lower), UInt128($1.upper), width: 32) }
      + v6.intervals.reduce(0) { $0 + IPPrefix.coveringCount($1.lower, $1.upper, width: 128) }
  }

  /// The first of `prefixes`, up to a number.
  public func prefixes(first limit: Int) -> [IPPrefix] {
    var result: [IPPrefix] = []
    for interval in v4.intervals {
      guard result.count < limit else { break }
      result += IPPrefix.covering(Interval(UInt128(interval.lower), UInt128(interval.upper)), family: .v4)
    }
    for interval in v6.intervals {
      guard result.count < limit else { break }
      result += IPPrefix.covering(interval, family: .v6)
    }
    return Array(result.prefix(limit))
  }
}

extension IPPrefix {
  /// The number of prefixes that `covering` gives for an interval.
  static func coveringCount(_ lower: UInt128, _ upper: UInt128, width: Int) -> Int {
    if lower == upper { return 1 }
    // Above the highest bit in which they differ both share one block; each further block below it is one set bit of
    // the way up from the lower end, or down from the upper end.
    let top = 128 - (lower ^ upper).leadingZeroBitCount
    let mask = top >= 128 ? UInt128.max : (UInt128(1) << UInt128(top)) - 1
    if lower & mask == 0, upper & mask == mask { return 1 }
    let half = mask >> 1
    let up = lower & half == 0 ? 1 : (half &+ 1 &- (lower & half)).nonzeroBitCount
    let down = (upper & half) == half ? 1 : ((upper & half) &+ 1).nonzeroBitCount
    return up + down
  }
}
