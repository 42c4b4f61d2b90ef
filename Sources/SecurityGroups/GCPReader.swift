import PacketSets
import RuleGraph
import SourceText
import YAMLDocument

/// Reads Google Cloud's VPC firewall rules and firewall policies.
///
/// **Source:** Compute Engine v1 reference (firewalls, firewallPolicies); the VPC guide on firewall rules and on the
/// order in which policies and rules are evaluated: hierarchical policies, the network's rules, network policies, and
/// last the implied rules that let all out and nothing in.
struct GCPReader {
  var builder: GroupGraphBuilder
  /// Rules of networks, to be put in order when all documents are read.
  private var networkRules: [Int: [RankedRule]] = [:]
  /// Groups with their rank in the order of evaluation.
  var ranks: [Int: Int] = [:]

  /// A rule with what decides its place.
  struct RankedRule {
    var priority: Int
    var direction: TrafficDirection
    var draft: RuleDraft
  }

  init(builder: GroupGraphBuilder) { self.builder = builder }

  /// What Google never filters, its metadata server and resolver, and the implied rules.
  static func surroundings(unread: [SourceRange]) -> [GroupGraphBuilder.Level: GroupGraphBuilder.Surroundings] {
    let unfiltered = [GroupGraphBuilder.UnfilteredService(["169.254.169.254", "fd20:ce::254"])]
    return [
      .interface: GroupGraphBuilder.Surroundings(unfiltered: unfiltered, allowsEgress: true, unread: unread)
    ]
  }

  /// Reads one document.
  mutating func read(_ document: ExportDocument) {
    let node = document.node
    if node["firewallPolicys"] != nil || node["firewalls"] != nil {
      for policy in builder.elements(node["firewallPolicys"]) { readPolicy(policy) }
      for rule in builder.elements(node["firewalls"]) { readRule(rule) }
      return
    }
    for element in builder.elements(node["items"] ?? node) {
      document.kind == .gcpPolicy ? readPolicy(element) : readRule(element)
    }
  }

  /// Puts all rules in order: by priority, at equal priority denials first.
  mutating func finish() {
    for group in builder.groups.indices {
      let rules = networkRules[group] ?? []
      let order = rules.indices.sorted { left, right in
        let (a, b) = (rules[left], rules[right])
        return (a.priority, a.draft.verdict.kind == .accept ? 1 : 0, left)
          < (b.priority, b.draft.verdict.kind == .accept ? 1 : 0, right)
      }
      for index in order { builder.add(rules[index].draft, to: group, rules[index].direction) }
    }
    let order = builder.members.indices.sorted { left, right in
      let (a, b) = (builder.members[left].group, builder.members[right].group)
      return (ranks[a] ?? 0, left) < (ranks[b] ?? 0, right)
    }
    builder.members = order.map { builder.members[$0] }
  }

  // MARK: Rules of networks

  private static let ruleKeys: Set<String> = [
    "allowed", "creationTimestamp", "denied", "description", "destinationRanges", "direction", "disabled",
    "enableLogging", "id", "kind", "logConfig", "name", "network", "params", "priority", "selfLink", "selfLinkWithId",
    "sourceRanges", "sourceServiceAccounts", "sourceTags", "targetServiceAccounts", "targetTags",
  ]
  private static let transportKeys: Set<String> = ["IPProtocol", "ipProtocol", "ports"]

  private mutating func readRule(_ node: YAMLNode) {
    guard node.kind == .mapping else {
      builder.error("a firewall rule is a mapping", at: node.range)
      return
    }
    let networkNode = node["network"]
    let network = builder.text(networkNode).map(GCPReader.lastComponent) ?? "default"
    let group = builder.group(
      network, name: network, combination: .alternatives("which network the unit is in"),
      range: networkNode?.range ?? SourceRange(0, 0))
    ranks[group] = 1
    if isDisabled(node) { return }
    var base = RuleDraft(Verdict(.unknown), range: node.range)
    base.setLabel(name: node["name"], description: node["description"])
    if builder.reportMisspeltKeys(of: node, known: Self.ruleKeys) { base.isUnparsed = true }
    let priority = priority(node, standard: 1000, last: 65535, &base)
    let directions = directions(node, &base)
    let (transports, verdict) = actions(node)
    base.verdict = base.isUnparsed ? Verdict(.unknown) : verdict
    if verdict.kind == .unknown { base.isUnparsed = true }
    let targets = targets(node, of: group)
    for direction in directions {
      let peers = peers(node, direction)
      let local = localRanges(node, direction)
      let combinations = Combinations(transports: transports, peers: peers, locals: local.isEmpty ? targets : local)
      add(combinations, base, targets: local.isEmpty ? [] : targets, priority, direction, group)
    }
  }

