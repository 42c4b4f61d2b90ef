import RuleGraph
import SecurityGroups
import SourceText
import Testing

@Suite struct HostileInputTests {
  @Test func aliasBombsEndInAnError() {
    var text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    for level in 1..<12 {
      let alias = "*a\(level - 1)"
      text += "a\(level): &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ","))]\n"
    }
    let reading = Reading(text + "SecurityGroups: *a11\n")
    #expect(reading.graph == nil)
    #expect(reading.messages.count == 1)
  }

  @Test func deepNestingEndsInAnError() {
    let reading = Reading("SecurityGroups: " + String(repeating: "[", count: 10_000))
    #expect(reading.graph == nil)
    #expect(reading.messages.first?.contains("nested deeper than") == true)
  }

  @Test func duplicateKeysShowBothLines() throws {
    let text = """
      SecurityGroups:
      - GroupId: sg-1
        IpPermissions:
        - IpProtocol: tcp
          FromPort: 25
          ToPort: 25
          FromPort: 22
          IpRanges: [{CidrIp: 10.0.0.0/8}]
        IpPermissionsEgress: []
      """
    let reading = Reading(text)
    #expect(reading.messages == ["error 7: the key 'FromPort' on line 7 is already given on line 5"])
    let graph = try #require(reading.graph)
    #expect(Traces(graph).verdict("in tcp 10.0.0.1 10.0.0.2,22") == "undecided")
    #expect(graph.counts.unparsed == 2)
  }

  @Test func productsOfListsAreBounded() {
    let ranges = (0..<400).map { "10.0.\($0 / 256).\($0 % 256)" }.joined(separator: ",")
    let gcp = Reading(
      "kind: compute#firewall\nnetwork: n\nallowed: [\((0..<100).map { "{IPProtocol: tcp, ports: ['\($0)']}" }.joined(separator: ","))]\n"
        + "sourceRanges: [\(ranges)]\n")
    #expect(gcp.graph?.counts.rules == 1)
    #expect(gcp.messages == ["error 1: the rule has more than 20000 combinations of its lists"])
    let azure = Reading(
      "- {access: Allow, direction: Inbound, priority: 1, protocol: Tcp, destinationPortRange: '1', sourceAddressPrefixes: [\(ranges)], destinationAddressPrefixes: [\(ranges)]}\n"
    )
    #expect(azure.messages == ["error 1: the rule has more than 20000 combinations of its lists"])
  }

  @Test func lineEndsAndByteOrderMarksDoNotMatter() {
    let plain = Reading(SemanticsTests.twoGroups)
    let dressed = Reading("\u{FEFF}" + SemanticsTests.twoGroups.replacing("\n", with: "\r\n"))
    #expect(!plain.rules.isEmpty)
    #expect(dressed.rules == plain.rules)
    #expect(dressed.messages.isEmpty)
  }

  private static let marks = Array("-:{}[]'\"0,x \n!*&#".utf8)

  /// Prefixes of an export, and exports with one byte changed: no crash, and no graph that breaks its invariants.
  @Test(arguments: GoldenTests.exports)
  func damagedExportsAreReadToTheEnd(_ name: String) throws {
    let bytes = try TestFiles.source(TestFiles.fixtures.appending(path: name)).bytes
    var state: UInt64 = 42
    for step in 0..<150 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let place = Int(state >> 33) % bytes.count
      var damaged = bytes
      switch step % 3 {
      case 0: damaged.removeSubrange(place...)
      case 1: damaged[place] = Self.marks[step % Self.marks.count]
      default: damaged.remove(at: place)
      }
      let (graph, diagnostics) = SecurityGroupFrontend.parse(SourceFile(path: "x", bytes: damaged))
      #expect(graph != nil || !diagnostics.isEmpty)
      guard let graph else { continue }
      let isSound = graph.rules.allSatisfy { rule in
        Int(rule.firstItem + rule.itemCount) <= graph.items.count && Int(rule.range.end) <= damaged.count
          && (rule.verdict.kind != .jump || Int(rule.verdict.target) < graph.chains.count)
      }
      #expect(isSound)
    }
  }
}
