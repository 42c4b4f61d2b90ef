import Evaluation
import PacketSets
import Requirements
import RuleGraph

/// A permission of a security group in the terms that all providers share.
struct CloudPermission {
  var protocolNumber: UInt8?
  /// Nil: all ports, or a protocol without ports.
  var ports: Interval<UInt32>?
  var icmpType: UInt32?
  var icmpCode: UInt32?
  var prefixes: [IPPrefix]
  /// The group or list that stands in the place of prefixes.
  var reference: Reference?
}

/// What a provider's call is about.
struct CloudTarget {
  /// What holds the rule.
  enum Kind {
    case group
    /// A network ACL of AWS.
    case networkACL
    /// A firewall policy of Google Cloud.
    case policy
  }

  var kind = Kind.group
  /// The name or id that the call takes.
  var name: String
  /// The resource group of Azure.
  var resourceGroup: String?
  var isIngress: Bool
  /// The provider's own name of the rule that decides now.
  var rule: String?
  /// Whether the rule that decides now denies, so that another one has to come before it.
  var comesBefore = false
}

extension Remedy {
  /// Prefixes of one call.
  private static let prefixLimit = 8

  /// The provider's calls that let some boxes through.
  func allowInGroup(
    _ boxes: [FamilyBox], decider: TraceResult.Decider?, direction: Direction, _ graph: RuleGraph, asked: [Fix.Flow]
  ) -> Advice {
    let calls = boxes.prefix(Self.limit).map { box, family in
      groupRule(box, family, graph, cloudTarget(of: decider, direction, graph))
    }
    return Advice(text: Self.distinct(calls).joined(separator: "\n"))
  }

  /// The group that a rule or policy belongs to, else the first of the file, as calls name it.
  func cloudTarget(of decider: TraceResult.Decider?, _ direction: Direction, _ graph: RuleGraph) -> CloudTarget {
    let own = decider.flatMap { decider in
      graph.groups.first { $0.ingressChain == decider.chain || $0.egressChain == decider.chain }
    }
    let group = own ?? graph.groups.first
    var target = CloudTarget(name: group?.id ?? "GROUP", isIngress: direction == .incoming)
    if let rule = decider?.rule {
      target.rule = graph.labelName(ofRule: rule)
      target.comesBefore = [.drop, .reject].contains(graph.rules[Int(rule)].verdict.kind)
    }
    switch graph.dialect {
    case .aws: if target.name.hasPrefix("acl-") { target.kind = .networkACL }
    case .gcp:
      guard own == nil, let decider, graph.chains[Int(decider.chain)].base == nil else { break }
      // A policy's chain is no network's.
      target.kind = .policy
      let name = graph.names[graph.chains[Int(decider.chain)].name].split(separator: " ").dropLast()
      target.name = name.joined(separator: " ")
    case .azure:
      // Azure's ids are whole paths; its commands take names.
      let parts = target.name.split(separator: "/")
      let place = parts.firstIndex { $0.lowercased() == "resourcegroups" }
      target.resourceGroup = place.flatMap { $0 + 1 < parts.count ? String(parts[$0 + 1]) : nil }
      target.name = group?.name ?? parts.last.map(String.init) ?? target.name
    default: break
    }
    return target
  }

  /// The provider's call that lets a box through, and for AWS the same as YAML.
  func groupRule(_ box: PacketBox, _ family: IPFamily, _ graph: RuleGraph, _ target: CloudTarget) -> String {
    let peers = (target.isIngress ? box.sources : box.destinations) ?? .all
    let number = singleProtocol(box)
    let all = peers.restricted(to: family).prefixes
    var permission = CloudPermission(protocolNumber: number, prefixes: Array(all.prefix(Self.prefixLimit)))
    var permissions: [CloudPermission] = []
    let isICMP = number == IPProtocol.icmp || number == IPProtocol.icmpv6
    if isICMP, let only = box.ports?.intervals.first, box.ports?.intervals.count == 1 {
      if only.lower >> 8 == only.upper >> 8 { permission.icmpType = only.lower >> 8 }
      if only.lower == only.upper { permission.icmpCode = only.lower & 255 }
    }
    if number.map(IPProtocol.hasPorts) ?? false {
      for interval in (box.ports?.intervals ?? []).prefix(Self.limit) {
        var next = permission
        if interval != Interval(0, 65535) { next.ports = interval }
        permissions.append(next)
      }
    }
    if permissions.isEmpty { permissions = [permission] }
    var lines = permissions.map { CloudCalls(dialect: graph.dialect, target: target).add($0) }
    if all.count > Self.prefixLimit {
      lines.append("# and for \(all.count - Self.prefixLimit) more blocks of addresses")
    }
    return lines.joined(separator: "\n")
  }

  /// The calls that take a rule away as it is written and add what has to stay.
  func narrowInGroup(
    _ kept: [FamilyBox], _ direction: Direction, _ decider: TraceResult.Decider?, _ graph: RuleGraph
  ) -> Advice {
    guard let decider, let rule = decider.rule, graph.rules[Int(rule)].isWritten else {
      return Advice(text: "deny it explicitly: it is the provider's default that lets it through")
    }
    let target = cloudTarget(of: decider, direction, graph)
    let written = permission(graph.rules[Int(rule)], direction, graph)
    var calls = [CloudCalls(dialect: graph.dialect, target: target).remove(written)]
    calls += kept.prefix(2 * Self.limit).map { groupRule($0.0, $0.1, graph, target) }
    return Advice(text: Self.distinct(calls).joined(separator: "\n"))
  }

  /// A rule as it is written, read back from its matches.
  private func permission(_ rule: Rule, _ direction: Direction, _ graph: RuleGraph) -> CloudPermission {
    let isIncoming = direction == .incoming
    var permission = CloudPermission(prefixes: [])
    for item in graph.items(of: rule) where !item.isNegated {
      switch (item.kind, item.field) {
      case (.range, .protocolNumber) where item.a == item.b:
        permission.protocolNumber = UInt8(truncatingIfNeeded: item.a)
      case (.range, .destinationPort): permission.ports = Interval(item.a, max(item.a, item.b))
      case (.range, .icmpType): permission.icmpType = item.a
      case (.range, .icmpCode): permission.icmpCode = item.a
      case (.range, isIncoming ? .ipv4Source : .ipv4Destination):
        permission.prefixes = IPPrefix.covering(Interval(UInt128(item.a), UInt128(max(item.a, item.b))), family: .v4)
      case (.wideRange, isIncoming ? .ipv6Source : .ipv6Destination):
        permission.prefixes = IPPrefix.covering(graph.wideRanges[Int(item.a)], family: .v6)
      case (.reference, isIncoming ? .ipv4Source : .ipv4Destination),
        (.reference, isIncoming ? .ipv6Source : .ipv6Destination):
        permission.reference = graph.references[Int(item.a)]
      default: break
      }
    }
    return permission
  }
}
