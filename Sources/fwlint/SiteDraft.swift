import Evaluation
import PacketSets
import Requirements
import RuleGraph

/// A first site file for configurations at hand: what can be read off them, and comments for a person to go on from.
struct SiteDraft {
  let policy: Policy
  let files: [(path: String, graph: RuleGraph)]

  /// Candidates that are listed at most.
  static let limit = 8

  /// The YAML; a site file that parses, with addresses of the documentation ranges where nothing is known.
  func text() -> String {
    let units = unitCandidates
    let features = openFeatures
    var lines = [
      "# What the firewalls are checked against; see the README for every key.",
      "policy: \(policy.identifier)",
      "mode: gateway    # \(policy.modes.joined(separator: " | "))",
      "units:",
      "  - name: mail1",
    ]
    if units.isEmpty {
      lines.append("    addresses: [192.0.2.25]    # the unit's own address")
    } else {
      lines.append("    addresses: [\(units[0])]    # mail ports are open towards it; is it the unit?")
      if units.count > 1 { lines.append("    # other candidates: \(units.dropFirst().joined(separator: ", "))") }
    }
    lines.append("features:    # fwlint requirements lists them all")
    if features.isEmpty { lines.append("  - smtp") }
    for name in features {
      lines.append("  - \(name)    # \(policy.feature(name)?.explanation ?? "")")
    }
    lines.append("peers:    # who the roles are; any is everybody")
    let roles = rolesToBind(features.isEmpty ? ["smtp"] : features)
    for role in roles {
      lines.append("  \(role): [192.0.2.0/24]    # \(policy.role(role)?.explanation ?? "")")
    }
    if roles.isEmpty { lines.append("  email-servers: any") }
    lines.append("firewalls:\(files.isEmpty ? " []" : "")")
    for file in files {
      lines.append("  - path: \(Self.quoted(file.path))")
      lines.append("    position: \(position(of: file.graph))    # forward | host | attached")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func position(of graph: RuleGraph) -> String {
    if graph.dialect.isSecurityGroup { return "attached" }
    let forwards = graph.chains.contains { $0.base?.hook == .forward && !$0.rules.isEmpty }
    return forwards ? "forward" : "host"
  }

  /// Roles of some features that a site must bind.
  private func rolesToBind(_ features: [String]) -> [String] {
    var roles: [String] = []
    for role in features.flatMap(policy.roles(of:)) where policy.role(role)?.defaultMeaning == nil {
      if !roles.contains(role) { roles.append(role) }
    }
    return roles
  }

  /// Single addresses to which rules accept mail, the most often named first.
  private var unitCandidates: [String] {
    var counts: [String: Int] = [:]
    for (_, graph) in files {
      for rule in graph.rules where rule.verdict.kind == .accept {
        var addresses: [String] = []
        var isMail = false
        for item in graph.items(of: rule) where item.kind == .range && !item.isNegated {
          if item.field == .ipv4Destination, item.a == item.b { addresses.append("\(IPAddress(v4: item.a))") }
          if item.field == .destinationPort, item.a <= 25, item.b >= 25 { isMail = true }
        }
        if isMail { for address in addresses { counts[address, default: 0] += 1 } }
      }
    }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.limit).map(\.key)
  }

  /// Features whose single ports some rule accepts.
  private var openFeatures: [String] {
    var open: Set<String> = []
    for (_, graph) in files {
      for rule in graph.rules where rule.verdict.kind == .accept {
        var protocols: [UInt32] = []
        for item in graph.items(of: rule) where item.field == .protocolNumber && item.kind == .range && item.a == item.b
        {
          protocols.append(item.a)
        }
        guard let number = protocols.first else { continue }
        for item in graph.items(of: rule) where item.field == .destinationPort && !item.isNegated {
          for port in ports(of: item, graph) { open.insert("\(number)/\(port)") }
        }
      }
    }
    var features: [String] = []
    for row in policy.rows where !row.isDeprecated && row.direction == .incoming {
      let isOpen = row.needs.flows.contains { flow in
        flow.ports.intervals.contains { $0.lower == $0.upper && open.contains("\(flow.protocolNumber)/\($0.lower)") }
      }
      guard isOpen, let feature = row.features.first(where: { row.applies($0, in: "gateway") }) else { continue }
      if !features.contains(feature.feature) { features.append(feature.feature) }
    }
    return features
  }

  private func ports(of item: RuleItem, _ graph: RuleGraph) -> [UInt32] {
    switch item.kind {
    case .range: return item.a <= item.b && item.b - item.a < 16 ? Array(item.a...item.b) : []
    case .set:
      guard case .narrow(let set) = graph.sets[Int(item.a)] else { return [] }
      return set.intervals.prefix(64).flatMap { $0.upper - $0.lower < 16 ? Array($0.lower...$0.upper) : [] }
    default: return []
    }
  }

  private static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    return isPlain ? text : YAMLText.quoted(text)
  }
}
