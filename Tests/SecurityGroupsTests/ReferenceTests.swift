import Evaluation
import PacketSets
import RuleGraph
import SecurityGroups
import SourceText
import Testing

/// Random exports, read and traced, against the reference evaluators.
@Suite struct ReferenceTests {
  static let exports = 60
  static let packetsPerExport = 50
  /// Exports that the packet-set engine is asked about too, beside the tracer.
  static let summarised = 10

  private func agree(
    _ dialect: String, references: [String: AddressSet] = [:], make: (UInt64) -> RandomExport,
    write: ([PlainRule]) -> String, evaluate: ([PlainRule], Packet) -> Bool
  ) throws {
    var allowed = 0
    for seed in 1...UInt64(Self.exports) {
      var export = make(seed)
      let text = write(export.rules)
      let (parsed, diagnostics) = SecurityGroupFrontend.parse(SourceFile(path: "x", text: text))
      let graph = try #require(parsed, "\(dialect) seed \(seed): \(diagnostics)")
      #expect(diagnostics.isEmpty && graph.counts.unparsed == 0)
      let tracer = PacketTracer(graphs: [graph], facts: SiteFacts(references: references))
      var summary = Summary(graph: graph, references: references)
      for _ in 0..<Self.packetsPerExport {
        let packet = export.packet()
        let expected = evaluate(export.rules, packet)
        if expected { allowed += 1 }
        let verdict = tracer.trace(packet).verdict
        guard verdict == (expected ? .accept : .drop) else {
          Issue.record("\(dialect) seed \(seed): traced \(verdict), expected \(expected) for \(packet) in\n\(text)")
          return
        }
        if seed <= Self.summarised, packet.state == .new { #expect(summary.isAllowed(packet) == expected) }
      }
    }
    // Both answers must come up often, or nothing is tested.
    let total = Self.exports * Self.packetsPerExport
    #expect(allowed > total / 10 && allowed < total * 9 / 10)
  }

  @Test func amazonGroups() throws {
    try agree(
      "aws",
      make: { RandomExport(seed: $0, isOrdered: false, priorities: 0...0, portsOfAny: false, icmpTypes: true) },
      write: { rules in
        func permissions(_ isIngress: Bool) -> String {
          rules.filter { $0.isIngress == isIngress }.map { rule in
            let family = rule.peer?.base.family ?? .v4
            let list = family == .v4 ? "IpRanges: [{CidrIp" : "Ipv6Ranges: [{CidrIpv6"
            let from = rule.ports?.lowerBound ?? rule.icmpType ?? -1
            let to = rule.ports?.upperBound ?? rule.icmpCode ?? -1
            return "  - {IpProtocol: '\(rule.protocolNumber.map(Int.init) ?? -1)', FromPort: \(from), ToPort: \(to), "
              + "\(list): '\(block(rule))'}]}\n"
          }.joined()
        }
        return "SecurityGroups:\n- GroupId: sg-1\n  IpPermissions:\n\(permissions(true))  IpPermissionsEgress:\n"
          + permissions(false)
      }, evaluate: ReferenceEvaluator.union)
  }

  @Test func amazonNetworkACLs() throws {
    try agree(
      "network ACL",
      make: { RandomExport(seed: $0, isOrdered: true, priorities: 1...32766, portsOfAny: false, icmpTypes: true) },
      write: { rules in
        "NetworkAcls:\n- NetworkAclId: acl-1\n  Entries:\n"
          + rules.map { rule in
            let key = rule.peer?.base.family == .v6 ? "Ipv6CidrBlock" : "CidrBlock"
            var fields = ""
            if let ports = rule.ports { fields += ", PortRange: {From: \(ports.lowerBound), To: \(ports.upperBound)}" }
            if let type = rule.icmpType { fields += ", IcmpTypeCode: {Type: \(type), Code: \(rule.icmpCode ?? -1)}" }
            return "  - {\(key): '\(block(rule))', Egress: \(!rule.isIngress), RuleNumber: \(rule.priority), "
              + "RuleAction: \(rule.isAllow ? "allow" : "deny"), Protocol: '\(rule.protocolNumber.map(Int.init) ?? -1)'"
              + "\(fields)}\n"
          }.joined()
      }, evaluate: ReferenceEvaluator.networkACL)
  }

  @Test(arguments: [true, false])
  func openStackGroups(_ asColumns: Bool) throws {
    try agree(
      "openstack",
      make: { RandomExport(seed: $0, isOrdered: false, priorities: 0...0, portsOfAny: false, icmpTypes: !asColumns) },
      write: { rules in
        let rows = rules.filter { !asColumns || $0.protocolNumber != 1 && $0.protocolNumber != 58 }.map { rule in
          let family = rule.peer?.base.family == .v6 ? "IPv6" : "IPv4"
          let direction = rule.isIngress ? "ingress" : "egress"
          let number = rule.protocolNumber.map { "'\($0)'" } ?? "null"
          if asColumns {
            let ports = rule.ports.map { "\($0.lowerBound):\($0.upperBound)" } ?? "''"
            return
              "- {Direction: \(direction), Ethertype: \(family), IP Protocol: \(number), IP Range: '\(block(rule))', "
              + "Port Range: \(ports), Security Group: g}\n"
          }
          let lower = (rule.ports?.lowerBound ?? rule.icmpType).map(String.init) ?? "null"
          let upper = (rule.ports?.upperBound ?? rule.icmpCode).map(String.init) ?? "null"
          return "- {direction: \(direction), ethertype: \(family), protocol: \(number), port_range_min: \(lower), "
            + "port_range_max: \(upper), remote_ip_prefix: '\(block(rule))', security_group_id: g}\n"
        }
        let filler =
          "- {direction: ingress, ethertype: IPv4, protocol: '254', remote_ip_prefix: 192.0.2.1, security_group_id: g}\n"
        return rows.isEmpty ? filler : rows.joined()
      },
      evaluate: { rules, packet in
        let kept = rules.filter { !asColumns || $0.protocolNumber != 1 && $0.protocolNumber != 58 }
        return ReferenceEvaluator.union(kept, packet)
      })
  }

  @Test func googleCloudRules() throws {
    try agree(
      "gcp", make: { RandomExport(seed: $0, isOrdered: true, priorities: 1...4, portsOfAny: false, icmpTypes: false) },
      write: { rules in
        rules.map { rule in
          let action = rule.isAllow ? "allowed" : "denied"
          let ports = rule.ports.map { ", ports: ['\($0.lowerBound)-\($0.upperBound)']" } ?? ""
          return "---\nkind: compute#firewall\nnetwork: n\npriority: \(rule.priority)\n"
            + "direction: \(rule.isIngress ? "INGRESS" : "EGRESS")\n"
            + "\(action): [{IPProtocol: '\(rule.protocolNumber.map { "\($0)" } ?? "all")'\(ports)}]\n"
            + "\(rule.isIngress ? "source" : "destination")Ranges: ['\(block(rule))']\n"
        }.joined()
      }, evaluate: ReferenceEvaluator.googleCloud)
  }

  @Test(arguments: [true, false])
  func azureGroups(_ isNested: Bool) throws {
    let tags = ["VirtualNetwork": "10.0.0.0/8", "Internet": "128.0.0.0/1"].mapValues { text in
      AddressSet([text].compactMap { IPPrefix($0) })
    }
    try agree(
      "azure", references: tags,
      make: { RandomExport(seed: $0, isOrdered: true, priorities: 100...4096, portsOfAny: true, icmpTypes: false) },
      write: { rules in
        let written = rules.map { rule in
          let number = ["6": "Tcp", "17": "Udp", "1": "Icmp", "50": "Esp"]
          let word = rule.protocolNumber.map { number["\($0)"] ?? "\($0)" } ?? "*"
          let peer = rule.isIngress ? "source" : "destination"
          let local = rule.isIngress ? "destination" : "source"
          let fields =
            "access: \(rule.isAllow ? "Allow" : "Deny"), direction: \(rule.isIngress ? "Inbound" : "Outbound"), "
            + "priority: \(rule.priority), protocol: '\(word)', sourcePortRange: '*', "
            + "destinationPortRange: '\(rule.ports.map { "\($0.lowerBound)-\($0.upperBound)" } ?? "*")', "
            + "\(peer)AddressPrefixes: ['\(block(rule))'], \(local)AddressPrefix: '*'"
          return isNested ? "  - {name: r, properties: {\(fields)}}\n" : "  - {name: r, \(fields)}\n"
        }
        return "- id: /networkSecurityGroups/g\n  name: g\n  securityRules:\n" + written.joined()
      }, evaluate: ReferenceEvaluator.azure)
  }

  private func block(_ rule: PlainRule) -> String { rule.peer.map { "\($0.base)/\($0.length)" } ?? "" }
}
