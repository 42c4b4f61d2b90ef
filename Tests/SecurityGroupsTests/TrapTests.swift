import RuleGraph
import SecurityGroups
import Testing

/// The traps of real exports, each by its name.
@Suite struct TrapTests {
  /// A group with one permission, given as lines of YAML.
  private func aws(_ permission: String) -> Reading {
    Reading("SecurityGroups:\n- GroupId: sg-1\n  IpPermissions:\n  - \(permission)\n  IpPermissionsEgress: []\n")
  }

  @Test(arguments: ["'-1'", "-1", "\"-1\""])
  func protocolMinusOneDisregardsPorts(_ text: String) {
    let reading = aws("{IpProtocol: \(text), FromPort: 22, ToPort: 22, IpRanges: [{CidrIp: 0.0.0.0/0}]}")
    #expect(reading.rules == ["sg-1 ingress 4: accept from 0.0.0.0/0"])
    #expect(reading.messages.isEmpty)
  }

  @Test func portsMayBeAbsentWithProtocolMinusOne() {
    #expect(
      aws("{IpProtocol: '-1', IpRanges: [{CidrIp: 10.0.0.0/8}]}").rules == ["sg-1 ingress 4: accept from 10.0.0.0/8"])
  }

  @Test func portsOfOtherProtocolsAreDisregarded() {
    let reading = aws("{IpProtocol: '132', FromPort: 1, ToPort: 2, IpRanges: [{CidrIp: 10.0.0.0/8}]}")
    #expect(reading.rules == ["sg-1 ingress 4: accept from 10.0.0.0/8 sctp"])
  }

  @Test func portsMayBeQuoted() {
    let reading = aws("{IpProtocol: '6', FromPort: '22', ToPort: \"22\", IpRanges: [{CidrIp: 10.0.0.0/8}]}")
    #expect(reading.rules == ["sg-1 ingress 4: accept from 10.0.0.0/8 tcp 22"])
  }

  @Test(arguments: [("0", "0", "type 0 code 0"), ("8", "-1", "type 8"), ("3", "4", "type 3 code 4")])
  func icmpTypeZeroIsATypeAndMinusOneIsAll(_ type: String, _ code: String, _ expected: String) {
    let reading = aws("{IpProtocol: icmp, FromPort: \(type), ToPort: \(code), IpRanges: [{CidrIp: 10.0.0.0/8}]}")
    #expect(reading.rules == ["sg-1 ingress 4: accept from 10.0.0.0/8 icmp \(expected)"])
  }

  @Test func icmpv6NeedsNoTypes() {
    let reading = aws("{IpProtocol: icmpv6, Ipv6Ranges: [{CidrIpv6: '::/0'}]}")
    #expect(reading.rules == ["sg-1 ingress 4: accept from ::/0 icmpv6"])
  }

  @Test func hostBitsOfABlockAreDropped() {
    let reading = aws("{IpProtocol: '-1', IpRanges: [{CidrIp: 100.68.0.18/18}]}")
    #expect(reading.rules == ["sg-1 ingress 4: accept from 100.68.0.0/18"])
  }

  @Test func permissionsThatAreLeftOutAreNotKnown() throws {
    let reading = Reading("SecurityGroups:\n- GroupId: sg-1\n  IpPermissions: []\n")
    #expect(
      reading.messages == ["warning 2: the security group has no IpPermissionsEgress: what it allows is not known"])
    let traces = Traces(try #require(reading.graph))
    #expect(traces.verdict("out tcp 10.0.0.1 192.0.2.1,25") == "undecided")
    #expect(traces.verdict("in tcp 192.0.2.1 10.0.0.1,25") == "drop")
  }

  @Test func foldedScalarsAreReadWhole() {
    let text = "SecurityGroups:\n- GroupId: \n    sg-1\n  SecurityGroupArn: \n    arn:aws:ec2:x\n  IpPermissions: []\n"
    #expect(Reading(text).graph?.groups.map(\.id) == ["sg-1"])
  }

  @Test func referencesAreNeitherAnyNorNone() throws {
    let graph = try #require(
      aws("{IpProtocol: tcp, FromPort: 22, ToPort: 22, UserIdGroupPairs: [{GroupId: sg-2}]}").graph)
    let packet = "in tcp 10.0.0.9 10.0.1.1,22"
    #expect(Traces(graph).verdict(packet) == "undecided")
    #expect(Traces(graph, references: ["sg-2": ["10.0.0.9"]]).verdict(packet) == "accept")
    #expect(Traces(graph, references: ["sg-2": []]).verdict(packet) == "drop")
    #expect(Traces(graph).verdict("in tcp 10.0.0.9 10.0.1.1,23") == "drop")
  }

  // MARK: OpenStack

  /// A rule as a row of `security group rule list`.
  private func row(_ columns: String) -> Reading {
    Reading("- Direction: ingress\n  Ethertype: IPv4\n  Security Group: g1\n  ID: r1\n  \(columns)\n")
  }

  @Test func remoteColumnsWinOverIPRange() {
    let group = row("IP Protocol: tcp\n  IP Range: 0.0.0.0/0\n  Port Range: '25:25'\n  Remote Security Group: g2")
    #expect(group.rules == ["g1 ingress 1: accept tcp 25 from security group g2"])
    let addresses = row("IP Protocol: tcp\n  IP Range: 0.0.0.0/0\n  Port Range: '25:25'\n  Remote Address Group: a1")
    #expect(addresses.rules == ["g1 ingress 1: accept tcp 25 from address group a1"])
  }

  @Test(arguments: ["22:22", "'22:22'", "\"22:22\""])
  func sexagesimalPortsAreTwentyTwo(_ text: String) {
    let reading = row("IP Protocol: tcp\n  IP Range: 10.0.0.0/8\n  Port Range: \(text)")
    #expect(reading.rules == ["g1 ingress 1: accept from 10.0.0.0/8 tcp 22"])
  }

  @Test func droppedICMPZeroIsUndecidedForOtherCodes() throws {
    let graph = try #require(row("IP Protocol: icmp\n  IP Range: 0.0.0.0/0\n  Port Range: type=8").graph)
    let traces = Traces(graph)
    #expect(traces.verdict("in icmp 10.0.0.1 10.0.0.2 8/0") == "accept")
    #expect(traces.verdict("in icmp 10.0.0.1 10.0.0.2 8/1") == "undecided")
    #expect(traces.verdict("in icmp 10.0.0.1 10.0.0.2 0/0") == "drop")
  }

  @Test func nullsAreAllAndEtherTypesRestrict() {
    let reading = Reading(
      "id: r1\ndirection: egress\nether_type: IPv6\nprotocol: null\nport_range_min: null\nport_range_max: null\n"
        + "remote_ip_prefix: null\nremote_group_id: null\nsecurity_group_id: g1\n")
    #expect(reading.rules == ["g1 egress 1: accept ipv6"])
  }

  @Test func listsOfOneGroupHaveNoColumnForIt() {
    let reading = Reading(
      "- Direction: ingress\n  Ethertype: IPv4\n  ID: r1\n  IP Protocol: tcp\n  IP Range: 0.0.0.0/0\n"
        + "  Port Range: 25:25\n")
    #expect(reading.rules == ["security group ingress 1: accept from 0.0.0.0/0 tcp 25"])
  }

  // MARK: Google Cloud

  /// A firewall rule as `gcloud compute firewall-rules describe` prints it.
  private func gcp(_ text: String) -> Reading {
    Reading("kind: compute#firewall\nname: r\nnetwork: x/global/networks/n\n\(text)\n")
  }

  @Test func directionAndPriorityHaveDefaults() throws {
    let reading = gcp(
      "allowed: [{IPProtocol: tcp, ports: ['25']}]\nsourceRanges: [0.0.0.0/0]\n---\nkind: compute#firewall\n"
        + "name: s\nnetwork: x/global/networks/n\npriority: 1001\ndenied: [{IPProtocol: tcp}]\nsourceRanges: [0.0.0.0/0]"
    )
    #expect(Traces(try #require(reading.graph)).verdict("in tcp 10.0.0.1 10.0.0.2,25") == "accept")
  }

  @Test func sourceTagsWidenSourceRanges() {
    let reading = gcp("allowed: [{IPProtocol: tcp}]\nsourceRanges: [10.0.0.0/8]\nsourceTags: [web]")
    #expect(
      reading.rules == [
        "n ingress 5: accept from 10.0.0.0/8 tcp", "n ingress 6: accept tcp from network tag web",
        "n ingress 6: accept tcp from network tag web (IPv6)",
      ])
  }

  @Test func disabledRulesDoNotExist() {
    let reading = gcp("allowed: [{IPProtocol: tcp}]\nsourceRanges: [10.0.0.0/8]\ndisabled: true")
    #expect(reading.rules.isEmpty)
    #expect(reading.messages == ["note 6: the rule 'r' is disabled and has no effect"])
  }

  @Test func portsArePlainOrQuoted() {
    let reading = gcp("allowed: [{IPProtocol: tcp, ports: ['22', 1000-2000, 25]}]\nsourceRanges: [10.0.0.0/8]")
    #expect(reading.rules == ["n ingress 5: accept from 10.0.0.0/8 tcp 22,25,1000-2000"])
  }

  // MARK: Azure

  /// A rule of `az network nsg rule list`.
  private func azure(_ text: String) -> Reading {
    Reading(
      "- access: Allow\n  direction: Inbound\n  priority: 100\n  protocol: Tcp\n  sourcePortRange: '*'\n"
        + "  id: /x/networkSecurityGroups/g/securityRules/r\n  \(text)\n")
  }

  @Test(arguments: [
    "destinationPortRange: null\n  destinationPortRanges: ['25', 465-466]", "destinationPortRanges: ['25', '465-466']",
  ])
  func pluralPortsCountWhereTheSingularIsEmpty(_ ports: String) {
    let reading = azure("destinationAddressPrefix: '*'\n  sourceAddressPrefix: 10.0.0.0/8\n  \(ports)")
    #expect(reading.rules == ["/x/networkSecurityGroups/g ingress 1: accept from 10.0.0.0/8 tcp 25,465-466"])
  }

  @Test func serviceTagsAreUnresolved() {
    let reading = azure("destinationAddressPrefix: '*'\n  sourceAddressPrefix: Internet\n  destinationPortRange: '25'")
    #expect(
      reading.rules == [
        "/x/networkSecurityGroups/g ingress 1: accept tcp 25 from service tag Internet",
        "/x/networkSecurityGroups/g ingress 1: accept tcp 25 from service tag Internet (IPv6)",
      ])
  }

  @Test func aFieldThatIsMissingIsNoWildcard() {
    let reading = azure("destinationAddressPrefix: '*'\n  destinationPortRange: '25'")
    #expect(reading.messages == ["error 1: the rule has no sourceAddressPrefix"])
    #expect(reading.graph?.counts.unparsed == 1)
  }

  @Test func theNestedShapeIsTheSameRule() {
    let nested = Reading(
      "- id: /x/networkSecurityGroups/g/securityRules/r\n  properties: {access: Allow, direction: Inbound, "
        + "priority: 100, protocol: Tcp, sourcePortRange: '*', destinationAddressPrefix: '*', "
        + "sourceAddressPrefix: 10.0.0.1, destinationPortRange: '25'}\n")
    #expect(nested.rules == ["/x/networkSecurityGroups/g ingress 1: accept from 10.0.0.1 tcp 25"])
  }

  // MARK: CloudFormation

  @Test func defaultEgressOnlyWithoutAnyEgress() throws {
    let base =
      "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  G:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n"
      + "      GroupDescription: x\n"
    let packet = "out tcp 10.0.0.1 192.0.2.1,25"
    #expect(Traces(try #require(Reading(base).graph)).verdict(packet) == "accept")
    let own = base + "      SecurityGroupEgress: [{IpProtocol: udp, FromPort: 53, ToPort: 53, CidrIp: 0.0.0.0/0}]\n"
    #expect(Traces(try #require(Reading(own).graph)).verdict(packet) == "drop")
    let separate =
      base + "  E:\n    Type: AWS::EC2::SecurityGroupEgress\n    Properties: {GroupId: !GetAtt G.GroupId, "
      + "IpProtocol: udp, FromPort: 53, ToPort: 53, CidrIp: 0.0.0.0/0}\n"
    #expect(Traces(try #require(Reading(separate).graph)).verdict(packet) == "drop")
  }

  // MARK: YAML

  @Test func accountsKeepLeadingZerosAndWordsStayWords() {
    let reading = Reading("SecurityGroups:\n- GroupId: 0123\n  GroupName: on\n  IpPermissions: []\n")
    #expect(reading.graph?.groups.map(\.id) == ["0123"])
    #expect(reading.graph?.groups.map(\.name) == ["on"])
  }

  /// Some readers of YAML take them as octal: nobody can say which port is meant.
  @Test func zerosInFrontMakeNoPort() {
    let reading = aws("{IpProtocol: tcp, FromPort: 025, ToPort: 025, IpRanges: [{CidrIp: 10.0.0.0/8}]}")
    #expect(reading.graph?.counts.unparsed == 1)
    #expect(reading.diagnostics.count == 2)
  }

  @Test(arguments: ["0x19", "2_5", "1e1", "25.0", "٢٥", "-2", "65536", "99999999999999999999"])
  func otherNumbersAreNoPorts(_ text: String) {
    let reading = aws("{IpProtocol: tcp, FromPort: \(text), ToPort: 70, IpRanges: [{CidrIp: 10.0.0.0/8}]}")
    #expect(reading.graph?.counts.unparsed == 1)
    #expect(reading.diagnostics.count == 1)
  }
}

