/// Translates libyaml's positions, which count characters, into byte offsets.
struct CharacterOffsets {
  /// Characters between two entries of `checkpoints`.
  private static let step = 64

  private let bytes: [UInt8]
  /// Bytes before the first character: the length of the byte order mark.
  private let base: Int
  /// Byte offset of each 64th character; empty when all characters are single bytes.
  private let checkpoints: [UInt32]

  init(bytes: [UInt8], base: Int) {
    self.bytes = bytes
    self.base = base
    var checkpoints: [UInt32] = []
    if bytes.contains(where: { $0 >= 0x80 }) {
      var character = 0
      for offset in base..<bytes.count where bytes[offset] & 0xC0 != 0x80 {
        if character % Self.step == 0 { checkpoints.append(UInt32(truncatingIfNeeded: offset)) }
        character += 1
      }
    }
    self.checkpoints = checkpoints
  }

  /// The byte offset of a character by its index; past the end it is the end.
  func byteOffset(_ character: Int) -> Int {
    guard !checkpoints.isEmpty else { return min(base + character, bytes.count) }
    guard character / Self.step < checkpoints.count else { return bytes.count }
    var offset = Int(checkpoints[character / Self.step])
    var left = character % Self.step
    while left > 0, offset < bytes.count {
      offset += 1
      while offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset += 1 }
      left -= 1
    }
    return offset
  }
}
