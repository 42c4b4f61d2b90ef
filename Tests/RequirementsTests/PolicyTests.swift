import PacketSets
import Requirements
import SourceText
import Testing
import YAMLDocument

@Suite("The FortiMail policy")
struct PolicyTests {
  @Test("has the 76 printed rows, in id, direction, port and protocol")
  func printedRows() throws {
    let source = try read("\(Folder.fixtures)/appendix-c-rows.yaml")
    let rows = try #require(YAMLDocument.parse(source).documents.first?.sequence)
    let expected = rows.map { row in
      let cells = Dictionary(
        uniqueKeysWithValues: (row.mapping ?? []).map { ($0.key.scalar ?? "", $0.value.scalar ?? "") })
      return ["id", "direction", "port", "protocol"].map { cells[$0] ?? "" }
    }
    #expect(expected.count == 76)
    #expect(fortimail.rows.map { [$0.id, $0.direction.rawValue, $0.printedPort, $0.printedProtocol] } == expected)
  }

  @Test("refers only to what it defines")
  func references() throws {
    let source = try #require(Policy.embeddedSource(named: "fortimail-7.6"))
    let lines = LineIndex(source)
    #expect(Policy.parse(source).diagnostics.map { describe($0, lines) } == [])
  }

  @Test("is embedded as it stands in Policies")
  func embedding() throws {
    let file = try read("\(Folder.policies)/fortimail-7.6.yaml")
    #expect(Policy.embeddedSource(named: "fortimail-7.6")?.bytes == file.bytes)
    #expect(Policy.embedded(named: "fortimail-7.5").policy == nil)
  }

  @Test("without its words still requires the same")
  func withoutWords() throws {
    let bare = try #require(Policy.embedded(named: "fortimail-7.6", withWords: false).policy)
    func withoutWords(_ row: RequirementRow) -> RequirementRow {
      var row = row
      (row.printedPort, row.printedProtocol, row.configuredBy) = ("", "", nil)
      (row.peers, row.purposes, row.restored, row.notes) = ([], [], [], [])
      return row
    }
    #expect(bare.identifier == fortimail.identifier)
    #expect(bare.allRows == fortimail.allRows.map(withoutWords))
    #expect(bare.allRows != fortimail.allRows)
    #expect(bare.features.map(\.name) == fortimail.features.map(\.name))
    #expect(bare.features.map(\.encryptedSibling) == fortimail.features.map(\.encryptedSibling))
    #expect(bare.roles.map(\.defaultMeaning) == fortimail.roles.map(\.defaultMeaning))
    #expect(bare.settings.map(\.defaultPort) == fortimail.settings.map(\.defaultPort))
  }

