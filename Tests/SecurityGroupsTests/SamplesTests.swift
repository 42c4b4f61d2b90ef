import FoundationEssentials
import RuleGraph
import SecurityGroups
import Testing

/// Documents of real clients and other projects, beside the repository; without them the tests say so and pass.
@Suite struct SamplesTests {
  struct Tally: Equatable {
    var exports = 0
    var groups = 0
    var rules = 0
    var unparsed = 0
  }

  private func tally(_ folder: String) throws -> Tally? {
    let files = TestFiles.files(below: TestFiles.shared.appending(path: folder))
      .filter { ["yaml", "yml", "json"].contains($0.pathExtension) }
    guard !files.isEmpty else {
      print("skipped: \(folder) is not there")
      return nil
    }
    var tally = Tally()
    for file in files {
      let reading = Reading(try TestFiles.source(file))
      #expect(reading.graph != nil || !reading.diagnostics.isEmpty, "\(file.lastPathComponent)")
      guard let graph = reading.graph else { continue }
      tally.exports += 1
      tally.groups += graph.groups.count
      tally.rules += graph.counts.rules
      tally.unparsed += graph.counts.unparsed
    }
    return tally
  }

  @Test(arguments: [
    ("sg-samples", Tally(exports: 0, groups: 0, rules: 0, unparsed: 0))
  ])
  func samplesAreReadWhole(_ folder: String, _ expected: Tally) throws {
    guard let tally = try tally(folder) else { return }
    #expect(tally == expected)
  }
}
