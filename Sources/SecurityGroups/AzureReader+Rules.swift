import PacketSets
import RuleGraph
import SourceText
import YAMLDocument

/// Single security rules, flattened or with `properties`, with singular and plural fields.
extension AzureReader {
  mutating func readRule(_ node: YAMLNode, _ group: Int) {
    guard node.kind == .mapping else {
      builder.error("a security rule is a mapping", at: node.range)
      add(unparsed(at: node.range), 0, TrafficDirection.allCases, group)
      return
    }
    let properties = node["properties"] ?? node
    var draft = RuleDraft(Verdict(.unknown), range: node.range)
    draft.setLabel(name: node["name"], description: properties["description"])
    let priority = priority(properties, &draft)
    let directions = directions(properties, &draft)
    let verdict = verdict(properties, &draft)
    draft.verdict = draft.isUnparsed ? Verdict(.unknown) : verdict
    draft.transport = transport(properties)
    for direction in directions {
      let sources = ends(properties, "source", isLocal: direction == .egress)
      let destinations = ends(properties, "destination", isLocal: direction == .ingress)
      guard builder.allowsCombinations([sources.count, destinations.count], at: node.range) else {
        add(unparsed(at: node.range), priority, [direction], group)
        continue
      }
      for source in sources {
        for destination in destinations {
          var rule = draft
          rule.source = source.match
          rule.destination = destination.match
          rule.isNever = source.isNever || destination.isNever
          rule.undecidable += [source.reason, destination.reason].compactMap { $0 }
          // Of a list, the entry of the peer; it is the unit's own side that is seldom listed.
          let peers = direction == .ingress ? sources : destinations
          if peers.count > 1 { rule.range = (direction == .ingress ? source : destination).range }
          add(rule, priority, [direction], group)
        }
      }
    }
  }

  mutating func add(_ draft: RuleDraft, _ priority: Int, _ directions: [TrafficDirection], _ group: Int) {
    for direction in directions {
      rules[group, default: []].append(RankedRule(priority: priority, direction: direction, draft: draft))
    }
  }

  private func unparsed(at range: SourceRange) -> RuleDraft {
    var draft = RuleDraft(Verdict(.unknown), range: range)
    draft.isUnparsed = true
    return draft
  }

  private mutating func priority(_ node: YAMLNode, _ draft: inout RuleDraft) -> Int {
    switch template.value(node["priority"]) {
    case .text(let text, let place):
      if let number = ScalarText.integer(text), (0...65535).contains(number) { return number }
      builder.error("a priority is a number, not \(ScalarText.shown(text))", at: place.range)
    case .unresolved(let reason):
      draft.undecidable.append(reason)
      draft.verdict = Verdict(.unknown)
      return 0
    case .absent: builder.error("the rule has no priority", at: node.range)
    case .collection(let place): builder.error("a priority is a number", at: place.range)
    }
    draft.isUnparsed = true
    return 0
  }

  private mutating func directions(_ node: YAMLNode, _ draft: inout RuleDraft) -> [TrafficDirection] {
    switch word(node["direction"], &draft) {
    case "inbound": return [.ingress]
    case "outbound": return [.egress]
    case nil: return TrafficDirection.allCases
    default:
      builder.error("a direction is Inbound or Outbound", at: node["direction"]?.range ?? node.range)
      draft.isUnparsed = true
      return TrafficDirection.allCases
    }
  }

  private mutating func verdict(_ node: YAMLNode, _ draft: inout RuleDraft) -> Verdict {
    switch word(node["access"], &draft) {
    case "allow": return .accept
    case "deny": return .drop
    case nil: return Verdict(.unknown)
    default:
      builder.error("access is Allow or Deny", at: node["access"]?.range ?? node.range)
      draft.isUnparsed = true
      return Verdict(.unknown)
    }
  }

  /// A word in lower case, empty when it is absent; nil when it is not known.
  private func word(_ node: YAMLNode?, _ draft: inout RuleDraft) -> String? {
    switch template.value(node) {
    case .text(let text, _): return text.lowercased()
    case .unresolved(let reason):
      draft.undecidable.append(reason)
      return nil
    case .absent, .collection: return ""
    }
  }

  private mutating func transport(_ node: YAMLNode) -> TransportMatch {
    var match = TransportMatch()
    switch template.value(node["protocol"]) {
    case .unresolved(let reason): match.undecidable = reason
    case .text(let text, let place):
      if text != "*", text.lowercased() != "any" {
        match.protocolNumber = GroupGraphBuilder.protocolNumber(text) ?? IPProtocol.number(named: text)
        if match.protocolNumber == nil {
          builder.error("\(ScalarText.shown(text)) is not a protocol", at: place.range)
          match.isUnparsed = true
        }
      }
    case .absent, .collection:
      builder.error("the rule has no protocol", at: node["protocol"]?.range ?? node.range)
      match.isUnparsed = true
    }
    match.sourcePorts = ports(node, "source", &match)
    match.destinationPorts = ports(node, "destination", &match)
    return match
  }

