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
    return String(decoding: data, as: UTF8.self)
  }
}
