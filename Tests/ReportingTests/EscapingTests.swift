import Compliance
import FoundationEssentials
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

  /// Every format takes a report whose every text is hostile: one document, one line a finding, no control characters.
  @Test func everyChannelIsSafe() throws {
    let report = HostileReport.report
    let texts = [
      "text": TextReport(report).render(), "concise": ConciseReport.render(report),
      "github": GitHubReport.render(report),
      "junit": JUnitReport.render(report), "markdown": MarkdownReport.render(report),
    ]
    for (name, text) in texts {
      let harmful = text.unicodeScalars.first { scalar in
        scalar != "\n" && scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar == "\u{202E}"
      }
      #expect(harmful == nil, "\(name)")
      #expect(!text.contains("\n::error::x"), "\(name)")
      if name != "text", name != "concise", name != "github" { #expect(!text.contains("<script>"), "\(name)") }
    }
    #expect(texts["concise"]?.split(separator: "\n").count == 3)
    #expect(texts["github"]?.split(separator: "\n").count == 3)
    #expect(texts["junit"]?.unicodeScalars.contains("\u{FFFE}") == false)
    for text in [
      JSONReport.render(report), GitLabReport.render(report), SARIFReport(report, version: "1").render(),
      GraphReport([]).json(),
    ] { _ = try JSONDecoder().decode(AnyJSON.self, from: Data(text.utf8)) }
  }

  /// Any JSON value.
  private struct AnyJSON: Decodable {
    init(from decoder: any Decoder) throws {
      if var list = try? decoder.unkeyedContainer() {
        while !list.isAtEnd { _ = try list.decode(AnyJSON.self) }
      } else if let object = try? decoder.container(keyedBy: Key.self) {
        for key in object.allKeys { _ = try object.decode(AnyJSON.self, forKey: key) }
      }
    }

    private struct Key: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init?(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { return nil }
    }
  }

  @Test func addressesOfFilesAreURIs() {
    #expect(SARIFReport.uri("a b/ü%.nft") == "a%20b/%C3%BC%25.nft")
  }
}