  /// Everything that one rule names: it matches when one of each list does.
  struct Combinations {
    var transports: [(match: TransportMatch, range: SourceRange)]
    var peers: [(match: AddressMatch, range: SourceRange)]
    /// Restrictions of the unit's own side; empty for none.
    var locals: [AddressMatch]
  }

  /// Adds one rule a combination, or an unparsed one when there are too many.
  ///
  /// - Parameter targets: targets that hold beside a restriction of the unit's own addresses.
  mutating func add(
    _ combinations: Combinations, _ base: RuleDraft, targets: [AddressMatch], _ priority: Int,
    _ direction: TrafficDirection, _ group: Int
  ) {
    let locals: [AddressMatch] = combinations.locals.isEmpty ? [.any] : combinations.locals
    let counts = [combinations.transports.count, combinations.peers.count, locals.count]
    guard builder.allowsCombinations(counts, at: base.range) else {
      var draft = base
      draft.isUnparsed = true
      networkRules[group, default: []].append(RankedRule(priority: priority, direction: direction, draft: draft))
      return
    }
    for (peer, peerRange) in combinations.peers {
      for (transport, transportRange) in combinations.transports {
        for local in locals {
          var draft = base
          draft.transport = transport
          draft.setPeer(peer, direction)
          draft.setLocal(local, direction)
          if !targets.isEmpty { draft.undecidable.append("targets beside ranges of the unit's own addresses") }
          draft.range = peerRange.end > peerRange.start ? peerRange : transportRange
          networkRules[group, default: []].append(RankedRule(priority: priority, direction: direction, draft: draft))
        }
      }
    }
  }

  mutating func isDisabled(_ node: YAMLNode) -> Bool {
    guard let value = node["disabled"], !value.isNull, builder.boolean(value, key: "disabled") == true else {
      return false
    }
    let name = builder.text(node["name"]).map { " \(ScalarText.shown($0))" } ?? ""
    builder.note("the rule\(name) is disabled and has no effect", at: value.range)
    return true
  }

  mutating func priority(_ node: YAMLNode, standard: Int, last: Int, _ draft: inout RuleDraft) -> Int {
    guard let value = node["priority"], !value.isNull else { return standard }
    guard let number = value.scalar.flatMap(Self.wideInteger), (0...last).contains(number) else {
      builder.error("a priority is a number from 0 to \(last)", at: value.range)
      draft.isUnparsed = true
      return 0
    }
    return number
  }

  /// Priorities of policies reach 2147483647.
  private static func wideInteger(_ text: String) -> Int? {
    text.utf8.count <= 10 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }

  mutating func directions(_ node: YAMLNode, _ draft: inout RuleDraft) -> [TrafficDirection] {
    guard let value = node["direction"], !value.isNull else { return [.ingress] }
    switch value.scalar?.uppercased() {
    case "INGRESS": return [.ingress]
    case "EGRESS": return [.egress]
    default:
      builder.error("a direction is INGRESS or EGRESS", at: value.range)
      draft.isUnparsed = true
      return TrafficDirection.allCases
    }
  }

  private mutating func actions(_ node: YAMLNode) -> ([(match: TransportMatch, range: SourceRange)], Verdict) {
    let allowed = node["allowed"].flatMap { $0.isNull || $0.kind == .sequence && $0.count == 0 ? nil : $0 }
    let denied = node["denied"].flatMap { $0.isNull || $0.kind == .sequence && $0.count == 0 ? nil : $0 }
    guard let list = allowed ?? denied, allowed == nil || denied == nil else {
      builder.error("a firewall rule has either allowed or denied", at: node.range)
      return ([(TransportMatch(), node.range)], Verdict(.unknown))
    }
    let transports = builder.elements(list).map { transport($0, protocolKey: "IPProtocol") }
    return (transports, allowed != nil ? .accept : .drop)
  }

