import SourceText

/// Reads YAML 1.1 (and so JSON) into nodes that know their bytes.
///
/// Hostile input ends in an error, never in a crash or a long wait: aliases are resolved without copying, sizes are
/// counted before anything is expanded, and nothing recurses.
public enum YAMLDocument {
  /// Reads all documents of a file.
  ///
  /// A document with a syntax error is left out, with an error at its place; those before it are returned. Of a
  /// mapping that gives a key twice both entries are returned, with an error that names both lines.
  public static func parse(
    _ source: SourceFile, limits: YAMLLimits = .standard
  ) -> (documents: [YAMLNode], diagnostics: [Diagnostic]) {
    let bytes = source.bytes
    if let encoding = foreignEncoding(bytes) {
      let message = "the file is encoded in \(encoding); fwlint reads UTF-8"
      return ([], [Diagnostic(.error, message, range: SourceRange(0, min(bytes.count, 4)))])
    }
    if let excess = excessTagDirective(bytes, limit: limits.tagDirectives) {
      let message = "the file has more than \(limits.tagDirectives) %TAG directives"
      return ([], [Diagnostic(.error, message, range: excess)])
    }
    let base = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    let offsets = CharacterOffsets(bytes: bytes, base: base)
    var builder = TreeBuilder(source: source, offsets: offsets, limits: limits)
    (SurrogatePairs.rewritten(bytes) ?? bytes).withUnsafeBufferPointer { buffer in
      let reader = EventReader(UnsafeBufferPointer(rebasing: buffer[base...]))
      while !builder.isFinished, !builder.hasStopped {
        if let failure = reader.next({ builder.take($0) }) {
          report(failure, base: base, offsets, bytes, to: &builder)
          break
        }
      }
    }
    return (builder.documents(), builder.diagnostics)
  }

  private static func report(
    _ failure: EventReader.Failure, base: Int, _ offsets: CharacterOffsets, _ bytes: [UInt8],
    to builder: inout TreeBuilder
  ) {
    let start = min(failure.byteOffset.map { $0 + base } ?? offsets.byteOffset(failure.character), bytes.count)
    // An error at the end of the file points at its last character, so that the range is not empty.
    let first = start == bytes.count && start > 0 ? start - 1 : start
    var end = min(first + 1, bytes.count)
    while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
    let range = SourceRange(first, end)
    let byte = start < bytes.count ? bytes[start] : nil
    let message: String
    if failure.byteOffset != nil, byte == 0 {
      message = "a NUL byte is not allowed in YAML"
    } else if failure.byteOffset != nil, let byte, byte >= 0x80 {
      message = "these bytes are not valid UTF-8 or not a character that YAML allows"
    } else if failure.byteOffset != nil, let byte {
      message = "the control character 0x\(String(byte, radix: 16)) is not allowed in YAML"
    } else if byte == 0x09 {
      message = "a tab cannot stand here: YAML is indented with spaces"
    } else {
      let context = failure.context.isEmpty ? "" : "\(failure.context): "
      message = "not valid YAML: \(context)\(failure.problem)"
    }
    builder.report(message, range)
  }

  /// The name of an encoding that is not UTF-8, by its byte order mark or the NUL bytes of its first character.
  private static func foreignEncoding(_ bytes: [UInt8]) -> String? {
    if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) { return "UTF-32" }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
    guard bytes.count >= 2 else { return nil }
    return (bytes[0] == 0) != (bytes[1] == 0) ? "UTF-16" : nil
  }

  /// The `%TAG` line that is one too many.
  private static func excessTagDirective(_ bytes: [UInt8], limit: Int) -> SourceRange? {
    guard bytes.contains(0x25) else { return nil }
    var found = 0
    var isLineStart = true
    for offset in bytes.indices {
      if isLineStart, bytes[offset...].starts(with: "%TAG".utf8) {
        found += 1
        if found > limit { return SourceRange(offset, offset + 4) }
      }
      isLineStart = bytes[offset] == 0x0A || bytes[offset] == 0x0D
    }
    return nil
  }
}
