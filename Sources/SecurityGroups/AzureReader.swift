import PacketSets
import RuleGraph
import SourceText
import YAMLDocument

/// Reads Azure's network security groups: `az network nsg list`, `nsg rule list`, and Azure Resource Manager's own
/// shape with `properties`.
///
/// **Source:** Microsoft.Network/networkSecurityGroups (template reference); "Network security groups" and "How
/// network security groups filter network traffic" in the Azure documentation: the lowest priority number that
/// matches decides, replies pass, a subnet's and a network interface's group must both let traffic through.
struct AzureReader {
  var builder: GroupGraphBuilder
  /// Carries out a template's expressions as far as they can be.
  var template = AzureTemplate()
  /// Whether any rule names the tag of a platform service, which are unfiltered otherwise.
  var namesPlatform = false
  var rules: [Int: [RankedRule]] = [:]

  struct RankedRule {
    var priority: Int
    var direction: TrafficDirection
    var draft: RuleDraft
  }

  /// The first priority of default rules.
  private static let defaultPriority = 65000

  init(builder: GroupGraphBuilder) { self.builder = builder }

  /// The services of Azure's host that groups do not filter unless a rule names their tags: the resolver, DHCP, the
  /// agent's and the instance metadata.
  ///
  /// **Source:** "Azure platform considerations" in the overview of network security groups; "What is IP address
  /// 168.63.129.16".
  private static let unfiltered: [GroupGraphBuilder.UnfilteredService] = [
    GroupGraphBuilder.UnfilteredService(["168.63.129.16"], IPProtocol.udp, ports: [53, 67]),
    GroupGraphBuilder.UnfilteredService(["168.63.129.16"], IPProtocol.tcp, ports: [53, 80, 32526]),
    GroupGraphBuilder.UnfilteredService(["169.254.169.254"], IPProtocol.tcp, ports: [80]),
  ]

  /// What surrounds groups at both levels.
  func surroundings(unread: [SourceRange]) -> [GroupGraphBuilder.Level: GroupGraphBuilder.Surroundings] {
    let all = GroupGraphBuilder.Surroundings(
      unfiltered: Self.unfiltered,
      unfilteredReason: namesPlatform ? "Azure's own services, which a rule names by tag" : nil, unread: unread)
    return [.subnet: all, .interface: all]
  }

  /// Reads one document.
  mutating func read(_ document: ExportDocument) {
    if document.kind == .azureTemplate {
      template = AzureTemplate(document.node)
      readResources(document.node["resources"])
      return
    }
    let list = builder.elements(document.node["value"] ?? document.node)
    for element in list {
      if isGroup(element) { readGroup(element) } else { readLooseRule(element) }
    }
  }

  private func isGroup(_ node: YAMLNode) -> Bool {
    let properties = node["properties"] ?? node
    return properties["securityRules"] != nil || properties["defaultSecurityRules"] != nil
  }

  private mutating func readResources(_ node: YAMLNode?) {
    var foreign = 0
    for resource in node?.mapping?.map(\.value) ?? builder.elements(node) {
      switch resource["type"]?.scalar?.lowercased() {
      case "microsoft.network/networksecuritygroups": readGroup(resource)
      case "microsoft.network/networksecuritygroups/securityrules": readLooseRule(resource)
      default: foreign += 1
      }
    }
    if foreign > 0, let node {
      builder.note("passed over \(foreign) resource\(foreign == 1 ? "" : "s") of other types", at: node.range)
    }
  }

  private mutating func readGroup(_ node: YAMLNode) {
    let properties = node["properties"] ?? node
    let name = template.text(node["name"])
    let idNode = node["id"] ?? node["name"]
    let group: Int
    let reason = "which network security group is in force"
    if let idNode, let id = template.text(idNode) {
      let levels = levels(properties)
      group = builder.group(
        id, name: name, level: levels[0], combination: .alternatives(reason), range: idNode.range)
      for level in levels.dropFirst() { builder.place(group, at: level, .alternatives(reason)) }
    } else {
      builder.error("the network security group has neither id nor name", at: node.range)
      group = builder.namelessGroup(at: node.range)
    }
    if rules[group] == nil { rules[group] = [] }
    for key in ["securityRules", "defaultSecurityRules"] { readRules(properties[key], group) }
    for resource in builder.elements(node["resources"]) { readLooseRule(resource, of: group) }
  }

  /// Reads a list of rules, or what stands for one.
  private mutating func readRules(_ node: YAMLNode?, _ group: Int) {
    switch template.value(node) {
    case .absent: break
    case .collection(let list): for rule in builder.elements(list) { readRule(rule, group) }
    case .unresolved(let reason):
      var draft = RuleDraft(Verdict(.unknown), range: node?.range ?? SourceRange(0, 0))
      draft.undecidable = [reason]
      add(draft, 0, TrafficDirection.allCases, group)
    case .text(_, let place): readRule(place, group)
    }
  }

  /// Where a group stands: at subnets, at network interfaces, or not said, which counts as the interface.
  private func levels(_ properties: YAMLNode) -> [GroupGraphBuilder.Level] {
    let isAtSubnet = (properties["subnets"]?.count ?? 0) > 0
    let isAtInterface = (properties["networkInterfaces"]?.count ?? 0) > 0
    return (isAtSubnet ? [.subnet] : []) + (isAtInterface || !isAtSubnet ? [.interface] : [])
  }

  /// A rule outside of a group's list: its id or a template's name says whose it is.
  private mutating func readLooseRule(_ node: YAMLNode, of owner: Int? = nil) {
    if let owner { return readRule(node, owner) }
    var id = "network security group"
    var name: String?
    var range = SourceRange(0, 0)
    if let idNode = node["id"], let text = builder.text(idNode) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      if let end = parts.lastIndex(where: { ["securityrules", "defaultsecurityrules"].contains($0.lowercased()) }) {
        id = parts[..<end].joined(separator: "/")
        name = parts[..<end].last.map(String.init)
        range = idNode.range
      }
    } else if let nameNode = node["name"], let text = template.text(nameNode), text.contains("/") {
      id = String(text.prefix { $0 != "/" })
      range = nameNode.range
    }
    let group = builder.group(
      id, name: name, combination: .alternatives("which network security group is in force"), range: range)
    readRule(node, group)
  }

  /// Puts all rules in order, with the default rules of groups that do not list them.
  mutating func finish() {
    for group in builder.groups.indices {
      let own = rules[group] ?? []
      for direction in TrafficDirection.allCases {
        let list = own.filter { $0.direction == direction }
        let order = list.indices.sorted { (list[$0].priority, $0) < (list[$1].priority, $1) }
        for index in order { builder.add(list[index].draft, to: group, direction) }
        if !list.contains(where: { $0.priority >= Self.defaultPriority }) { addDefaults(group, direction) }
      }
    }
  }

  private mutating func addDefaults(_ group: Int, _ direction: TrafficDirection) {
    let tags = ["VirtualNetwork", direction == .ingress ? "AzureLoadBalancer" : "Internet"]
    for tag in tags {
      var draft = RuleDraft(.accept, range: SourceRange(0, 0))
      let end = Self.tag(tag, at: draft.range)
      draft.setPeer(end.match, direction)
      if let reason = end.reason { draft.undecidable = [reason] }
      builder.add(draft, to: group, direction)
    }
    builder.add(RuleDraft(.drop, range: SourceRange(0, 0)), to: group, direction)
  }
}
