import Requirements
import SourceText
import Testing

/// Each file of Fixtures/requirements/mistakes and broken-policies holds its diagnostics.
///
/// `#  ^^^ error: text` blames the place above the carets in the last line that is no such comment, `#! error: text` the
/// first line that is no comment. A caret right after `#` stands for column 1 too.
@Suite("Mistakes are reported at their place")
struct MistakesTests {
  @Test("in site files", arguments: Folder.yamlFiles("mistakes"))
  func sites(file: String) throws {
    let source = try read("\(Folder.fixtures)/\(file)")
    let lines = LineIndex(source)
    let found = parseSite(source).diagnostics.map { describe($0, lines) }
    #expect(found.sorted() == expectations(source, lines).sorted())
  }

  @Test("in policies", arguments: Folder.yamlFiles("broken-policies"))
  func policies(file: String) throws {
    let source = try read("\(Folder.fixtures)/\(file)")
    let lines = LineIndex(source)
    let found = Policy.parse(source).diagnostics.map { describe($0, lines) }
    #expect(found.sorted() == expectations(source, lines).sorted())
  }

  private func expectations(_ source: SourceFile, _ lines: LineIndex) -> [String] {
    var expected: [String] = []
    var blamed = 0
    for line in 1...max(1, lines.lineCount) {
      let text = source.text(lines.range(ofLine: line))
      if text.hasPrefix("#! ") {
        let start = lines.position(at: start(of: source, lines))
        expected.append("\(start.line):\(start.column)-\(start.column) \(text.dropFirst(3))")
      } else if let first = text.firstIndex(of: "^"), text.hasPrefix("#"),
        text[..<first].dropFirst().allSatisfy({ $0 == " " })
      {
        let carets = text[first...].prefix { $0 == "^" }
        let column = text.distance(from: text.startIndex, to: first) + 1
        let end = column + carets.count
        expected.append("\(blamed):\(column == 2 ? 1 : column)-\(end)\(text[carets.endIndex...])")
      } else {
        blamed = line
      }
    }
    return expected
  }

  /// The first byte that is neither comment nor empty line.
  private func start(of source: SourceFile, _ lines: LineIndex) -> UInt32 {
    for line in 1...max(1, lines.lineCount) {
      let range = lines.range(ofLine: line)
      let text = source.text(range)
      if !text.isEmpty, !text.hasPrefix("#") { return range.start }
    }
    return 0
  }
}
