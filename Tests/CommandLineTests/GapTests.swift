import FoundationEssentials
import Testing

/// What a gap says: every change that is needed, and exactly what is missing in few words.
@Suite("Gaps and openings")
struct GapTests {
  private struct Report: Decodable {
    var findings: [Entry]
    var requirements: [Row]
    var remarks: [String]

    struct Entry: Decodable {
      var code: String
      var message: String
      var firewall: String?
      var location: Place?
      var region: [Region]
      var remediation: String
      var packet: Packet?
    }

    struct Place: Decodable { var line: Int }

    struct Region: Decodable {
      var source: String
      var destination: String
      var `protocol`: String
      var ports: String
    }

    struct Packet: Decodable {
      var ttl: Int?
      var dscp: Int?
      var length: Int?
    }

    struct Row: Decodable {
      var id: String
      var status: String
    }
  }

  private func check(_ files: [String: String], _ arguments: [String] = []) throws -> Report {
    try Program.withFolder { folder in
      for (name, text) in files { try Program.write(text, to: "\(folder)/\(name)") }
      let outcome = try Program.run(["check", "--format", "json"] + arguments, folder: folder)
      #expect(outcome.errors == "")
      return try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    }
  }

  private static let site = SuppressionTests.site
  private static let head = "  chain forward {\n    type filter hook forward priority 0; policy drop;\n"

  /// A packet that one chain drops would be dropped by the next one too: both have to change.
  @Test func everyChainThatDropsIsNamed() throws {
    let table = "table inet a {\n\(Self.head)  }\n}\ntable ip b {\n\(Self.head)    tcp dport 22 reject\n  }\n}\n"
    let report = try check(["fwlint.yaml": Self.site, "edge.nft": table], ["--select", "FW1"])
    let blocked = report.findings.filter { $0.code == "FW101" }
    #expect(blocked.compactMap(\.location?.line).sorted() == [3, 9])
    #expect(blocked.count { $0.message.contains("also ") } == 1)
    // The answers have nowhere to go either.
    #expect(report.findings.count { $0.code == "FW104" } == 2)
    #expect(blocked.allSatisfy { $0.remediation.contains("10.1.0.0/24") })
  }

