import PacketSets
import RuleGraph
import SourceText
import YAMLDocument

/// Reads OpenStack's security groups: the API's objects and the columns of `openstack security group rule list`.
///
/// **Source:** the Networking API reference (security-group-rules): rules only allow, null stands for all, groups keep
/// state unless `stateful` is false; osc-lib's column formatters of python-openstackclient.
struct OpenStackReader {
  var builder: GroupGraphBuilder
  /// Whether any group of the file is stateless; replies are then looked at group by group.
  private(set) var hasStateless = false
  private var statefulGroups: Set<Int> = []

  init(builder: GroupGraphBuilder, documents: [ExportDocument]) {
    self.builder = builder
    hasStateless = documents.contains { document in
      var groups = document.node["security_groups"]?.sequence ?? document.node.sequence ?? [document.node]
      if let group = document.node["security_group"] { groups.append(group) }
      return groups.contains { $0["stateful"]?.scalar.flatMap(ScalarText.boolean) == false }
    }
  }

  /// What Neutron adds by itself.
  func surroundings(unread: [SourceRange]) -> [GroupGraphBuilder.Level: GroupGraphBuilder.Surroundings] {
    [
      .interface: GroupGraphBuilder.Surroundings(
        isStateful: !hasStateless, unread: unread, unreadVerdict: .accept)
    ]
  }

  /// Reads one document.
  mutating func read(_ document: ExportDocument) {
    let node = document.node
    if let groups = node["security_groups"] {
      for group in builder.elements(groups) { readGroup(group) }
    } else if let group = node["security_group"] {
      readGroup(group)
    } else if let rules = node["security_group_rules"], node["name"] == nil {
      for rule in builder.elements(rules) { readRule(rule, of: nil) }
    } else if let rule = node["security_group_rule"] {
      readRule(rule, of: nil)
    } else {
      for element in builder.elements(node) {
        if element["rules"] != nil || element["security_group_rules"] != nil {
          readGroup(element)
        } else {
          readRule(element, of: nil)
        }
      }
    }
  }

  private mutating func readGroup(_ node: YAMLNode) {
    let name = builder.text(node["name"])
    let group: Int
    if let idNode = node["id"] ?? node["name"], let id = builder.text(idNode) {
      group = makeGroup(id, name: name, isStateful: node["stateful"], range: idNode.range)
    } else {
      builder.error("the security group has neither id nor name", at: node.range)
      group = builder.namelessGroup(at: node.range)
    }
    guard let rules = node["rules"] ?? node["security_group_rules"] else { return }
    for rule in builder.elements(rules) { readRule(rule, of: group) }
  }

  private mutating func makeGroup(_ id: String, name: String?, isStateful: YAMLNode?, range: SourceRange) -> Int {
    let group = builder.group(id, name: name, range: range)
    let isStateless = isStateful?.scalar.flatMap(ScalarText.boolean) == false
    if hasStateless, !isStateless, statefulGroups.insert(group).inserted {
      for direction in TrafficDirection.allCases { builder.addEstablished(to: builder.chain(group, direction)) }
    }
    return group
  }

  // MARK: Rules

  /// The keys of a rule: those of the API, or the titles of columns.
  struct Keys {
    var direction: String
    var family: [String]
    var transport: String
    var range: String
    var remoteGroup: String
    var remoteAddressGroup: String
    var group: String
    var isColumns: Bool
  }

  private static let apiKeys = Keys(
    direction: "direction", family: ["ethertype", "ether_type"], transport: "protocol", range: "remote_ip_prefix",
    remoteGroup: "remote_group_id", remoteAddressGroup: "remote_address_group_id", group: "security_group_id",
    isColumns: false)
  private static let columnKeys = Keys(
    direction: "Direction", family: ["Ethertype"], transport: "IP Protocol", range: "IP Range",
    remoteGroup: "Remote Security Group", remoteAddressGroup: "Remote Address Group", group: "Security Group",
    isColumns: true)

  private static let computeKeys = Keys(
    direction: "direction", family: [], transport: "ip_protocol", range: "ip_range", remoteGroup: "group",
    remoteAddressGroup: "", group: "parent_group_id", isColumns: false)

  private static let ruleKeys: Set<String> = [
    "belongs_to_default_sg", "created_at", "description", "direction", "ether_type", "ethertype", "id", "location",
    "name", "normalized_cidr", "port_range", "port_range_max", "port_range_min", "project_id", "protocol",
    "remote_address_group_id", "remote_group_id", "remote_ip_prefix", "revision_number", "security_group_id",
    "standard_attr_id", "tags", "tenant_id", "updated_at",
  ]
  private static let columns: Set<String> = [
    "Description", "Direction", "Ethertype", "ID", "IP Protocol", "IP Range", "Port Range", "Project",
    "Remote Address Group", "Remote Security Group", "Security Group",
  ]

