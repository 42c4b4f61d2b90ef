/// Keeps the contents of files that were not understood out of messages: they may hold anything, and may have been
/// reached by accident.
enum Discretion {
  /// A message in which what is quoted is cut out, unless it is a short plain word.
  static func withoutQuotes(_ message: String) -> String {
    let parts = message.split(separator: "'", omittingEmptySubsequences: false)
    guard parts.count > 1 else { return message }
    return parts.enumerated().map { index, part in
      index % 2 == 0 || isPlainWord(part) ? String(part) : "..."
    }.joined(separator: "'")
  }

  private static func isPlainWord(_ text: Substring) -> Bool {
    text.utf8.count <= 20
      && text.utf8.allSatisfy { byte in
        byte < 0x80 && (Unicode.Scalar(byte).properties.isAlphabetic || byte == UInt8(ascii: "-"))
      }
  }
}