  @Test func everyFirewallIsNamed() throws {
    let site = Self.site.replacing(
      "[{path: edge.nft, position: forward}]",
      with:
        "[{path: edge.nft, position: forward}, {path: core.nft, position: forward}, {path: host.nft, position: host}]")
    let rules = "table inet a {\n\(Self.head)    ct state established accept\n  }\n}\n"
    let host = "table inet a {\n  chain input {\n    type filter hook input priority 0; policy drop;\n  }\n}\n"
    let report = try check(
      ["fwlint.yaml": site, "edge.nft": rules, "core.nft": rules, "host.nft": host], ["--select", "FW1"])
    #expect(
      Set(report.findings.filter { $0.code == "FW101" }.compactMap(\.firewall)) == ["edge.nft", "core.nft", "host.nft"])
  }

  /// What is missing is in the fewest prefixes and ranges, and in one box where it is one.
  @Test(arguments: [
    ("ip saddr 10.1.0.0/25", "10.1.0.128/25", 1),
    ("ip saddr 10.1.0.0/28", "10.1.0.16/28, 10.1.0.32/27, 10.1.0.64/26, 10.1.0.128/25", 1),
    ("ip saddr != 10.1.0.7", "10.1.0.7", 1), ("ip saddr 10.1.0.0-10.1.0.254", "10.1.0.255", 1),
    ("ip saddr { 10.1.0.0/26, 10.1.0.128/25 }", "10.1.0.64/26", 1), ("ip saddr 10.1.0.1-10.1.0.255", "10.1.0.0", 1),
  ])
  func whatIsMissingIsSaidInFewPrefixes(match: String, missing: String, boxes: Int) throws {
    let rules =
      "table inet a {\n\(Self.head)    ct state established accept\n    \(match) tcp dport 22 accept\n  }\n}\n"
    let report = try check(["fwlint.yaml": Self.site, "edge.nft": rules], ["--select", "FW1"])
    #expect(report.findings.map(\.code) == ["FW102"])
    #expect(report.findings.first?.region.map(\.source) == [missing])
    #expect(report.findings.first?.region.count == boxes)
  }

  /// Rows of several ports and protocols are said as ranges, not one by one.
  @Test func portsAreRanges() throws {
    let site = Self.site.replacing(
      "[{name: mail1, addresses: [10.0.10.5]}]",
      with: "[{name: mail1, addresses: [10.0.10.5]}, {name: mail2, addresses: [10.0.11.5]}]"
    )
    .replacing("features: [admin-cli]", with: "features: [ha]").replacing(
      "position: forward", with: "position: forward, peers: [fortimail]")
    let rules =
      "table inet a {\n\(Self.head)    ct state established accept\n    udp dport 20000-30000 accept\n  }\n}\n"
    let report = try check(["fwlint.yaml": site, "edge.nft": rules], ["--select", "FW1"])
    #expect(!report.findings.isEmpty)
    for finding in report.findings {
      let keys = finding.region.map { "\($0.protocol) \($0.ports)" }
      #expect(Set(keys).count == keys.count || finding.region.count <= 2, "\(keys)")
      #expect(finding.region.allSatisfy { !$0.ports.contains(",") || $0.ports.split(separator: ",").count < 4 })
    }
  }

  /// Time to live, DSCP and length are the sender's choice: a rule that asks for them is open.
  @Test(arguments: [
    "ip ttl 64", "ip ttl 1", "ip dscp 10", "meta length 100-200", "ip ttl > 100 ip dscp != 0 meta length < 90",
    "ip ttl { 3, 9 }",
  ])
  func sendersChoose(match: String) throws {
    let rules =
      "table inet a {\n\(Self.head)    ct state established accept\n    ip saddr 10.1.0.0/24 tcp dport 22 accept\n"
      + "    \(match) ip daddr 10.0.10.5 ip saddr 10.9.0.0/16 tcp dport 3306 accept\n  }\n}\n"
    let report = try check(["fwlint.yaml": Self.site, "edge.nft": rules], ["--select", "FW2"])
    #expect(report.findings.map(\.code) == ["FW203"], "\(report.findings.map(\.message))")
    let packet = report.findings.first?.packet
    #expect(packet?.ttl != nil || packet?.dscp != nil || packet?.length != nil)
    let limited = rules.replacing("tcp dport 3306", with: "tcp dport 3306 limit rate 1/second")
    let doubtful = try check(["fwlint.yaml": Self.site, "edge.nft": limited], ["--select", "FW2"])
    #expect(doubtful.findings.map(\.code) == ["FW207"])
  }

  /// A rule that drops by what the sender chooses is no obstacle.
  @Test func dropsThatSendersAvoid() throws {
    let rules =
      "table inet a {\n\(Self.head)    ct state established accept\n    ip saddr 10.1.0.0/24 tcp dport 22 accept\n"
      + "    ip ttl < 10 drop\n    ip daddr 10.0.10.5 ip saddr 10.9.0.0/16 tcp dport 3306 accept\n  }\n}\n"
    let report = try check(["fwlint.yaml": Self.site, "edge.nft": rules], ["--select", "FW2"])
    #expect(report.findings.map(\.code) == ["FW203"], "\(report.findings.map(\.message))")
    #expect(report.findings.first?.packet?.ttl.map { $0 > 10 } == true)
  }

  /// In transparent mode peers call the servers behind the unit, whose mail it picks up on the way.
  @Test func interceptedServersAreCalled() throws {
    let site = """
      policy: fortimail-7.6
      mode: transparent
      units: [{name: mail1, addresses: [10.0.10.5]}]
      features: [smtp, admin-cli]
      peers: {administrators: [10.1.0.0/24], email-servers: [198.51.100.0/24], email-users: [10.2.0.0/16]}
      intercepts: [10.0.30.0/24]
      firewalls: [{path: edge.nft, position: forward}]

      """
    func rules(_ destinations: String) -> String {
      "table inet a {\n\(Self.head)    ct state established accept\n    ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22 accept\n"
        + "    ip saddr { 198.51.100.0/24, 10.2.0.0/16 } ip daddr \(destinations) tcp dport 25 accept\n  }\n}\n"
    }
    let closed = try check(["fwlint.yaml": site, "edge.nft": rules("10.0.10.5")])
    #expect(closed.findings.map(\.code) == ["FW102"])
    #expect(closed.findings.first?.region.map(\.destination) == ["10.0.30.0/24"])
    let open = try check(["fwlint.yaml": site, "edge.nft": rules("{ 10.0.10.5, 10.0.30.0/24 }")])
    #expect(open.findings.map(\.code) == [])
    #expect(Set(open.requirements.map(\.status)) == ["open"])
  }

  @Test func missingFilesAreNamedWhereTheyAreListed() throws {
    try Program.withFolder { folder in
      try Program.write(Self.site, to: "\(folder)/fwlint.yaml")
      let outcome = try Program.run(["check"], folder: folder)
      #expect(outcome.status == 2)
      #expect(outcome.errors == "error: fwlint.yaml:6:20: no such file: edge.nft\n")
    }
  }

  @Test func contentsThatNobodyAsksForAreTold() throws {
    let rules = "table inet a {\n\(Self.head)  }\n}\n"
    let report = try check(["fwlint.yaml": Self.site + "resolve: {sg-1: [10.0.0.1]}\n", "edge.nft": rules])
    #expect(
      report.remarks.contains { $0.hasPrefix("fwlint.yaml:7:11: no file refers to 'sg-1' of resolve:") },
      "\(report.remarks)")
  }
}
