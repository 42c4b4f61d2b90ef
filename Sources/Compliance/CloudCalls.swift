import PacketSets
import RuleGraph

/// The providers' own calls that add and remove one permission.
///
/// **Source:** the command references of aws ec2, openstack security group rule, gcloud compute and az network nsg
/// rule; the CloudFormation resource reference.
struct CloudCalls {
  let dialect: Dialect
  let target: CloudTarget

  /// The call that adds a permission, or the lines that a template needs.
  func add(_ permission: CloudPermission) -> String {
    switch dialect {
    case .openstack: addToOpenStack(permission)
    case .gcp: addToGoogleCloud(permission)
    case .azure: addToAzure(permission)
    case .cloudformation: addToTemplate(permission)
    default: target.kind == .networkACL ? addToNetworkACL(permission) : addToAmazonGroup(permission)
    }
  }

  /// The call that removes a permission as it is written.
  func remove(_ permission: CloudPermission) -> String {
    let rule = target.rule.map(Self.word) ?? "RULE"
    let hint = target.rule == nil ? "    # the rule of this line" : ""
    switch dialect {
    case .openstack: return "openstack security group rule delete \(rule)\(hint)"
    case .gcp where target.kind == .policy:
      return "gcloud compute network-firewall-policies rules delete \(rule) --firewall-policy=\(name)\(hint)"
    case .gcp: return "gcloud compute firewall-rules delete \(rule)\(hint)"
    case .azure:
      return "az network nsg rule delete\(resourceGroup) --nsg-name \(name) --name \(rule)\(hint)"
    case .cloudformation: return "delete this rule of \(target.name) in the template"
    default: break
    }
    if target.kind == .networkACL {
      return "aws ec2 delete-network-acl-entry --network-acl-id \(name) --\(way) --rule-number \(rule)\(hint)"
    }
    let call = "aws ec2 revoke-security-group-\(way) --group-id \(name) "
    if let rule = target.rule { return call + "--security-group-rule-ids \(Self.word(rule))" }
    return call + "--ip-permissions '\(amazonPermission(permission))'"
  }

  // MARK: Words

