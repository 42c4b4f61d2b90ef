import Evaluation
import FoundationEssentials
import PacketSets
import RuleGraph
import SecurityGroups
import SourceText
import Testing

/// Random exports, read and traced, against the reference evaluators.
///
/// A run takes a slice; `FWLINT_REFERENCE_PACKETS=100000` makes it longer. Each test prints how many packets it compared.
@Suite struct ReferenceTests {
  static let packetsPerExport = 50
  /// Exports that the packet-set engine is asked about too, beside the tracer.
  static let summarised = 10
  /// Exports of each of the ten tests.
  static let exports: Int = {
    let wanted = ProcessInfo.processInfo.environment["FWLINT_REFERENCE_PACKETS"].flatMap { Int($0) } ?? 0
    return max(40, wanted / (10 * packetsPerExport) + 1)
  }()

  /// A random export, packets for it, and what the provider would do with them.
  private struct Case {
    var export: RandomExport
    var text: String
    var evaluate: (Packet) -> Bool
  }

  private func agree(
    _ dialect: String, references: [String: AddressSet] = [:], make: (UInt64) -> RandomExport,
    write: ([PlainRule]) -> String, evaluate: @escaping ([PlainRule], Packet) -> Bool
  ) throws {
    try agree(dialect, references: references) { seed in
      let export = make(seed)
      return Case(export: export, text: write(export.rules)) { evaluate(export.rules, $0) }
    }
  }

