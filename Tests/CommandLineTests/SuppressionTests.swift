import FoundationEssentials
import Testing

/// Suppressions from end to end: what they take away, what they may not, and what is said of them.
@Suite("Suppressions")
struct SuppressionTests {
  static let site = """
    policy: fortimail-7.6
    mode: gateway
    units: [{name: mail1, addresses: [10.0.10.5]}]
    features: [admin-cli]
    peers: {administrators: [10.1.0.0/24]}
    firewalls: [{path: edge.nft, position: forward}]

    """

  /// Rules of a chain from line 5 on, as a file.
  static func rules(_ lines: String) -> String {
    "table inet edge {\n  chain forward {\n    type filter hook forward priority filter; policy drop;\n"
      + "    ct state established,related accept\n\(lines)\n  }\n}\n"
  }

  /// A rule set, and what is left of `check`: the place and code of each finding.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var rules: String
    var site = SuppressionTests.site
    var left: [String]
    var suppressed: Int
    var arguments: [String] = []
    var testDescription: String { name }
  }

  private static let wide = "ip saddr 10.0.0.0/8 ip daddr 10.0.10.5 tcp dport 22 accept"
  private static let exposed = "ip daddr 10.0.10.5 tcp dport 22 accept"
  private static let narrow = "ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22 accept"

  static let cases = [
    Case(name: "nothing", rules: wide, left: ["5 FW202"], suppressed: 0),
    Case(name: "behind the rule", rules: "\(wide) # fwlint: allow FW202 reason=\"x\"", left: [], suppressed: 1),
    Case(name: "by name", rules: "\(wide) # fwlint: allow source-too-broad reason=x", left: [], suppressed: 1),
    Case(name: "above the rule", rules: "# fwlint: allow FW202 reason=x\n# more\n\n\(wide)", left: [], suppressed: 1),
    Case(
      name: "above another rule", rules: "# fwlint: allow FW202 reason=x\n\(narrow)\n\(wide)",
      left: ["5 FW901", "6 FW402", "7 FW202"], suppressed: 0),
    Case(
      name: "in the rule's comment", rules: "\(wide) comment \"fwlint: allow FW202 reason='x'\"", left: [],
      suppressed: 1),
    Case(
      name: "in another string", rules: "log prefix \"# fwlint: allow FW202\" \(wide)", left: ["5 FW202"],
      suppressed: 0),
    Case(
      name: "several codes", rules: "\(exposed) # fwlint: allow FW202, FW203 reason=x", left: ["5 FW204", "5 FW901"],
      suppressed: 1),
    Case(
      name: "what must not be suppressed", rules: "\(exposed) # fwlint: allow FW204 FW202 reason=x",
      left: ["5 FW204", "5 FW901"], suppressed: 1),
    Case(name: "no reason", rules: "\(wide) # fwlint: allow FW202", left: ["5 FW903"], suppressed: 1),
    Case(
      name: "last day", rules: "\(wide) # fwlint: allow FW202 until=2026-05-01 reason=x", left: [], suppressed: 1,
      arguments: ["--today", "2026-05-01"]),
    Case(
      name: "expired", rules: "\(wide) # fwlint: allow FW202 until=2026-05-01 reason=x",
      left: ["5 FW202", "5 FW902"], suppressed: 0, arguments: ["--today", "2026-05-02"]),
    Case(
      name: "unknown code", rules: "\(wide) # fwlint: allow FW220 reason=x", left: ["5 FW202", "5 FW901"], suppressed: 0
    ),
    Case(
      name: "row", rules: "\(wide) # fwlint: allow FW202 requirement=IN-03 reason=x", left: [], suppressed: 1),
    Case(
      name: "other row", rules: "\(wide) # fwlint: allow FW202 requirement=IN-02 reason=x",
      left: ["5 FW202", "5 FW901"], suppressed: 0),
    Case(
      name: "trusting nobody", rules: "\(wide) # fwlint: allow FW202 reason=x", left: ["5 FW202"], suppressed: 0,
      arguments: ["--no-suppressions"]),
    Case(
      name: "in the site file", rules: "",
      site: site + "suppressions: [{code: FW101, requirement: IN-03, reason: x}]\n",
      left: [], suppressed: 1),
    Case(
      name: "in the site file, of another firewall's row", rules: "",
      site: site + "suppressions: [{code: required-flow-blocked, firewall: edge.nft, requirement: IN-02, reason: x}]\n",
      left: ["3 FW101", "7 FW901"], suppressed: 0),
    Case(
      name: "in a comment of the site file", rules: narrow.replacing("22", with: "23"),
      site: site.replacing("[admin-cli]", with: "[admin-cli-telnet] # fwlint: allow FW302 reason=x"), left: [],
      suppressed: 1),
    Case(
      name: "syntax", rules: "tcp dprot 22 accept # fwlint: allow FW501 reason=x\n\(narrow)",
      left: ["5 FW103", "5 FW207", "5 FW207", "5 FW501", "5 FW901"], suppressed: 0),
  ]

  private struct Report: Decodable {
    var findings: [Entry]
    var suppressed: [Entry]
    var summary: Summary

    struct Entry: Decodable {
      var code: String
      var message: String
      var location: Place?
      var suppression: Note?
    }

    struct Note: Decodable {
      var kind: String
      var reason: String?
    }

    struct Place: Decodable {
      var line: Int
    }

    struct Summary: Decodable {
      var suppressed: Int
    }
  }

  private func check(_ rules: String, _ site: String, _ arguments: [String]) throws -> (Report, Int32) {
    try Program.withFolder { folder in
      try Program.write(site, to: "\(folder)/fwlint.yaml")
      try Program.write(Self.rules(rules), to: "\(folder)/edge.nft")
      let outcome = try Program.run(
        ["check", "--format", "json", "--ignore", "FW402,FW502"] + arguments, folder: folder)
      #expect(outcome.errors == "")
      return (try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8)), outcome.status)
    }
  }

  @Test(arguments: cases)
  func whatIsLeft(case own: Case) throws {
    let (report, status) = try check(own.rules, own.site, own.arguments)
    let found = report.findings.map { "\($0.location?.line ?? 0) \($0.code)" }.sorted()
    #expect(found == own.left.filter { !$0.hasSuffix("FW402") }, "\(report.findings.map(\.message))")
    #expect(report.suppressed.count == own.suppressed)
    #expect(report.summary.suppressed == own.suppressed)
    #expect(status == (found.isEmpty ? 0 : 1))
  }

  @Test func reasonsAreTold() throws {
    let (report, _) = try check("\(Self.wide) # fwlint: allow FW202 reason=\"the move\"", Self.site, [])
    #expect(report.suppressed.first?.suppression?.kind == "comment")
    #expect(report.suppressed.first?.suppression?.reason == "the move")
    let (unknown, _) = try check("\(Self.wide) # fwlint: allow FW220", Self.site, [])
    #expect(
      unknown.findings.contains { $0.message.contains("did you mean 'FW202'?") || $0.message.contains("did you mean") })
  }

  /// A file of two sites is read once; a suppression that one of them needs is not unused.
  @Test func sharedFilesAreJudgedTogether() throws {
    try Program.withFolder { folder in
      try Program.write(Self.site, to: "\(folder)/a.yaml")
      let other = Self.site.replacing("10.1.0.0/24", with: "10.0.0.0/8")
      try Program.write(other, to: "\(folder)/b.yaml")
      let rules = Self.rules("\(Self.wide) # fwlint: allow FW202 reason=x")
      try Program.write(rules, to: "\(folder)/edge.nft")
      for sites in [["a.yaml", "b.yaml"], ["b.yaml", "a.yaml"]] {
        let outcome = try Program.run(
          ["check", "--format", "concise"] + sites.flatMap { ["--site", $0] }, folder: folder)
        #expect(outcome.output == "")
        #expect(outcome.status == 0)
      }
      let alone = try Program.run(["check", "--format", "concise", "--site", "b.yaml"], folder: folder)
      #expect(alone.output.contains("edge.nft:5:") && alone.output.contains("FW901"))
    }
  }

  @Test func dumpsAndExports() throws {
    try Program.withFolder { folder in
      try Program.write(
        "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 10.0.0.2 -p udp --dport 9443 -m comment "
          + "--comment \"fwlint: allow FW301 until=2999-01-01 reason=\\\"kept\\\"\" -j ACCEPT\n"
          + "# fwlint: allow FW301 reason=kept\n-A INPUT -p udp --dport 9443 -s 10.0.0.1 -j ACCEPT\nCOMMIT\n",
        to: "\(folder)/rules.v4")
      let dump = try Program.run(["check", "rules.v4", "--select", "FW3,FW9", "--format", "concise"], folder: folder)
      #expect(dump.output == "")
      let groups = Program.text("Fixtures/sites/cloud/broken/groups.yaml")
      let site = Program.text("Fixtures/sites/cloud/broken/fwlint.yaml")
      try Program.write(site, to: "\(folder)/fwlint.yaml")
      let accepted = groups.replacing(
        "- CidrIp: 0.0.0.0/1\n", with: "# fwlint: allow FW202 reason=\"halves\"\n    - CidrIp: 0.0.0.0/1\n")
      #expect(accepted != groups)
      try Program.write(accepted, to: "\(folder)/groups.yaml")
      let cloud = try Program.run(["check", "--format", "json"], folder: folder)
      let report = try JSONDecoder().decode(Report.self, from: Data(cloud.output.utf8))
      #expect(report.suppressed.map(\.code) == ["FW202"])
      #expect(!report.findings.contains { $0.code.hasPrefix("FW9") }, "\(report.findings.map(\.message))")
    }
  }
}

extension String {
  /// The text with every occurrence of a word replaced.
  func replacing(_ word: String, with replacement: String) -> String {
    var result = ""
    var rest = Substring(self)
    while let range = rest.firstRange(of: word) {
      result += rest[..<range.lowerBound] + replacement
      rest = rest[range.upperBound...]
    }
    return result + rest
  }
}
