/// A fixed table from words to numbers that is looked up by the bytes of a text, without making strings.
///
/// Words of up to 16 bytes are compared as two machine words, longer ones byte by byte.
struct ByteTable: Sendable {
  private var slots: [Slot]
  /// Words in the order in which they were given, without repetitions.
  let words: [String]
  private let mask: Int

  private struct Slot: Sendable {
    var key = Key()
    var value: UInt32 = 0
    /// One more than the index of the word; 0 for a free slot.
    var word: UInt32 = 0
  }

  /// The first and the last eight bytes of a word, and its length.
  private struct Key: Sendable, Equatable {
    var first: UInt64 = 0
    var last: UInt64 = 0
    var length = 0

    @inline(__always)
    var hash: Int {
      var hash = (first ^ UInt64(truncatingIfNeeded: length)) &* 0x9E37_79B9_7F4A_7C15
      hash ^= (last &* 0xC2B2_AE3D_27D4_EB4F) >> 7
      return Int(truncatingIfNeeded: (hash ^ (hash >> 32)) >> 8)
    }
  }

  /// Makes a table; of equal words the first one counts.
  init(_ entries: [(String, UInt32)]) {
    var capacity = 16
    while capacity < entries.count * 4 { capacity *= 2 }
    mask = capacity - 1
    slots = [Slot](repeating: Slot(), count: capacity)
    var words: [String] = []
    var known: Set<String> = []
    for (word, value) in entries where known.insert(word).inserted {
      words.append(word)
      let key = Array(word.utf8).withUnsafeBufferPointer { Self.key($0, 0, $0.count) }
      var index = key.hash & mask
      while slots[index].word != 0 { index = (index + 1) & mask }
      slots[index] = Slot(key: key, value: value, word: UInt32(words.count))
    }
    self.words = words
  }

  /// The number of the word that stands at `start ..< end`.
  @inline(__always)
  func value(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> UInt32? {
    let key = Self.key(bytes, start, end)
    var index = key.hash & mask
    while true {
      let slot = slots[index]
      if slot.word == 0 { return nil }
      if slot.key == key, key.length <= 16 || words[Int(slot.word) - 1].utf8.elementsEqual(bytes[start..<end]) {
        return slot.value
      }
      index = (index + 1) & mask
    }
  }

  /// The number of a word.
  func value(of word: String) -> UInt32? {
    Array(word.utf8).withUnsafeBufferPointer { value($0, 0, $0.count) }
  }

  @inline(__always)
  private static func key(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Key {
    let length = end - start
    guard length > 0 else { return Key() }
    if length < 8 { return Key(first: load(bytes, start, length), last: 0, length: length) }
    return Key(first: load(bytes, start, 8), last: load(bytes, end - 8, 8), length: length)
  }

  /// Up to eight bytes as a number; bytes behind the buffer are not touched.
  @inline(__always)
  private static func load(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ count: Int) -> UInt64 {
    if start + 8 <= bytes.count {
      let value = UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: start, as: UInt64.self)
      return count == 8 ? value : value & ((UInt64(1) << UInt64(count * 8)) &- 1)
    }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[start + index]) << UInt64(index * 8) }
    return value
  }
}
