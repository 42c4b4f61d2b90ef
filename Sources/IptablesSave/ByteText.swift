/// A run of bytes in a buffer that outlives it: one argument of a command, or a part of one.
struct ByteText {
  let bytes: UnsafeBufferPointer<UInt8>
  var start: Int
  var end: Int

  @inline(__always)
  init(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) {
    self.bytes = bytes
    self.start = start
    self.end = end
  }

  @inline(__always)
  var count: Int { end - start }

  @inline(__always)
  var isEmpty: Bool { end <= start }

  @inline(__always)
  subscript(offset: Int) -> UInt8 { bytes[start + offset] }

  @inline(__always)
  var last: UInt8? { isEmpty ? nil : bytes[end - 1] }

  /// The bytes as text; invalid UTF-8 becomes U+FFFD.
  var string: String { String(decoding: bytes[start..<end], as: UTF8.self) }

  /// Whether the bytes are those of a name.
  @inline(__always)
  func equals(_ name: StaticString) -> Bool {
    count == name.utf8CodeUnitCount && hasSameBytes(as: name, count: count)
  }

  /// Whether the bytes are those of a name, whatever the case of ASCII letters.
  func equalsIgnoringCase(_ name: StaticString) -> Bool {
    guard count == name.utf8CodeUnitCount else { return false }
    for offset in 0..<count where Self.lowercase(self[offset]) != Self.lowercase(name.utf8Start[offset]) {
      return false
    }
    return true
  }

  /// Whether the name begins with the bytes.
  func isPrefix(of name: StaticString) -> Bool {
    count <= name.utf8CodeUnitCount && hasSameBytes(as: name, count: count)
  }

  func hasPrefix(_ name: StaticString) -> Bool {
    count >= name.utf8CodeUnitCount && hasSameBytes(as: name, count: name.utf8CodeUnitCount)
  }

  @inline(__always)
  private func hasSameBytes(as name: StaticString, count: Int) -> Bool {
    let other = name.utf8Start
    for offset in 0..<count where bytes[start + offset] != other[offset] { return false }
    return true
  }

  @inline(__always)
  static func lowercase(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

  /// Offset of the first occurrence of a byte.
  func firstIndex(of byte: UInt8) -> Int? {
    for offset in 0..<count where self[offset] == byte { return offset }
    return nil
  }

  func dropFirst(_ number: Int) -> ByteText { ByteText(bytes, min(start + number, end), end) }

  func prefix(_ number: Int) -> ByteText { ByteText(bytes, start, min(start + number, end)) }

  /// The part before the first occurrence of a byte, and the part after it if there is one.
  func cut(at byte: UInt8) -> (before: ByteText, after: ByteText?) {
    guard let offset = firstIndex(of: byte) else { return (self, nil) }
    return (prefix(offset), dropFirst(offset + 1))
  }

  /// Calls a body with each part between commas; an empty text has one empty part.
  func forEachPart<Failure: Error>(
    separator: UInt8 = 0x2C, _ body: (ByteText) throws(Failure) -> Void
  ) throws(Failure) {
    var partStart = start
    for index in start..<end where bytes[index] == separator {
      try body(ByteText(bytes, partStart, index))
      partStart = index + 1
    }
    try body(ByteText(bytes, partStart, end))
  }

  /// An unsigned number as strtoul with base 0 reads it: decimal, 0x hexadecimal, 0 octal; nil for anything else.
  func number(upTo maximum: UInt64 = .max) -> UInt64? {
    guard count > 0 else { return nil }
    var offset = 0
    var base: UInt64 = 10
    if self[0] == 0x30, count > 1 {
      if count > 2, self[1] | 0x20 == 0x78 {
        base = 16
        offset = 2
      } else {
        base = 8
        offset = 1
      }
    }
    var value: UInt64 = 0
    while offset < count {
      let byte = self[offset]
      let digit: UInt64
      switch byte {
      case 0x30...0x39: digit = UInt64(byte &- 0x30)
      case 0x41...0x46: digit = UInt64(byte &- 0x37)
      case 0x61...0x66: digit = UInt64(byte &- 0x57)
      default: return nil
      }
      guard digit < base else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: base)
      let (sum, carry) = product.addingReportingOverflow(digit)
      if overflow || carry { return nil }
      value = sum
      offset += 1
    }
    return value <= maximum ? value : nil
  }

  /// A 64-bit FNV-1a hash of the bytes.
  var hash: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in start..<end { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3 }
    return hash ^ (hash >> 32)
  }
}
