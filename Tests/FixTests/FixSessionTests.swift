import Compliance
import ConformanceSupport
import Evaluation
import FoundationEssentials
import PacketSets
import RuleGraph
import SourceText
import Testing

/// Fixes are what they promise: made, proved, and proved again by following packets.
struct FixSessionTests {
  /// 300 with FWLINT_BREAKAGES=300.
  static let breakages = ProcessInfo.processInfo.environment["FWLINT_BREAKAGES"].flatMap { Int($0) } ?? 24

  @Test func fixesOfTheBrokenSitesAreMade() throws {
    // Withheld: two that mend one published address only together, and one that would close what a host says to itself.
    for (name, withheld) in [("gateway/broken", ["FW102", "FW105"]), ("host/broken", ["FW205"])] {
      let site = try #require(TestSite(fixture: name))
      let outcome = site.fixed(unsafe: true)
      #expect(outcome.withheld.map(\.finding.code) == withheld)
      #expect(outcome.applied.count > 8)
      let left = site.findings(outcome.input)
      #expect(left.filter { $0.fix != nil }.map(\.code) == withheld)
      for finding in outcome.applied where !finding.code.hasPrefix("FW4") {
        #expect(!left.contains { $0.code == finding.code && $0.fingerprint == finding.fingerprint })
      }
    }
  }

  @Test func safeFixesOpenNothing() throws {
    for name in ["gateway/broken", "host/broken"] {
      let site = try #require(TestSite(fixture: name))
      let outcome = site.fixed(unsafe: false)
      #expect(!outcome.unsafe.isEmpty)
      var random = SeededGenerator(seed: 7)
      let opened = try Probe(site.input, outcome.input).packets(400, &random).filter {
        $0.before != .accept && $0.after == .accept
      }
      #expect(opened.isEmpty, "\(name): \(opened.map(\.packet))")
    }
  }

  /// Random mistakes in the clean sites: each fix that is offered is made or withheld for a reason, and no packet that
  /// was required gets lost.
  @Test func mistakesAreMended() throws {
    let sites = try ["gateway/clean", "host/clean"].map { try #require(TestSite(fixture: $0)) }
    var made = 0
    var fixed = 0
    var clean = 0
    var withheld: [String] = []
    for seed in 0..<Self.breakages {
      var random = SeededGenerator(seed: UInt64(seed))
      var site = sites[seed % sites.count]
      guard let breakage = Breakage.random(site.files, &random) else { continue }
      site.files[breakage.path] = breakage.file
      made += 1
      let before = site.input
      let outcome = site.fixed(unsafe: true)
      fixed += outcome.applied.count
      let place = "seed \(seed) \(breakage.name) in \(breakage.path)"
      withheld += outcome.withheld.map { "\(place): \($0.finding.code) \($0.reason)" }
      let left = site.findings(outcome.input)
      if left.allSatisfy({ $0.severity == .note }) { clean += 1 }
      let errors = [before, outcome.input].map { input in
        input.firewalls.flatMap { $0.diagnostics.joined() }.filter { $0.severity == .error }.map(\.message)
      }
      #expect(errors[1].allSatisfy(errors[0].contains), "\(place): \(errors)")
      // What a fix writes is no new trouble.
      let known = Set(site.findings(before).map(\.code))
      #expect(
        left.allSatisfy { known.contains($0.code) || $0.code.hasPrefix("FW4") || $0.code == "FW104" }, "\(place)")
      // Followed packet by packet: nothing but the findings' own flows has changed.
      let concerned = outcome.applied.flatMap(\.region)
      if concerned.isEmpty {
        for probe in try Probe(before, outcome.input).packets(60, &random) {
          #expect(probe.before == probe.after, "\(place): \(probe.packet)")
        }
      }
    }
    print(
      "fixes: \(made) breakages, \(fixed) findings fixed, \(withheld.count) fixes withheld, \(clean) sites clean again")
    for line in withheld { print("withheld: \(line)") }
    #expect(withheld.count <= fixed)
  }

