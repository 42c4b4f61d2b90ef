import Testing

@testable import Compliance

/// How findings and entries of a baseline are paired.
@Suite("Pairing with a baseline")
struct BaselineCountingTests {
  private func finding(_ print: String, _ firewall: String = "edge/a.nft", code: String = "FW203") -> Finding {
    Finding(code: code, severity: .warning, message: "m", firewall: firewall, fingerprint: print)
  }

  private func report(_ findings: [Finding], firewalls: [String] = ["edge/a.nft"]) -> CheckReport {
    var report = CheckReport(findings: findings)
    report.firewalls = firewalls
    return report
  }

  private let print = "0123456789abcdef"

  private func left(_ before: [Finding], _ after: [Finding], firewalls: [String] = ["edge/a.nft"]) -> [String] {
    var next = report(after, firewalls: firewalls)
    Baseline(report(before)).apply(to: &next)
    return next.findings.map { "\($0.firewall ?? "") \($0.fingerprint)" }
      + (next.baseline?.stale ?? []).map { "stale \($0.path) \($0.count)" }
  }

  @Test func equalFindingsAreCounted() {
    let one = [finding(print)]
    let two = [finding(print), finding("\(print)-2")]
    #expect(left(one, one) == [])
    #expect(left(two, two) == [])
    #expect(left(one, two) == ["edge/a.nft \(print)-2"])
    #expect(left(two, one) == ["stale edge/a.nft 1"])
    #expect(left(one, []) == ["stale edge/a.nft 1"])
  }

  @Test func filesAreToldApart() {
    let here = [finding(print)]
    let there = [finding(print, "core/a.nft")]
    #expect(left(here, there, firewalls: ["core/a.nft"]) == [], "the file moved")
    #expect(
      left(here, there, firewalls: ["edge/a.nft", "core/a.nft"])
        == ["core/a.nft \(print)", "stale edge/a.nft 1"], "both are there")
  }

  @Test func absolutePathsLoseTheirFolders() {
    let entries = Baseline(report([finding(print, "/home/me/a.nft")])).entries
    #expect(entries.map(\.path) == ["a.nft"])
  }

  @Test func selectionDecidesWhatIsStale() {
    var next = report([])
    Baseline(report([finding(print), finding(print, code: "FW301")])).apply(to: &next) { $0 == "FW301" }
    #expect(next.baseline?.stale.map(\.code) == ["FW301"])
    var part = report([], firewalls: ["core/b.nft"])
    Baseline(report([finding(print)])).apply(to: &part, isWhole: false)
    #expect(part.baseline?.stale == [])
  }

  @Test func mandatoryFindingsAreNeverPaired() {
    var exposed = finding(print, code: "FW204")
    exposed.isMandatory = true
    #expect(Baseline(report([exposed])).entries.isEmpty)
    let entry = Baseline.Entry(fingerprint: print, code: "FW204", path: "edge/a.nft", count: 1)
    var next = report([exposed])
    Baseline(entries: [entry]).apply(to: &next)
    #expect(next.findings.count == 1)
  }
}
