import Evaluation
import PacketSets
import Requirements
import RuleGraph

/// A permission of a security group in the terms that all providers share.
private struct Permission {
  var protocolNumber: UInt8?
  /// Nil: all ports, or a protocol without ports.
  var ports: Interval<UInt32>?
  var prefixes: [IPPrefix]
}

extension Remedy {
  /// Prefixes of one call.
  private static let prefixLimit = 8

  /// The provider's calls that let some boxes through.
  func allowInGroup(
    _ boxes: [FamilyBox], decider: TraceResult.Decider?, direction: Direction, _ graph: RuleGraph, asked: [Fix.Flow]
  ) -> Advice {
    let calls = boxes.prefix(Self.limit).map { box, family in
      groupRule(box, family, direction, graph, group: group(of: decider, direction, graph))
    }
    return Advice(text: Self.distinct(calls).joined(separator: "\n"))
  }

  /// The group that a rule or policy belongs to, else the first of the file.
  func group(of decider: TraceResult.Decider?, _ direction: Direction, _ graph: RuleGraph) -> String {
    let own = decider.flatMap { decider in
      graph.groups.first { $0.ingressChain == decider.chain || $0.egressChain == decider.chain }
    }
    guard let group = own ?? graph.groups.first else { return "GROUP" }
    // Azure's ids are whole paths; its commands take names.
    return graph.dialect == .azure ? group.name ?? group.id : group.id
  }

  /// The provider's call that lets a box through, and for AWS the same as YAML.
  func groupRule(
    _ box: PacketBox, _ family: IPFamily, _ direction: Direction, _ graph: RuleGraph, group: String
  ) -> String {
    let peers = (direction == .incoming ? box.sources : box.destinations) ?? .all
    let number = singleProtocol(box)
    let intervals = number.map(IPProtocol.hasPorts) ?? false ? box.ports?.intervals ?? [] : []
    let prefixes = Array(peers.restricted(to: family).prefixes.prefix(Self.prefixLimit))
    let permissions = (intervals.isEmpty ? [nil] : intervals.prefix(Self.limit).map { Optional($0) }).map {
      Permission(protocolNumber: number, ports: $0, prefixes: prefixes)
    }
    return permissions.map { call($0, direction, graph.dialect, group: group, adds: true) }.joined(separator: "\n")
  }

  /// The calls that take a rule away as it is written and add what has to stay.
  func narrowInGroup(
    _ kept: [FamilyBox], _ direction: Direction, _ decider: TraceResult.Decider?, _ graph: RuleGraph
  ) -> Advice {
    guard let decider, let rule = decider.rule, graph.rules[Int(rule)].isWritten else {
      return Advice(text: "deny it explicitly: it is the provider's default that lets it through")
    }
    let group = group(of: decider, direction, graph)
    let written = permission(graph.rules[Int(rule)], direction, graph)
    var calls = [call(written, direction, graph.dialect, group: group, adds: false)]
    calls += kept.prefix(2 * Self.limit).map { groupRule($0.0, $0.1, direction, graph, group: group) }
    return Advice(text: Self.distinct(calls).joined(separator: "\n"))
  }

  /// A rule as it is written, read back from its matches.
  private func permission(_ rule: Rule, _ direction: Direction, _ graph: RuleGraph) -> Permission {
    var permission = Permission(prefixes: [])
    for item in graph.items(of: rule) where !item.isNegated {
      switch (item.kind, item.field) {
      case (.range, .protocolNumber) where item.a == item.b:
        permission.protocolNumber = UInt8(truncatingIfNeeded: item.a)
      case (.range, .destinationPort): permission.ports = Interval(item.a, max(item.a, item.b))
      case (.range, direction == .incoming ? .ipv4Source : .ipv4Destination):
        permission.prefixes = IPPrefix.covering(Interval(UInt128(item.a), UInt128(max(item.a, item.b))), family: .v4)
      case (.wideRange, direction == .incoming ? .ipv6Source : .ipv6Destination):
        permission.prefixes = IPPrefix.covering(graph.wideRanges[Int(item.a)], family: .v6)
      default: break
      }
    }
    return permission
  }