  /// The ports of one end, of the singular and the plural key together; nil for all.
  private mutating func ports(_ node: YAMLNode, _ end: String, _ match: inout TransportMatch) -> IntervalSet<UInt32>? {
    var intervals: [Interval<UInt32>] = []
    var isAll = false
    for element in values(node, "\(end)PortRange") {
      switch template.value(element) {
      case .unresolved(let reason):
        match.undecidable = reason
        isAll = true
      case .text(let text, let place):
        if text == "*" || text.lowercased() == "any" {
          isAll = true
        } else if let interval = ScalarText.portRange(text) {
          intervals.append(interval)
        } else {
          builder.error("\(ScalarText.shown(text)) is not a port or a range of ports", at: place.range)
          match.isUnparsed = true
        }
      case .absent: break
      case .collection(let place):
        builder.error("a port is a number or a range", at: place.range)
        match.isUnparsed = true
      }
    }
    if isAll || match.isUnparsed { return nil }
    if intervals.isEmpty {
      // Only the source's ports may be left out: nearly no rule restricts them.
      if end == "source" { return nil }
      builder.error("the rule has no \(end)PortRange", at: node.range)
      match.isUnparsed = true
      return nil
    }
    let set = IntervalSet(intervals)
    return set.isSuperset(of: IntervalSet(Interval(0, 65535))) ? nil : set
  }

  /// The values of a singular key and of its plural.
  private func values(_ node: YAMLNode, _ key: String) -> [YAMLNode] {
    let plural = key.hasSuffix("Prefix") ? "\(key)es" : "\(key)s"
    let written = builder.elements(node[key]) + builder.elements(node[plural])
    return written.filter { $0.scalar != "" }.flatMap { element in
      // A parameter may stand for a whole list.
      if case .collection(let list) = template.value(element), let elements = list.sequence { return elements }
      return [element]
    }
  }

  struct End {
    var match: AddressMatch
    var range: SourceRange
    var isNever = false
    /// Why it perhaps does not match.
    var reason: String?
  }

  /// The addresses of one end: prefixes, service tags and application security groups, each for itself.
  private mutating func ends(_ node: YAMLNode, _ end: String, isLocal: Bool) -> [End] {
    var ends: [End] = []
    for element in values(node, "\(end)AddressPrefix") {
      switch template.value(element) {
      case .absent: break
      case .unresolved(let reason): ends.append(End(match: .undecidable(reason), range: element.range))
      case .collection(let place):
        builder.error("an address prefix is a text", at: place.range)
        ends.append(End(match: .unparsed, range: place.range))
      case .text(let text, let place): ends.append(address(text, isLocal: isLocal, at: place.range))
      }
    }
    for group in builder.elements(node["\(end)ApplicationSecurityGroups"]) {
      guard let id = template.text(group["id"] ?? group) else {
        ends.append(End(match: .undecidable("an application security group"), range: group.range))
        continue
      }
      let name = GCPReader.lastComponent(id)
      ends.append(End(match: .reference(kind: "application security group", name: name), range: group.range))
    }
    if ends.isEmpty {
      builder.error("the rule has no \(end)AddressPrefix", at: node.range)
      return [End(match: .unparsed, range: node.range)]
    }
    return ends
  }

  private mutating func address(_ text: String, isLocal: Bool, at range: SourceRange) -> End {
    if text == "*" || text.lowercased() == "any" { return End(match: .any, range: range) }
    guard Self.isTag(text) else {
      return End(match: builder.prefix(text, at: range).map { .prefix($0) } ?? .unparsed, range: range)
    }
    if text.hasPrefix("AzurePlatform") { namesPlatform = true }
    // The unit's own address is in its virtual network, and is none of the Internet or of the load balancer.
    switch (isLocal, text.lowercased()) {
    case (true, "virtualnetwork"): return End(match: .any, range: range)
    case (true, "internet"), (true, "azureloadbalancer"): return End(match: .any, range: range, isNever: true)
    default: return Self.tag(text, at: range)
    }
  }

  /// A service tag: a list of Microsoft's, or the address of the load balancer's probes, of which only they count.
  static func tag(_ text: String, at range: SourceRange) -> End {
    if text.lowercased() == "azureloadbalancer", let host = IPPrefix("168.63.129.16") {
      return End(match: .prefix(host), range: range, reason: "health probes of Azure's load balancer")
    }
    return End(match: .reference(kind: "service tag", name: text), range: range)
  }

  private static func isTag(_ text: String) -> Bool {
    guard let first = text.utf8.first, (0x41...0x5A).contains(first) || (0x61...0x7A).contains(first) else {
      return false
    }
    return text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
  }
}
