import PacketSets
import Testing

/// Fewest prefixes of an interval, and their number.
struct PrefixTests {
  /// Every interval of 64 addresses in the middle and at both ends of the address space.
  @Test(arguments: [UInt32(0), 0x0A00_0000, UInt32.max - 63])
  func countsAreThoseOfTheList(base: UInt32) {
    for low in UInt32(0)..<64 {
      for high in low..<64 {
        let set = AddressSet(v4: IntervalSet(Interval(base + low, base + high)))
        let prefixes = set.prefixes
        #expect(set.prefixCount == prefixes.count, "\(low)-\(high)")
        #expect(AddressSet(prefixes) == set)
        #expect(set.prefixes(first: 2) == Array(prefixes.prefix(2)))
      }
    }
  }

  @Test func wholeSpacesAreOnePrefix() {
    #expect(AddressSet.all.prefixCount == 2)
    #expect(AddressSet.all.prefixes.map(\.description) == ["0.0.0.0/0", "::/0"])
  }
}
