import SourceText
import Testing
import YAMLDocument

/// Reads a text.
func parse(_ text: String, limits: YAMLLimits = .standard) -> (documents: [YAMLNode], diagnostics: [Diagnostic]) {
  YAMLDocument.parse(SourceFile(path: "x.yaml", text: text), limits: limits)
}

/// A node as JSON-like text: plain scalars bare, others quoted, tags in front.
func show(_ node: YAMLNode) -> String {
  let tag = node.tag.map { $0 + " " } ?? ""
  switch node.kind {
  case .scalar:
    let text = node.scalar ?? "?"
    return tag + (node.isPlain ? text : "'\(text)'")
  case .sequence: return tag + "[" + (node.sequence ?? []).map(show).joined(separator: ", ") + "]"
  case .mapping:
    return tag + "{" + (node.mapping ?? []).map { "\(show($0.key)): \(show($0.value))" }.joined(separator: ", ") + "}"
  }
}

@Suite struct YAMLDocumentTests {
  @Test(arguments: [
    ("a: {b: [1, 'x', ~]}", ["{a: {b: [1, 'x', ~]}}"]),
    ("- a\n- b: 1\n  c:\n  - d\n", ["[a, {b: 1, c: [d]}]"]),
    ("", []),
    ("# only a comment\n", []),
    ("---\na: 1\n---\nb: 2\n...\n", ["{a: 1}", "{b: 2}"]),
    ("--- \n", [""]),
    ("{\"a\":1,\"b\":[true,null],\"c\":\"x\\/y\"}", ["{'a': 1, 'b': [true, null], 'c': 'x/y'}"]),
    ("{\n\t\"a\": {\n\t\t\"b\": \"c\"\n\t}\n}", ["{'a': {'b': 'c'}}"]),
    ("{\"a\" : \"\\u00e9\\ud83d\\ude00!\"}", ["{'a': 'é😀!'}"]),
    ("a: \"\\\\ud83d\\\\ude00\"", ["{a: '\\ud83d\\ude00'}"]),
    (
      "a: !Ref Group\nb: !!str 1\nc: !GetAtt [x, y]", ["{a: !Ref Group, b: tag:yaml.org,2002:str 1, c: !GetAtt [x, y]}"]
    ),
    ("a:\n  arn:aws:ec2\n  -more\n", ["{a: arn:aws:ec2 -more}"]),
    ("a: |\n  x\n  y\nb: >\n  x\n  y\n", ["{a: 'x\ny\n', b: 'x y\n'}"]),
    ("a: &x {b: 1}\nc: *x\n", ["{a: {b: 1}, c: {b: 1}}"]),
    ("a: 1\r\nb:\r\n- 2\r\n", ["{a: 1, b: [2]}"]),
    ("\u{FEFF}a: 1\n", ["{a: 1}"]),
    ("? [a, b]\n: 1\n", ["{[a, b]: 1}"]),
  ])
  func reads(_ text: String, _ expected: [String]) {
    let (documents, diagnostics) = parse(text)
    #expect(documents.map(show) == expected)
    #expect(diagnostics.isEmpty)
  }

  @Test(arguments: ["22:22", "022", "on", "off", "yes", "no", "0x16", "1_000", "1e3", "2001-01-01", "1:30:00", ".inf"])
  func guessesNoTypes(_ text: String) throws {
    let node = try #require(parse("a: \(text)").documents.first?["a"])
    #expect(node.scalar == text)
    #expect(node.isPlain)
    #expect(!node.isNull)
  }

  @Test(arguments: [("~", true), ("", true), ("null", true), ("NULL", true), ("'null'", false), ("!Ref", false)])
  func tellsNull(_ text: String, _ expected: Bool) throws {
    #expect(try #require(parse("a: \(text)").documents.first?["a"]).isNull == expected)
  }

  @Test(arguments: [
    ("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  b: 3\n", "{b: 3, c: 2}"),
    ("a: [&x {b: 1}, &y {b: 2, c: 3}]\nd: {<<: [*x, *y], e: 4}\n", "{e: 4, b: 1, c: 3}"),
    ("d: {'<<': 1}\n", "{'<<': 1}"),
  ])
  func mergesKeys(_ text: String, _ expected: String) throws {
    let (documents, diagnostics) = parse(text)
    #expect(show(try #require(documents.first?["d"])) == expected)
    #expect(diagnostics.isEmpty)
  }

  /// The node `a` of each text is the text between the angle brackets, which are not part of the document.
  @Test(arguments: [
    "a: ‹x›\nb: 1\n",
    "a: ‹'x y'›\n",
    "é: ü\na: ‹\"ö\"›\n",
    "\u{FEFF}a: ‹x›\n",
    "a:\n‹- 1\n- b: 2›\nc: 3\n",
    "a:\n  ‹b:\n  - 1\n  - 2›\n\n# comment\nc: 3\n",
    "a: ‹[1, {b: 2}]›\nc: 3\n",
    "a: ‹|\n  text\n  more›\n\nc: 3\n",
    "x: 1\r\na:\r\n- ‹b: 1\r\n  c: 2›\r\n- d\r\n",
    "x: \"\\ud83d\\ude00\"\na: ‹y›\n",
    "x: &x [1]\na: ‹*x›\n",
    "éé: \"\(String(repeating: "ü", count: 200))\"\na: ‹x›\n",
    "a: ‹[b, c]›",
  ])
  func knowsItsBytes(_ marked: String) throws {
    let start = try #require(marked.range(of: "‹"))
    let end = try #require(marked.range(of: "›"))
    let wanted = String(marked[start.upperBound..<end.lowerBound])
    let text = marked.filter { $0 != "‹" && $0 != "›" }
    let source = SourceFile(path: "x.yaml", text: text)
    var node = try #require(YAMLDocument.parse(source).documents.first?["a"])
    if let first = node.sequence?.first, first.kind == .mapping, !wanted.hasPrefix("-"), !wanted.hasPrefix("[") {
      node = first
    }
    #expect(source.text(node.range) == wanted)
    #expect(Int(node.range.start) == marked[..<start.lowerBound].utf8.count)
  }
}

extension String {
  /// The range of the first occurrence of a character.
  fileprivate func range(of character: Character) -> Range<String.Index>? {
    firstIndex(of: character).map { $0..<index(after: $0) }
  }
}
