/// Swift source as far as a reader needs it that looks for words: the code without comments and without what is quoted.
struct SwiftText {
  /// The lines of code; what was a comment or text is gone, so that columns differ.
  private(set) var code: [String] = []
  /// The lines as they stand.
  let lines: [Substring]

  private enum Mode {
    case code
    case lineComment
    case blockComment
    case text(hashes: Int, isMultiline: Bool)
  }

  init(_ source: String) {
    lines = source.split(separator: "\n", omittingEmptySubsequences: false)
    let bytes = Array(source.utf8)
    var kept: [UInt8] = []
    var modes: [Mode] = [.code]
    // Open parentheses of an interpolation, one count for each level of nesting.
    var parentheses: [Int] = []
    var offset = 0
    func starts(_ text: String, at place: Int) -> Bool { bytes[place...].starts(with: text.utf8) }
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\n") { kept.append(byte) }
      switch modes.last ?? .code {
      case .lineComment:
        if byte == UInt8(ascii: "\n") { modes.removeLast() }
        offset += 1
      case .blockComment:
        if starts("*/", at: offset) { modes.removeLast() }
        offset += 1
      case .text(let hashes, let isMultiline):
        let sharps = String(repeating: "#", count: hashes)
        let end = (isMultiline ? "\"\"\"" : "\"") + sharps
        if starts(end, at: offset) {
          modes.removeLast()
          offset += end.utf8.count
        } else if starts("\\\(sharps)(", at: offset) {
          modes.append(.code)
          parentheses.append(0)
          offset += 2 + hashes
        } else {
          offset += starts("\\\(sharps)", at: offset) ? 2 + hashes : 1
        }
      case .code:
        if starts("//", at: offset) {
          modes.append(.lineComment)
        } else if starts("/*", at: offset) {
          modes.append(.blockComment)
        } else if let (hashes, isMultiline) = Self.opening(bytes[offset...]) {
          modes.append(.text(hashes: hashes, isMultiline: isMultiline))
          kept.append(UInt8(ascii: "\""))
          offset += hashes + (isMultiline ? 3 : 1)
          continue
        } else if byte == UInt8(ascii: ")"), parentheses.last == 0 {
          parentheses.removeLast()
          modes.removeLast()
        } else {
          if byte == UInt8(ascii: "("), let last = parentheses.popLast() { parentheses.append(last + 1) }
          if byte == UInt8(ascii: ")"), let last = parentheses.popLast() { parentheses.append(last - 1) }
          if byte != UInt8(ascii: "\n") { kept.append(byte) }
        }
        offset += 1
      }
    }
    code = String(decoding: kept, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
  }

  /// The hashes before a quote that opens a text here, and whether it has several lines.
  private static func opening(_ bytes: ArraySlice<UInt8>) -> (hashes: Int, isMultiline: Bool)? {
    let hashes = bytes.prefix { $0 == UInt8(ascii: "#") }.count
    let rest = bytes.dropFirst(hashes)
    guard rest.first == UInt8(ascii: "\"") else { return nil }
    return (hashes, rest.starts(with: Array("\"\"\"".utf8)))
  }

  /// The numbers of lines of code that hold a text.
  func lineNumbers(where isFound: (String) -> Bool) -> [Int] {
    code.indices.filter { isFound(code[$0]) }.map { $0 + 1 }
  }

  /// Whether a line of code unwraps by force, or declares a type that does.
  static func unwrapsByForce(_ line: String) -> Bool {
    let bytes = Array(line.utf8)
    for index in bytes.indices.dropFirst() where bytes[index] == UInt8(ascii: "!") {
      let before = Unicode.Scalar(bytes[index - 1])
      let isOperand =
        before.properties.isAlphabetic || before.properties.numericType != nil
        || "_)]>\"".unicodeScalars.contains(before)
      let isComparison = index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "=")
      if isOperand, !isComparison { return true }
    }
    return false
  }

  /// The modules that it imports.
  var imports: [String] {
    code.compactMap { line in
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
        words[..<place].allSatisfy({ ["internal", "public", "private", "package", "fileprivate"].contains($0) })
      else { return nil }
      return String(words[place + 1])
    }
  }
}
