import RuleGraph
import SourceText
import Testing

@testable import IptablesSave

/// Single lines of which iptables-restore itself said whether it takes them.
@Suite struct RestoreFixtureTests {
  /// Lines of a fixture: the dialect, and a dump that holds nothing else.
  private func dumps(_ name: String) throws -> [(dialect: Dialect, text: String)] {
    let source = try read("\(Folder.fixtures)/\(name).txt")
    let text = source.text(SourceRange(0, source.bytes.count))
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
      let words = line.split(separator: " ", maxSplits: 2).map(String.init)
      guard words.count == 3, let dialect = Dialect(rawValue: words[0]) else { return nil }
      return (dialect, "\(words[1])\n\(words[2])\nCOMMIT\n")
    }
  }

  private func errors(_ dump: (dialect: Dialect, text: String)) -> [String] {
    Parsed(dump.text, dialect: dump.dialect).messages.filter { $0.contains(" error: ") }
  }

  @Test func takesWhatIptablesRestoreTakes() throws {
    let dumps = try dumps("taken")
    #expect(dumps.count > 100)
    for dump in dumps { #expect(errors(dump).isEmpty, "\(dump.text)") }
  }

  @Test func refusesWhatIptablesRestoreRefuses() throws {
    let dumps = try dumps("refused")
    #expect(dumps.count > 100)
    for dump in dumps { #expect(!errors(dump).isEmpty, "\(dump.text)") }
  }
}