  @Test func lineEndsAndLayoutSurvive() throws {
    var site = try #require(TestSite(fixture: "gateway/broken"))
    let unix = try #require(site.files["edge.nft"])
    let text = String(decoding: unix.bytes, as: UTF8.self)
    let expected = String(decoding: try #require(site.fixed(unsafe: true).changes.first).after.bytes, as: UTF8.self)
    // Without a last line end, with CR LF, with bytes that are no UTF-8 in a comment.
    let windows = Array(
      text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n").utf8)
    var bytes = Array("# caf\u{e9}\r\n".unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
    bytes += windows
    site.files["edge.nft"] = SourceFile(path: "edge.nft", bytes: bytes)
    let after = try #require(site.fixed(unsafe: true).changes.first).after.bytes
    let wanted =
      Array("# caf\u{e9}\r\n".unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
      + Array(
        expected.dropLast().split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n").utf8)
    #expect(after == wanted)
  }

  /// A rule that other hosts use, too, stays for them.
  @Test func otherHostsKeepTheirTraffic() throws {
    let site = try #require(
      TestSite(
        """
        policy: fortimail-7.6
        mode: gateway
        units: [{name: mail1, addresses: [10.0.10.5]}]
        features: [admin-cli]
        peers: {administrators: [10.1.0.0/24]}
        firewalls: [{path: a.nft, position: forward, interfaces: {administrators: [wan0], units: [dmz0]}}]
        """,
        files: [
          "a.nft": """
          table ip f {
            chain forward {
              type filter hook forward priority 0; policy drop;
              ct state established,related accept
              iifname "wan0" tcp dport 22 counter accept comment "ssh"   # for everybody
            }
          }

          """
        ]))
    let outcome = site.fixed(unsafe: false)
    let after = String(decoding: try #require(outcome.changes.first).after.bytes, as: UTF8.self)
    #expect(
      after.contains(
        """
            ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22 iifname "wan0" counter accept comment "ssh"
            ip daddr 10.0.10.5 tcp dport 22 iifname "wan0" counter drop comment "ssh"
            iifname "wan0" tcp dport 22 counter accept comment "ssh"   # for everybody
        """), "\(after) \(outcome.withheld.map(\.reason))")
  }
}

/// Packets followed through two versions of a site's firewalls.
struct Probe {
  let before: CheckInput
  let after: CheckInput

  init(_ before: CheckInput, _ after: CheckInput) {
    self.before = before
    self.after = after
  }

  struct Result {
    var packet: Packet
    var before: TraceVerdict
    var after: TraceVerdict
  }

  /// Random packets around the units and peers of the fixtures.
  func packets(_ count: Int, _ random: inout SeededGenerator) throws -> [Result] {
    let addresses = [
      "10.0.10.5", "10.0.11.5", "10.1.0.9", "10.2.3.4", "10.0.20.53", "10.0.20.5", "10.0.20.123", "203.0.113.25",
      "8.8.8.8",
      "192.168.1.1", "10.0.30.9", "200.1.1.1", "10.0.40.7",
    ].compactMap { IPAddress($0) }
    let ports: [UInt16] = [21, 22, 25, 53, 80, 123, 143, 389, 443, 514, 587, 636, 993, 3306, 9100, 9443]
    var results: [Result] = []
    for (old, new) in zip(before.firewalls, after.firewalls) {
      let facts = old.entry.flatMap { before.site?.facts(behind: $0, groups: old.groupIDs) } ?? SiteFacts()
      let first = PacketTracer(graphs: old.graphs, facts: facts)
      let second = PacketTracer(graphs: new.graphs, facts: facts)
      for _ in 0..<count {
        let paths: [Packet.Path] = old.entry?.position == .forward ? [.forward] : [.input, .output]
        var packet = Packet(
          path: random.pick(paths), source: random.pick(addresses), destination: random.pick(addresses),
          protocolNumber: random.pick([6, 6, 17]), inputInterface: nil, outputInterface: nil)
        packet.sourcePort = 40000
        packet.destinationPort = random.pick(ports)
        if packet.protocolNumber == 6 { packet.tcpFlags = 2 }
        results.append(Result(packet: packet, before: first.trace(packet).verdict, after: second.trace(packet).verdict))
      }
    }
    return results
  }
}
