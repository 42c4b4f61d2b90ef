import PacketSets
import RuleGraph
import SourceText
import YAMLDocument

/// Reads what `aws ec2 describe-...` prints about security groups, prefix lists and network ACLs.
///
/// **Source:** EC2 API reference (DescribeSecurityGroups, DescribeSecurityGroupRules, DescribeNetworkAcls); the VPC
/// user guide: rules only allow, all rules of all groups of an interface act together, replies pass.
struct AWSReader {
  var builder: GroupGraphBuilder
  /// Contents of prefix lists that the file holds itself.
  let prefixLists: AWSPrefixLists

  /// What AWS never filters: its resolver, instance and container metadata, time and licence activation.
  ///
  /// **Source:** VPC user guide, "Control traffic to your AWS resources using security groups".
  static let unfiltered = GroupGraphBuilder.UnfilteredService([
    "169.254.169.253", "169.254.169.254", "169.254.169.123", "169.254.169.250/31", "169.254.170.2",
    "fd00:ec2::253", "fd00:ec2::254", "fd00:ec2::123", "fd00:ec2::250/127",
  ])

  /// What surrounds security groups, and network ACLs, which keep no state.
  static func surroundings(unread: [SourceRange]) -> [GroupGraphBuilder.Level: GroupGraphBuilder.Surroundings] {
    [
      .interface: GroupGraphBuilder.Surroundings(
        unfiltered: [unfiltered], unread: unread, unreadVerdict: .accept),
      .subnet: GroupGraphBuilder.Surroundings(
        isStateful: false, unfiltered: [unfiltered], unfilteredIngress: true, unread: unread),
    ]
  }

  // MARK: Groups with their permissions

  /// Reads one element of `SecurityGroups`.
  mutating func readGroup(_ node: YAMLNode) {
    guard node.kind == .mapping else {
      builder.error("a security group is a mapping", at: node.range)
      return
    }
    let name = builder.text(node["GroupName"])
    let group: Int
    if let idNode = node["GroupId"] ?? node["GroupName"], let id = builder.text(idNode) {
      group = builder.group(id, name: name, range: idNode.range)
    } else {
      builder.error("the security group has neither GroupId nor GroupName", at: node.range)
      group = builder.namelessGroup(at: node.range)
    }
    readPermissions(node, "IpPermissions", group, .ingress)
    readPermissions(node, "IpPermissionsEgress", group, .egress)
  }

  private mutating func readPermissions(
    _ node: YAMLNode, _ key: String, _ group: Int, _ direction: TrafficDirection
  ) {
    guard let list = node[key] else {
      // The client prints an empty list where there is no permission: this one was cut out.
      builder.warning("the security group has no \(key): what it allows is not known", at: node.range)
      var draft = RuleDraft(.accept, range: SourceRange(0, 0))
      draft.undecidable = ["\(key), which the export leaves out"]
      return builder.add(draft, to: group, direction)
    }
    for permission in builder.elements(list) {
      guard permission.kind == .mapping else {
        builder.error("a permission is a mapping", at: permission.range)
        var draft = RuleDraft(.accept, range: permission.range)
        draft.isUnparsed = true
        builder.add(draft, to: group, direction)
        continue
      }
      readPermission(permission, group, direction)
    }
  }