  private func agree(
    _ dialect: String, references: [String: AddressSet] = [:], _ make: (UInt64) -> Case
  ) throws {
    var allowed = 0
    for seed in 1...UInt64(Self.exports) {
      var example = make(seed)
      let (parsed, diagnostics) = SecurityGroupFrontend.parse(SourceFile(path: "x", text: example.text))
      let graph = try #require(parsed, "\(dialect) seed \(seed): \(diagnostics)")
      #expect(diagnostics.isEmpty && graph.counts.unparsed == 0)
      let tracer = PacketTracer(graphs: [graph], facts: SiteFacts(references: references))
      var summary = Summary(graph: graph, references: references)
      for _ in 0..<Self.packetsPerExport {
        let packet = example.export.packet()
        let expected = example.evaluate(packet)
        if expected { allowed += 1 }
        let verdict = tracer.trace(packet).verdict
        guard verdict == (expected ? .accept : .drop) else {
          Issue.record(
            "\(dialect) seed \(seed): traced \(verdict), expected \(expected) for \(packet) in\n\(example.text)")
          return
        }
        if seed <= Self.summarised, packet.state == .new { #expect(summary.isAllowed(packet) == expected) }
      }
    }
    // Both answers must come up often, or nothing is tested.
    let total = Self.exports * Self.packetsPerExport
    #expect(allowed > total / 12 && allowed < total * 15 / 16)
    print("reference \(dialect): \(total) packets, \(allowed) allowed, 0 disagreements")
  }

  /// Several groups, whose rules act together; some peers are groups whose addresses the site gives.
  @Test func amazonGroups() throws {
    let references = RandomExport.blocks.enumerated().reduce(into: [String: AddressSet]()) { result, block in
      result["sg-block\(block.offset)"] = AddressSet([block.element])
    }
    try agree(
      "aws", references: references,
      make: { RandomExport(seed: $0, isOrdered: false, priorities: 0...0, portsOfAny: false, icmpTypes: true) },
      write: amazonText, evaluate: ReferenceEvaluator.union)
  }

  private func amazonText(_ rules: [PlainRule]) -> String {
    func permission(_ rule: PlainRule, _ index: Int) -> String {
      let family = rule.peer?.base.family ?? .v4
      var list = family == .v4 ? "IpRanges: [{CidrIp: '" : "Ipv6Ranges: [{CidrIpv6: '"
      var peer = block(rule)
      if index % 4 == 3, let number = RandomExport.blocks.firstIndex(where: { $0 == rule.peer }) {
        (list, peer) = ("UserIdGroupPairs: [{GroupId: '", "sg-block\(number)")
      }
      let from = rule.ports?.lowerBound ?? rule.icmpType ?? -1
      let to = rule.ports?.upperBound ?? rule.icmpCode ?? -1
      return "  - {IpProtocol: '\(rule.protocolNumber.map(Int.init) ?? -1)', FromPort: \(from), ToPort: \(to), "
        + "\(list)\(peer)'}]}\n"
    }
    let groups = 1 + rules.count % 3
    return "SecurityGroups:\n"
      + (0..<groups).map { group in
        func permissions(_ isIngress: Bool) -> String {
          let own = rules.enumerated().filter { $0.offset % groups == group && $0.element.isIngress == isIngress }
          return own.isEmpty ? " []\n" : "\n" + own.map { permission($0.element, $0.offset) }.joined()
        }
        return "- GroupId: sg-\(group)\n  IpPermissions:\(permissions(true))  IpPermissionsEgress:\(permissions(false))"
      }.joined()
  }

  /// A subnet's ACL before the groups of the interface: both must let a packet through, and the ACL keeps no state.
  @Test func amazonGroupsBehindNetworkACLs() throws {
    let references = RandomExport.blocks.enumerated().reduce(into: [String: AddressSet]()) { result, block in
      result["sg-block\(block.offset)"] = AddressSet([block.element])
    }
    try agree("network ACL and aws", references: references) { seed in
      let acl = RandomExport(
        seed: seed &+ 1_000_000, isOrdered: true, priorities: 1...32766, portsOfAny: false, icmpTypes: true, opens: true
      )
      let groups = RandomExport(
        seed: seed, isOrdered: false, priorities: 0...0, portsOfAny: false, icmpTypes: true, opens: true)
      return Case(export: groups, text: networkACLText(acl.rules) + "---\n" + amazonText(groups.rules)) { packet in
        ReferenceEvaluator.networkACL(acl.rules, packet) && ReferenceEvaluator.union(groups.rules, packet)
      }
    }
  }

  @Test func amazonNetworkACLs() throws {
    try agree(
      "network ACL",
      make: { RandomExport(seed: $0, isOrdered: true, priorities: 1...32766, portsOfAny: false, icmpTypes: true) },
      write: networkACLText, evaluate: ReferenceEvaluator.networkACL)
  }

  private func networkACLText(_ rules: [PlainRule]) -> String {
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

  /// An organisation's policy decides, or goes on to the rules of the network.
  @Test func googleCloudPolicies() throws {
    try agree("gcp policy") { seed in
      let policy = RandomExport(
        seed: seed &+ 1_000_000, isOrdered: true, priorities: 1...1_000_000, portsOfAny: false, icmpTypes: false)
      let network = RandomExport(
        seed: seed, isOrdered: true, priorities: 1...4, portsOfAny: false, icmpTypes: false, opens: true)
      // Every other rule that allows goes on instead.
      func action(_ index: Int) -> String {
        !policy.rules[index].isAllow ? "deny" : index % 2 == 0 ? "goto_next" : "allow"
      }
      let rules = policy.rules.enumerated().map { index, rule in
        let ports = rule.ports.map { ", ports: ['\($0.lowerBound)-\($0.upperBound)']" } ?? ""
        return "- {kind: 'compute#firewallPolicyRule', action: \(action(index)), priority: \(rule.priority), "
          + "direction: \(rule.isIngress ? "INGRESS" : "EGRESS"), match: {\(rule.isIngress ? "src" : "dest")IpRanges: "
          + "['\(block(rule))'], layer4Configs: [{ipProtocol: '\(rule.protocolNumber.map { "\($0)" } ?? "all")'\(ports)}]}}\n"
      }.joined()
      let text =
        "kind: 'compute#firewallPolicy'\nparent: organizations/1\nshortName: p\nrules:\n\(rules)"
        + googleCloudText(network.rules)
      return Case(export: network, text: text) { packet in
        if packet.state == .established { return true }
        let first = policy.rules.indices.filter { policy.rules[$0].matches(packet) }
          .min { policy.rules[$0].priority < policy.rules[$1].priority }
        switch first.map(action) {
        case "deny": return false
        case "allow": return true
        default: return ReferenceEvaluator.googleCloud(network.rules, packet)
        }
      }
    }
  }

  @Test func googleCloudRules() throws {
    try agree(
      "gcp", make: { RandomExport(seed: $0, isOrdered: true, priorities: 1...4, portsOfAny: false, icmpTypes: false) },
      write: googleCloudText, evaluate: ReferenceEvaluator.googleCloud)
  }

  private func googleCloudText(_ rules: [PlainRule]) -> String {
    rules.map { rule in
      let action = rule.isAllow ? "allowed" : "denied"
      let ports = rule.ports.map { ", ports: ['\($0.lowerBound)-\($0.upperBound)']" } ?? ""
      return "---\nkind: compute#firewall\nnetwork: n\npriority: \(rule.priority)\n"
        + "direction: \(rule.isIngress ? "INGRESS" : "EGRESS")\n"
        + "\(action): [{IPProtocol: '\(rule.protocolNumber.map { "\($0)" } ?? "all")'\(ports)}]\n"
        + "\(rule.isIngress ? "source" : "destination")Ranges: ['\(block(rule))']\n"
    }.joined()
  }

  private static let azureTags = ["VirtualNetwork": "10.0.0.0/8", "Internet": "128.0.0.0/1"].mapValues { text in
    AddressSet([text].compactMap { IPPrefix($0) })
  }

  @Test(arguments: [true, false])
  func azureGroups(_ isNested: Bool) throws {
    try agree(
      "azure", references: Self.azureTags,
      make: { RandomExport(seed: $0, isOrdered: true, priorities: 100...4096, portsOfAny: true, icmpTypes: false) },
      write: { azureText($0, "g", isNested: isNested) }, evaluate: ReferenceEvaluator.azure)
  }

  /// The subnet's group and the network interface's must both let a packet through.
  @Test func azureGroupsInSeries() throws {
    try agree("azure, two groups", references: Self.azureTags) { seed in
      let subnet = RandomExport(
        seed: seed &+ 1_000_000, isOrdered: true, priorities: 100...4096, portsOfAny: true, icmpTypes: false,
        opens: true)
      let interface = RandomExport(
        seed: seed, isOrdered: true, priorities: 100...4096, portsOfAny: true, icmpTypes: false, opens: true)
      let text =
        azureText(subnet.rules, "s", isNested: false) + "  subnets: [{id: /subnets/a}]\n"
        + azureText(interface.rules, "i", isNested: false) + "  networkInterfaces: [{id: /networkInterfaces/b}]\n"
      return Case(export: interface, text: text) { packet in
        ReferenceEvaluator.azure(subnet.rules, packet) && ReferenceEvaluator.azure(interface.rules, packet)
      }
    }
  }

  private func azureText(_ rules: [PlainRule], _ name: String, isNested: Bool) -> String {
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
    return "- id: /networkSecurityGroups/\(name)\n  name: \(name)\n  securityRules:\n" + written.joined()
  }

  private func block(_ rule: PlainRule) -> String { rule.peer.map { "\($0.base)/\($0.length)" } ?? "" }
}
