import SourceText

extension YAMLDocument {
  /// The comments of a file, each from its `#` to the end of its line, in their order.
  ///
  /// A `#` begins a comment at the start of a line or behind a blank, and never inside of a scalar, quoted or not
  /// (YAML 1.2, 6.6). Behind a syntax error nothing is known, and no comment is found there.
  public static func comments(_ source: SourceFile) -> [SourceRange] {
    let bytes = source.bytes
    let (documents, diagnostics) = parse(source)
    guard let nodes = documents.first?.tree.nodes else { return [] }
    let known = diagnostics.isEmpty ? UInt32.max : nodes.map(\.range.end).max() ?? 0
    let scalars = nodes.filter { $0.kind == .scalar && $0.range.end > $0.range.start }.map(\.range)
      .sorted { ($0.start, $0.end) < ($1.start, $1.end) }
    var comments: [SourceRange] = []
    var next = 0
    var covered: UInt32 = 0
    var offset = 0
    while offset < bytes.count, offset < known {
      defer { offset += 1 }
      guard bytes[offset] == 0x23, offset == 0 || isBlankOrLineEnd(bytes[offset - 1]) else { continue }
      let place = UInt32(truncatingIfNeeded: offset)
      while next < scalars.count, scalars[next].start <= place {
        covered = max(covered, scalars[next].end)
        next += 1
      }
      if place < covered { continue }
      var end = offset
      while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D { end += 1 }
      comments.append(SourceRange(offset, end))
      offset = end
    }
    return comments
  }

  private static func isBlankOrLineEnd(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }
}
