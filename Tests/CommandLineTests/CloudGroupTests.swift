import FoundationEssentials
import Testing

/// Security groups from the file to the finding: what other linters miss, and the providers' own calls as remedies.
struct CloudGroupTests {
  private struct Report: Decodable {
    var findings: [Finding]

    struct Finding: Decodable {
      var code: String
      var location: Place?
      var related: [Related]
      var remediation: String?
    }

    struct Related: Decodable {
      var message: String
    }

    struct Place: Decodable {
      var line: Int
    }
  }

  /// Checks an export of groups that are attached to one unit.
  private func check(_ export: String, address: String = "10.0.10.5") throws -> [Report.Finding] {
    try Program.withFolder { folder in
      try Program.write(export, to: "\(folder)/groups.yaml")
      try Program.write(
        """
        policy: fortimail-7.6
        mode: gateway
        units: [{name: mail1, addresses: ["\(address)"]}]
        features: [smtp, admin-cli]
        peers: {email-servers: any, email-users: [], administrators: [10.1.0.0/24, "2001:db8:1::/64"]}
        resolve: {VirtualNetwork: [10.0.0.0/8], Internet: [0.0.0.0/0]}
        firewalls: [{path: groups.yaml, position: attached}]

        """, to: "\(folder)/fwlint.yaml")
      let outcome = try Program.run(["check", "--format", "json"], folder: folder)
      return try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8)).findings
    }
  }

  private func group(_ permissions: [String]) -> String {
    "SecurityGroups:\n- GroupId: sg-1\n  IpPermissionsEgress: []\n  IpPermissions:\n"
      + permissions.map { "  - {\($0)}\n" }.joined()
  }

  private static let ssh = "IpProtocol: tcp, FromPort: 22, ToPort: 22"

  // MARK: What checkov and others miss

  @Test func halvesOfTheInternetAreTheInternet() throws {
    let findings = try check(
      group(["\(Self.ssh), IpRanges: [{CidrIp: 0.0.0.0/1}]", "\(Self.ssh), IpRanges: [{CidrIp: 128.0.0.0/1}]"]))
    #expect(findings.filter { $0.code == "FW204" }.compactMap(\.location?.line).sorted() == [5, 6])
  }

  @Test func anIntegerMinusOneIsEveryProtocol() throws {
    let findings = try check(group(["IpProtocol: -1, IpRanges: [{CidrIp: 0.0.0.0/0}]"]))
    #expect(findings.contains { $0.code == "FW201" && $0.location?.line == 5 })
  }

  @Test func aRangeThatHoldsThePortOpensIt() throws {
    let findings = try check(group(["IpProtocol: '6', FromPort: 20, ToPort: 30, IpRanges: [{CidrIp: 0.0.0.0/0}]"]))
    #expect(findings.contains { $0.code == "FW204" && $0.location?.line == 5 })
  }

  @Test(arguments: ["::/0", "0:0:0:0:0:0:0:0/0", "0000::0000/0"])
  func anyAddressOfIPv6IsTheInternet(_ block: String) throws {
    let findings = try check(group(["\(Self.ssh), Ipv6Ranges: [{CidrIpv6: '\(block)'}]"]), address: "2001:db8:10::5")
    #expect(findings.contains { $0.code == "FW204" && $0.location?.line == 5 })
  }

  // MARK: Remedies

  private func remedies(_ export: String, _ code: String) throws -> [String] {
    try check(export).filter { $0.code == code }.compactMap(\.remediation)
  }

  @Test func amazonsCallsNameRuleAndGroup() throws {
    let rule =
      "SecurityGroupRuleId: sgr-7, GroupId: sg-1, IsEgress: false, IpProtocol: tcp, FromPort: 22, ToPort: 22, "
      + "CidrIpv4: 0.0.0.0/0, Description: from anywhere"
    let findings = try check("SecurityGroupRules:\n- {\(rule)}\n")
    let exposed = try #require(findings.first { $0.code == "FW204" })
    #expect(exposed.related.map(\.message) == ["rule sgr-7: from anywhere"])
    let calls = exposed.remediation ?? ""
    #expect(
      calls.hasPrefix("aws ec2 revoke-security-group-ingress --group-id sg-1 --security-group-rule-ids sgr-7\n"))
    #expect(
      calls.contains(
        "aws ec2 authorize-security-group-ingress --group-id sg-1 --ip-permissions "
          + "'IpProtocol=tcp,FromPort=22,ToPort=22,IpRanges=[{CidrIp=10.1.0.0/24}]'"))
    let blocked = try #require(findings.first { $0.code == "FW101" })
    #expect(blocked.remediation?.contains("IpProtocol=tcp,FromPort=25,ToPort=25") == true)
  }

  @Test func networkACLsAreNoGroups() throws {
    let entry = "Protocol: '6', PortRange: {From: 22, To: 22}, CidrBlock: 0.0.0.0/0"
    let export =
      "NetworkAcls:\n- NetworkAclId: acl-1\n  Entries:\n"
      + "  - {RuleNumber: 100, Egress: false, RuleAction: allow, \(entry)}\n"
      + "  - {RuleNumber: 200, Egress: true, RuleAction: allow, Protocol: '-1', CidrBlock: 0.0.0.0/0}\n"
    #expect(
      try remedies(export, "FW204").first?.hasPrefix(
        "aws ec2 delete-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 100\n") == true)
    #expect(
      try remedies(export, "FW101").contains {
        $0.contains(
          "aws ec2 create-network-acl-entry --network-acl-id acl-1 --ingress --rule-number NUMBER --protocol 6 "
            + "--rule-action allow --port-range From=25,To=25 --cidr-block ")
      })
  }

  @Test func templatesAreChangedInTheTemplate() throws {
    let export =
      "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Mail:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n"
      + "      SecurityGroupIngress: [{\(Self.ssh), CidrIp: 0.0.0.0/0}]\n"
    let calls = try remedies(export, "FW204").first ?? ""
    #expect(
      calls == """
        delete this rule of Mail in the template
        add to SecurityGroupIngress: of Mail in the template
          - IpProtocol: tcp
            FromPort: 22
            ToPort: 22
            CidrIp: 10.1.0.0/24
        """)
  }

  @Test func openStacksCallsTakeTheRulesID() throws {
    let export =
      "id: g-1\nname: mail\nproject_id: p\nrules:\n- {id: r-9, direction: ingress, ethertype: IPv4, protocol: tcp, "
      + "port_range_min: 22, port_range_max: 22, remote_ip_prefix: 0.0.0.0/0}\n"
    #expect(
      try remedies(export, "FW204").first == """
        openstack security group rule delete r-9
        openstack security group rule create --ingress --ethertype IPv4 --protocol tcp --dst-port 22 --remote-ip 10.1.0.0/24 g-1
        """)
  }

  @Test func googlesCallsNameTheNetwork() throws {
    let export =
      "kind: compute#firewall\nname: allow-ssh\nnetwork: https://x/global/networks/dmz\n"
      + "allowed: [{IPProtocol: tcp, ports: ['22']}]\nsourceRanges: [0.0.0.0/0]\n---\nkind: compute#firewall\n"
      + "name: no-mail\nnetwork: https://x/global/networks/dmz\npriority: 10\ndenied: [{IPProtocol: tcp, ports: ['25']}]\n"
    #expect(
      try remedies(export, "FW204").first == """
        gcloud compute firewall-rules delete allow-ssh
        gcloud compute firewall-rules create NAME --network=dmz --direction=INGRESS --action=ALLOW --rules=tcp:22 --source-ranges=10.1.0.0/24
        """)
    #expect(
      try remedies(export, "FW101").contains {
        $0.contains("--priority=PRIORITY") && $0.contains("# PRIORITY below that of no-mail")
      })
  }

  @Test func azuresCallsNameTheResourceGroup() throws {
    let fields = "protocol: Tcp, sourcePortRange: '*', sourceAddressPrefix: '*', destinationAddressPrefix: '*'"
    let export =
      "- id: /subscriptions/s/resourceGroups/my rg/providers/Microsoft.Network/networkSecurityGroups/nsg1\n  name: nsg1\n"
      + "  securityRules:\n  - {name: ssh, priority: 100, direction: Inbound, access: Allow, destinationPortRange: '22', "
      + "\(fields)}\n"
    #expect(
      try remedies(export, "FW204").first?.hasPrefix(
        "az network nsg rule delete --resource-group 'my rg' --nsg-name nsg1 --name ssh\n"
          + "az network nsg rule create --resource-group 'my rg' --nsg-name nsg1 --name NAME --priority PRIORITY "
          + "--access Allow --direction Inbound --protocol Tcp --source-address-prefixes 10.1.0.0/24 "
          + "--destination-port-ranges 22") == true)
  }
}
