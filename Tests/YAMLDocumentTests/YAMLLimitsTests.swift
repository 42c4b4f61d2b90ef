import SourceText
import Testing
import YAMLDocument

@Suite struct YAMLLimitsTests {
  /// A text, what its only error says in part, and where it is as line and column.
  @Test(arguments: [
    ("a: [1, 2\nb: 3\n", "did not find expected ',' or ']'", 2, 2),
    ("a: 'x\n", "found unexpected end of stream", 1, 6),
    ("{\"a\": [", "did not find expected", 1, 7),
    ("a:\n\t- b\n", "a tab cannot stand here", 2, 1),
    ("a: x\0y\n", "a NUL byte", 1, 5),
    ("a: \u{1B}[31m\n", "the control character 0x1b", 1, 4),
    ("a: \"\\ud83d\"\n", "Unicode", 1, 7),
    ("a: *x\n", "the alias '*x' has no anchor before it", 1, 4),
    ("a: &x [*x]\n", "the alias '*x' stands inside of what it refers to", 1, 8),
    ("a: &x\n  <<: *x\n", "the alias '*x' stands inside of what it refers to", 2, 7),
    ("a: 1\n---\nb: &x 1\n---\nc: *x\n", "has no anchor before it", 5, 4),
    ("a: 1\nb: 2\na: 3\n", "the key 'a' on line 3 is already given on line 1", 3, 1),
    ("{\"a\": 1,\n a: 2}\n", "the key 'a' on line 2 is already given on line 1", 2, 2),
    ("a: {<<: [1]}\n", "a merge key '<<' takes a mapping", 1, 10),
    ("a: b: c\n", "mapping values are not allowed", 1, 5),
  ])
  func reports(_ text: String, _ message: String, _ line: Int, _ column: Int) throws {
    let source = SourceFile(path: "x.yaml", text: text)
    let diagnostics = YAMLDocument.parse(source).diagnostics
    #expect(diagnostics.count == 1)
    let diagnostic = try #require(diagnostics.first)
    #expect(diagnostic.severity == .error)
    #expect(diagnostic.message.contains(message), "\(diagnostic.message)")
    #expect(
      LineIndex(source).position(at: diagnostic.range.start) == SourcePosition(line: line, column: column),
      "\(diagnostic)")
    #expect(diagnostic.range.end > diagnostic.range.start)
    #expect(Int(diagnostic.range.end) <= source.bytes.count)
  }

  @Test(
    arguments: [
      ([0xFF, 0xFE, 0x61, 0x00], "UTF-16"), ([0xFE, 0xFF, 0x00, 0x61], "UTF-16"), ([0x61, 0x00, 0x3A, 0x00], "UTF-16"),
      ([0x00, 0x61, 0x00, 0x3A], "UTF-16"), ([0xFF, 0xFE, 0x00, 0x00], "UTF-32"), ([0x61, 0x3A, 0x20, 0xFF], "UTF-8"),
      ([0x61, 0x3A, 0x20, 0xC3], "UTF-8"), ([0x61, 0x3A, 0x20, 0xED, 0xA0, 0x80], "UTF-8"),
    ] as [([UInt8], String)])
  func namesTheEncoding(_ bytes: [UInt8], _ message: String) throws {
    let diagnostics = YAMLDocument.parse(SourceFile(path: "x", bytes: bytes)).diagnostics
    #expect(diagnostics.count == 1)
    #expect(try #require(diagnostics.first).message.contains(message), "\(diagnostics)")
  }

  @Test func keepsDocumentsBeforeAnError() {
    let (documents, diagnostics) = parse("a: 1\n---\nb: [\n")
    #expect(documents.map(show) == ["{a: 1}"])
    #expect(diagnostics.count == 1)
  }

  @Test func keepsBothEntriesOfADuplicateKey() {
    #expect(parse("a: 1\na: 2\n").documents.map(show) == ["{a: 1, a: 2}"])
  }

  @Test(.timeLimit(.minutes(1))) func stopsAliasBombs() {
    var text = "l0: &l0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...20 {
      let aliases = Array(repeating: "*l\(level - 1)", count: 9).joined(separator: ", ")
      text += "l\(level): &l\(level) [\(aliases)]\n"
    }
    let (documents, diagnostics) = parse(text)
    #expect(documents.isEmpty)
    #expect(diagnostics.map(\.message) == ["the document has more than 4000000 nodes once its aliases are expanded"])
  }

  @Test func countsDepthThroughAliases() {
    var text = "l0: &l0 [x]\n"
    for level in 1...80 { text += "l\(level): &l\(level) [*l\(level - 1)]\n" }
    #expect(parse(text).diagnostics.map(\.message).first?.contains("deeper than 64 levels through") == true)
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["[", "{a: ", "- ", "? ", "!a [", "[\n"])
  func stopsAtDeepNesting(_ opening: String) {
    let (documents, diagnostics) = parse(String(repeating: opening, count: 100_000))
    #expect(documents.isEmpty)
    #expect(diagnostics.count == 1)
    #expect(diagnostics.first?.message.contains("nested deeper than 64 levels") == true, "\(diagnostics)")
  }

  @Test func allowsNestingUpToTheLimit() {
    let text = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(parse(text).diagnostics.isEmpty)
    #expect(parse("[" + text + "]").diagnostics.count == 1)
  }

  @Test func limitsScalars() {
    let text = "a: " + String(repeating: "x", count: 1 << 20)
    #expect(parse(text).diagnostics.isEmpty)
    #expect(parse(text + "x").diagnostics.map(\.message) == ["a scalar is longer than 1048576 bytes"])
  }

  @Test func limitsNodes() {
    let limits = YAMLLimits(nodes: 4)
    #expect(parse("[1, 2, 3]", limits: limits).diagnostics.isEmpty)
    #expect(parse("[1, 2, 3, 4]", limits: limits).diagnostics.count == 1)
    #expect(parse("---\n1\n---\n2\n---\n3\n---\n4\n---\n5\n", limits: limits).diagnostics.count == 1)
  }

  @Test(.timeLimit(.minutes(1))) func reportsAFewOfManyDuplicates() {
    let text = String(repeating: "a: 1\n", count: 200_000)
    #expect(parse(text).diagnostics.count == 100)
  }

  @Test(.timeLimit(.minutes(1))) func survivesManyOfEverything() {
    let anchors = (0..<50_000).map { "- &a\($0) x\n" }.joined()
    #expect(parse(anchors).documents.first?.count == 50_000)
    #expect(parse(String(repeating: "---\na\n", count: 50_000)).documents.count == 50_000)
    let keys = (0..<50_000).map { "k\($0): x\n" }.joined()
    #expect(parse(keys).documents.first?.count == 50_000)
    let directives = (0..<50_000).map { "%TAG !t\($0)! x\n" }.joined()
    #expect(parse(directives + "--- a\n").diagnostics.map(\.message) == ["the file has more than 100 %TAG directives"])
  }

  @Test(.timeLimit(.minutes(1))) func boundsMerges() {
    let keys = (0..<1000).map { "k\($0): x" }.joined(separator: ", ")
    let text = "a: &a {\(keys)}\nb:\n  <<: [\(Array(repeating: "*a", count: 5000).joined(separator: ", "))]\n"
    #expect(parse(text).diagnostics.map(\.message).first?.contains("4000000 nodes") == true)
  }

  /// Every prefix of a document, and every document with one byte changed, ends with an answer.
  @Test(.timeLimit(.minutes(1))) func survivesDamage() {
    let text = "a: &x [1, 'b', \"\\u00e9\\ud83d\\ude00\"]\r\nc:\n- d: |\n    é\n  <<: {e: !Ref *x}\n---\n? [f]\n: *x\n"
    let bytes = Array(text.utf8)
    for end in 0...bytes.count { check(Array(bytes[..<end])) }
    for offset in bytes.indices {
      for value: UInt8 in [0x00, 0x09, 0x0A, 0x0D, 0x20, 0x22, 0x26, 0x2A, 0x3A, 0x5C, 0x5B, 0x7D, 0x80, 0xC3, 0xFF] {
        var changed = bytes
        changed[offset] = value
        check(changed)
      }
    }
  }

  private func check(_ bytes: [UInt8]) {
    let (documents, diagnostics) = YAMLDocument.parse(SourceFile(path: "x", bytes: bytes))
    for document in documents { _ = show(document) }
    for diagnostic in diagnostics {
      #expect(diagnostic.range.start <= diagnostic.range.end && Int(diagnostic.range.end) <= bytes.count)
    }
  }
}
