/// Changes bytes at random in ways that parsers find hard; the same seed gives the same bytes.
public struct Mutator: Sendable {
  private var state: UInt64
  private let words: [[UInt8]]

  /// Starts from a seed.
  /// - Parameter words: what a language is made of, to be put anywhere.
  public init(seed: UInt64, words: [[UInt8]]) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    self.words = words
  }

  private mutating func below(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return bound <= 0 ? 0 : Int(state % UInt64(bound))
  }

  private static let numbers = [
    "0", "1", "-1", "31", "32", "33", "128", "129", "255", "256", "65535", "65536", "4294967295", "4294967296",
    "18446744073709551615", "99999999999999999999", "0x0", "0xffffffff", "010", "/0", "/33", ":", "-", "::", "*",
  ].map { Array($0.utf8) }

  /// One to six changes of some bytes; `other` is what pieces are taken from.
  public mutating func changed(_ bytes: [UInt8], other: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...below(5) { change(&bytes, other) }
    return bytes.count > 1 << 14 ? Array(bytes.prefix(1 << 14)) : bytes
  }

  private mutating func change(_ bytes: inout [UInt8], _ other: [UInt8]) {
    let place = below(bytes.count + 1)
    let length = min(below(below(4) == 0 ? 200 : 12) + 1, bytes.count - place)
    switch below(9) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(below(8))
    case 1 where place < bytes.count: bytes[place] = UInt8(below(256))
    case 2: bytes.removeSubrange(place..<place + length)
    case 3: bytes.insert(contentsOf: bytes[place..<place + length], at: below(bytes.count + 1))
    case 4: bytes.insert(contentsOf: words.isEmpty ? [] : words[below(words.count)], at: place)
    case 5: bytes.insert(contentsOf: Self.numbers[below(Self.numbers.count)], at: place)
    case 6: bytes.removeSubrange(place...)
    case 7:
      let start = below(other.count + 1)
      bytes.insert(contentsOf: other[start..<min(other.count, start + below(80))], at: place)
    default: bytes.insert(UInt8(below(256)), at: place)
    }
  }
}
