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

  /// Documents that no provider takes: what of them is no rule is an error at its line, and nothing else is unparsed.
  ///
  /// The first has '#' in the place of an address, which begins a comment; the others have a word where CloudFormation
  /// wants a list of rules.
  private static let broken = [
    "0004-placeholders.yaml": "error 6: CidrIp has no value (text behind '#' is a comment)",
    "SecurityGroupUnrestrictedIngress22-UNKNOWN.yaml": "error 12: a rule is a mapping, not text",
    "SecurityGroupRuleDescription-PASSED-4.yaml": "error 16: a rule is a mapping, not text",
  ]

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
      let broken = Self.broken.first { file.lastPathComponent == $0.key }?.value
      let errors = reading.messages.filter { $0.hasPrefix("error") }
      #expect(broken.map { [$0] } ?? [] == (graph.counts.unparsed > 0 ? errors : []), "\(file.lastPathComponent)")
    }
    return tally
  }

  @Test(arguments: [
    ("sg-samples", Tally(exports: 15, groups: 20, rules: 106)),
    ("corpora/custodian-aws-sg-yaml", Tally(exports: 49, groups: 156, rules: 406)),
    ("corpora/custodian-azure-nsg-yaml", Tally(exports: 9, groups: 54, rules: 707)),
    ("corpora/custodian-gcp-firewall-yaml", Tally(exports: 1, groups: 2, rules: 1)),
    ("corpora/custodian-openstack-sg-yaml", Tally(exports: 6, groups: 9, rules: 33)),
    ("corpora/aws-yaml-inline", Tally(exports: 4, groups: 5, rules: 20, unparsed: 1)),
    ("corpora/gcp-yaml-inline", Tally(exports: 3, groups: 4, rules: 6)),
    ("corpora/checkov-sg", Tally(exports: 63, groups: 66, rules: 86, unparsed: 2)),
    ("corpora/cfn_nag-sg", Tally(exports: 26, groups: 48, rules: 59)),
  ])
  func samplesAreReadWhole(_ folder: String, _ expected: Tally) throws {
    guard let tally = try tally(folder) else { return }
    #expect(tally == expected)
  }
}
