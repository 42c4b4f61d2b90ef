/// JSON writes characters beyond U+FFFF as two escapes; YAML 1.1 has one of eight digits instead.
enum SurrogatePairs {
  /// The bytes with each `\uD83D\uDE00` as `\U0001F600` after an escaped line break, which has the same length and
  /// adds nothing to the text; nil when there is no such pair.
  static func rewritten(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.contains(0x5C) else { return nil }
    var result = bytes
    var isChanged = false
    var offset = 0
    while offset + 1 < bytes.count {
      guard bytes[offset] == 0x5C else {
        offset += 1
        continue
      }
      guard offset + 12 <= bytes.count, let high = escape(bytes, offset), (0xD800...0xDBFF).contains(high),
        let low = escape(bytes, offset + 6), (0xDC00...0xDFFF).contains(low)
      else {
        // Skips the escaped character, so that `\\u` is not read as an escape.
        offset += 2
        continue
      }
      let scalar = 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
      let digits = String(scalar, radix: 16)
      let padded = String(repeating: "0", count: 8 - digits.count) + digits
      result.replaceSubrange(offset..<offset + 12, with: Array("\\\n\\U\(padded)".utf8))
      isChanged = true
      offset += 12
    }
    return isChanged ? result : nil
  }

  private static func escape(_ bytes: [UInt8], _ offset: Int) -> UInt32? {
    guard bytes[offset] == 0x5C, bytes[offset + 1] == 0x75 else { return nil }
    var value: UInt32 = 0
    for byte in bytes[offset + 2..<offset + 6] {
      switch byte {
      case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
      case 0x41...0x46: value = value << 4 | UInt32(byte - 0x37)
      case 0x61...0x66: value = value << 4 | UInt32(byte - 0x57)
      default: return nil
      }
    }
    return value
  }
}
