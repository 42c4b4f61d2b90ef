import PacketSets
import RuleGraph
import SourceText
import YAMLDocument

/// Network ACLs: rules in the order of their numbers, the first that matches decides, replies are packets like others.
///
/// **Source:** EC2 API reference, NetworkAclEntry; the VPC user guide on network ACLs.
extension AWSReader {
  /// Reads one element of `NetworkAcls`.
  mutating func readNetworkACL(_ node: YAMLNode) {
    guard node.kind == .mapping, let idNode = node["NetworkAclId"], let id = builder.text(idNode) else {
      builder.error("the network ACL has no NetworkAclId", at: node.range)
      return
    }
    let group = builder.group(
      id, level: .subnet, combination: .alternatives("which network ACL the subnet has"), range: idNode.range)
    var rules: [(number: Int, direction: TrafficDirection, draft: RuleDraft)] = []
    for entry in builder.elements(node["Entries"]) {
      let (draft, directions) = networkACLEntry(entry)
      let number = builder.text(entry["RuleNumber"]).flatMap(ScalarText.integer)
      if number == nil { builder.error("the entry has no RuleNumber that is a number", at: entry.range) }
      for direction in directions {
        var draft = draft
        if number == nil {
          draft.isUnparsed = true
          draft.verdict = Verdict(.unknown)
        }
        rules.append((number ?? 0, direction, draft))
      }
    }
    let order = rules.indices.sorted { (rules[$0].number, $0) < (rules[$1].number, $1) }
    for index in order { builder.add(rules[index].draft, to: group, rules[index].direction) }
  }

  private mutating func networkACLEntry(_ entry: YAMLNode) -> (RuleDraft, [TrafficDirection]) {
    var draft = RuleDraft(Verdict(.unknown), range: entry.range)
    if entry.kind == .mapping { draft.setLabel(name: entry["RuleNumber"], description: nil) }
    guard entry.kind == .mapping else {
      builder.error("an entry of a network ACL is a mapping", at: entry.range)
      draft.isUnparsed = true
      return (draft, TrafficDirection.allCases)
    }
    switch entry["RuleAction"]?.scalar?.lowercased() {
    case "allow": draft.verdict = .accept
    case "deny": draft.verdict = .drop
    default:
      let node = entry["RuleAction"] ?? entry
      builder.error("RuleAction is allow or deny", at: node.range)
      draft.isUnparsed = true
    }
    let ports = entry["PortRange"]
    let icmp = entry["IcmpTypeCode"]
    let number = NodeValue(entry["Protocol"])
    let isICMP: Bool
    if case .text(let text, _) = number {
      isICMP = ["1", "58", "icmp", "icmpv6"].contains(text.lowercased())
    } else {
      isICMP = false
    }
    draft.transport = AWSTransport.read(
      ipProtocol: number, from: NodeValue(isICMP ? icmp?["Type"] : ports?["From"]),
      to: NodeValue(isICMP ? icmp?["Code"] : ports?["To"]), at: entry.range, &builder)
    let block: AddressMatch
    if let node = entry["CidrBlock"], !node.isNull {
      block = builder.block(node, family: .v4)
    } else if let node = entry["Ipv6CidrBlock"], !node.isNull {
      block = builder.block(node, family: .v6)
    } else {
      builder.error("the entry has neither CidrBlock nor Ipv6CidrBlock", at: entry.range)
      block = .unparsed
    }
    guard let egress = entry["Egress"], let isEgress = builder.boolean(egress, key: "Egress") else {
      if entry["Egress"] == nil { builder.error("the entry has no Egress", at: entry.range) }
      draft.isUnparsed = true
      return (draft, TrafficDirection.allCases)
    }
    let direction: TrafficDirection = isEgress ? .egress : .ingress
    draft.setPeer(block, direction)
    return (draft, [direction])
  }
}
