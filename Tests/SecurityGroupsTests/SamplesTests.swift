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
    ("sg-samples", Tally(exports: 15, groups: 20, rules: 106)),
    ("corpora/custodian-aws-sg-yaml", Tally(exports: 49, groups: 156, rules: 406)),
    ("corpora/custodian-azure-nsg-yaml", Tally(exports: 9, groups: 54, rules: 707)),
    ("corpora/custodian-gcp-firewall-yaml", Tally(exports: 1, groups: 2, rules: 1)),
    ("corpora/custodian-openstack-sg-yaml", Tally(exports: 6, groups: 9, rules: 33)),
    // One group is a template with marks in place of its addresses.
    ("corpora/aws-yaml-inline", Tally(exports: 4, groups: 5, rules: 20, unparsed: 1)),
    ("corpora/gcp-yaml-inline", Tally(exports: 3, groups: 4, rules: 6)),
    // Two templates have a word where a list of rules belongs.
    ("corpora/checkov-sg", Tally(exports: 63, groups: 66, rules: 86, unparsed: 2)),
    ("corpora/cfn_nag-sg", Tally(exports: 26, groups: 48, rules: 59)),
  ])
  func samplesAreReadWhole(_ folder: String, _ expected: Tally) throws {
    guard let tally = try tally(folder) else { return }
    #expect(tally == expected)
  }
}
