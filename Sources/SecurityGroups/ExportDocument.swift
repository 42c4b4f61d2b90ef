import RuleGraph
import SourceText
import YAMLDocument

/// One YAML document of a file and what it was recognised as.
struct ExportDocument {
  /// What a document is, by its keys.
  enum Kind: Hashable {
    case awsGroups
    case awsRules
    case awsNetworkACLs
    case awsPrefixLists
    case awsPrefixListEntries
    case cloudFormation
    case openStack
    case gcpFirewall
    case gcpPolicy
    case azureGroups
    case azureRules
    case azureTemplate
    /// No security-group export; the words say what it is instead.
    case foreign(String)
    /// Nothing at all.
    case empty
  }

  var kind: Kind
  var node: YAMLNode

  /// Recognises a document.
  init(_ node: YAMLNode) {
    self.node = node
    kind = Self.kind(of: node)
  }

  /// The provider that prints documents of a kind; nil for documents that are no export.
  var dialect: Dialect? {
    switch kind {
    case .awsGroups, .awsRules, .awsNetworkACLs, .awsPrefixLists, .awsPrefixListEntries: .aws
    case .cloudFormation: .cloudformation
    case .openStack: .openstack
    case .gcpFirewall, .gcpPolicy: .gcp
    case .azureGroups, .azureRules, .azureTemplate: .azure
    case .foreign, .empty: nil
    }
  }

  private static func kind(of node: YAMLNode) -> Kind {
    switch node.kind {
    case .scalar: return node.isNull ? .empty : .foreign("a single value, \(ScalarText.shown(node.scalar ?? ""))")
    case .mapping: return kind(ofMapping: node)
    case .sequence:
      var first: YAMLNode?
      node.forEachElement { if first == nil { first = $0 } }
      guard let first else { return .foreign("an empty list") }
      guard first.kind == .mapping else { return .foreign("a list of values") }
      // The pages of `--output yaml-stream`.
      for key in ["SecurityGroups", "SecurityGroupRules", "NetworkAcls"] where first[key]?.kind == .sequence {
        return kind(ofMapping: first)
      }
      return kind(ofElement: first)
    }
  }

  private static func kind(ofMapping node: YAMLNode) -> Kind {
    let isMap = { (key: String) in node[key]?.kind == .mapping }
    if node["SecurityGroupRules"] != nil { return .awsRules }
    if node["SecurityGroups"]?.kind == .sequence { return .awsGroups }
    if node["NetworkAcls"] != nil { return .awsNetworkACLs }
    if node["PrefixLists"] != nil { return .awsPrefixLists }
    if isMap("Resources"), node["AWSTemplateFormatVersion"] != nil || holdsCloudFormation(node["Resources"]) {
      return holdsGroups(node["Resources"])
        ? .cloudFormation : .foreign("a CloudFormation template without security groups")
    }
    if let entries = node["Entries"], entries.kind == .sequence, isPrefixList(entries) { return .awsPrefixListEntries }
    for key in ["security_groups", "security_group", "security_group_rules", "security_group_rule"]
    where node[key] != nil { return .openStack }
    if node["$schema"]?.scalar?.contains("deploymentTemplate.json") == true {
      return holdsAzureGroups(node["resources"])
        ? .azureTemplate : .foreign("an Azure template without network security groups")
    }
    if node["kind"]?.scalar?.hasPrefix("compute#firewall") == true {
      return node["kind"]?.scalar?.contains("olicy") == true ? .gcpPolicy : .gcpFirewall
    }
    if node["firewallPolicys"] != nil { return .gcpPolicy }
    if let list = node["value"] ?? node["items"], list.kind == .sequence, let first = firstElement(list) {
      return kind(ofElement: first)
    }
    return kind(ofElement: node)
  }