  private mutating func readRule(_ node: YAMLNode, of owner: Int?) {
    if node["from_port"] != nil || node["parent_group_id"] != nil { return readComputeRule(node, of: owner) }
    let isColumns = node["IP Protocol"] != nil || node["IP Range"] != nil || node["Ethertype"] != nil
    let keys = isColumns ? Self.columnKeys : Self.apiKeys
    let group = owner ?? ruleGroup(node, keys)
    guard node.kind == .mapping else {
      let isOld = node.scalar?.contains("direction=") ?? false
      let hint = isOld ? " (older clients print text here; 'security group rule list' has the rules too)" : ""
      builder.error("a security group rule is a mapping, not text\(hint)", at: node.range)
      for direction in TrafficDirection.allCases {
        var draft = RuleDraft(.accept, range: node.range)
        draft.isUnparsed = true
        builder.add(draft, to: group, direction)
      }
      return
    }
    var draft = RuleDraft(.accept, range: node.range)
    draft.setLabel(name: node["id"] ?? node["ID"], description: node["description"])
    if builder.reportMisspeltKeys(of: node, known: isColumns ? Self.columns : Self.ruleKeys) { draft.isUnparsed = true }
    readFamily(node, keys, &draft)
    let directions = directions(node, keys, &draft)
    let transports = transports(node, keys)
    let peer = peer(node, keys)
    for direction in directions {
      for transport in transports {
        var draft = draft
        draft.transport = transport
        draft.setPeer(peer, direction)
        builder.add(draft, to: group, direction)
      }
    }
  }

  /// A rule as the Compute service printed it: for what comes in only, -1 stands for all.
  ///
  /// **Source:** Compute API reference, os-security-groups.
  private mutating func readComputeRule(_ node: YAMLNode, of owner: Int?) {
    let group = owner ?? ruleGroup(node, Self.computeKeys)
    var draft = RuleDraft(.accept, range: node.range)
    draft.setLabel(name: node["id"], description: nil)
    var match = TransportMatch()
    if let (text, place) = given(node["ip_protocol"]), ScalarText.integer(text) != -1 {
      match.protocolNumber = protocolNumber(text, at: place.range)
      match.isUnparsed = match.protocolNumber == nil
    }
    let isICMP = match.protocolNumber == IPProtocol.icmp || match.protocolNumber == IPProtocol.icmpv6
    let bounds = ["from_port", "to_port"].map { key in
      given(node[key]).flatMap { ScalarText.integer($0.text) == -1 ? nil : $0.node }
        .flatMap { number($0, last: isICMP ? 255 : 65535, &match) }
    }
    if isICMP {
      match.icmpType = bounds[0].map { UInt8($0) }
      match.icmpCode = bounds[1].map { UInt8($0) }
    } else if let lower = bounds[0], let upper = bounds[1] {
      setPorts(lower, upper, at: node.range, &match)
    }
    draft.transport = match
    if let name = given(node["group"]?["name"]) {
      draft.source = .reference(kind: "security group", name: name.text)
    } else if let block = given(node["ip_range"]?["cidr"]) {
      draft.source = builder.prefix(block.text, at: block.node.range).map { .prefix($0) } ?? .unparsed
    }
    builder.add(draft, to: group, .ingress)
  }

  private mutating func ruleGroup(_ node: YAMLNode, _ keys: Keys) -> Int {
    // The list of one group's rules has no column for the group.
    guard let idNode = node[keys.group], let id = builder.text(idNode) else {
      return makeGroup("security group", name: nil, isStateful: nil, range: SourceRange(0, 0))
    }
    return makeGroup(id, name: nil, isStateful: nil, range: idNode.range)
  }

  private mutating func directions(_ node: YAMLNode, _ keys: Keys, _ draft: inout RuleDraft) -> [TrafficDirection] {
    let value = node[keys.direction]
    switch value?.scalar?.lowercased() {
    case "ingress": return [.ingress]
    case "egress": return [.egress]
    default:
      let hint = keys.isColumns && value == nil ? " (older clients print it with --long)" : ""
      builder.error("the rule's \(keys.direction) is ingress or egress\(hint)", at: value?.range ?? node.range)
      draft.isUnparsed = true
      return TrafficDirection.allCases
    }
  }

  private mutating func readFamily(_ node: YAMLNode, _ keys: Keys, _ draft: inout RuleDraft) {
    guard let value = keys.family.lazy.compactMap({ node[$0] }).first, !value.isNull else { return }
    switch value.scalar?.lowercased() {
    case "ipv4": draft.family = .v4
    case "ipv6": draft.family = .v6
    default:
      builder.error("an ether type is IPv4 or IPv6", at: value.range)
      draft.isUnparsed = true
    }
  }

  /// The peers: a remote group restricts the rule even where the IP range says all addresses.
  private mutating func peer(_ node: YAMLNode, _ keys: Keys) -> AddressMatch {
    if let name = given(node[keys.remoteGroup]) { return .reference(kind: "security group", name: name.text) }
    if let name = given(node[keys.remoteAddressGroup]) { return .reference(kind: "address group", name: name.text) }
    guard let range = given(node[keys.range]) else { return .any }
    return builder.prefix(range.text, at: range.node.range).map { .prefix($0) } ?? .unparsed
  }

  /// A scalar that is neither null, `None` nor empty.
  func given(_ node: YAMLNode?) -> (text: String, node: YAMLNode)? {
    guard let node, let text = builder.text(node), !text.isEmpty, text != "None" else { return nil }
    return (text, node)
  }
}
