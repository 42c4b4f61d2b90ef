import Compliance
import FoundationEssentials
import Testing

@testable import Reporting

/// One object a line, whatever the texts hold.
@Suite("JSON Lines")
struct JSONLinesTests {
  private struct Line: Decodable {
    var type: String
  }

  @Test func everyLineIsAnObject() throws {
    let text = JSONLinesReport.render(HostileReport.report)
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    #expect(lines.last?.isEmpty == true)
    let types = try lines.dropLast().map { try JSONDecoder().decode(Line.self, from: Data(Array($0))).type }
    #expect(types.first == "run")
    #expect(types.last == "summary")
    #expect(types.count { $0 == "finding" } == 3)
    #expect(types.count { $0 == "suppressed" } == 1)
    #expect(types.count { $0 == "requirement" } == 1)
  }
}
