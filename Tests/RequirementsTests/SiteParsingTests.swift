import PacketSets
import Requirements
import SourceText
import Testing

@Suite("A site file")
struct SiteParsingTests {
  /// The site of DESIGN's size: every part is there.
  private static let text = """
    policy: fortimail-7.6
    mode: gateway
    units:
      - name: mail1
        addresses: [10.0.10.5, "2001:db8:10::5", {address: 10.99.0.5, features: [ha, ha-group]}]
        published: [203.0.113.25, {address: 203.0.113.26, peers: [email-users], by: edge/nftables.conf}]
      - name: mail2
        addresses: [10.0.10.6]
        published: {address: 203.0.113.27, by: provider}
    features: [smtp, ha]
    peers:
      email-users: [10.0.0.0/8, 192.0.2.7, 192.0.2.250-192.0.3.1]
      email-servers: any
    also-open:
      - {from: [10.9.0.0/24], port: [9100, 9200-9300], protocol: [tcp, udp], reason: node exporter}
      - {to: any, protocol: icmp, type: 8, code: 0, units: [mail2]}
    resolve: {sg-0abc: [10.0.3.0/24], admins-set: [10.1.0.0/24, "fd00::/8"]}
    severity: {FW302: off, FW103: error}
    firewalls:
      - path: edge/nftables.conf
        position: forward
        units: [mail1]
        peers: [email-servers, fortimail]
        interfaces: {units: dmz0, email-servers: [wan0, wan1]}
      - path: [rules.v4, rules.v6]
        position: host
      - path: aws/groups.yaml
        position: attached
        groups: [sg-0123]
    """

  private let site: Site

  init() throws {
    let document = parseSite(SourceFile(path: "fwlint.yaml", text: Self.text))
    #expect(document.diagnostics.isEmpty)
    site = try #require(document.site)
  }

  @Test("names units; an address with features is for those only, and they use no other")
  func units() throws {
    let mail1 = try #require(site.unit("mail1"))
    #expect(site.units.map(\.name) == ["mail1", "mail2"])
    #expect(mail1.addresses(for: "smtp").description == "10.0.10.5, 2001:db8:10::5")
    #expect(mail1.addresses(for: "ha").description == "10.99.0.5")
    #expect(mail1.allAddresses.description == "10.0.10.5, 10.99.0.5, 2001:db8:10::5")
    #expect(site.unit("mail2")?.addresses(for: "ha").description == "10.0.10.6")
    #expect(mail1.published.map(\.address.description) == ["203.0.113.25", "203.0.113.26"])
    #expect(mail1.published.map(\.peers) == [nil, ["email-users"]])
    #expect(mail1.published.map(\.translator) == [nil, "edge/nftables.conf"])
    #expect(site.unit("mail2")?.published.first?.translator == PublishedAddress.provider)
    #expect(site.source.text(mail1.range) == "mail1")
  }

  @Test("binds roles to addresses, prefixes and ranges, or to anybody")
  func peers() {
    let users = site.addresses(of: "email-users", for: "smtp", fortimail)
    #expect(users.required?.description == "10.0.0.0/8, 192.0.2.7, 192.0.2.250/31, 192.0.2.252/30, 192.0.3.0/31")
    #expect(site.addresses(of: "email-servers", for: "smtp", fortimail) == .any)
    #expect(PeerAddresses.any.required == .globallyReachableUnicast)
    #expect(PeerAddresses.any.permitted == .all)
    #expect(PeerAddresses.unknown.required == nil)
    #expect(PeerAddresses.unknown.permitted == .all)
    #expect(site.addresses(of: "fortiguard", for: "fortiguard-push", fortimail) == .unknown)
    #expect(site.addresses(of: "fortimail", for: "ha", fortimail) == .units)
  }

  @Test("opens more than features ask for")
  func alsoOpen() {
    #expect(site.alsoOpen.map(\.direction) == [.incoming, .incoming, .outgoing])
    #expect(site.alsoOpen.map(\.transport.description) == ["tcp/9100,9200-9300", "udp/9100,9200-9300", "icmp/8:0"])
    #expect(site.alsoOpen.map(\.reason) == ["node exporter", "node exporter", nil])
    #expect(site.alsoOpen.map(\.units) == [nil, nil, ["mail2"]])
    #expect(site.alsoOpen.map(\.addresses.description) == ["10.9.0.0/24", "10.9.0.0/24", "0.0.0.0/0, ::/0"])
    #expect(site.resolve["admins-set"]?.description == "10.1.0.0/24, fd00::/8")
  }

