import RuleGraph
import SecurityGroups
import Testing

/// Shapes in which real clients print the same thing, and documents that are broken.
@Suite struct ExportShapeTests {
  private func verdict(_ text: String, _ packet: String, references: [String: [String]] = [:]) throws -> String {
    var traces = Traces(try #require(Reading(text).graph), references: references)
    let answer = traces.verdict(packet)
    if let summarised = traces.summarised(packet) { #expect(summarised == answer) }
    return answer
  }

  // MARK: AWS

  /// The same rule has no ports in describe-security-groups and -1 here.
  @Test func ruleListsWriteMinusOneForAllPorts() {
    let reading = Reading(
      "SecurityGroupRules:\n- {SecurityGroupRuleId: sgr-1, GroupId: sg-1, IsEgress: false, IpProtocol: '-1', "
        + "FromPort: -1, ToPort: -1, CidrIpv4: 10.0.0.0/8}\n")
    #expect(reading.rules == ["sg-1 ingress 2: accept from 10.0.0.0/8"])
    #expect(reading.messages.isEmpty)
  }

  @Test func ruleListsNameOnePeerEach() {
    let rule = "SecurityGroupRuleId: r, GroupId: sg-1, IpProtocol: tcp, FromPort: 25, ToPort: 25"
    let reading = Reading(
      """
      SecurityGroupRules:
      - {\(rule), IsEgress: true, CidrIpv6: '2001:db8::/32'}
      - {\(rule), IsEgress: false, PrefixListId: pl-1}
      - {\(rule), IsEgress: false, ReferencedGroupInfo: {GroupId: sg-2, UserId: '0123'}}
      - {\(rule), IsEgress: false}
      """)
    #expect(
      reading.rules == [
        "sg-1 ingress 5: accept never", "sg-1 ingress 3: accept tcp 25 from prefix list pl-1",
        "sg-1 ingress 3: accept tcp 25 from prefix list pl-1 (IPv6)",
        "sg-1 ingress 4: accept tcp 25 from security group sg-2",
        "sg-1 ingress 4: accept tcp 25 from security group sg-2 (IPv6)",
        "sg-1 egress 2: accept to 2001:db8::/32 tcp 25",
      ])
    #expect(reading.messages == ["error 5: the rule names no peer, which AWS does not take"])
  }

  @Test func icmpCodesNeedATypeAndRangesBothEnds() {
    func message(_ ports: String, _ name: String) -> [String] {
      Reading(
        "SecurityGroups:\n- GroupId: sg-1\n  IpPermissions: [{IpProtocol: \(name), \(ports), IpRanges: [{CidrIp: 10.0.0.0/8}]}]\n"
          + "  IpPermissionsEgress: []\n"
      ).messages
    }
    #expect(
      message("FromPort: -1, ToPort: 4", "icmp") == [
        "error 3: an ICMP code needs a type: with type -1 the code is -1 too"
      ])
    #expect(message("FromPort: 22", "tcp") == ["error 3: the range of ports has no ToPort"])
    #expect(
      message("FromPort: 9, ToPort: 2", "udp") == ["error 3: the range of ports ends at 2, before it begins at 9"])
  }

  /// `--output yaml-stream` prints a list of pages, `--query SecurityGroups` a bare list.
  @Test(arguments: ["- SecurityGroups:\n  - ", "- ", "SecurityGroups:\n- "])
  func pagesAndBareListsAreExports(_ start: String) {
    let indent = start.hasPrefix("- S") ? "    " : "  "
    let text =
      "\(start)GroupId: sg-1\n\(indent)IpPermissions: [{IpProtocol: '-1', IpRanges: [{CidrIp: 10.0.0.0/8}]}]\n"
      + "\(indent)IpPermissionsEgress: []\n"
    let reading = Reading(text + (start.hasPrefix("- S") ? "- SecurityGroups: []\n" : ""))
    #expect(reading.rules.map { $0.split(separator: ":").last ?? "" } == [" accept from 10.0.0.0/8"])
    #expect(reading.messages.isEmpty)
  }

  /// An address that somebody has blotted out with '#' begins a comment: the document is broken, and it is said where.
  @Test func blottedAddressesAreErrors() throws {
    let text =
      "- GroupName: g\n  IpPermissions:\n  - IpProtocol: '-1'\n    IpRanges:\n    - CidrIp: ###.###.###.###/32\n"
      + "  IpPermissionsEgress: []\n"
    let reading = Reading(text)
    #expect(reading.messages == ["error 5: CidrIp has no value (text behind '#' is a comment)"])
    #expect(try verdict(text, "in tcp 192.0.2.1 10.0.0.1,25") == "undecided")
  }

  /// Configuration items write the same in camel case and twice; they are no export and are named.
  @Test func configurationItemsAreNamed() {
    let reading = Reading("resourceType: AWS::EC2::SecurityGroup\nconfiguration: {ipPermissions: []}\n")
    #expect(reading.graph == nil)
    #expect(reading.messages.first?.contains("an AWS Config item of an AWS::EC2::SecurityGroup") == true)
  }

  @Test func labelsOfRulesAreKept() throws {
    let graph = try #require(
      Reading(
        "SecurityGroupRules:\n- {SecurityGroupRuleId: sgr-9, GroupId: sg-1, IsEgress: false, IpProtocol: '-1', "
          + "CidrIpv4: 10.0.0.0/8, Description: \"for the\n  relays\"}\n"
      ).graph)
    let rule = try #require(graph.rules.firstIndex { $0.isWritten })
    #expect(graph.labelName(ofRule: UInt32(rule)) == "sgr-9")
    #expect(graph.labelDescription(ofRule: UInt32(rule)) == "for the relays")
    let selected = graph.selecting(groups: ["sg-1"]).graph
    #expect(selected.labels.count == 1)
    #expect(selected.labels.keys.allSatisfy { selected.rules[Int($0)].isWritten })
  }

  // MARK: CloudFormation

  private func template(_ properties: String, _ rest: String = "") -> Reading {
    Reading(
      "AWSTemplateFormatVersion: '2010-09-09'\n\(rest)Resources:\n  G:\n    Type: AWS::EC2::SecurityGroup\n"
        + "    Properties:\n      GroupDescription: x\n      SecurityGroupEgress: []\n      \(properties)\n")
  }

  /// A word where a list of rules belongs: CloudFormation refuses the template.
  @Test(arguments: ["'hello22'", "None"])
  func wordsInThePlaceOfRulesAreErrors(_ word: String) {
    let reading = template("SecurityGroupIngress: \(word)")
    #expect(reading.messages == ["error 8: a rule is a mapping, not text"])
    #expect(reading.graph?.counts.unparsed == 1)
  }

  @Test(arguments: ["!Ref Where", "!Sub '${Where}'", "{Ref: Where}", "{'Fn::If': [C, 10.0.0.0/8, 0.0.0.0/0]}"])
  func functionsAreUnresolvedAndNoErrors(_ value: String) throws {
    let reading = template("SecurityGroupIngress: [{IpProtocol: tcp, FromPort: '25', ToPort: 25, CidrIp: \(value)}]")
    #expect(reading.messages.isEmpty)
    #expect(reading.graph?.counts.approximated == 1)
  }

  @Test func parametersHaveDefaults() {
    let reading = template(
      "SecurityGroupIngress: [{IpProtocol: tcp, FromPort: !Ref Port, ToPort: !Ref Port, CidrIp: !Ref Where}]",
      "Parameters: {Where: {Type: String, Default: 10.0.0.0/8}, Port: {Type: Number, Default: 25}}\n")
    #expect(reading.rules == ["G ingress 9: accept from 10.0.0.0/8 tcp 25"])
  }

  @Test func aSingleRuleMayStandForAList() {
    let reading = template("SecurityGroupIngress: {IpProtocol: -1, CidrIpv6: '::/0'}")
    #expect(reading.rules == ["G ingress 8: accept from ::/0"])
  }

  // MARK: OpenStack

  @Test func olderListsHaveFewerColumns() {
    let reading = Reading("- ID: r1\n  IP Protocol: tcp\n  IP Range: 10.0.0.0/8\n  Port Range: '25:25'\n")
    #expect(
      reading.messages == ["error 1: the rule's Direction is ingress or egress (older clients print it with --long)"])
    #expect(reading.graph?.counts.unparsed == 2)
  }

  @Test func newGroupsLetEverythingOut() throws {
    let text =
      "id: g1\nname: mail\nproject_id: p\nrules:\n- {direction: egress, ethertype: IPv4, id: a, protocol: null, "
      + "remote_ip_prefix: null}\n"
    #expect(try verdict(text, "out tcp 10.0.0.1 192.0.2.1,25") == "accept")
    #expect(try verdict(text, "in tcp 192.0.2.1 10.0.0.1,25") == "drop")
    #expect(try verdict(text, "out tcp 2001:db8::1 2001:db8::2,25") == "drop")
  }

  // MARK: Google Cloud

  private static let gcp = "kind: compute#firewall\nname: r\nnetwork: n\n"

  @Test func listsAreManyDocumentsOrOneList() {
    let rule = "allowed: [{IPProtocol: tcp, ports: ['25']}], sourceRanges: [10.0.0.0/8], network: n, name: a"
    let documents = Reading("---\n{\(rule)}\n---\n{\(rule)}\n")
    let list = Reading("- {\(rule)}\n- {\(rule)}\n")
    #expect(documents.rules.count == 2)
    #expect(documents.rules.map { $0.split(separator: ":").last } == list.rules.map { $0.split(separator: ":").last })
  }

  @Test func impliedRulesLetAllOutAndNothingIn() throws {
    let text = Self.gcp + "allowed: [{IPProtocol: tcp, ports: ['25']}]\nsourceRanges: [10.0.0.0/8]\n"
    #expect(try verdict(text, "out tcp 10.0.0.1 192.0.2.1,999") == "accept")
    #expect(try verdict(text, "in tcp 192.0.2.1 10.0.0.1,25") == "drop")
  }

  @Test func ingressWithoutSourcesIsFromEverywhere() {
    let reading = Reading(Self.gcp + "allowed: [{IPProtocol: all}]\n")
    #expect(reading.rules == ["n ingress 4: accept from 0.0.0.0/0"])
  }

  @Test(arguments: [("esp", "esp"), ("ah", "ah"), ("ipip", "ipencap"), ("sctp", "sctp"), ("'50'", "esp")])
  func protocolsHaveGooglesNames(_ written: String, _ name: String) {
    let reading = Reading(Self.gcp + "allowed: [{IPProtocol: \(written)}]\nsourceRanges: [10.0.0.0/8]\n")
    #expect(reading.rules == ["n ingress 5: accept from 10.0.0.0/8 \(name)"])
  }

  // MARK: Azure

  private func azure(_ rules: [String], key: String = "securityRules") -> String {
    let fields =
      "direction: Inbound, protocol: '*', sourcePortRange: '*', destinationAddressPrefix: '*', destinationPortRange: '25'"
    return "- id: /x/resourceGroups/rg/networkSecurityGroups/g\n  name: g\n  \(key):\n"
      + rules.map { "  - {name: r, \(fields), \($0)}\n" }.joined()
  }

  @Test func theLowestPriorityThatMatchesDecides() throws {
    let text = azure([
      "priority: 300, access: Allow, sourceAddressPrefix: '*'",
      "priority: 200, access: Deny, sourceAddressPrefix: 10.0.0.0/8",
      "priority: 100, access: Allow, sourceAddressPrefix: 10.1.0.0/16",
    ])
    #expect(try verdict(text, "in tcp 10.1.0.1 10.9.0.1,25") == "accept")
    #expect(try verdict(text, "in tcp 10.2.0.1 10.9.0.1,25") == "drop")
    #expect(try verdict(text, "in tcp 192.0.2.1 10.9.0.1,25") == "accept")
  }

  @Test func defaultRulesThatAreLeftOutAreInForce() throws {
    let text = azure(["priority: 100, access: Allow, sourceAddressPrefix: 192.0.2.0/24"])
    #expect(try verdict(text, "in tcp 198.51.100.1 10.9.0.1,25", references: ["VirtualNetwork": []]) == "drop")
    #expect(
      try verdict(text, "in tcp 10.2.0.1 10.9.0.1,99", references: ["VirtualNetwork": ["10.0.0.0/8"]]) == "accept")
  }

  @Test func applicationGroupsAreUnresolvedUnlessGiven() throws {
    let text = azure([
      "priority: 100, access: Allow, sourceApplicationSecurityGroups: [{id: /x/applicationSecurityGroups/relays}]"
    ])
    #expect(try verdict(text, "in tcp 192.0.2.1 10.9.0.1,25", references: ["VirtualNetwork": []]) == "undecided")
    let given = ["VirtualNetwork": [], "relays": ["192.0.2.1"]]
    #expect(try verdict(text, "in tcp 192.0.2.1 10.9.0.1,25", references: given) == "accept")
  }

  /// Both forms of a template's resources.
  @Test(arguments: [("[", "]"), ("{g: ", "}")])
  func templatesListOrNameTheirResources(_ open: String, _ close: String) {
    let group =
      "{type: Microsoft.Network/networkSecurityGroups, name: g, properties: {securityRules: [{name: r, properties: "
      + "{access: Allow, direction: Inbound, priority: 100, protocol: Tcp, sourcePortRange: '*', destinationPortRange: "
      + "'25', sourceAddressPrefix: 10.0.0.0/8, destinationAddressPrefix: '*'}}]}}"
    let reading = Reading(
      "$schema: https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#\n"
        + "resources: \(open)\(group)\(close)\n")
    #expect(reading.rules == ["g ingress 2: accept from 10.0.0.0/8 tcp 25"])
  }
}
