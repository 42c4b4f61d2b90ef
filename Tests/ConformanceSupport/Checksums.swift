/// The checksums of the protocols that the suite sends; connection tracking calls a wrong one invalid.
enum Checksums {
  /// The Internet checksum (RFC 1071) over some bytes.
  static func internet(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    var index = 0
    while index + 1 < bytes.count {
      sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
      index += 2
    }
    if index < bytes.count { sum += UInt32(bytes[index]) << 8 }
    while sum >> 16 != 0 { sum = sum & 0xFFFF + sum >> 16 }
    return ~UInt16(truncatingIfNeeded: sum)
  }

  /// CRC-32C (RFC 9260, appendix A), as the four bytes of an SCTP header.
  static func crc32c(_ bytes: [UInt8]) -> [UInt8] {
    var crc: UInt32 = .max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }
    crc = ~crc
    return [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: crc >> $0) }
  }
}

extension FixedWidthInteger {
  /// The bytes in network order.
  var networkBytes: [UInt8] {
    stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> Self($0)) }
  }
}