/// Prefix lists that stand in the same file as the groups.
@Suite struct PrefixListTests {
  private func rules(_ documents: String, lists: [String] = ["pl-1"]) -> Reading {
    let permissions = lists.map { list in
      "  - {IpProtocol: tcp, FromPort: 25, ToPort: 25, PrefixListIds: [{PrefixListId: \(list)}]}\n"
    }
    return Reading(
      "SecurityGroups:\n- GroupId: sg-1\n  IpPermissions:\n\(permissions.joined())  IpPermissionsEgress: []\n---\n\(documents)"
    )
  }

  static let resolved = ["sg-1 ingress 4: accept from 192.0.2.0/24 tcp 25"]

  @Test(arguments: [
    "Entries: [{Cidr: 192.0.2.0/24}]\n",
    "PrefixListId: pl-1\nEntries: [{Cidr: 192.0.2.0/25}, {Cidr: 192.0.2.128/25}]\n",
    "PrefixLists: [{PrefixListId: pl-1, PrefixListName: x}]\n---\nEntries: [{Cidr: 192.0.2.0/24}]\n",
    "PrefixLists: [{PrefixListId: pl-1, Cidrs: [192.0.2.0/24]}]\n",
  ])
  func listsOfTheFileAreResolved(_ documents: String) {
    let reading = rules(documents)
    #expect(reading.rules == Self.resolved)
    #expect(reading.messages.isEmpty)
  }

  @Test func anEmptyListMatchesNothing() {
    #expect(rules("PrefixListId: pl-1\nEntries: []\n").rules == ["sg-1 ingress 4: accept never"])
  }

  @Test func entriesOfAnUnknownListAreNotGuessed() {
    let reading = rules("Entries: [{Cidr: 192.0.2.0/24}]\n", lists: ["pl-1", "pl-2"])
    #expect(reading.rules.count == 4)
    #expect(
      reading.messages == [
        "warning 8: these entries do not say which prefix list they belong to; add 'PrefixListId: pl-...' beside Entries"
      ])
  }

  @Test func badEntriesAreErrors() {
    let reading = rules("PrefixListId: pl-1\nEntries: [{Cidr: 192.0.2.0/240}, {Cidr: 192.0.2.0/24}]\n")
    #expect(reading.messages == ["error 8: '192.0.2.0/240' is not an IP address or a block of addresses"])
    #expect(reading.graph?.counts.approximated == 2)
  }
}