  /// A protocol with its ports; `all` stands for every protocol, no ports for all ports.
  mutating func transport(
    _ node: YAMLNode, protocolKey: String
  ) -> (match: TransportMatch, range: SourceRange) {
    var match = TransportMatch()
    if builder.reportMisspeltKeys(of: node, known: Self.transportKeys) {
      match.isUnparsed = true
      return (match, node.range)
    }
    guard let value = node[protocolKey], let text = builder.text(value) else {
      builder.error("the entry has no \(protocolKey)", at: node.range)
      match.isUnparsed = true
      return (match, node.range)
    }
    if text.lowercased() == "all" { return (match, node.range) }
    // The name is Google's: IP in IP is protocol 4, which /etc/protocols calls otherwise.
    let number =
      text.lowercased() == "ipip"
      ? IPProtocol.ipip : GroupGraphBuilder.protocolNumber(text) ?? IPProtocol.number(named: text)
    guard let number else {
      builder.error("\(ScalarText.shown(text)) is not a protocol", at: value.range)
      match.isUnparsed = true
      return (match, node.range)
    }
    match.protocolNumber = number
    let ports = builder.elements(node["ports"])
    if ports.isEmpty { return (match, node.range) }
    guard IPProtocol.hasPorts(number) else {
      builder.error("the protocol \(ScalarText.shown(text)) has no ports", at: node["ports"]?.range ?? node.range)
      match.isUnparsed = true
      return (match, node.range)
    }
    match.destinationPorts = builder.ports(ports)
    match.isUnparsed = match.destinationPorts == nil
    return (match, node.range)
  }

  /// Who may be the peer: any of the ranges, tags and accounts; without any, every IPv4 address.
  private mutating func peers(
    _ node: YAMLNode, _ direction: TrafficDirection
  ) -> [(match: AddressMatch, range: SourceRange)] {
    var peers = ranges(node[direction == .ingress ? "sourceRanges" : "destinationRanges"])
    if direction == .ingress {
      peers += references(node["sourceTags"], kind: "network tag")
      peers += references(node["sourceServiceAccounts"], kind: "service account")
    }
    if peers.isEmpty { peers = [(.prefix(IPPrefix(IPAddress(v4: 0), length: 0)), SourceRange(0, 0))] }
    return peers
  }

  mutating func ranges(_ node: YAMLNode?) -> [(match: AddressMatch, range: SourceRange)] {
    builder.elements(node).map { (builder.block($0), $0.range) }
  }

  func references(_ node: YAMLNode?, kind: String) -> [(match: AddressMatch, range: SourceRange)] {
    builder.elements(node).map { element in
      let text = element.scalar ?? element["name"]?.scalar ?? ""
      return (.reference(kind: kind, name: text), element.range)
    }
  }

  /// Ranges of the unit's own side, as one set.
  private mutating func localRanges(_ node: YAMLNode, _ direction: TrafficDirection) -> [AddressMatch] {
    let ranges = ranges(node[direction == .ingress ? "destinationRanges" : "sourceRanges"]).map(\.match)
    if ranges.isEmpty { return [] }
    if ranges.contains(.unparsed) { return [.unparsed] }
    let prefixes = ranges.compactMap { match in if case .prefix(let prefix) = match { prefix } else { nil } }
    return [.set(AddressSet(prefixes))]
  }

  /// Which units the rule is for: those with one of the tags or accounts; all of the network without any.
  mutating func targets(_ node: YAMLNode, of group: Int) -> [AddressMatch] {
    var targets: [AddressMatch] = []
    for (key, kind) in [
      ("targetTags", "network tag"), ("targetServiceAccounts", "service account"), ("targetSecureTags", "secure tag"),
    ] {
      for element in builder.elements(node[key]) {
        guard let name = element.scalar ?? element["name"]?.scalar else { continue }
        builder.facet(name, name: kind, of: group)
        targets.append(.reference(kind: Reference.targetPrefix + kind, name: name))
      }
    }
    return targets
  }

  /// The last part of a resource's URL.
  static func lastComponent(_ url: String) -> String { url.split(separator: "/").last.map(String.init) ?? url }
}
