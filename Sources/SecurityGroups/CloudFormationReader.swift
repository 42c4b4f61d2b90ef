import PacketSets
import RuleGraph
import SourceText
import YAMLDocument

/// Reads the security groups of CloudFormation templates.
///
/// **Source:** AWS resource and property types reference: AWS::EC2::SecurityGroup, AWS::EC2::SecurityGroupIngress,
/// AWS::EC2::SecurityGroupEgress; a group without any egress rule gets one that lets everything out.
struct CloudFormationReader {
  var builder: GroupGraphBuilder
  private let template: CloudFormationTemplate
  private let node: YAMLNode
  /// Groups of the template by their logical ids.
  private var groups: [String: Int] = [:]
  private var groupsWithEgress: Set<Int> = []
  /// Groups that rules are attached to but that stand elsewhere.
  private var outerGroups: Set<Int> = []

  init(builder: GroupGraphBuilder, document: ExportDocument) {
    self.builder = builder
    node = document.node
    template = CloudFormationTemplate(document.node)
  }

  /// Reads all groups, then the rules that stand beside them.
  mutating func read() {
    var foreign = 0
    let entries = node["Resources"]?.mapping ?? []
    for (key, resource) in entries where resource["Type"]?.scalar == "AWS::EC2::SecurityGroup" {
      readGroup(key, resource)
    }
    for (_, resource) in entries {
      switch resource["Type"]?.scalar {
      case "AWS::EC2::SecurityGroup": break
      case "AWS::EC2::SecurityGroupIngress": readSeparate(resource, .ingress)
      case "AWS::EC2::SecurityGroupEgress": readSeparate(resource, .egress)
      default: foreign += 1
      }
    }
    for group in outerGroups.sorted() { addOtherRules(group) }
    for group in groups.values.sorted() where !groupsWithEgress.contains(group) { addDefaultEgress(group) }
    if foreign > 0 {
      builder.note(
        "passed over \(foreign) resource\(foreign == 1 ? "" : "s") of other types",
        at: node["Resources"]?.range ?? node.range)
    }
  }

  private static let groupKeys: Set<String> = [
    "GroupDescription", "GroupName", "SecurityGroupEgress", "SecurityGroupIngress", "Tags", "VpcId",
  ]
  private static let ruleKeys: Set<String> = [
    "CidrIp", "CidrIpv6", "Description", "DestinationPrefixListId", "DestinationSecurityGroupId", "FromPort", "GroupId",
    "GroupName", "IpProtocol", "SourcePrefixListId", "SourceSecurityGroupId", "SourceSecurityGroupName",
    "SourceSecurityGroupOwnerId", "ToPort",
  ]

  private mutating func readGroup(_ key: YAMLNode, _ resource: YAMLNode) {
    let id = key.scalar ?? ""
    let properties = resource["Properties"]
    var name: String?
    if case .text(let text, _) = template.value(properties?["GroupName"]) { name = text }
    let group = builder.group(id, name: name, range: key.range)
    groups[id] = group
    if let properties, builder.reportMisspeltKeys(of: properties, known: Self.groupKeys) {
      for direction in TrafficDirection.allCases {
        var draft = RuleDraft(.accept, range: properties.range)
        draft.isUnparsed = true
        builder.add(draft, to: group, direction)
      }
    }
    readRules(properties?["SecurityGroupIngress"], group, .ingress, conditions: [])
    readRules(properties?["SecurityGroupEgress"], group, .egress, conditions: [])
  }

  /// The rule that EC2 itself adds.
  private mutating func addDefaultEgress(_ group: Int) {
    builder.add(RuleDraft(.accept, range: SourceRange(0, 0)), to: group, .egress)
  }

  // MARK: Rules in lists

  /// Reads a list of rules, a single one, or a function that stands for either.
  private mutating func readRules(
    _ node: YAMLNode?, _ group: Int, _ direction: TrafficDirection, conditions: [String]
  ) {
    guard let node, !node.isNull else { return }
    if let function = template.function(node) {
      return readFunction(function, at: node, group, direction, conditions: conditions)
    }
    switch node.kind {
    case .sequence:
      for element in builder.elements(node) { readRules(element, group, direction, conditions: conditions) }
    case .mapping: readRule(node, group, direction, conditions: conditions)
    case .scalar:
      builder.error("a rule is a mapping, not text", at: node.range)
      var draft = RuleDraft(.accept, range: node.range)
      draft.isUnparsed = true
      add(draft, group, direction)
    }
  }

  private mutating func readFunction(
    _ function: CloudFormationTemplate.Function, at node: YAMLNode, _ group: Int, _ direction: TrafficDirection,
    conditions: [String]
  ) {
    if function.name == "!Ref", function.argument.equals("AWS::NoValue") { return }
    if function.name == "!If", let branches = function.argument.sequence, branches.count == 3, conditions.count < 8 {
      let condition = branches[0].scalar ?? "?"
      readRules(branches[1], group, direction, conditions: conditions + ["condition \(condition)"])
      readRules(branches[2], group, direction, conditions: conditions + ["condition not \(condition)"])
      return
    }
    var draft = RuleDraft(.accept, range: node.range)
    draft.undecidable = [template.reason(function)]
    add(draft, group, direction)
  }

