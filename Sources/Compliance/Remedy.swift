import Evaluation
import PacketSets
import RuleGraph

/// Remedies in the language of the file.
struct Remedy {
  let firewall: LoadedFirewall
  let assessment: FirewallAssessment?

  /// The rules that let some boxes through, and where they belong: before the rule or policy that decides now.
  func allow(
    _ boxes: [PacketBox], family: IPFamily, decider: TraceResult.Decider?, path: Packet.Path, isReply: Bool,
    comment: String
  ) -> String {
    let graphIndex = decider?.graph ?? 0
    guard graphIndex < firewall.graphs.count else { return "" }
    let graph = firewall.graphs[graphIndex]
    let lines = boxes.prefix(4).map { box -> String in
      switch graph.dialect {
      case .nftables: return nftRule(box, family, isReply: isReply) + " accept"
      case .iptables, .ip6tables: return iptablesRules(box, family, isReply: isReply, target: "ACCEPT")
      default: return awsCall(box, family, path: path, graph: graph, action: "authorize")
      }
    }
    guard !graph.dialect.isSecurityGroup else { return lines.joined(separator: "\n") }
    let chainName = decider.map { graph.names[graph.chains[Int($0.chain)].name] } ?? "?"
    let place = decider?.rule != nil ? "before this rule in chain \(chainName)" : "at the end of chain \(chainName)"
    return "add \(place):\n"
      + lines.map { line in
        graph.dialect == .nftables ? "  \(line)" : line.replacing("CHAIN", with: chainName, indentedBy: 2)
      }.joined(separator: "\n")
  }

  /// How to close what a rule opens beyond what is required.
  func narrow(
    _ box: PacketBox, family: IPFamily, decider: TraceResult.Decider?, path: Packet.Path, required: AddressSet?
  ) -> String {
    let graphIndex = decider?.graph ?? 0
    guard graphIndex < firewall.graphs.count else { return "" }
    let graph = firewall.graphs[graphIndex]
    if graph.dialect.isSecurityGroup {
      return awsCall(box, family, path: path, graph: graph, action: "revoke")
    }
    guard let decider, decider.rule != nil else {
      return graph.dialect == .nftables
        ? "set the chain's policy to drop and accept what is required"
        : "set the chain's policy to DROP and accept what is required"
    }
    guard let required, !required.restricted(to: family).isEmpty else { return "delete this rule" }
    var narrowed = box
    if path == .output { narrowed.destinations = required } else { narrowed.sources = required }
    switch graph.dialect {
    case .nftables: return "replace this rule by:\n  \(nftRule(narrowed, family, isReply: false)) accept"
    default:
      let chainName = graph.names[graph.chains[Int(decider.chain)].name]
      return "replace this rule by:\n"
        + iptablesRules(narrowed, family, isReply: false, target: "ACCEPT")
        .replacing("CHAIN", with: chainName, indentedBy: 2)
    }
  }

  // MARK: nftables

  private func nftRule(_ box: PacketBox, _ family: IPFamily, isReply: Bool) -> String {
    if isReply { return "ct state established,related" }
    let header = family == .v4 ? "ip" : "ip6"
    var words: [String] = []
    if let sources = nftAddresses(box.sources, family) { words.append("\(header) saddr \(sources)") }
    if let destinations = nftAddresses(box.destinations, family) { words.append("\(header) daddr \(destinations)") }
    words.append(nftTransport(box))
    return words.filter { !$0.isEmpty }.joined(separator: " ")
  }

  private func nftAddresses(_ set: AddressSet?, _ family: IPFamily) -> String? {
    guard let set, set.restricted(to: family) != AddressSet.all.restricted(to: family) else { return nil }
    let prefixes = set.restricted(to: family).prefixes
    if prefixes.count > 24 { return nil }
    let list = prefixes.map(\.description).joined(separator: ", ")
    return prefixes.count == 1 ? list : "{ \(list) }"
  }

  private func nftTransport(_ box: PacketBox) -> String {
    guard let number = singleProtocol(box) else { return "" }
    let name = IPProtocol.name(number)
    let ports = RegionText.ports(box.ports, protocols: box.protocols)
    if number == IPProtocol.icmp || number == IPProtocol.icmpv6 {
      let types = box.ports.map { set in set.intervals.map { String($0.lower >> 8) }.joined(separator: ", ") } ?? ""
      return types.isEmpty || ports == "any" ? "meta l4proto \(name)" : "\(name) type { \(types) }"
    }
    guard IPProtocol.hasPorts(number), ports != "any" else { return "meta l4proto \(name)" }
    return ports.contains(",") ? "\(name) dport { \(ports) }" : "\(name) dport \(ports)"
  }