  private mutating func readPermission(_ permission: YAMLNode, _ group: Int, _ direction: TrafficDirection) {
    var draft = RuleDraft(.accept, range: permission.range)
    draft.transport = AWSTransport.read(
      ipProtocol: NodeValue(permission["IpProtocol"]), from: NodeValue(permission["FromPort"]),
      to: NodeValue(permission["ToPort"]), at: permission.range, &builder)
    var count = 0
    for (list, key, kind) in Self.peerLists {
      for entry in builder.elements(permission[list]) {
        count += 1
        draft.range = entry.range
        if entry.kind == .mapping { draft.setLabel(name: nil, description: entry["Description"]) }
        let value = entry.kind == .mapping ? entry[key] ?? (kind == .group ? entry["GroupName"] : nil) : entry
        draft.setPeer(peer(value, kind, key: key, at: entry.range), direction)
        builder.add(draft, to: group, direction)
      }
    }
    if count == 0 {
      if Self.peerLists.contains(where: { permission[$0.list] != nil }) {
        draft.isNever = true
      } else {
        // Most likely a misspelt list: what it allows must not count as nothing.
        let lists = Self.peerLists.map(\.list).joined(separator: ", ")
        builder.error("the permission has none of \(lists)", at: permission.range)
        draft.isUnparsed = true
      }
      builder.add(draft, to: group, direction)
    }
  }

  private enum PeerKind {
    case ipv4
    case ipv6
    case prefixList
    case group
  }

  private static let peerLists: [(list: String, key: String, kind: PeerKind)] = [
    ("IpRanges", "CidrIp", .ipv4), ("Ipv6Ranges", "CidrIpv6", .ipv6),
    ("PrefixListIds", "PrefixListId", .prefixList), ("UserIdGroupPairs", "GroupId", .group),
  ]

  private mutating func peer(_ node: YAMLNode?, _ kind: PeerKind, key: String, at range: SourceRange) -> AddressMatch {
    guard let node, node.kind == .scalar, !node.isNull else {
      // An address blotted out with '#' is one.
      let isEmpty = node?.isNull ?? false
      builder.error(
        isEmpty ? "\(key) has no value (text behind '#' is a comment)" : "the entry has no \(key)", at: range)
      return .unparsed
    }
    switch kind {
    case .ipv4: return builder.block(node, family: .v4)
    case .ipv6: return builder.block(node, family: .v6)
    case .prefixList: return prefixLists.contents(of: node.scalar ?? "")
    case .group: return .reference(kind: "security group", name: node.scalar ?? "")
    }
  }

  // MARK: Rules one by one

  private static let rulePeers: [(key: String, kind: PeerKind)] = [
    ("CidrIpv4", .ipv4), ("CidrIpv6", .ipv6), ("PrefixListId", .prefixList), ("ReferencedGroupInfo", .group),
  ]

  /// Reads one element of `SecurityGroupRules`.
  mutating func readRule(_ node: YAMLNode) {
    let group: Int
    if let idNode = node["GroupId"], let id = builder.text(idNode) {
      group = builder.group(id, range: idNode.range)
    } else {
      builder.error("the security group rule has no GroupId", at: node.range)
      group = builder.namelessGroup(at: node.range)
    }
    var draft = RuleDraft(.accept, range: node.range)
    draft.setLabel(name: node["SecurityGroupRuleId"], description: node["Description"])
    draft.transport = AWSTransport.read(
      ipProtocol: NodeValue(node["IpProtocol"]), from: NodeValue(node["FromPort"]), to: NodeValue(node["ToPort"]),
      at: node.range, &builder)
    guard let isEgress = direction(node) else {
      draft.isUnparsed = true
      for direction in TrafficDirection.allCases { builder.add(draft, to: group, direction) }
      return
    }
    let direction: TrafficDirection = isEgress ? .egress : .ingress
    var count = 0
    for (key, kind) in Self.rulePeers {
      guard let value = node[key], !value.isNull else { continue }
      count += 1
      draft.setPeer(peer(kind == .group ? value["GroupId"] : value, kind, key: key, at: value.range), direction)
      builder.add(draft, to: group, direction)
    }
    if count == 0 {
      builder.error("the rule names no peer, which AWS does not take", at: node.range)
      draft.isNever = true
      builder.add(draft, to: group, direction)
    }
  }

  private mutating func direction(_ node: YAMLNode) -> Bool? {
    guard let value = node["IsEgress"] else {
      builder.error("the security group rule has no IsEgress", at: node.range)
      return nil
    }
    return builder.boolean(value, key: "IsEgress")
  }
}
