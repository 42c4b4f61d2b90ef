import PacketSets
import RuleGraph

/// The addresses that matter to a question, for clipping rules before any diagram is made of them.
struct AddressHull {
  /// The IPv4 half, for narrow items.
  let narrow: IntervalSet<UInt32>
  /// The IPv6 half, for wide items.
  let wide: IntervalSet<UInt128>

  /// The hull of some addresses and of those that mappings and rewriting may give; nil when nothing can be clipped.
  init?(
    _ addresses: AddressSet?, widenedBy translations: [Translation], rewritten: AddressSet?, family: IPFamily
  ) {
    guard var addresses, let rewritten else { return nil }
    addresses = addresses.union(rewritten)
    for translation in translations {
      guard translation.unknown == nil else { return nil }
      switch translation.kind {
      case .masquerade, .redirect: return nil
      case .transparentProxy: continue
      default: break
      }
      guard let interval = translation.addresses, let of = translation.family else { continue }
      switch of {
      case .v4:
        let narrow = Interval(UInt32(truncatingIfNeeded: interval.lower), UInt32(truncatingIfNeeded: interval.upper))
        addresses = addresses.union(AddressSet(v4: IntervalSet(narrow)))
      case .v6: addresses = addresses.union(AddressSet(v6: IntervalSet(interval)))
      }
    }
    narrow = addresses.v4
    wide = addresses.v6
  }

  /// Whether a narrow interval meets the hull.
  @inline(__always)
  func meets(_ lower: UInt32, _ upper: UInt32) -> Bool {
    narrow.intervals.withUnsafeBufferPointer { intervals in
      if intervals.count == 1 { return lower <= intervals[0].upper && intervals[0].lower <= upper }
      var low = 0
      var high = intervals.count
      while low < high {
        let middle = (low + high) / 2
        if intervals[middle].upper < lower { low = middle + 1 } else { high = middle }
      }
      return low < intervals.count && intervals[low].lower <= upper
    }
  }

  /// Whether a wide interval meets the hull.
  func meets(_ interval: Interval<UInt128>) -> Bool {
    wide.intervals.contains { $0.overlaps(interval) }
  }
}
