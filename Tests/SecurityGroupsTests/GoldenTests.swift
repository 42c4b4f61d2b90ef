import FoundationEssentials
import Testing

/// Each export of the fixtures against the rules and messages that stand in the `.rules` file beside it.
@Suite struct GoldenTests {
  static let exports = TestFiles.files(below: TestFiles.fixtures).filter {
    ["yaml", "json"].contains($0.pathExtension)
  }
  .map(\.lastPathComponent)

  @Test(arguments: exports)
  func rulesAreAsExpected(_ name: String) throws {
    let url = TestFiles.fixtures.appending(path: name)
    let reading = Reading(try TestFiles.source(url))
    let expected = try TestFiles.text(url.deletingPathExtension().appendingPathExtension("rules"))
    var lines = [reading.graph.map { "dialect \($0.dialect)" } ?? "no export"]
    lines += reading.graph?.groups.map { "group \($0.id)\($0.name.map { " (\($0))" } ?? "")" } ?? []
    lines += reading.rules + reading.messages
    #expect(lines == expected.split(separator: "\n").map(String.init))
  }

  @Test func thereAreFixtures() { #expect(Self.exports.count >= 10) }
}
