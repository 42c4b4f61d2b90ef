/// An IPv4 or IPv6 address.
public struct IPAddress: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The family.
  public let family: IPFamily
  /// The address in host order; IPv4 uses the low 32 bits.
  public let bits: UInt128

  /// Makes an address; bits above the family's width are dropped.
  public init(_ family: IPFamily, _ bits: UInt128) {
    self.family = family
    self.bits = bits & family.lastAddress
  }

  /// Makes an IPv4 address.
  public init(v4 bits: UInt32) { self.init(.v4, UInt128(bits)) }

  /// Reads dotted quads (four decimal numbers, no leading zeros) or RFC 4291 IPv6 text without a zone.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    if let v4 = bytes.withUnsafeBufferPointer({ IPAddress.parseV4($0[...]) }) {
      self.init(v4: v4)
    } else if let v6 = bytes.withUnsafeBufferPointer({ IPAddress.parseV6($0[...]) }) {
      self.init(.v6, v6)
    } else {
      return nil
    }
  }

  public static func < (left: IPAddress, right: IPAddress) -> Bool {
    (left.family.rawValue, left.bits) < (right.family.rawValue, right.bits)
  }

  /// Dotted quads, or RFC 5952 text.
  public var description: String { family == .v4 ? describeV4() : describeV6() }

  private func describeV4() -> String { describeV4(length: 32) }

  /// Dotted quads, and behind a slash the length where it is not 32.
  func describeV4(length: Int) -> String {
    let value = UInt32(truncatingIfNeeded: bits)
    return String(unsafeUninitializedCapacity: 18) { bytes in
      var count = 0
      func put(_ number: UInt8) {
        if number >= 100 {
          bytes[count] = 0x30 + number / 100
          count += 1
        }
        if number >= 10 {
          bytes[count] = 0x30 + number / 10 % 10
          count += 1
        }
        bytes[count] = 0x30 + number % 10
        count += 1
      }
      for shift in [24, 16, 8, 0] as [UInt32] {
        put(UInt8(truncatingIfNeeded: value >> shift))
        if shift > 0 {
          bytes[count] = UInt8(ascii: ".")
          count += 1
        }
      }
      if length != 32 {
        bytes[count] = UInt8(ascii: "/")
        count += 1
        put(UInt8(truncatingIfNeeded: length))
      }
      return count
    }
  }

  private func describeV6() -> String {
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128(112 - 16 * $0)) }
    if groups[0..<5].allSatisfy({ $0 == 0 }), groups[5] == 0xFFFF {
      return "::ffff:" + IPAddress(v4: UInt32(truncatingIfNeeded: bits)).description
    }
    var best = 0..<0
    var index = 0
    while index < 8 {
      var end = index
      while end < 8, groups[end] == 0 { end += 1 }
      if end - index > best.count, end - index >= 2 { best = index..<end }
      index = max(end, index + 1)
    }
    let hex = groups.map { String($0, radix: 16) }
    if best.isEmpty { return hex.joined(separator: ":") }
    return hex[..<best.lowerBound].joined(separator: ":") + "::" + hex[best.upperBound...].joined(separator: ":")
  }

  /// Reads dotted quads from bytes: four decimal numbers up to 255 without leading zeros.
  @inlinable
  public static func parseV4(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> UInt32? {
    var value: UInt32 = 0
    var part: UInt32 = 0
    var digits = 0
    var dots = 0
    for byte in bytes {
      if byte == 0x2E {
        guard digits > 0, dots < 3 else { return nil }
        value = value << 8 | part
        part = 0
        digits = 0
        dots += 1
      } else {
        guard byte >= 0x30, byte <= 0x39, !(digits > 0 && part == 0) else { return nil }
        part = part * 10 + UInt32(byte &- 0x30)
        digits += 1
        guard part <= 255 else { return nil }
      }
    }
    return dots == 3 && digits > 0 ? value << 8 | part : nil
  }

  /// Reads RFC 4291 text from bytes, embedded IPv4 included, zones excluded.
  public static func parseV6(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> UInt128? {
    guard bytes.count >= 2, bytes.count <= 45 else { return nil }
    var groups: [UInt16] = []
    var gap: Int?
    var index = bytes.startIndex
    let end = bytes.endIndex
    if bytes[index] == 0x3A {
      guard bytes[index + 1] == 0x3A else { return nil }
      gap = 0
      index += 2
    }
    while index < end {
      guard groups.count < 8 else { return nil }
      let start = index
      var value: UInt32 = 0
      while index < end, let digit = hexDigit(bytes[index]) {
        value = value << 4 | UInt32(digit)
        guard index - start < 4 else { return nil }
        index += 1
      }
      if index < end, bytes[index] == 0x2E {
        guard groups.count <= 6, let v4 = parseV4(bytes[start..<end]) else { return nil }
        groups.append(UInt16(truncatingIfNeeded: v4 >> 16))
        groups.append(UInt16(truncatingIfNeeded: v4))
        index = end
        break
      }
      guard index > start else { return nil }
      groups.append(UInt16(truncatingIfNeeded: value))
      guard index < end else { break }
      guard bytes[index] == 0x3A, index + 1 < end else { return nil }
      index += 1
      if bytes[index] == 0x3A {
        guard gap == nil else { return nil }
        gap = groups.count
        index += 1
      }
    }
    if let gap {
      guard groups.count < 8 else { return nil }
      groups.insert(contentsOf: [UInt16](repeating: 0, count: 8 - groups.count), at: gap)
    }
    guard groups.count == 8 else { return nil }
    return groups.reduce(UInt128(0)) { $0 << 16 | UInt128($1) }
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }
}
