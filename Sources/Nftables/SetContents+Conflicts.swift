import PacketSets
import RuleGraph

extension SetContents {
  /// What is said of an element that gives a key another value than one before it.
  static let conflict = "this key has another value already, so that the kernel refuses it (File exists)"

  /// The first element of a map whose key an earlier one has with another value, by place; nil when there is none.
  ///
  /// Source: nft_add_set_elem in net/netfilter/nf_tables_api.c; the same key with the same value may be added again.
  func conflictingElement(width: Int) -> Int? {
    guard width > 0, count > 1, keys.count == count * width, !verdicts.isEmpty || !data.isEmpty else { return nil }
    if width == 1, isStrictlyAscending { return nil }
    let dataWidth = data.count / count
    func isEqual(_ left: Int, _ right: Int, _ values: [Interval<UInt128>], _ width: Int) -> Bool {
      for component in 0..<width where values[left * width + component] != values[right * width + component] {
        return false
      }
      return true
    }
    // Open addressing, as lists of a million elements are ordinary: places of elements, shifted by one.
    let bits = Int.bitWidth - (2 * count).leadingZeroBitCount
    var places = [UInt32](repeating: 0, count: 1 << bits)
    for element in 0..<count {
      var hash: UInt64 = 0
      for component in 0..<width {
        let key = keys[element * width + component]
        for value in [key.lower, key.upper] {
          let folded = UInt64(truncatingIfNeeded: value) ^ UInt64(truncatingIfNeeded: value >> 64)
          hash = (hash ^ folded) &* 0x9E37_79B9_7F4A_7C15
          hash ^= hash >> 29
        }
      }
      var place = Int(truncatingIfNeeded: hash) & (places.count - 1)
      while places[place] != 0 {
        let other = Int(places[place]) - 1
        if isEqual(other, element, keys, width) {
          let isSameVerdict = element >= verdicts.count || verdicts[other] == verdicts[element]
          if !isSameVerdict || !isEqual(other, element, data, dataWidth) { return element }
          break
        }
        place = (place + 1) & (places.count - 1)
      }
      if places[place] == 0 { places[place] = UInt32(truncatingIfNeeded: element + 1) }
    }
    return nil
  }

  private var isStrictlyAscending: Bool {
    for index in keys.indices.dropFirst() where keys[index].lower <= keys[index - 1].lower { return false }
    return true
  }
}
