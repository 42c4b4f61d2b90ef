import FoundationEssentials
import Testing

/// Whole sites: what `check` says of them is written beside them, and each packet that it shows does what it claims.
struct FixtureSiteTests {
  static let sites = ["gateway", "host", "cloud"].flatMap { ["\($0)/clean", "\($0)/broken"] }

  @Test(arguments: sites)
  func findingsAreAsWritten(site: String) throws {
    let folder = "Fixtures/sites/\(site)"
    let outcome = try Program.run(["check", "--site", "\(folder)/fwlint.yaml", "--format", "concise"])
    #expect(outcome.output == Program.text("\(folder)/expected.txt"))
    #expect(outcome.errors == "")
    #expect(outcome.status == (site.hasSuffix("clean") ? 0 : 1))
  }

  /// Together the broken sites show every check on flows, openings and age but FW105.
  @Test func everyCheckFires() {
    let all = Self.sites.filter { $0.hasSuffix("broken") }.map { Program.text("Fixtures/sites/\($0)/expected.txt") }
      .joined()
    let codes = [
      "FW101", "FW102", "FW103", "FW104", "FW201", "FW202", "FW203", "FW204", "FW205", "FW206", "FW301", "FW302",
    ]
    for code in codes { #expect(all.contains(" \(code) "), "\(code) fires nowhere") }
    #expect(all.contains("udp/9443"))
  }

  private struct Report: Decodable {
    var findings: [Finding]
    var requirements: [Row]

    struct Finding: Decodable {
      var code: String
      var firewall: String?
      var packet: Packet?
    }

    struct Row: Decodable {
      var id: String
      var status: String
    }
  }

  /// A packet with every field that `trace` takes.
  private struct Packet: Codable {
    var hook: String
    var src: String
    var dst: String
    var proto: String
    var sport: Int?
    var dport: Int?
    var type: Int?
    var code: Int?
    var iif: String?
    var oif: String?
    var state: String
    var flags: [String]?
    var mark: Int
  }

  private struct Traced: Decodable {
    var verdict: String
  }

  @Test(arguments: sites)
  func witnessesGetTheVerdictThatIsClaimed(site: String) throws {
    let path = "Fixtures/sites/\(site)/fwlint.yaml"
    let outcome = try Program.run(["check", "--site", path, "--format", "json"])
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    let shown = report.findings.compactMap { finding in
      finding.packet.map { (code: finding.code, firewall: finding.firewall ?? "", packet: $0) }
    }
    if site.hasSuffix("broken") { #expect(shown.count > 3) }
    for (code, firewall, packet) in shown {
      let input = String(decoding: try JSONEncoder().encode([packet]), as: UTF8.self)
      let file = "Fixtures/sites/\(site)/\(firewall)"
      let trace = try Program.run(
        ["trace", "--site", path, file, "--packets", "-", "--format", "json"], input: input)
      let verdicts = try JSONDecoder().decode([Traced].self, from: Data(trace.output.utf8)).map(\.verdict)
      let claimed: [String]
      switch code {
      case "FW101", "FW102", "FW104", "FW105": claimed = ["drop", "reject"]
      case "FW103", "FW207": claimed = ["undecided"]
      default: claimed = ["accept"]
      }
      #expect(verdicts.count == 1 && claimed.contains(verdicts.first ?? ""), "\(code) \(input) got \(verdicts)")
    }
  }

  /// One row an entry, all statuses of the contract's words.
  @Test func statusesAreWordsOfTheContract() throws {
    for site in Self.sites {
      let outcome = try Program.run(["check", "--site", "Fixtures/sites/\(site)/fwlint.yaml", "--format", "json"])
      let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
      #expect(!report.requirements.isEmpty)
      for row in report.requirements {
        #expect(["open", "partial", "blocked", "undecided", "not-applicable"].contains(row.status))
        if site.hasSuffix("clean") { #expect(row.status == "open" || row.status == "not-applicable", "\(row)") }
      }
    }
  }
}
