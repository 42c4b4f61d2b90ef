import FoundationEssentials
import Nftables
import SourceText
import Testing

/// Typical mistakes, and what is said about each at which place.
///
/// In the fixture `# NAME` begins a mistake, lines behind `| ` are the text, a caret stands below the column that a
/// message is about, and the last line counts the rules that are read and those that are not.
@Suite struct MistakeTests {
  static let golden: String = {
    var path = #filePath.split(separator: "/")
    path.removeLast(3)
    let file = "/" + path.joined(separator: "/") + "/Fixtures/nftables/mistakes.txt"
    return FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }()

  /// The mistakes of the fixture, each as it stands there.
  static let mistakes: [String] = {
    var blocks: [[Substring]] = []
    for line in golden.split(separator: "\n") {
      if line.hasPrefix("# ") { blocks.append([]) }
      if !blocks.isEmpty { blocks[blocks.count - 1].append(line) }
    }
    return blocks.map { $0.joined(separator: "\n") }
  }()

  /// The text of a mistake with what is said about it now.
  static func annotated(_ mistake: String) -> String {
    let lines = mistake.split(separator: "\n", omittingEmptySubsequences: false)
    let text = lines.filter { $0.hasPrefix("| ") }.map { $0.dropFirst(2) }
    let (graph, diagnostics) = parse(text.joined(separator: "\n") + "\n")
    let index = LineIndex(graph.sources[0])
    var output = lines.prefix(1).map(String.init)
    for (number, line) in text.enumerated() {
      output.append("| " + line)
      for diagnostic in diagnostics {
        let position = index.position(at: diagnostic.range.start)
        guard position.line == number + 1 else { continue }
        let blanks = String(repeating: " ", count: position.column + 1)
        output.append("\(blanks)^ \(diagnostic.severity.rawValue): \(diagnostic.message)")
      }
    }
    let counts = graph.counts
    output.append("= \(counts.exact + counts.approximated) read, \(counts.unparsed) not read")
    return output.joined(separator: "\n")
  }

  @Test("mistakes are reported where they are made, and cost nothing else", arguments: mistakes)
  func mistake(_ mistake: String) { #expect(Self.annotated(mistake) == mistake) }

  @Test func thereAreMistakes() { #expect(Self.mistakes.count >= 40) }
}
