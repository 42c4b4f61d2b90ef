extension AddressSet {
  /// The number of `prefixes`, without making them.
  public var prefixCount: Int {
    v4.intervals.reduce(0) { $0 + IPPrefix.coveringCount($1.lower, $1.upper) }
      + v6.intervals.reduce(0) { $0 + IPPrefix.coveringCount($1.lower, $1.upper) }
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
  static func coveringCount<Bits: FixedWidthInteger & UnsignedInteger>(_ lower: Bits, _ upper: Bits) -> Int {
    if lower == upper { return 1 }
    // Above the highest bit in which they differ both share one block; each further block below it is one set bit of
    // the way up from the lower end, or down from the upper end.
    let top = Bits.bitWidth - (lower ^ upper).leadingZeroBitCount
    let mask = Bits.max >> Bits(Bits.bitWidth - top)
    if lower & mask == 0, upper & mask == mask { return 1 }
    let half = mask >> 1
    let up = lower & half == 0 ? 1 : (half &+ 1 &- (lower & half)).nonzeroBitCount
    let down = (upper & half) == half ? 1 : ((upper & half) &+ 1).nonzeroBitCount
    return up + down
  }
}
