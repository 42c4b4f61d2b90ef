import Compliance
import SourceText
import Testing

@testable import Reporting

/// What files contain reaches no channel as it is.
struct EscapingTests {
  private static let hostile = "a\n::error::x\r\u{1B}[31mred\u{202E}|<script>`%0A,b:c"

  private static var report: CheckReport {
    let location = Location(path: "x\n::error::y,z.nft", line: 1, column: 1, endLine: 1, endColumn: 2)
    let finding = Finding(
      code: "FW203", severity: .error, message: hostile, firewall: "f", location: location, remediation: hostile,
      fingerprint: "0")
    return CheckReport(
      inputs: [], requirements: [], findings: [finding],
      sources: [location.path: SourceFile(path: location.path, text: "\u{1B}]0;title\u{7}\n")])
  }

  @Test func terminalsSeePictures() {
    #expect(Harmless.line("a\u{1B}b\u{7F}\u{9B}c\n\u{202E}é") == "a␛b␡\\u{9b}c␊\\u{202e}é")
    #expect(Harmless.lines("a\nb\r\n") == "a\nb␍\n")
    for text in [TextReport(Self.report).render(), ConciseReport.render(Self.report)] {
      #expect(!text.unicodeScalars.contains { $0 != "\n" && ($0.value < 0x20 || (0x7F..<0xA0).contains($0.value)) })
      #expect(!text.contains("\n::error"))
    }
  }

  @Test func workflowCommandsCannotBeForged() {
    let text = GitHubReport.render(Self.report)
    #expect(text.split(separator: "\n").count == 1)
    #expect(text.hasPrefix("::error file=x%0A%3A%3Aerror%3A%3Ay%2Cz.nft,line=1,"))
    #expect(!text.unicodeScalars.contains("\u{1B}"))
    #expect(text.contains("%250A"))
  }

  @Test func markupStaysText() {
    let markdown = MarkdownReport.render(Self.report)
    #expect(!markdown.contains("<script>"))
    #expect(markdown.contains("&#60;script&#62;"))
    let junit = JUnitReport.render(Self.report)
    #expect(junit.contains("&lt;script&gt;"))
    #expect(!junit.unicodeScalars.contains("\u{1B}"))
  }

  @Test func addressesOfFilesAreURIs() {
    #expect(SARIFReport.uri("a b/ü%.nft") == "a%20b/%C3%BC%25.nft")
  }
}
