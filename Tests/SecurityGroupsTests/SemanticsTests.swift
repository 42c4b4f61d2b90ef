import RuleGraph
import SecurityGroups
import Testing

/// What the providers do with packets, by the tracer and by the packet-set engine.
@Suite struct SemanticsTests {
  private func check(
    _ text: String, groups: [String] = [], references: [String: [String]] = [:], _ expected: [(String, String)]
  ) throws {
    var graph = try #require(Reading(text).graph)
    if !groups.isEmpty {
      let selection = graph.selecting(groups: groups)
      #expect(selection.unknown.isEmpty)
      graph = selection.graph
    }
    var traces = Traces(graph, references: references)
    for (packet, verdict) in expected {
      #expect(traces.verdict(packet) == verdict, "\(packet)")
      if let summarised = traces.summarised(packet) { #expect(summarised == verdict, "\(packet)") }
    }
  }

  static let twoGroups = """
    SecurityGroups:
    - GroupId: sg-1
      GroupName: mail
      IpPermissions:
      - {IpProtocol: tcp, FromPort: 25, ToPort: 25, IpRanges: [{CidrIp: 0.0.0.0/0}]}
      - {IpProtocol: '-1', UserIdGroupPairs: [{GroupId: sg-1}]}
      IpPermissionsEgress: []
    - GroupId: sg-2
      GroupName: admin
      IpPermissions:
      - {IpProtocol: tcp, FromPort: 443, ToPort: 443, IpRanges: [{CidrIp: 198.51.100.0/24}]}
      IpPermissionsEgress:
      - {IpProtocol: udp, FromPort: 53, ToPort: 53, IpRanges: [{CidrIp: 10.0.0.53/32}]}
    """

  @Test func groupsAreAUnion() throws {
    try check(
      Self.twoGroups, references: ["sg-1": ["10.0.0.7"]],
      [
        ("in tcp 192.0.2.1 10.0.0.5,25", "accept"), ("in tcp 198.51.100.9 10.0.0.5,443", "accept"),
        ("in tcp 192.0.2.1 10.0.0.5,443", "drop"), ("out udp 10.0.0.5 10.0.0.53,53", "accept"),
        ("out udp 10.0.0.5 10.0.0.54,53", "drop"), ("in udp 10.0.0.7 10.0.0.5,999", "accept"),
        ("in tcp 2001:db8::1 2001:db8::2,25", "drop"),
      ])
  }

  @Test(arguments: ["sg-1", "mail"])
  func onlySelectedGroupsCount(_ name: String) throws {
    try check(
      Self.twoGroups, groups: [name], references: ["sg-1": []],
      [
        ("in tcp 192.0.2.1 10.0.0.5,25", "accept"), ("in tcp 198.51.100.9 10.0.0.5,443", "drop"),
        ("out udp 10.0.0.5 10.0.0.53,53", "drop"),
      ])
  }

  @Test func unknownGroupsAreNamed() throws {
    let graph = try #require(Reading(Self.twoGroups).graph)
    let selection = graph.selecting(groups: ["sg-9", "sg-2", "mial"])
    #expect(selection.unknown == ["sg-9", "mial"])
    #expect(selection.graph.groups.map(\.id) == ["sg-2"])
    #expect(selection.graph.chains.count == 4)
    #expect(graph.selecting(groups: ["sg-9"]).graph.chains.count == graph.chains.count)
  }

  @Test func repliesPassAndUnfilteredAddressesAreOpen() throws {
    try check(
      Self.twoGroups, groups: ["sg-1"], references: ["sg-1": []],
      [
        ("out tcp 10.0.0.5,25 192.0.2.1,40000 established", "accept"),
        ("out udp 10.0.0.5 169.254.169.253,53", "accept"), ("out udp 10.0.0.5 169.254.169.123,123", "accept"),
        ("out tcp 10.0.0.5 169.254.169.254,80", "accept"), ("out tcp 10.0.0.5 169.254.169.252,80", "drop"),
        ("out udp fd00::5 fd00:ec2::253,53", "accept"), ("out udp fd00::5 fd00:ec2::252,53", "drop"),
        ("in tcp 169.254.169.254 10.0.0.5,80", "drop"),
      ])
  }

  static let networkACL = """
    NetworkAcls:
    - NetworkAclId: acl-1
      Entries:
      - {CidrBlock: 0.0.0.0/0, Egress: false, Protocol: '-1', RuleAction: deny, RuleNumber: 32767}
      - {CidrBlock: 0.0.0.0/0, Egress: true, Protocol: '-1', RuleAction: deny, RuleNumber: 32767}
      - {CidrBlock: 0.0.0.0/0, Egress: false, Protocol: '6', PortRange: {From: 25, To: 25}, RuleAction: allow, RuleNumber: 200}
      - {CidrBlock: 10.6.0.0/16, Egress: false, Protocol: '6', PortRange: {From: 0, To: 65535}, RuleAction: deny, RuleNumber: 100}
      - {CidrBlock: 0.0.0.0/0, Egress: true, Protocol: '6', PortRange: {From: 32768, To: 65535}, RuleAction: allow, RuleNumber: 100}
    """

  @Test func networkACLsAreOrderedAndKeepNoState() throws {
    try check(
      Self.networkACL,
      [
        ("in tcp 192.0.2.1 10.0.0.5,25", "accept"), ("in tcp 10.6.1.1 10.0.0.5,25", "drop"),
        ("in tcp 192.0.2.1 10.0.0.5,26", "drop"),
        ("out tcp 10.0.0.5,25 192.0.2.1,40000 established", "accept"),
        ("out tcp 10.0.0.5,25 192.0.2.1,1024 established", "drop"),
        ("in udp 169.254.169.253,53 10.0.0.5,40000 established", "accept"),
      ])
  }

  @Test func networkACLsAndGroupsMustBothAllow() throws {
    try check(
      Self.networkACL + "\n---\n" + Self.twoGroups, references: ["sg-1": []],
      [
        ("in tcp 192.0.2.1 10.0.0.5,25", "accept"), ("in tcp 10.6.1.1 10.0.0.5,25", "drop"),
        ("in tcp 198.51.100.9 10.0.0.5,443", "drop"), ("out tcp 10.0.0.5,25 192.0.2.1,1024 established", "drop"),
      ])
  }

  @Test func oneOfSeveralNetworkACLsIsInForce() throws {
    let second = Self.networkACL.replacing("acl-1", with: "acl-2").replacing("To: 25", with: "To: 26")
    let text = Self.networkACL + "\n---\n" + second
    let packets = ["in tcp 192.0.2.1 10.0.0.5,25", "in tcp 192.0.2.1 10.0.0.5,26", "in tcp 192.0.2.1 10.0.0.5,27"]
    try check(text, Array(zip(packets, ["accept", "undecided", "drop"])))
    try check(text, groups: ["acl-1"], Array(zip(packets, ["accept", "drop", "drop"])))
    try check(text, groups: ["acl-2"], Array(zip(packets, ["accept", "accept", "drop"])))
  }

  static let gcp = """
    kind: compute#firewall
    name: allow
    network: x/global/networks/n
    allowed: [{IPProtocol: tcp, ports: ['25', '443']}]
    sourceRanges: [0.0.0.0/0]
    ---
    kind: compute#firewall
    name: deny
    network: x/global/networks/n
    denied: [{IPProtocol: tcp, ports: ['25']}]
    sourceRanges: [10.6.0.0/16]
    ---
    kind: compute#firewall
    name: tagged
    network: x/global/networks/n
    priority: 10
    denied: [{IPProtocol: tcp, ports: ['443']}]
    sourceRanges: [0.0.0.0/0]
    targetTags: [web]
    """

  @Test func denialsPrecedeAllowancesOfEqualPriority() throws {
    try check(
      Self.gcp,
      [
        ("in tcp 192.0.2.1 10.0.0.5,25", "accept"), ("in tcp 10.6.1.1 10.0.0.5,25", "drop"),
        ("in tcp 192.0.2.1 10.0.0.5,22", "drop"), ("out tcp 10.0.0.5 192.0.2.1,25", "accept"),
        ("out tcp 2001:db8::1 2001:db8::2,25", "accept"),
      ])
  }

  @Test func rulesForOtherTargetsPerhapsApply() throws {
    let packet = "in tcp 192.0.2.1 10.0.0.5,443"
    try check(Self.gcp, [(packet, "undecided")])
    try check(Self.gcp, references: ["web": ["10.0.0.5"]], [(packet, "drop")])
    try check(Self.gcp, references: ["web": ["10.0.0.6"]], [(packet, "accept")])
    try check(Self.gcp, groups: ["web"], [(packet, "drop")])
    try check(Self.gcp, groups: ["n"], [(packet, "undecided")])
  }

  @Test func unselectedTagsAreNotTheUnits() throws {
    let text =
      Self.gcp + "\n---\nkind: compute#firewall\nname: m\nnetwork: x/global/networks/n\npriority: 5\n"
      + "allowed: [{IPProtocol: tcp, ports: ['22']}]\nsourceRanges: [10.0.0.0/8]\ntargetTags: [mail]\n"
    let packets = ["in tcp 10.0.0.1 10.0.0.5,443", "in tcp 10.0.0.1 10.0.0.5,22"]
    try check(text, groups: ["n", "mail"], Array(zip(packets, ["accept", "accept"])))
    try check(text, groups: ["web"], Array(zip(packets, ["drop", "drop"])))
  }

  @Test func aSelectedNetworkIsTheUnits() throws {
    let other = Self.gcp.replacing("networks/n", with: "networks/m").replacing("'25', '443'", with: "'26', '443'")
    let policy =
      "kind: compute#firewallPolicy\nname: late\nrules:\n- {action: allow, direction: INGRESS, priority: 1, "
      + "match: {srcIpRanges: [10.8.0.0/16], layer4Configs: [{ipProtocol: udp}]}}\n"
    let text = [policy, Self.gcp, other].joined(separator: "\n---\n")
    let packets = ["in tcp 192.0.2.1 10.0.0.5,25", "in tcp 192.0.2.1 10.0.0.5,26", "in udp 10.8.0.1 10.0.0.5,9"]
    try check(text, Array(zip(packets, ["undecided", "undecided", "accept"])))
    try check(text, groups: ["n"], Array(zip(packets, ["accept", "drop", "accept"])))
    try check(text, groups: ["m"], Array(zip(packets, ["drop", "accept", "accept"])))
    let graph = try #require(Reading(text).graph)
    #expect(graph.selecting(groups: ["network tag"]).unknown == ["network tag"])
  }

  @Test func policiesGoOnToTheNetworksRules() throws {
    let policy = """
      kind: compute#firewallPolicy
      displayName: org
      parent: organizations/1
      rules:
      - {action: deny, direction: INGRESS, priority: 1, match: {srcIpRanges: [10.7.0.0/16], layer4Configs: [{ipProtocol: all}]}}
      - {action: allow, direction: INGRESS, priority: 2, match: {srcIpRanges: [10.6.0.0/16], layer4Configs: [{ipProtocol: tcp, ports: ['25']}]}}
      - {action: goto_next, direction: INGRESS, priority: 3, match: {srcIpRanges: [10.8.0.0/16], layer4Configs: [{ipProtocol: tcp}]}}
      - {action: deny, direction: INGRESS, priority: 4, match: {srcIpRanges: [10.8.0.0/16], layer4Configs: [{ipProtocol: all}]}}
      """
    try check(
      Self.gcp + "\n---\n" + policy,
      [
        ("in tcp 10.7.0.1 10.0.0.5,25", "drop"), ("in tcp 10.6.0.1 10.0.0.5,25", "accept"),
        ("in tcp 10.8.0.1 10.0.0.5,25", "accept"), ("in udp 10.8.0.1 10.0.0.5,25", "drop"),
        ("in tcp 192.0.2.1 10.0.0.5,25", "accept"),
      ])
  }

  /// Two groups with one rule each, at the levels given.
  private func azure(_ first: String, _ second: String) -> String {
    func group(_ name: String, _ place: String, _ ports: String) -> String {
      """
      - id: /x/networkSecurityGroups/\(name)
        name: \(name)
        \(place)
        securityRules:
        - {access: Deny, direction: Inbound, priority: 90, protocol: '*', sourceAddressPrefix: 10.6.0.0/16, sourcePortRange: '*', destinationAddressPrefix: '*', destinationPortRange: '*'}
        - {access: Allow, direction: Inbound, priority: 100, protocol: Tcp, sourceAddressPrefix: '*', sourcePortRange: '*', destinationAddressPrefix: '*', destinationPortRanges: [\(ports)]}
      """
    }
    return group("one", first, "'25', '80'") + "\n" + group("two", second, "'25', '443'") + "\n"
  }

  @Test func subnetAndInterfaceMustBothAllow() throws {
    let text = azure("subnets: [{id: s}]", "networkInterfaces: [{id: n}]")
    let tags = ["VirtualNetwork": ["10.0.0.0/8"], "Internet": ["192.0.2.0/24"]]
    try check(
      text, references: tags,
      [
        ("in tcp 192.0.2.1 10.0.0.5,25", "accept"), ("in tcp 192.0.2.1 10.0.0.5,80", "drop"),
        ("in tcp 192.0.2.1 10.0.0.5,443", "drop"), ("in tcp 10.6.0.1 10.0.0.5,25", "drop"),
        ("in udp 10.5.0.1 10.0.0.5,9", "accept"), ("in tcp 168.63.129.16 10.0.0.5,9", "undecided"),
        ("out tcp 10.0.0.5 192.0.2.1,25", "accept"), ("out tcp 10.0.0.5 203.0.113.1,25", "drop"),
        ("out udp 10.0.0.5 168.63.129.16,53", "accept"), ("out udp 10.0.0.5 168.63.129.16,54", "drop"),
        ("out tcp 10.0.0.5,25 203.0.113.1,40000 established", "accept"),
      ])
    try check(
      text, groups: ["ONE"].map { $0.lowercased() }, references: tags, [("in tcp 192.0.2.1 10.0.0.5,80", "accept")])
    try check(
      text, groups: ["/X/networksecuritygroups/TWO"], references: tags, [("in tcp 192.0.2.1 10.0.0.5,80", "drop")])
    try check(text, [("in udp 10.5.0.1 10.0.0.5,9", "undecided")])
  }

  @Test func groupsOfDifferentInterfacesAreAlternatives() throws {
    let text = azure("networkInterfaces: [{id: m}]", "networkInterfaces: [{id: n}]")
    try check(
      text, references: ["VirtualNetwork": []],
      [
        ("in tcp 192.0.2.1 10.0.0.5,25", "accept"), ("in tcp 192.0.2.1 10.0.0.5,80", "undecided"),
        ("in tcp 10.6.0.1 10.0.0.5,25", "drop"),
      ])
  }

  @Test func statelessGroupsLetNoRepliesThrough() throws {
    let rules = "[{direction: ingress, ethertype: IPv4, protocol: udp, port_range_min: 53, port_range_max: 53}]"
    let reply = "out udp 10.0.0.5,53 192.0.2.1,40000 established"
    for (value, verdict) in [("true", "accept"), ("false", "drop")] {
      let text = "id: g\nname: n\nproject_id: p\nstateful: \(value)\nrules: \(rules)\n"
      try check(text, [(reply, verdict), ("in udp 192.0.2.1 10.0.0.5,53", "accept")])
    }
  }

  @Test func rulesThatWereNotUnderstoodPerhapsAllow() throws {
    let text = Self.twoGroups.replacing("0.0.0.0/0", with: "0.0.0.0/zero")
    try check(
      text, references: ["sg-1": []],
      [
        ("in tcp 192.0.2.1 10.0.0.5,25", "undecided"), ("in tcp 192.0.2.1 10.0.0.5,26", "drop"),
        ("in tcp 198.51.100.9 10.0.0.5,443", "accept"),
      ])
  }

  @Test func documentsThatAreNotYAMLPerhapsHoldRules() throws {
    try check(
      Self.gcp + "\n---\nkind: [compute#firewall\n",
      [("in tcp 192.0.2.1 10.0.0.5,25", "undecided"), ("in tcp 192.0.2.1 10.0.0.5,22", "undecided")])
  }
}
