// The one place that encodes JSON; FoundationEssentials brings no internationalisation data with it.
internal import FoundationEssentials

/// Encodes values as JSON: keys sorted, so that equal values are equal bytes.
enum JSONText {
  /// Several lines, for documents.
  static func pretty(_ value: some Encodable) -> String { encode(value, [.prettyPrinted]) + "\n" }

  /// One line, for streams of objects.
  static func line(_ value: some Encodable) -> String { encode(value, []) + "\n" }

  private static func encode(_ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
    // Our values hold strings, integers, arrays and objects only: nothing that JSON cannot say.
    guard let data = try? encoder.encode(value) else { return "null" }
    return harmless(String(decoding: data, as: UTF8.self))
  }

  /// The same document with DEL, C1 controls and direction marks, which JSON lets stand, as escapes: someone prints it.
  private static func harmless(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isHarmful) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if isHarmful(scalar) {
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool { scalar != "\n" && Harmless.isHarmful(scalar) }
}
