import SourceText
import Testing

/// Lines and columns, of ordinary files and of those that somebody wrote to make counting slow.
struct LineIndexTests {
  /// The position by counting everything before it.
  private func counted(_ bytes: [UInt8], _ offset: Int) -> SourcePosition {
    let before = bytes[..<min(offset, bytes.count)]
    let line = before.count { $0 == 0x0A } + 1
    let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return SourcePosition(line: line, column: before[start...].count { $0 & 0xC0 != 0x80 } + 1)
  }

  static let texts: [[UInt8]] = [
    [], Array("a".utf8), Array("a\nb\r\n\n".utf8), Array("é\nüü😀x\n".utf8), [0xFF, 0x80, 0x80, 0x0A, 0xC3],
    Array((String(repeating: "aé😀", count: 3000) + "\nb\n").utf8),
    Array((String(repeating: "x", count: 5000) + "\n" + String(repeating: "é", count: 4100)).utf8),
    [UInt8](repeating: 0x80, count: 9000), Array(String(repeating: "\n", count: 5000).utf8),
  ]

  @Test(arguments: texts)
  func positionsAreCounted(bytes: [UInt8]) {
    let index = LineIndex(SourceFile(path: "x", bytes: bytes))
    for offset in stride(from: 0, through: bytes.count + 2, by: max(1, bytes.count / 60)) {
      #expect(index.position(at: UInt32(offset)) == counted(bytes, offset), "\(offset)")
    }
  }

  @Test(arguments: texts)
  func columnsHaveTheirBytes(bytes: [UInt8]) {
    let source = SourceFile(path: "x", bytes: bytes)
    let index = LineIndex(source)
    for line in 1...max(1, min(index.lineCount, 5)) {
      let text = Array(
        String(decoding: bytes, as: UTF8.self).unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false))
      guard String(validating: bytes, as: UTF8.self) != nil, line <= text.count else { continue }
      let scalars = Array(text[line - 1]).filter { $0 != "\r" }
      #expect(index.width(ofLine: line) == scalars.count)
      for start in stride(from: 0, through: scalars.count, by: max(1, scalars.count / 40)) {
        let end = min(scalars.count, start + 30)
        let part = source.text(index.range(ofLine: line, columns: start..<end))
        #expect(Array(part.unicodeScalars) == Array(scalars[start..<end]), "\(line) \(start)")
      }
    }
  }

  /// Half a million places in one line of a megabyte.
  @Test(.timeLimit(.minutes(1))) func longLinesAreNotCountedAgainAndAgain() {
    let index = LineIndex(SourceFile(path: "x", bytes: [UInt8](repeating: 0x61, count: 1 << 20)))
    var total = 0
    for offset in stride(from: 0, to: 1 << 20, by: 32) { total += index.position(at: UInt32(offset)).column }
    #expect(total > 1 << 20)
  }
}
