/// A block of addresses that share their first bits.
public struct IPPrefix: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The first address; its host bits are zero.
  public let base: IPAddress
  /// The number of shared bits.
  public let length: Int

  /// Makes a prefix of the block that holds an address; the length is clamped to the family's width.
  public init(_ address: IPAddress, length: Int) {
    self.length = max(0, min(length, address.family.addressWidth))
    let hostBits = address.family.addressWidth - self.length
    let mask = hostBits >= 128 ? 0 : UInt128.max << UInt128(hostBits)
    self.base = IPAddress(address.family, address.bits & mask)
  }

  /// Reads `address/length`, or a bare address as a block of one.
  ///
  /// Host bits may be set, as routers and clouds accept that; they are dropped.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = IPAddress(parts[0]) else { return nil }
    guard parts.count == 2 else {
      self.init(address, length: address.family.addressWidth)
      return
    }
    guard let digits = parts.last, !digits.isEmpty, digits.utf8.count <= 3,
      digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let length = Int(digits), length <= address.family.addressWidth
    else { return nil }
    self.init(address, length: length)
  }

  /// The last address.
  public var last: IPAddress {
    let hostBits = base.family.addressWidth - length
    let mask = hostBits >= 128 ? UInt128.max : (UInt128(1) << UInt128(hostBits)) - 1
    return IPAddress(base.family, base.bits | mask)
  }

  /// All addresses of the block.
  public var interval: Interval<UInt128> { Interval(base.bits, last.bits) }

  public static func < (left: IPPrefix, right: IPPrefix) -> Bool {
    left.base == right.base ? left.length < right.length : left.base < right.base
  }

  /// `10.0.0.0/8`; a block of one address is printed bare.
  public var description: String {
    if base.family == .v4 { return base.describeV4(length: length) }
    return length == base.family.addressWidth ? base.description : "\(base)/\(length)"
  }

  /// The fewest prefixes that make up an interval, ascending.
  public static func covering(_ interval: Interval<UInt128>, family: IPFamily) -> [IPPrefix] {
    var result: [IPPrefix] = []
    if interval.lower == interval.upper {
      return [IPPrefix(IPAddress(family, interval.lower), length: family.addressWidth)]
    }
    var next = interval.lower
    while true {
      var hostBits = min(next == 0 ? family.addressWidth : next.trailingZeroBitCount, family.addressWidth)
      while hostBits > 0 {
        let mask = hostBits >= 128 ? UInt128.max : (UInt128(1) << UInt128(hostBits)) - 1
        if next | mask <= interval.upper { break }
        hostBits -= 1
      }
      let prefix = IPPrefix(IPAddress(family, next), length: family.addressWidth - hostBits)
      result.append(prefix)
      if prefix.last.bits >= interval.upper { return result }
      next = prefix.last.bits + 1
    }
  }
}
