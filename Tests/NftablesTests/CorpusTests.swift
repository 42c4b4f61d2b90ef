import Nftables
import RuleGraph
import SourceText
import Testing

@Suite struct CorpusTests {
  @Test("every rule that nft has listed is read")
  func listings() {
    guard let files = Corpora.files("nftables-shell/tests", [".nft"]) else { return }
    for file in files {
      let (graph, diagnostics) = Corpora.parse(file)
      #expect(graph.counts.unparsed == 0, "\(file) \(lines(diagnostics, graph))")
    }
  }

  @Test("rules of nft's own tests are read where they are marked ok")
  func acceptedRules() throws {
    guard let files = Corpora.files("nftables-py/tests/py", [".t"]) else { return }
    var count = 0
    var failures: [String] = []
    for file in files {
      let tests = RuleTestFile(String(decoding: Corpora.bytes(file), as: UTF8.self))
      for place in tests.places.indices {
        for chain in tests.places[place].chains {
          let (text, places) = tests.ruleset(
            place, chain: chain, rules: tests.rules.filter(\.isAccepted), elements: tests.elements.filter(\.isAccepted))
          let (graph, diagnostics) = parse(text)
          count += places.count
          let index = LineIndex(graph.sources[0])
          for diagnostic in diagnostics where diagnostic.severity == .error {
            let line = index.line(at: diagnostic.range.start)
            let name = file.split(separator: "/").suffix(2).joined(separator: "/")
            failures.append(
              "\(name):\(places[line]?.number ?? 0) [\(tests.places[place].family) \(chain)] "
                + "\(places[line]?.text ?? ""): \(diagnostic.message)")
          }
        }
      }
    }
    print("rules and elements marked ok: \(count), not read: \(failures.count)")
    #expect(failures.isEmpty, "\(failures.prefix(60).joined(separator: "\n"))")
  }

  @Test("rules that nft rejects for what they say are reported")
  func rejectedRules() throws {
    guard let files = Corpora.files("nftables-py/tests/py", [".t"]) else { return }
    var rejected = 0
    var missed: [String] = []
    for file in files {
      let tests = RuleTestFile(String(decoding: Corpora.bytes(file), as: UTF8.self))
      guard let chain = tests.places.first?.chains.first else { continue }
      for line in (tests.rules + tests.elements) where !line.isAccepted {
        let isElement = line.text.hasPrefix("?")
        let elements = tests.elements.filter { $0.isAccepted && $0.number < line.number } + (isElement ? [line] : [])
        let (text, _) = tests.ruleset(
          0, chain: chain, rules: isElement ? [] : [line], elements: elements, upTo: line.number)
        let (_, diagnostics) = parse(text)
        rejected += 1
        if !diagnostics.contains(where: { $0.severity == .error }) {
          missed.append("\(file.split(separator: "/").suffix(2).joined(separator: "/")):\(line.number) \(line.text)")
        }
      }
    }
    print("lines marked fail: \(rejected), without a report: \(missed.count)")
    #expect(missed.isEmpty, "\(missed.joined(separator: "\n"))")
  }
}
