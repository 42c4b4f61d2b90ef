/// Small integers by names that are given as bytes: chains of a table, extensions, interfaces.
///
/// Open addressing over flat arrays; nothing is allocated to look a name up.
struct ByteKeyTable {
  private struct Entry {
    var hash: UInt64
    var start: Int
    var count: Int
    var value: Int
  }

  private var storage: [UInt8] = []
  private var entries: [Entry] = []
  private var slots: [Int32] = [Int32](repeating: -1, count: 16)

  /// The value of a name.
  func value(of key: ByteText) -> Int? {
    let hash = key.hash
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] >= 0 {
      let entry = entries[Int(slots[slot])]
      if entry.hash == hash, entry.count == key.count, isEqual(entry, key) {
        return entry.value < 0 ? nil : entry.value
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private func isEqual(_ entry: Entry, _ key: ByteText) -> Bool {
    for offset in 0..<entry.count where storage[entry.start + offset] != key[offset] { return false }
    return true
  }

  /// Gives a name a value, replacing an earlier one; a negative value forgets the name.
  mutating func set(_ key: ByteText, _ value: Int) {
    let hash = key.hash
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] >= 0 {
      let index = Int(slots[slot])
      if entries[index].hash == hash, entries[index].count == key.count, isEqual(entries[index], key) {
        entries[index].value = value
        return
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Int32(truncatingIfNeeded: entries.count)
    entries.append(Entry(hash: hash, start: storage.count, count: key.count, value: value))
    storage.append(contentsOf: key.bytes[key.start..<key.end])
    if entries.count * 2 > slots.count { grow() }
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    for (index, entry) in entries.enumerated() {
      var slot = Int(truncatingIfNeeded: entry.hash) & (slots.count - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(truncatingIfNeeded: index)
    }
  }

  /// Names that have a value, for suggestions.
  var names: [String] {
    entries.filter { $0.value >= 0 }.map { String(decoding: storage[$0.start..<$0.start + $0.count], as: UTF8.self) }
  }
}
