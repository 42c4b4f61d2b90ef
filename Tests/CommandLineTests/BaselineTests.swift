import FoundationEssentials
import Testing

/// Baselines: what is in one does not count, whatever else changes; what is new does.
@Suite("Baselines")
struct BaselineTests {
  private static let wide = "ip saddr 10.0.0.0/8 ip daddr 10.0.10.5 tcp dport 22 accept"
  private static let monitor = "ip saddr 10.9.0.0/24 ip daddr 10.0.10.5 tcp dport 9100 accept"

  private struct Report: Decodable {
    var findings: [Entry]
    var suppressed: [Entry]
    var baseline: Outcome?

    struct Entry: Decodable {
      var code: String
    }

    struct Outcome: Decodable {
      var matched: Int
      var stale: [Entry]
    }
  }

  /// Writes a baseline of one pair of rules, then checks another text against it.
  private func compare(
    before: String, after: String, site: String = SuppressionTests.site, renamed: Bool = false,
    folder name: String = "edge"
  ) throws -> Report {
    try Program.withFolder { folder in
      let old = "\(folder)/old/\(name)"
      let new = "\(folder)/\(renamed ? "new" : "old")/\(renamed ? "border" : name)"
      for path in [old, new] {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      }
      func write(_ text: String, _ path: String, _ sub: String) throws {
        try Program.write(text, to: "\(path)/edge.nft")
        let own = site.replacing("path: edge.nft", with: "path: \(sub)/edge.nft")
        try Program.write(own, to: "\(path)/../fwlint.yaml")
      }
      try write(before, old, name)
      let written = try Program.run(
        ["check", "--site", "old/fwlint.yaml", "--write-baseline", "baseline.json"], folder: folder)
      #expect(written.errors == "")
      let text = String(
        decoding: FileManager.default.contents(atPath: "\(folder)/baseline.json") ?? Data(), as: UTF8.self)
      #expect(!text.contains(folder))
      #expect(!text.contains("message"))
      try write(after, new, renamed ? "border" : name)
      let outcome = try Program.run(
        [
          "check", "--site", "\(renamed ? "new" : "old")/fwlint.yaml", "--baseline", "baseline.json", "--format",
          "json",
          "--ignore", "FW4",
        ], folder: folder)
      #expect(outcome.errors == "")
      let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
      #expect(outcome.status == (report.findings.isEmpty ? 0 : 1))
      return report
    }
  }

  private func rules(_ lines: String...) -> String { SuppressionTests.rules(lines.joined(separator: "\n")) }

  @Test func editsElsewhereDoNotMatter() throws {
    let before = rules(Self.wide, Self.monitor)
    let edits = [
      before, "# new\n\n" + before, before.replacing("    ", with: "\t"), rules(Self.monitor, Self.wide),
      rules("ip saddr 10.66.0.0/16 drop", Self.wide, Self.monitor), rules("# why", Self.wide, "", Self.monitor),
      rules(Self.wide.replacing(" accept", with: " counter packets 12 bytes 900 accept # ssh"), Self.monitor),
      before.replacing("\n", with: "\r\n"),
    ]
    for after in edits {
      let report = try compare(before: before, after: after)
      #expect(report.findings.map(\.code) == [], "\(after)")
      #expect(report.suppressed.map(\.code).sorted() == ["FW202", "FW203"])
      #expect(report.baseline?.stale.isEmpty == true)
    }
  }

  @Test func renamedFoldersDoNotMatter() throws {
    let before = rules(Self.wide, Self.monitor)
    let report = try compare(before: before, after: before, renamed: true)
    #expect(report.findings.map(\.code) == [])
    #expect(report.baseline?.matched == 2)
  }

  @Test func changedRulesComeBack() throws {
    let before = rules(Self.wide, Self.monitor)
    let port = try compare(before: before, after: rules(Self.wide, Self.monitor.replacing("9100", with: "9101")))
    #expect(port.findings.map(\.code) == ["FW203"])
    #expect(port.baseline?.stale.map(\.code) == ["FW203"])
    let source = try compare(
      before: before, after: rules(Self.wide.replacing("10.0.0.0/8", with: "10.0.0.0/9"), Self.monitor))
    #expect(source.findings.map(\.code) == ["FW202"])
    let fixed = try compare(before: before, after: rules(Self.wide))
    #expect(fixed.findings.isEmpty)
    #expect(fixed.baseline?.stale.map(\.code) == ["FW203"])
  }

  /// What must not be suppressed is in no baseline.
  @Test func exposureIsNeverAccepted() throws {
    let exposed = rules("ip daddr 10.0.10.5 tcp dport 22 accept")
    let report = try compare(before: exposed, after: exposed)
    #expect(report.findings.map(\.code) == ["FW204"])
    #expect(report.suppressed.map(\.code) == ["FW202"])
  }

  @Test(arguments: [
    ("", "is no baseline"), ("[]", "is no baseline"), ("{\"version\": 2, \"findings\": []}", "is not 1"),
    ("{\"version\": 1, \"findings\": [{\"code\": \"FW202\"}]}", "b.json:1:29: an entry has"), ("{", "not valid YAML"),
  ])
  func otherFilesAreRefused(text: String, says: String) throws {
    try Program.withFolder { folder in
      try Program.write(SuppressionTests.site, to: "\(folder)/fwlint.yaml")
      try Program.write(rules(Self.wide), to: "\(folder)/edge.nft")
      try Program.write(text, to: "\(folder)/b.json")
      let outcome = try Program.run(["check", "--baseline", "b.json"], folder: folder)
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains(says), "\(outcome.errors)")
    }
  }
}