  @Test("says how much checks weigh")
  func severities() {
    #expect(site.severity(of: "FW302") == .some(nil))
    #expect(site.severity(of: "FW103") == .some(.error))
    #expect(site.severity(of: "FW101") == nil)
  }

  @Test("lists firewalls with their place and who crosses them")
  func firewalls() {
    #expect(site.firewalls.map(\.position) == [.forward, .host, .attached])
    #expect(
      site.firewalls.map { $0.paths.map(\.path) } == [
        ["edge/nftables.conf"], ["rules.v4", "rules.v6"], ["aws/groups.yaml"],
      ])
    #expect(site.firewalls.map(\.groups) == [nil, nil, ["sg-0123"]])
    #expect(site.firewalls[0].interfaces(of: "units") == ["dmz0"])
    #expect(site.firewalls[0].interfaces(of: "email-servers") == ["wan0", "wan1"])
    #expect(site.firewalls[0].interfaces(of: "fortimail") == nil)
    #expect(site.units(behind: site.firewalls[0]).map(\.name) == ["mail1"])
    #expect(site.units(behind: site.firewalls[1]).map(\.name) == ["mail1", "mail2"])
    #expect(site.roles(crossing: site.firewalls[0], fortimail) == ["email-servers", "fortimail"])
    #expect(site.roles(crossing: site.firewalls[1], fortimail) == ["email-servers", "email-users"])
  }

  @Test("can be made without a file")
  func inMemory() throws {
    let address = try #require(IPAddress("10.0.0.1"))
    let peers = AddressSet(try #require(IPAddress("10.0.0.2")))
    let site = Site(
      policyName: "fortimail-7.6", units: [Unit(name: "mail1", addresses: [UnitAddress(address)])],
      features: [DeclaredFeature("dns"), DeclaredFeature("imap")],
      peers: [PeerBinding(role: "dns-server", addresses: .known(peers))])
    let requirements = site.requirements(fortimail)
    #expect(requirements.map(\.row) == ["OUT-23", "IN-09"])
    #expect(requirements.map(\.applicability) == [.applies, .applies], "without a mode, every mode is possible")
    #expect(requirements[0].alternatives.first?.first?.peers == .known(peers))
  }

  @Test("takes the codes of checks from the caller")
  func knownCodes() {
    let text =
      "policy: fortimail-7.6\nmode: server\nunits: {name: a, addresses: 10.0.0.1}\nfeatures: []\nseverity: {FW999: off, FW101: off}"
    let document = Site.parse(
      SourceFile(path: "fwlint.yaml", text: text), findPolicy: policy(named:), knownCodes: ["FW101", "FW909"])
    #expect(
      document.diagnostics.map(\.message) == [
        "'FW999' is not the code of a check, such as FW302 (did you mean 'FW909'?)"
      ])
    #expect(document.site?.severities.map(\.code) == ["FW101"])
  }

  @Test("never crashes, whatever is cut out of it or changed in it")
  func hostileInput() {
    let bytes = Array(Self.text.utf8)
    let hostile = Array("[]{}:,-'\"&*!|>%@\t\n #0".utf8) + [0, 0x1B, 0xC3, 0xFF]
    var state: UInt64 = 1
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(truncatingIfNeeded: state >> 33) % bound
    }
    for _ in 0..<2000 {
      var changed = bytes
      for _ in 0...random(3) {
        let start = random(changed.count)
        let end = min(changed.count, start + random(20))
        let insertion = (0..<random(4)).map { _ in hostile[random(hostile.count)] }
        changed.replaceSubrange(start..<end, with: insertion)
      }
      let document = parseSite(SourceFile(path: "fwlint.yaml", bytes: changed))
      _ = document.site?.requirements(fortimail)
      #expect(document.diagnostics.allSatisfy { Int($0.range.end) <= changed.count && $0.range.start <= $0.range.end })
    }
  }
}