  // MARK: The providers' own words

  private func call(
    _ permission: Permission, _ direction: Direction, _ dialect: Dialect, group: String, adds: Bool
  ) -> String {
    let isIngress = direction == .incoming
    let name = permission.protocolNumber.map { number in
      [IPProtocol.tcp, IPProtocol.udp, IPProtocol.icmp].contains(number) ? IPProtocol.name(number) : String(number)
    }
    let prefixes = permission.prefixes.map { "\($0.base)/\($0.length)" }
    let range = permission.ports.map { $0.lower == $0.upper ? "\($0.lower)" : "\($0.lower)-\($0.upper)" }
    switch dialect {
    case .openstack:
      guard adds else { return "openstack security group rule delete RULE    # the rule of this line" }
      return prefixes.map { prefix in
        "openstack security group rule create \(isIngress ? "--ingress" : "--egress") --ethertype "
          + "\(prefix.contains(":") ? "IPv6" : "IPv4")" + (name.map { " --protocol \($0)" } ?? "")
          + (range.map { " --dst-port \($0.split(separator: "-").joined(separator: ":"))" } ?? "")
          + " --remote-ip \(prefix) \(group)"
      }.joined(separator: "\n")
    case .gcp:
      guard adds else { return "gcloud compute firewall-rules delete RULE    # the rule of this line" }
      let rules = "\(name ?? "all")" + (range.map { ":\($0)" } ?? "")
      return "gcloud compute firewall-rules create NAME --direction=\(isIngress ? "INGRESS" : "EGRESS") --action=ALLOW "
        + "--rules=\(rules) --\(isIngress ? "source" : "destination")-ranges=\(prefixes.joined(separator: ","))"
    case .azure:
      guard adds else { return "az network nsg rule delete --nsg-name \(group) --name RULE    # the rule of this line" }
      return "az network nsg rule create --nsg-name \(group) --name NAME --priority PRIORITY --access Allow "
        + "--direction \(isIngress ? "Inbound" : "Outbound") --protocol \(name.map { $0.prefix(1).uppercased() + $0.dropFirst() } ?? "'*'") "
        + "--\(isIngress ? "source" : "destination")-address-prefixes \(prefixes.joined(separator: " ")) "
        + "--destination-port-ranges \(range ?? "'*'")"
    default:
      return awsCall(permission, prefixes, name ?? "-1", isIngress: isIngress, group: group, adds: adds)
    }
  }

  private func awsCall(
    _ permission: Permission, _ cidrs: [String], _ name: String, isIngress: Bool, group: String, adds: Bool
  ) -> String {
    let isV6 = cidrs.first?.contains(":") ?? false
    let key = isV6 ? "CidrIpv6" : "CidrIp"
    let list = isV6 ? "Ipv6Ranges" : "IpRanges"
    let ports = permission.ports.map { ",FromPort=\($0.lower),ToPort=\($0.upper)" } ?? ""
    let peers = cidrs.isEmpty ? "" : ",\(list)=[\(cidrs.map { "{\(key)=\($0)}" }.joined(separator: ","))]"
    let call =
      "aws ec2 \(adds ? "authorize" : "revoke")-security-group-\(isIngress ? "ingress" : "egress") --group-id \(group) "
      + "--ip-permissions 'IpProtocol=\(name)\(ports)\(peers)'"
    guard adds else { return call }
    var yaml = ["or add in \(isIngress ? "IpPermissions" : "IpPermissionsEgress"): of \(group)"]
    if let ports = permission.ports { yaml.append("  - FromPort: \(ports.lower)") }
    yaml.append(permission.ports == nil ? "  - IpProtocol: '\(name)'" : "    IpProtocol: \(name)")
    yaml.append("    \(list):")
    yaml += cidrs.map { "    - \(key): \($0)" }
    if let ports = permission.ports { yaml.append("    ToPort: \(ports.upper)") }
    return ([call] + yaml).joined(separator: "\n")
  }
}