  @Test("has 74 features of the table and the factory default, 22 roles, and says each in a line")
  func vocabulary() {
    #expect(fortimail.features.count == 75)
    #expect(Set(fortimail.rows.flatMap { $0.features.map(\.feature) }).count == 74)
    #expect(fortimail.roles.count == 22)
    #expect(fortimail.features.allSatisfy { !$0.explanation.isEmpty })
    #expect(fortimail.roles.allSatisfy { !$0.explanation.isEmpty })
    let mayStayUnbound = fortimail.roles.filter { $0.defaultMeaning == .any }.map(\.name).sorted()
    #expect(
      mayStayUnbound == [
        "ddns-server", "dnsbl-server", "email-servers", "fortiguard", "pki-server", "surbl-server", "time-server",
        "web-servers",
      ])
    #expect(fortimail.roles.filter { $0.defaultMeaning == .units }.map(\.name) == ["fortimail"])
  }

  @Test("needs of a row are what is printed")
  func needsFollowPrint() {
    for row in fortimail.rows {
      let ports = Set(row.needs.flows.map(\.ports))
      let protocols = Set(row.needs.flows.map(\.protocolNumber))
      let words = row.printedPort.split { " ,".contains($0) }
      #expect(ports == Set(words.compactMap(portSet)), "\(row.id)")
      let names = row.printedProtocol.lowercased().split(separator: " ").filter { $0 != "or" && $0 != "and" }
      #expect(protocols == Set(names.compactMap { IPProtocol.number(named: String($0)) }), "\(row.id)")
      let hasAlternatives = words.contains("or") && !row.allowsAnyPort || row.printedProtocol.contains(" or ")
      #expect((row.needs.alternatives.count > 1) == hasAlternatives, "\(row.id)")
      #expect(row.needs.flows.count == ports.count * protocols.count, "\(row.id)")
    }
  }

  private func portSet(_ word: Substring) -> IntervalSet<UInt32>? {
    TransportFlow("tcp/\(word)")?.ports
  }

  @Test("clear text has a sibling only where the traffic is readable and the sibling is not")
  func siblings() throws {
    for feature in fortimail.features {
      guard let name = feature.encryptedSibling else { continue }
      #expect(fortimail.rows(askedBy: feature.name).allSatisfy { $0.clearText == .clear }, "\(feature.name)")
      #expect(fortimail.rows(askedBy: name).allSatisfy { $0.clearText == .encrypted }, "\(name)")
    }
    #expect(fortimail.feature("admin-cli-telnet")?.encryptedSibling == "admin-cli")
    #expect(fortimail.feature("smtp")?.encryptedSibling == nil)
  }

  @Test("HA rows sit at their offsets of the base port and mirror each other")
  func highAvailability() {
    let moved = fortimail.rows(movedBy: "ha-base")
    #expect(moved.count == 14)
    let offsets = moved.filter { $0.direction == .incoming }.flatMap { $0.needs.alternatives[0][0].ports.intervals }
    #expect(
      offsets.map { [$0.lower - 20000, $0.upper - 20000] } == [
        [0, 0], [1, 1], [2, 2], [3, 3], [4, 4], [5, 5], [10, 14],
      ])
    for row in fortimail.rows where row.features.contains(where: { $0.roles == ["fortimail"] }) {
      #expect(row.mirror.flatMap(fortimail.row)?.mirror == row.id, "\(row.id)")
    }
    #expect(fortimail.row("IN-15")?.mirror == "OUT-27")
  }

  @Test("a changed setting moves every row that shares it")
  func settings() {
    #expect(fortimail.rows(movedBy: "port-https").map(\.id) == ["IN-02", "IN-13", "OUT-25", "FD-02"])
    #expect(fortimail.rows(movedBy: "port-ssh").map(\.id) == ["IN-03", "FD-03"])
    #expect(fortimail.settings.allSatisfy { !fortimail.rows(movedBy: $0.name).isEmpty })
    for row in fortimail.allRows {
      for name in Set(row.features.compactMap { $0.setting ?? row.setting }) {
        let port = UInt32(fortimail.setting(name)?.defaultPort ?? 0)
        let isOffset = name == "ha-base"
        #expect(isOffset || row.needs.flows.allSatisfy { $0.ports == IntervalSet(Interval(port)) }, "\(row.id)")
      }
    }
  }

  @Test("says which printed cells are blank")
  func restoredCells() {
    let restored = fortimail.rows.flatMap { row in row.restored.map { "\(row.id) \($0.cell) \($0.origin)" } }
    #expect(restored.count == 56)
    #expect(restored.contains("IN-26 peers documents"))
    #expect(
      restored.filter { $0.contains("purposes") }.map { $0.prefix(6) } == [
        "IN-04 ", "IN-09 ", "IN-10 ", "OUT-19", "OUT-40",
      ])
  }

  @Test("nothing comes back from traps and from logging over UDP")
  func replies() {
    let oneWay = fortimail.allRows.filter { !$0.protocolsWithoutReplies.isEmpty }
    #expect(oneWay.map(\.id) == ["OUT-45", "OUT-46"])
    #expect(oneWay.allSatisfy { !$0.expectsReplies(IPProtocol.udp) && $0.expectsReplies(IPProtocol.tcp) })
  }
}
