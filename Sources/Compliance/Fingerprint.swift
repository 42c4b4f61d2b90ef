/// Stable names of findings: 64-bit FNV-1a of what identifies them, in hex.
enum Fingerprint {
  /// The hash of some parts; neither line numbers nor message texts belong among them.
  static func make(_ parts: [String]) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in parts.joined(separator: "\u{1F}").utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