  /// What a mapping is that may stand alone or in a list.
  private static func kind(ofElement node: YAMLNode) -> Kind {
    let has = { (key: String) in node[key] != nil }
    if has("IpPermissions") || has("IpPermissionsEgress") { return .awsGroups }
    if has("SecurityGroupRuleId"), has("IsEgress") { return .awsRules }
    if has("NetworkAclId"), has("Entries") { return .awsNetworkACLs }
    if has("Ethertype"), has("IP Protocol") || has("Direction") { return .openStack }
    if has("IP Range"), has("Port Range") { return .openStack }
    if has("direction"), has("ethertype") || has("ether_type") { return .openStack }
    if has("security_group_rules") || has("rules") && has("project_id") { return .openStack }
    if let kind = node["kind"]?.scalar, kind.hasPrefix("compute#firewall") {
      return kind.contains("olicy") ? .gcpPolicy : .gcpFirewall
    }
    if has("allowed") || has("denied"), has("network") || has("direction") || has("sourceRanges") {
      return .gcpFirewall
    }
    if let match = node["match"], match["layer4Configs"] != nil { return .gcpPolicy }
    if let rules = node["rules"], let first = firstElement(rules), first["match"]?["layer4Configs"] != nil {
      return .gcpPolicy
    }
    let properties = node["properties"] ?? node
    if properties["securityRules"] != nil || properties["defaultSecurityRules"] != nil { return .azureGroups }
    if properties["access"] != nil, properties["direction"] != nil, properties["priority"] != nil {
      return .azureRules
    }
    return .foreign(ForeignDocument.name(of: node))
  }

  private static func firstElement(_ list: YAMLNode) -> YAMLNode? {
    var first: YAMLNode?
    list.forEachElement { if first == nil { first = $0 } }
    return first
  }

  private static func isPrefixList(_ entries: YAMLNode) -> Bool {
    guard let first = firstElement(entries) else { return true }
    return first["Cidr"] != nil
  }

  private static func holdsGroups(_ resources: YAMLNode?) -> Bool {
    var holds = false
    resources?.forEachEntry { _, resource in
      if !holds, let type = resource["Type"]?.scalar { holds = type.hasPrefix("AWS::EC2::SecurityGroup") }
    }
    return holds
  }

  private static func holdsAzureGroups(_ resources: YAMLNode?) -> Bool {
    var holds = false
    func look(at resource: YAMLNode) {
      if !holds, let type = resource["type"]?.scalar {
        holds = type.lowercased().hasPrefix("microsoft.network/networksecuritygroups")
      }
    }
    // Templates of language version 2.0 name their resources.
    resources?.forEachElement { look(at: $0) }
    resources?.forEachEntry { look(at: $1) }
    return holds
  }

  private static func holdsCloudFormation(_ resources: YAMLNode?) -> Bool {
    var holds = false
    resources?.forEachEntry { _, resource in
      if !holds, let type = resource["Type"]?.scalar { holds = type.hasPrefix("AWS::") }
    }
    return holds
  }
}

/// Names documents that are no security-group export, so that the error says what was found.
enum ForeignDocument {
  /// The usual name of a mapping's kind, or its first keys.
  static func name(of node: YAMLNode) -> String {
    if let resource = node["resourceType"]?.scalar, resource.hasPrefix("AWS::") {
      return "an AWS Config item of an \(resource)"
    }
    if node["configuration"] != nil, node["awsAccountId"] != nil { return "an AWS Config item" }
    if node["effectiveSecurityRules"] != nil { return "Azure's effective rules of a network interface" }
    if node["apiVersion"] != nil, let kind = node["kind"]?.scalar {
      return kind == "List" ? "a Kubernetes list" : "a Kubernetes \(kind)"
    }
    if node["terraform_version"] != nil { return "a Terraform state or plan" }
    if node["nftables"] != nil { return "the JSON output of nft" }
    if node["hosts"] != nil, node["tasks"] != nil || node["roles"] != nil { return "an Ansible playbook" }
    if node["services"]?.kind == .mapping { return "a Compose file" }
    if node["units"] != nil, node["firewalls"] != nil { return "a site file of fwlint" }
    if node["Project"] != nil, node["ID"] != nil, node["Name"] != nil {
      return "an OpenStack list of security groups without their rules"
    }
    var keys: [String] = []
    node.forEachEntry { key, _ in
      if keys.count < 3, let text = key.scalar { keys.append(ScalarText.shown(text)) }
    }
    if keys.isEmpty { return "an empty mapping" }
    return "a mapping with the key\(keys.count == 1 ? "" : "s") \(keys.joined(separator: ", "))"
  }
}
