/// Stable names of findings: 64-bit FNV-1a of what identifies them, in hex.
enum Fingerprint {
  /// The hash of some parts; line numbers, message texts and folders do not belong among them.
  static func make(_ parts: [String]) -> String {
    var hash = FowlerNollVo()
    hash.add(parts.joined(separator: "\u{1F}"))
    return hash.hexadecimal
  }

  /// The fingerprint without the count that tells equal findings apart.
  static func base(_ fingerprint: String) -> String { String(fingerprint.prefix(16)) }

  /// A file or firewall in a fingerprint: its name without folders, as those depend on where one stands.
  static func file(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}

/// The hash FNV-1a in 64 bits.
struct FowlerNollVo {
  private var value: UInt64 = 0xCBF2_9CE4_8422_2325

  /// Adds the UTF-8 bytes of a text.
  mutating func add(_ text: String) {
    for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }

  /// Adds a number as a whole.
  mutating func add(_ number: UInt64) { value = ((value ^ number) &* 0x100_0000_01B3) ^ (value >> 29) }

  /// The value in 16 digits.
  var hexadecimal: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
