import Compliance
import FoundationEssentials
import SourceText
import Testing

@testable import Reporting

/// What GitHub's code scanning and the SARIF 2.1.0 schema demand.
@Suite("The SARIF report")
struct SARIFReportTests {
  private struct Log: Decodable {
    var version: String
    var runs: [Run]

    struct Run: Decodable {
      var tool: Tool
      var results: [Result]
      var invocations: [Invocation]
    }

    struct Tool: Decodable { var driver: Driver }

    struct Driver: Decodable {
      var name: String
      var rules: [Rule]
    }

    struct Rule: Decodable {
      var id: String
      var name: String
      var shortDescription: Text
      var fullDescription: Text
      var help: Help
      var properties: [String: Value]
    }

    /// A string, or a list of them.
    enum Value: Decodable {
      case one(String)
      case many([String])

      init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
          self = .one(text)
        } else {
          self = .many(try value.decode([String].self))
        }
      }
    }

    struct Text: Decodable { var text: String }

    struct Help: Decodable {
      var text: String
      var markdown: String
    }

    struct Result: Decodable {
      var ruleId: String
      var ruleIndex: Int
      var level: String
      var message: Text
      var locations: [Place]
      var relatedLocations: [Place]
      var partialFingerprints: [String: String]
      var suppressions: [Suppression]
      var baselineState: String?
    }

    struct Suppression: Decodable {
      var kind: String
      var status: String
      var justification: String?
    }

    struct Place: Decodable { var physicalLocation: Physical }

    struct Physical: Decodable {
      var artifactLocation: Artifact
      var region: Region
    }

    struct Artifact: Decodable { var uri: String }

    struct Region: Decodable {
      var startLine: Int
      var startColumn: Int
      var endLine: Int
      var endColumn: Int
    }

    struct Invocation: Decodable {
      var executionSuccessful: Bool
      var toolExecutionNotifications: [Notification]
    }

    struct Notification: Decodable { var message: Text }
  }

  private func run(_ report: CheckReport, relativePath: @escaping (String) -> String = { $0 }) throws -> Log.Run {
    let text = SARIFReport(report, version: "1.2.3", relativePath: relativePath).render()
    let log = try JSONDecoder().decode(Log.self, from: Data(text.utf8))
    #expect(log.version == "2.1.0")
    return try #require(log.runs.first)
  }

  @Test func rulesAreComplete() throws {
    let rules = try run(CheckReport()).tool.driver.rules
    #expect(rules.map(\.id) == CheckRegistry.checks.map(\.code))
    for rule in rules {
      for text in [rule.shortDescription.text, rule.fullDescription.text] {
        #expect(!text.isEmpty && text.utf16.count <= 1024)
      }
      #expect(!rule.help.text.isEmpty && rule.help.markdown.contains("```"))
      guard case .one(let severity)? = rule.properties["security-severity"],
        case .many(let tags)? = rule.properties["tags"]
      else {
        Issue.record("\(rule.id) lacks properties")
        continue
      }
      #expect((0.1...10).contains(Double(severity) ?? 0))
      #expect(tags.contains("security") && tags.count <= 10)
    }
  }

  @Test func resultsAreComplete() throws {
    var report = HostileReport.report
    report.findings.append(Finding(code: "FW103", severity: .warning, message: "no place", fingerprint: "f"))
    report.findings.append(
      Finding(
        code: "FW502", severity: .note, message: "empty range",
        location: Location(path: "a", line: 3, column: 5, endLine: 3, endColumn: 5), fingerprint: "g"))
    let run = try run(report)
    #expect(run.results.count == report.findings.count + report.suppressed.count)
    for result in run.results {
      #expect(run.tool.driver.rules[result.ruleIndex].id == result.ruleId)
      #expect(["error", "warning", "note"].contains(result.level))
      #expect(!result.message.text.isEmpty)
      #expect(result.locations.count == 1)
      #expect(result.partialFingerprints["primaryLocationLineHash"]?.isEmpty == false)
      for place in result.locations + result.relatedLocations {
        let region = place.physicalLocation.region
        #expect(region.startLine >= 1 && region.startColumn >= 1)
        #expect((region.endLine, region.endColumn) > (region.startLine, region.startColumn))
        let uri = place.physicalLocation.artifactLocation.uri
        #expect(!uri.isEmpty && uri.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !uri.contains(":"))
      }
    }
  }

  @Test func suppressedResultsSayWhy() throws {
    let results = try run(HostileReport.report).results
    let accepted = results.filter { !$0.suppressions.isEmpty }
    #expect(accepted.count == 1)
    #expect(accepted.first?.suppressions.first?.kind == "inSource")
    #expect(accepted.first?.suppressions.first?.status == "accepted")
    #expect(accepted.first?.suppressions.first?.justification != nil)
    #expect(Set(results.compactMap(\.baselineState)) == ["new"])
    #expect(
      try run(CheckReport(findings: [Finding(code: "FW203", severity: .note, message: "m")])).results[0].baselineState
        == nil)
  }

  @Test func pathsAreThoseOfTheRepository() throws {
    let results = try run(HostileReport.report) { _ in "dir/a b.nft" }.results
    #expect(
      Set(results.flatMap { $0.locations + $0.relatedLocations }.map(\.physicalLocation.artifactLocation.uri)) == [
        "dir/a%20b.nft"
      ])
  }

  @Test func capsAreTold() throws {
    var finding = Finding(code: "FW203", severity: .warning, message: "m", fingerprint: "0")
    let place = Location(path: "a", line: 1, column: 1, endLine: 1, endColumn: 2)
    finding.related = Array(repeating: RelatedLocation(location: place, message: "m"), count: 101)
    let few = try run(CheckReport(findings: [finding]))
    #expect(few.results.first?.relatedLocations.count == SARIFReport.relatedLimit)
    #expect(few.invocations.first?.toolExecutionNotifications.count == 1)
    finding.related = []
    let many = try run(CheckReport(findings: Array(repeating: finding, count: SARIFReport.resultLimit + 2)))
    #expect(many.results.count == SARIFReport.resultLimit)
    #expect(many.invocations.first?.toolExecutionNotifications.first?.message.text.hasPrefix("2 findings") == true)
  }
}