  // MARK: iptables

  /// Lines with the stand-in CHAIN; one for each pair of prefixes, as iptables has no lists.
  private func iptablesRules(_ box: PacketBox, _ family: IPFamily, isReply: Bool, target: String) -> String {
    if isReply { return "-A CHAIN -m conntrack --ctstate ESTABLISHED,RELATED -j \(target)" }
    func options(_ set: AddressSet?, _ option: String) -> [String] {
      guard let set, set.restricted(to: family) != AddressSet.all.restricted(to: family) else { return [""] }
      let prefixes = set.restricted(to: family).prefixes
      return prefixes.count > 8 ? [""] : prefixes.map { " \(option) \($0)" }
    }
    var transport = ""
    if let number = singleProtocol(box) {
      transport = " -p \(IPProtocol.name(number))"
      let ports = RegionText.ports(box.ports, protocols: box.protocols)
      if number == IPProtocol.icmp || number == IPProtocol.icmpv6 {
        if let type = box.ports?.intervals.first, ports != "any" {
          transport +=
            number == IPProtocol.icmp ? " --icmp-type \(type.lower >> 8)" : " --icmpv6-type \(type.lower >> 8)"
        }
      } else if IPProtocol.hasPorts(number), ports != "any" {
        let list = ports.split(separator: ", ").map { $0.split(separator: "-").joined(separator: ":") }
        transport +=
          list.count > 1 ? " -m multiport --dports \(list.joined(separator: ","))" : " --dport \(list.joined())"
      }
    }
    return options(box.sources, "-s").flatMap { source in
      options(box.destinations, "-d").map { "-A CHAIN\(source)\($0)\(transport) -j \(target)" }
    }.joined(separator: "\n")
  }

  // MARK: Security groups

  private func awsCall(
    _ box: PacketBox, _ family: IPFamily, path: Packet.Path, graph: RuleGraph, action: String
  ) -> String {
    let isIngress = path != .output
    let group = graph.groups.first?.id ?? "GROUP"
    let peers = isIngress ? box.sources : box.destinations
    let prefixes = (peers ?? .all).restricted(to: family).prefixes
    let number = singleProtocol(box)
    let name = number.map { $0 == IPProtocol.tcp || $0 == IPProtocol.udp ? IPProtocol.name($0) : String($0) } ?? "-1"
    let direction = isIngress ? "ingress" : "egress"
    let ports = number.map(IPProtocol.hasPorts) ?? false ? box.ports?.intervals ?? [] : []
    let key = family == .v4 ? "CidrIp" : "CidrIpv6"
    let list = family == .v4 ? "IpRanges" : "Ipv6Ranges"
    let section = isIngress ? "IpPermissions" : "IpPermissionsEgress"
    let cidrs = prefixes.prefix(16).map { "\($0.base)/\($0.length)" }
    var texts: [String] = []
    for interval in ports.isEmpty ? [Interval<UInt32>(0, 65535)] : ports {
      let range = ports.isEmpty ? "" : ",FromPort=\(interval.lower),ToPort=\(interval.upper)"
      let members = cidrs.map { "{\(key)=\($0)}" }.joined(separator: ",")
      texts.append(
        "aws ec2 \(action)-security-group-\(direction) --group-id \(group) --ip-permissions "
          + "'IpProtocol=\(name)\(range),\(list)=[\(members)]'")
      var yaml = ["\(action == "authorize" ? "or add" : "or take out") in \(section): of \(group)"]
      if !ports.isEmpty { yaml.append("  - FromPort: \(interval.lower)") }
      yaml.append(ports.isEmpty ? "  - IpProtocol: '\(name)'" : "    IpProtocol: \(name)")
      yaml.append("    \(list):")
      yaml += cidrs.map { "    - \(key): \($0)" }
      if !ports.isEmpty { yaml.append("    ToPort: \(interval.upper)") }
      texts.append(yaml.joined(separator: "\n"))
    }
    return texts.joined(separator: "\n")
  }

  private func singleProtocol(_ box: PacketBox) -> UInt8? {
    guard let interval = box.protocols?.intervals.first, box.protocols?.intervals.count == 1,
      interval.lower == interval.upper
    else { return nil }
    return UInt8(truncatingIfNeeded: interval.lower)
  }
}

extension String {
  /// The text with a word replaced and every line indented.
  func replacing(_ word: String, with replacement: String, indentedBy indent: Int) -> String {
    let pad = String(repeating: " ", count: indent)
    return split(separator: "\n").map { line in
      pad
        + line.split(separator: " ", omittingEmptySubsequences: false)
        .map { $0 == word ? replacement : String($0) }.joined(separator: " ")
    }.joined(separator: "\n")
  }
}