  /// A name from a file as one word of a shell.
  static func word(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x3A, 0x5F: true
      default: false
      }
    }
    return isPlain && !text.isEmpty
      ? text : "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
  }

  private var name: String { Self.word(target.name) }
  private var way: String { target.isIngress ? "ingress" : "egress" }
  private var resourceGroup: String { " --resource-group \(target.resourceGroup.map(Self.word) ?? "GROUP")" }

  private func protocolName(_ permission: CloudPermission) -> String? {
    permission.protocolNumber.map { number in
      [IPProtocol.tcp, IPProtocol.udp, IPProtocol.icmp].contains(number) ? IPProtocol.name(number) : String(number)
    }
  }

  private func prefixes(_ permission: CloudPermission) -> [String] {
    permission.prefixes.map { "\($0.base)/\($0.length)" }
  }

  private func range(_ permission: CloudPermission, _ separator: String = "-") -> String? {
    permission.ports.map { $0.lower == $0.upper ? "\($0.lower)" : "\($0.lower)\(separator)\($0.upper)" }
  }

  private func isICMP(_ permission: CloudPermission) -> Bool {
    permission.protocolNumber == IPProtocol.icmp || permission.protocolNumber == IPProtocol.icmpv6
  }

  // MARK: AWS

  /// FromPort and ToPort: ports, or type and code of ICMP; TCP and UDP are not taken without.
  private func amazonPorts(_ permission: CloudPermission) -> (from: String, to: String)? {
    if isICMP(permission) {
      return ("\(permission.icmpType.map { "\($0)" } ?? "-1")", "\(permission.icmpCode.map { "\($0)" } ?? "-1")")
    }
    guard [IPProtocol.tcp, IPProtocol.udp].contains(permission.protocolNumber) else { return nil }
    return ("\(permission.ports?.lower ?? 0)", "\(permission.ports?.upper ?? 65535)")
  }

  /// The shorthand of `--ip-permissions`.
  private func amazonPermission(_ permission: CloudPermission) -> String {
    let cidrs = prefixes(permission)
    let isV6 = cidrs.first?.contains(":") ?? false
    var text = "IpProtocol=\(protocolName(permission) ?? "-1")"
    if let (from, to) = amazonPorts(permission) { text += ",FromPort=\(from),ToPort=\(to)" }
    let list = cidrs.map { "{\(isV6 ? "CidrIpv6" : "CidrIp")=\($0)}" }.joined(separator: ",")
    if !cidrs.isEmpty { text += ",\(isV6 ? "Ipv6Ranges" : "IpRanges")=[\(list)]" }
    switch permission.reference?.kind {
    case "security group": text += ",UserIdGroupPairs=[{GroupId=\(permission.reference?.name ?? "")}]"
    case "prefix list": text += ",PrefixListIds=[{PrefixListId=\(permission.reference?.name ?? "")}]"
    default: break
    }
    return text
  }

  private func addToAmazonGroup(_ permission: CloudPermission) -> String {
    let call =
      "aws ec2 authorize-security-group-\(way) --group-id \(name) --ip-permissions '\(amazonPermission(permission))'"
    let cidrs = prefixes(permission)
    let isV6 = cidrs.first?.contains(":") ?? false
    var yaml = ["or add in \(target.isIngress ? "IpPermissions" : "IpPermissionsEgress"): of \(target.name)"]
    let ports = amazonPorts(permission)
    if let ports { yaml.append("  - FromPort: \(ports.from)") }
    yaml.append("\(ports == nil ? "  - " : "    ")IpProtocol: \(protocolName(permission) ?? "'-1'")")
    yaml.append("    \(isV6 ? "Ipv6Ranges" : "IpRanges"):")
    yaml += cidrs.map { "    - \(isV6 ? "CidrIpv6" : "CidrIp"): \($0)" }
    if let ports { yaml.append("    ToPort: \(ports.to)") }
    return ([call] + yaml).joined(separator: "\n")
  }

  /// One entry a block, before the one that decides now.
  private func addToNetworkACL(_ permission: CloudPermission) -> String {
    var call = "aws ec2 create-network-acl-entry --network-acl-id \(name) --\(way) --rule-number NUMBER "
    call += "--protocol \(permission.protocolNumber.map { "\($0)" } ?? "-1") --rule-action allow"
    if isICMP(permission), let (type, code) = amazonPorts(permission) {
      call += " --icmp-type-code Type=\(type),Code=\(code)"
    } else if let (from, to) = amazonPorts(permission) {
      call += " --port-range From=\(from),To=\(to)"
    }
    let hint = target.rule.map { "    # NUMBER below \($0)" } ?? ""
    return prefixes(permission).map { prefix in
      "\(call) --\(prefix.contains(":") ? "ipv6-cidr-block" : "cidr-block") \(prefix)\(hint)"
    }.joined(separator: "\n")
  }

  private func addToTemplate(_ permission: CloudPermission) -> String {
    var lines = ["add to SecurityGroup\(target.isIngress ? "Ingress" : "Egress"): of \(target.name) in the template"]
    for prefix in prefixes(permission) {
      lines.append("  - IpProtocol: \(protocolName(permission) ?? "'-1'")")
      if let (from, to) = amazonPorts(permission) { lines += ["    FromPort: \(from)", "    ToPort: \(to)"] }
      lines.append("    \(prefix.contains(":") ? "CidrIpv6" : "CidrIp"): \(prefix)")
    }
    return lines.joined(separator: "\n")
  }

  // MARK: Others

  private func addToOpenStack(_ permission: CloudPermission) -> String {
    var call = permission.protocolNumber == nil ? "" : " --protocol \(protocolName(permission) ?? "")"
    if isICMP(permission) {
      if let type = permission.icmpType { call += " --icmp-type \(type)" }
      if let code = permission.icmpCode { call += " --icmp-code \(code)" }
    } else if let range = range(permission, ":") {
      call += " --dst-port \(range)"
    }
    return prefixes(permission).map { prefix in
      "openstack security group rule create --\(way) --ethertype \(prefix.contains(":") ? "IPv6" : "IPv4")\(call) "
        + "--remote-ip \(prefix) \(name)"
    }.joined(separator: "\n")
  }

  private func addToGoogleCloud(_ permission: CloudPermission) -> String {
    let rules = (protocolName(permission) ?? "all") + (range(permission).map { ":\($0)" } ?? "")
    let direction = target.isIngress ? "INGRESS" : "EGRESS"
    let blocks = prefixes(permission).joined(separator: ",")
    if target.kind == .policy {
      return "gcloud compute network-firewall-policies rules create PRIORITY --firewall-policy=\(name) "
        + "--direction=\(direction) --action=allow --layer4-configs=\(rules) "
        + "--\(target.isIngress ? "src" : "dest")-ip-ranges=\(blocks)"
    }
    let priority = target.comesBefore ? " --priority=PRIORITY" : ""
    let hint = target.comesBefore ? "    # PRIORITY below that of \(target.rule ?? "the rule that denies")" : ""
    return "gcloud compute firewall-rules create NAME --network=\(name) --direction=\(direction)\(priority) "
      + "--action=ALLOW --rules=\(rules) --\(target.isIngress ? "source" : "destination")-ranges=\(blocks)\(hint)"
  }

  private func addToAzure(_ permission: CloudPermission) -> String {
    let names: [UInt8: String] = [
      IPProtocol.tcp: "Tcp", IPProtocol.udp: "Udp", IPProtocol.icmp: "Icmp", IPProtocol.esp: "Esp",
      IPProtocol.ah: "Ah",
    ]
    let hint = target.comesBefore ? "    # PRIORITY below that of \(target.rule ?? "the rule that denies")" : ""
    return "az network nsg rule create\(resourceGroup) --nsg-name \(name) --name NAME --priority PRIORITY "
      + "--access Allow --direction \(target.isIngress ? "Inbound" : "Outbound") "
      + "--protocol \(permission.protocolNumber.flatMap { names[$0] } ?? "'*'") "
      + "--\(target.isIngress ? "source" : "destination")-address-prefixes \(prefixes(permission).joined(separator: " ")) "
      + "--destination-port-ranges \(range(permission) ?? "'*'")\(hint)"
  }
}
