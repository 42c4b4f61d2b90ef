import FoundationEssentials
import RuleGraph
import SourceText
import Testing

/// Held against the installed nft, which reads each file in a network namespace of its own.
@Suite struct InstalledNftTests {
  /// Errors about the system rather than the text, and words that came after nft 1.0.6.
  private static let otherReasons = [
    "Interface does not exist", "User does not exist", "Could not resolve", "No such file", "cgroupv2 path fails",
    "unexpected table, expecting string", "invalid priority expression", "Could not process rule",
  ]

  @Test("real files: what nft accepts is read, where nft stops is reported")
  func realFiles() {
    guard InstalledNft.isUsable, let mined = Corpora.files("verified-nftables", [".nft"]),
      let routers = Corpora.files("router-repos", [".conf", ".nft"])
    else { return }
    var accepted = 0
    var rejected = 0
    // Every other file keeps the test short.
    for (index, file) in (mined + routers).enumerated() where index % 2 == 0 {
      let (graph, diagnostics) = Corpora.parse(file)
      let (accepts, errors) = InstalledNft.errors(file)
      if accepts {
        accepted += 1
        #expect(graph.counts.unparsed == 0, "\(file) \(lines(diagnostics, graph))")
        #expect(!diagnostics.contains { $0.severity == .error }, "\(file) \(lines(diagnostics, graph))")
      } else if let first = errors.first, !Self.otherReasons.contains(where: { first.message.contains($0) }) {
        rejected += 1
        let starts = LineIndex(graph.sources[0])
        let reported = diagnostics.contains { $0.file == 0 && starts.line(at: $0.range.start) == first.line }
        #expect(reported, "\(file):\(first.line) \(first.message)")
      }
    }
    print("real files that nft accepts: \(accepted), rejects for their text: \(rejected)")
  }

  @Test("lines marked fail: what nft rejects for its text is reported")
  func failingLines() throws {
    guard InstalledNft.isUsable, let files = Corpora.files("nftables-py/tests/py", [".t"]) else { return }
    var rejected = 0
    var tried = 0
    let path = FileManager.default.temporaryDirectory.path + "/fwlint-failing-line.nft"
    for file in files {
      let tests = RuleTestFile(String(decoding: Corpora.bytes(file), as: UTF8.self))
      guard let chain = tests.places.first?.chains.first else { continue }
      for line in tests.rules where !line.isAccepted {
        tried += 1
        // Every other line keeps the test short.
        if tried % 2 == 0 { continue }
        let (text, _) = tests.ruleset(0, chain: chain, rules: [line], elements: [], upTo: line.number)
        _ = FileManager.default.createFile(atPath: path, contents: Data(text.utf8))
        guard !InstalledNft.errors(path).accepts else { continue }
        rejected += 1
        let (_, diagnostics) = parse(text)
        #expect(diagnostics.contains { $0.severity == .error }, "\(file):\(line.number) \(line.text)")
      }
    }
    try? FileManager.default.removeItem(atPath: path)
    print("lines marked fail that the installed nft rejects: \(rejected)")
  }
}
