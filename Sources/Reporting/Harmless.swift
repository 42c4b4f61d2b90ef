/// Makes text that came from files safe to print: no control character reaches a terminal or a log as it is.
public enum Harmless {
  /// The text with control characters, line ends and direction marks written out.
  ///
  /// C0 controls become their pictures (U+2400 and on), DEL U+2421, C1 controls, line separators and bidirectional
  /// marks become `\u{..}`.
  public static func line(_ text: some StringProtocol) -> String {
    guard text.unicodeScalars.contains(where: isHarmful) else { return String(text) }
    var result = ""
    for scalar in text.unicodeScalars { result.unicodeScalars.append(contentsOf: replacement(scalar)) }
    return result
  }

  /// The same for a text of several lines: LF stays.
  public static func lines(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0 != "\n" && isHarmful($0) }) else { return text }
    // By scalars: CR LF is a single character.
    var result = ""
    for scalar in text.unicodeScalars {
      result.unicodeScalars.append(contentsOf: scalar == "\n" ? [scalar] : replacement(scalar))
    }
    return result
  }

  static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
    default: false
    }
  }

  private static func replacement(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    guard isHarmful(scalar) else { return [scalar] }
    if scalar.value < 0x20, let picture = Unicode.Scalar(0x2400 + scalar.value) { return [picture] }
    if scalar.value == 0x7F { return ["\u{2421}"] }
    return Array("\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
  }
}
