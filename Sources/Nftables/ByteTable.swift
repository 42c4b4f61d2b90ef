/// A fixed table from words to numbers that is looked up by the bytes of a text, without making strings.
struct ByteTable: Sendable {
  private var slots: [UInt16]
  private var entries: [Entry]
  private var spellings: [UInt8]
  private let mask: Int

  private struct Entry: Sendable {
    var hash: UInt32
    var start: UInt32
    var length: UInt32
    var value: UInt32
  }

  /// Makes a table; of equal words the first one counts.
  init(_ words: [(String, UInt32)]) {
    var capacity = 16
    while capacity < words.count * 3 { capacity *= 2 }
    mask = capacity - 1
    slots = [UInt16](repeating: 0, count: capacity)
    entries = []
    spellings = []
    for (word, value) in words {
      let bytes = Array(word.utf8)
      let hash = bytes.withUnsafeBufferPointer { Self.hash($0, 0, $0.count) }
      let known = bytes.withUnsafeBufferPointer { find($0, 0, $0.count, hash) }
      guard known == nil, entries.count < Int(UInt16.max) - 1 else { continue }
      let entry = Entry(
        hash: hash, start: UInt32(spellings.count), length: UInt32(bytes.count), value: value)
      spellings += bytes
      entries.append(entry)
      var slot = Int(hash) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = UInt16(entries.count)
    }
  }

  /// The number of the word that stands at `start ..< end`.
  @inline(__always)
  func value(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> UInt32? {
    find(bytes, start, end, Self.hash(bytes, start, end))
  }

  /// The number of a word.
  func value(of word: String) -> UInt32? {
    Array(word.utf8).withUnsafeBufferPointer { value($0, 0, $0.count) }
  }

  /// All words.
  var words: [String] {
    entries.map { String(decoding: spellings[Int($0.start)..<Int($0.start + $0.length)], as: UTF8.self) }
  }

  @inline(__always)
  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> UInt32 {
    var hash: UInt32 = 2_166_136_261
    for index in start..<end { hash = (hash ^ UInt32(bytes[index])) &* 16_777_619 }
    return hash ^ (hash >> 15)
  }

  @inline(__always)
  private func find(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ hash: UInt32) -> UInt32? {
    var slot = Int(hash) & mask
    while slots[slot] != 0 {
      let entry = entries[Int(slots[slot]) - 1]
      if entry.hash == hash, Int(entry.length) == end - start {
        var same = true
        for offset in 0..<Int(entry.length) where spellings[Int(entry.start) + offset] != bytes[start + offset] {
          same = false
          break
        }
        if same { return entry.value }
      }
      slot = (slot + 1) & mask
    }
    return nil
  }
}
