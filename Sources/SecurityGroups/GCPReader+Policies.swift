import RuleGraph
import SourceText
import YAMLDocument

/// Firewall policies: rules in order of their priority that allow, deny, or go on to what is asked next.
///
/// **Source:** Compute Engine v1 reference (firewallPolicies); the VPC guide on hierarchical and network policies.
extension GCPReader {
  /// Reads a policy with its rules, or a single rule of a policy.
  mutating func readPolicy(_ node: YAMLNode) {
    let isPolicy = node["rules"] != nil
    let idNode = isPolicy ? node["shortName"] ?? node["displayName"] ?? node["name"] : nil
    let id = builder.text(idNode) ?? "firewall policy"
    let isHierarchical =
      node["parent"] != nil || node["type"]?.scalar?.uppercased().hasPrefix("HIERARCHY") == true || !isPolicy
    let group = builder.group(
      id, name: isPolicy ? builder.text(node["name"]) : nil, combination: .sequence,
      isListed: false, range: idNode?.range ?? SourceRange(0, 0))
    ranks[group] = isHierarchical ? 0 : node["region"] != nil ? 3 : 2
    for rule in isPolicy ? builder.elements(node["rules"]) : [node] { readPolicyRule(rule, group) }
  }

  private static let matchKeys: Set<String> = [
    "destAddressGroups", "destFqdns", "destIpRanges", "destNetworkContext", "destNetworkScope", "destNetworkType",
    "destNetworks", "destRegionCodes", "destSecureTags", "destThreatIntelligences", "layer4Configs", "srcAddressGroups",
    "srcFqdns", "srcIpRanges", "srcNetworkContext", "srcNetworkScope", "srcNetworkType", "srcNetworks",
    "srcRegionCodes", "srcSecureTags", "srcThreatIntelligences",
  ]
  private static let policyRuleKeys = matchKeys.union([
    "action", "description", "direction", "disabled", "enableLogging", "kind", "match", "priority", "ruleName",
    "ruleTupleCount", "securityProfileGroup", "targetForwardingRules", "targetResources", "targetSecureTags",
    "targetServiceAccounts", "targetType", "tlsInspect",
  ])

  private mutating func readPolicyRule(_ node: YAMLNode, _ group: Int) {
    if isDisabled(node) { return }
    var base = RuleDraft(Verdict(.unknown), range: node.range)
    base.setLabel(name: node["priority"], description: node["description"] ?? node["ruleName"])
    let match = node["match"] ?? node
    if builder.reportMisspeltKeys(of: node, known: Self.policyRuleKeys) { base.isUnparsed = true }
    if node["match"] != nil, builder.reportMisspeltKeys(of: match, known: Self.matchKeys) { base.isUnparsed = true }
    let priority = priority(node, standard: 0, last: Int(Int32.max), &base)
    let directions = directions(node, &base)
    let verdict = policyVerdict(node, &base)
    base.verdict = base.isUnparsed ? Verdict(.unknown) : verdict
    var transports = builder.elements(match["layer4Configs"]).map { transport($0, protocolKey: "ipProtocol") }
    if transports.isEmpty { transports = [(TransportMatch(), node.range)] }
    for network in builder.elements(node["targetResources"]) {
      let name = Self.lastComponent(network.scalar ?? "")
      base.undecidable.append("whether the unit is in the network \(name)")
    }
    let targets = targets(node, of: group)
    for direction in directions {
      let (peerSide, ownSide) = direction == .ingress ? ("src", "dest") : ("dest", "src")
      var draft = base
      for key in ["\(peerSide)NetworkScope", "\(peerSide)NetworkType", "\(peerSide)Networks"] where match[key] != nil {
        draft.undecidable.append("\(key) of a policy rule")
      }
      var peers = policyPeers(match, peerSide)
      if peers.isEmpty { peers = [(.any, SourceRange(0, 0))] }
      let own = policyPeers(match, ownSide).map(\.match)
      let combinations = Combinations(transports: transports, peers: peers, locals: own.isEmpty ? targets : own)
      add(combinations, draft, targets: own.isEmpty ? [] : targets, priority, direction, group)
    }
  }

  private mutating func policyVerdict(_ node: YAMLNode, _ draft: inout RuleDraft) -> Verdict {
    switch node["action"]?.scalar?.lowercased() {
    case "allow": return .accept
    case "deny": return .drop
    case "goto_next": return .returning
    case "apply_security_profile_group":
      draft.undecidable.append("a security profile group")
      return .accept
    default:
      builder.error("an action is allow, deny or goto_next", at: node["action"]?.range ?? node.range)
      draft.isUnparsed = true
      return Verdict(.unknown)
    }
  }

  private mutating func policyPeers(
    _ match: YAMLNode, _ side: String
  ) -> [(match: AddressMatch, range: SourceRange)] {
    var peers = ranges(match["\(side)IpRanges"])
    peers += references(match["\(side)AddressGroups"], kind: "address group").map { peer in
      guard case .reference(let kind, let name) = peer.match else { return peer }
      return (.reference(kind: kind, name: Self.lastComponent(name)), peer.range)
    }
    peers += references(match["\(side)SecureTags"], kind: "secure tag")
    peers += references(match["\(side)Fqdns"], kind: "domain name")
    peers += references(match["\(side)RegionCodes"], kind: "region")
    peers += references(match["\(side)ThreatIntelligences"], kind: "threat intelligence list")
    return peers
  }
}
