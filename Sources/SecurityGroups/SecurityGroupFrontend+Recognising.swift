extension SecurityGroupFrontend {
  /// Whether bytes look like YAML or JSON at all; looks at the first line that says something.
  ///
  /// Rule sets of nft and iptables are neither: their first lines are no key with a colon, no list and no brace.
  public static func recognises(_ bytes: [UInt8]) -> Bool {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return true }
    if bytes.count >= 2, (bytes[0] == 0) != (bytes[1] == 0) { return true }
    return bytes.withUnsafeBufferPointer { buffer in
      var offset = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      while offset < buffer.count {
        var end = offset
        while end < buffer.count, buffer[end] != 0x0A { end += 1 }
        var line = buffer[offset..<end]
        while let last = line.last, last == 0x0D || last == 0x20 || last == 0x09 { line = line.dropLast() }
        while let first = line.first, first == 0x20 || first == 0x09 { line = line.dropFirst() }
        offset = end + 1
        guard let first = line.first, first != UInt8(ascii: "#") else { continue }
        return first == UInt8(ascii: "%") || startsDocument(line)
      }
      return false
    }
  }

  private static func startsDocument(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    guard let first = line.first else { return false }
    if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { return true }
    if line.elementsEqual("---".utf8) || line.starts(with: "--- ".utf8) { return true }
    if first == UInt8(ascii: "-") { return line.count == 1 || line[line.startIndex + 1] == 0x20 }
    return startsMapping(line)
  }

  /// Whether a line begins with a key: a word, or a quoted text, with a colon and a space or nothing behind it.
  private static func startsMapping(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    var rest = line[...]
    if let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      rest = rest.dropFirst()
      guard let close = rest.firstIndex(of: quote) else { return false }
      rest = rest[(close + 1)...]
    } else {
      guard let first = rest.first, isWord(first), !(0x30...0x39).contains(first) else { return false }
      rest = rest.drop { isWord($0) }
    }
    rest = rest.drop { $0 == 0x20 }
    guard rest.first == UInt8(ascii: ":") else { return false }
    return rest.count == 1 || rest[rest.startIndex + 1] == 0x20
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x24, 0x2D, 0x2E, 0x2F: true
    default: false
    }
  }
}
