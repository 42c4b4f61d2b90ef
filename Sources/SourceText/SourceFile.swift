/// A file that was read: its path as it is shown, and its bytes.
public struct SourceFile: Sendable {
  /// The path as given or as named by the site file, for display.
  public let path: String
  /// The contents.
  public let bytes: [UInt8]

  /// Makes a source file.
  public init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  /// Makes a source file of a text, for tests and embedded documents.
  public init(path: String, text: String) {
    self.init(path: path, bytes: Array(text.utf8))
  }

  /// The bytes of a range as text; invalid UTF-8 becomes U+FFFD.
  ///
  /// The range is clamped to the file.
  public func text(_ range: SourceRange) -> String {
    let start = min(Int(range.start), bytes.count)
    let end = max(start, min(Int(range.end), bytes.count))
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }
}
