import RuleGraph
import SourceText
import Testing

@testable import IptablesSave

/// A case of the test files of iptables' own extensions: a rule, where it stands, and whether iptables takes it.
private struct ExtensionCase {
  var file: String
  var line: Int
  var rule: String
  var isAccepted: Bool
  var table: String
  var chains: [String]
  var dialect: Dialect

  /// The rule in each of its chains, as a dump.
  var dump: String {
    "*\(table)\n" + chains.map { "-A \($0) \(rule)\n" }.joined() + "COMMIT\n"
  }

  /// Reads `:CHAINS`, `*table` and `rule;normal form;OK|FAIL` lines.
  static func read(_ path: String) throws -> [ExtensionCase] {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let dialects: [Dialect] =
      name.hasPrefix("libip6t") ? [.ip6tables] : name.hasPrefix("libipt_") ? [.iptables] : [.iptables, .ip6tables]
    var cases: [ExtensionCase] = []
    var chains: [String] = []
    var table = "filter"
    let source = try IptablesSaveTests.read(path)
    let text = source.text(SourceRange(0, source.bytes.count))
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      guard let first = line.first, !"#@%".contains(first) else { continue }
      if first == ":" {
        chains = line.dropFirst().split(separator: ",").map(String.init)
        table = "filter"
      } else if first == "*" {
        table = String(line.dropFirst())
      } else {
        let fields = line.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
        guard fields.count >= 3 else { continue }
        cases += dialects.map {
          ExtensionCase(
            file: name, line: index + 1, rule: fields[0], isAccepted: fields[2] == "OK", table: table, chains: chains,
            dialect: $0)
        }
      }
    }
    return cases
  }
}

@Suite struct ExtensionSuiteTests {
  /// Cases that iptables refuses for the sake of the host it runs on, which fwlint does not see.
  private static let dependOnHost = [
    "libxt_SET.t:3",  // the set does not exist
    "libxt_nfacct.t:8",  // the accounting object does not exist
    "libxt_TCPMSS.t:4",  // refused by the legacy variant only
  ]

  @Test func acceptsAndRefusesWhatIptablesDoes() throws {
    guard Folder.hasCorpus("iptables-ext") else { return }
    let files = Folder.files(below: "\(Folder.corpora)/iptables-ext/extensions").filter {
      $0.hasSuffix(".t") && !$0.contains("libebt_") && !$0.contains("libarpt_")
    }
    var count = (accepted: 0, refused: 0)
    for example in try files.flatMap(ExtensionCase.read) {
      let parsed = Parsed(example.dump, dialect: example.dialect)
      let errors = parsed.messages.filter { $0.contains(" error: ") }
      let place = "\(example.file):\(example.line)"
      if example.isAccepted {
        count.accepted += 1
        #expect(errors.isEmpty, "\(place) \(example.dialect): \(example.rule)")
        #expect(parsed.graph.counts.unparsed == 0, "\(place): \(example.rule)")
      } else {
        count.refused += 1
        #expect(
          errors.isEmpty == Self.dependOnHost.contains(place), "\(place) \(example.dialect): \(example.rule)")
      }
      #expect(parsed.graph.counts.rules == example.chains.count, "\(place)")
    }
    #expect(count.accepted > 980 && count.refused > 370, "\(count)")
  }
}
