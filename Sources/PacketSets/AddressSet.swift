/// A set of IPv4 and IPv6 addresses.
public struct AddressSet: Sendable, Hashable, CustomStringConvertible {
  /// The IPv4 members.
  public var v4: IntervalSet<UInt32>
  /// The IPv6 members.
  public var v6: IntervalSet<UInt128>

  /// Makes a set of its two halves.
  public init(v4: IntervalSet<UInt32> = IntervalSet(), v6: IntervalSet<UInt128> = IntervalSet()) {
    self.v4 = v4
    self.v6 = v6
  }

  /// The set of all addresses of some prefixes.
  public init(_ prefixes: some Sequence<IPPrefix>) {
    var narrow: [Interval<UInt32>] = []
    var wide: [Interval<UInt128>] = []
    for prefix in prefixes {
      let interval = prefix.interval
      switch prefix.base.family {
      case .v4:
        narrow.append(
          Interval(UInt32(truncatingIfNeeded: interval.lower), UInt32(truncatingIfNeeded: interval.upper)))
      case .v6: wide.append(interval)
      }
    }
    self.init(v4: IntervalSet(narrow), v6: IntervalSet(wide))
  }

  /// The set of one address.
  public init(_ address: IPAddress) {
    self.init(CollectionOfOne(IPPrefix(address, length: address.family.addressWidth)))
  }

  /// Every address of both families.
  public static let all = AddressSet(v4: .all, v6: .all)

  /// Whether there is no member.
  public var isEmpty: Bool { v4.isEmpty && v6.isEmpty }

  /// Whether an address is a member.
  public func contains(_ address: IPAddress) -> Bool {
    switch address.family {
    case .v4: v4.contains(UInt32(truncatingIfNeeded: address.bits))
    case .v6: v6.contains(address.bits)
    }
  }

  /// The addresses in either set.
  public func union(_ other: AddressSet) -> AddressSet {
    AddressSet(v4: v4.union(other.v4), v6: v6.union(other.v6))
  }

  /// The addresses in both sets.
  public func intersection(_ other: AddressSet) -> AddressSet {
    AddressSet(v4: v4.intersection(other.v4), v6: v6.intersection(other.v6))
  }

  /// The addresses that are not in the other set.
  public func subtracting(_ other: AddressSet) -> AddressSet {
    AddressSet(v4: v4.subtracting(other.v4), v6: v6.subtracting(other.v6))
  }

  /// Whether every member of the other set is a member.
  public func isSuperset(of other: AddressSet) -> Bool { v4.isSuperset(of: other.v4) && v6.isSuperset(of: other.v6) }

  /// The members of one family as 128-bit intervals, ascending.
  public func intervals(_ family: IPFamily) -> [Interval<UInt128>] {
    switch family {
    case .v4: v4.intervals.map { Interval(UInt128($0.lower), UInt128($0.upper)) }
    case .v6: v6.intervals
    }
  }

  /// The members of one family only.
  public func restricted(to family: IPFamily) -> AddressSet {
    family == .v4 ? AddressSet(v4: v4) : AddressSet(v6: v6)
  }

  /// The fewest prefixes that make up the set, IPv4 first, ascending.
  public var prefixes: [IPPrefix] {
    IPFamily.allCases.flatMap { family in
      intervals(family).flatMap { IPPrefix.covering($0, family: family) }
    }
  }

  /// The number of members as a floating-point number, for comparing sizes.
  public var approximateCount: Double {
    IPFamily.allCases.flatMap(intervals).reduce(0) { $0 + Double($1.upper - $1.lower) + 1 }
  }

  /// The prefixes, comma separated.
  public var description: String { prefixes.map(\.description).joined(separator: ", ") }
}