  private mutating func add(_ draft: RuleDraft, _ group: Int, _ direction: TrafficDirection) {
    if direction == .egress { groupsWithEgress.insert(group) }
    builder.add(draft, to: group, direction)
  }

  // MARK: Rules beside groups

  private mutating func readSeparate(_ resource: YAMLNode, _ direction: TrafficDirection) {
    guard let properties = resource["Properties"] else {
      builder.error("the rule has no Properties", at: resource.range)
      return
    }
    let conditions = resource["Condition"]?.scalar.map { ["condition \($0)"] } ?? []
    readRule(properties, owner(properties), direction, conditions: conditions)
  }

  /// The group that a separate rule is attached to.
  private mutating func owner(_ properties: YAMLNode) -> Int {
    guard let node = properties["GroupId"] ?? properties["GroupName"] else {
      builder.error("the rule has neither GroupId nor GroupName", at: properties.range)
      return builder.namelessGroup(at: properties.range)
    }
    let name = groupName(node)
    if let group = groups[name] { return group }
    if let group = groups.values.sorted().first(where: { builder.groups[$0].name == name }) { return group }
    let group = builder.group(name, range: node.range)
    outerGroups.insert(group)
    return group
  }

  /// What a group that the template does not make may hold besides.
  private mutating func addOtherRules(_ group: Int) {
    for direction in TrafficDirection.allCases {
      var draft = RuleDraft(.accept, range: SourceRange(0, 0))
      draft.undecidable = ["the rules of \(builder.groups[group].id), which the template does not make"]
      builder.add(draft, to: group, direction)
    }
  }

  /// The logical id of a group that `!Ref` or `!GetAtt` names, else the text or the parameter's default.
  private func groupName(_ node: YAMLNode) -> String {
    if let function = template.function(node) {
      let argument = function.argument
      switch function.name {
      case "!Ref":
        if let id = argument.scalar, template.resources[id] != nil { return id }
      case "!GetAtt":
        let id = argument.scalar.map { String($0.prefix { $0 != "." }) } ?? argument.sequence?.first?.scalar
        if let id, template.resources[id] != nil { return id }
      default: break
      }
      if case .text(let text, _) = template.value(node) { return text }
      return argument.scalar ?? template.reason(function)
    }
    return node.scalar ?? "?"
  }

  private mutating func readRule(
    _ node: YAMLNode, _ group: Int, _ direction: TrafficDirection, conditions: [String]
  ) {
    var draft = RuleDraft(.accept, range: node.range)
    draft.setLabel(name: nil, description: node["Description"])
    draft.undecidable = conditions
    if builder.reportMisspeltKeys(of: node, known: Self.ruleKeys) {
      draft.isUnparsed = true
      return add(draft, group, direction)
    }
    let end = direction == .ingress ? "Source" : "Destination"
    let keys = ["CidrIp", "CidrIpv6", "\(end)PrefixListId", "\(end)SecurityGroupId", "\(end)SecurityGroupName"]
    let peers = keys.compactMap { key -> (key: String, value: YAMLNode)? in
      if case .absent = template.value(node[key]) { return nil }
      return node[key].map { (key, $0) }
    }
    guard !peers.isEmpty else {
      // "The stack will launch successfully but the rule will not be added", as the older reference has it.
      builder.warning("the rule names no peer: CloudFormation adds no such rule", at: node.range)
      draft.isNever = true
      return add(draft, group, direction)
    }
    draft.transport = AWSTransport.read(
      ipProtocol: template.value(node["IpProtocol"]), from: template.value(node["FromPort"]),
      to: template.value(node["ToPort"]), at: node.range, &builder)
    for (key, value) in peers {
      draft.family = key == "CidrIp" ? .v4 : key == "CidrIpv6" ? .v6 : nil
      draft.setPeer(peer(value, key), direction)
      add(draft, group, direction)
    }
  }

  private mutating func peer(_ node: YAMLNode, _ key: String) -> AddressMatch {
    if key.contains("SecurityGroup") { return .reference(kind: "security group", name: groupName(node)) }
    switch template.value(node) {
    case .unresolved(let reason): return .undecidable(reason)
    case .absent: return .any
    case .collection(let place):
      builder.error("\(key) is a text", at: place.range)
      return .unparsed
    case .text(let text, let place):
      if key.hasSuffix("PrefixListId") { return .reference(kind: "prefix list", name: text) }
      return builder.prefix(text, family: key == "CidrIp" ? .v4 : .v6, at: place.range).map { .prefix($0) }
        ?? .unparsed
    }
  }
}
