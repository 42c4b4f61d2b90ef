import PacketSets
import Requirements
import RuleGraph

/// A first site file for configurations at hand: what can be read off them, and comments for a person to go on from.
struct SiteDraft {
  let policy: Policy
  let files: [(path: String, graph: RuleGraph)]
  private let evidence: OpenPorts

  /// Candidates and addresses that are listed at most.
  static let limit = 8
  private static let mail = OpenPorts.Service(protocolNumber: IPProtocol.tcp, port: 25)

  /// Reads the files' rules.
  init(policy: Policy, files: [(path: String, graph: RuleGraph)]) {
    self.policy = policy
    self.files = files
    var evidence = OpenPorts()
    for file in files { evidence.read(file.graph) }
    self.evidence = evidence
  }

  /// The YAML; a site file that parses, with addresses of the documentation ranges where nothing is known.
  func text() -> String {
    let features = self.features
    var lines = [
      "# What the firewalls are checked against: a first guess from their rules; see the README for every key.",
      "policy: \(policy.identifier)",
      "mode: gateway    # \(policy.modes.joined(separator: " | "))",
    ]
    lines += unitLines
    lines.append("features:    # fwlint requirements lists them all")
    if features.isEmpty { lines.append("  - smtp    # no rule names a port of a feature") }
    for feature in features {
      let explanation = policy.feature(feature.name)?.explanation ?? ""
      lines.append("  - \(feature.name)    # \(feature.service.words) is open: \(explanation)")
      if !feature.others.isEmpty {
        let more = feature.others.count > Self.limit ? ", ..." : ""
        lines.append(
          "  #   also on \(feature.service.words): \(feature.others.prefix(Self.limit).joined(separator: ", "))\(more)")
      }
    }
    lines += peerLines(features)
    lines += firewallLines
    return lines.joined(separator: "\n") + "\n"
  }

  // MARK: Units

  private var unitLines: [String] {
    var lines = ["units:", "  - name: mail1"]
    let mapped = (evidence.mappings[Self.mail] ?? []).sorted {
      ($0.unit, $0.published?.bits ?? 0) < ($1.unit, $1.published?.bits ?? 0)
    }
    let accepted = (evidence.destinations[Self.mail] ?? [:]).sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(
      \.key)
    if let first = mapped.first {
      lines.append("    addresses: [\(YAMLText.address(first.unit))]    # mail is translated to it; is it the unit?")
      if let published = first.published {
        lines.append("    published: [\(YAMLText.address(published))]    # what the Internet calls it")
      }
    } else if let first = accepted.first {
      lines.append("    addresses: [\(YAMLText.address(first))]    # mail ports are open towards it; is it the unit?")
    } else {
      lines.append("    addresses: [192.0.2.25]    # no rule names a mail server: put the unit's own address here")
    }
    let used = mapped.first?.unit ?? accepted.first
    let others = (mapped.map(\.unit) + accepted).filter { $0 != used }
    let names = others.reduce(into: [String]()) { if !$0.contains("\($1)") { $0.append("\($1)") } }
    if !names.isEmpty {
      lines.append("    # other candidates: \(names.prefix(Self.limit).joined(separator: ", "))")
    }
    return lines
  }

  // MARK: Features

  /// A feature whose port is open, and what else uses that port.
  private struct Candidate {
    var name: String
    var service: OpenPorts.Service
    var others: [String]
  }

  /// One feature for each open port: the first that the policy names; the others are said in a comment.
  private var features: [Candidate] {
    var result: [Candidate] = []
    for direction in [Direction.incoming, .outgoing] {
      for (service, names) in users(direction) where !result.contains(where: { $0.service == service }) {
        let new = names.filter { name in !result.contains { $0.name == name } }
        // A feature that is listed already explains the port.
        guard new.count == names.count, let first = new.first else { continue }
        result.append(Candidate(name: first, service: service, others: Array(new.dropFirst())))
      }
    }
    return result
  }

  /// The features that use each open port, by port.
  private func users(_ direction: Direction) -> [(OpenPorts.Service, [String])] {
    var users: [OpenPorts.Service: [String]] = [:]
    for row in policy.rows where !row.isDeprecated && row.direction == direction {
      let names = row.features.filter { row.applies($0, in: "gateway") }.map(\.feature)
      for flow in row.needs.flows {
        for interval in flow.ports.intervals where interval.lower == interval.upper {
          let service = OpenPorts.Service(
            protocolNumber: flow.protocolNumber, port: UInt16(truncatingIfNeeded: interval.lower))
          guard evidence.isOpen(service) else { continue }
          // Of the unit's own requests only ports count that say what they are for.
          if direction == .outgoing, [22, 25, 80, 443].contains(service.port) { continue }
          for name in names where !users[service, default: []].contains(name) {
            users[service, default: []].append(name)
          }
        }
      }
    }
    return users.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }.map { ($0.key, $0.value) }
  }

  // MARK: Peers

  /// The roles that the features need, with the sources that rules name for their ports today.
  private func peerLines(_ features: [Candidate]) -> [String] {
    var lines = ["peers:    # who the roles are; any is everybody"]
    var listed: Set<String> = []
    var hasBinding = false
    let names = features.isEmpty ? ["smtp"] : features.map(\.name)
    for name in names {
      let service = features.first { $0.name == name }?.service
      for role in policy.roles(of: name) where listed.insert(role).inserted {
        let explanation = policy.role(role)?.explanation ?? ""
        if policy.role(role)?.defaultMeaning != nil {
          lines.append("  # \(role): any    # \(explanation); unbound it stands for somebody")
          continue
        }
        let known: Set<IPPrefix> = service.flatMap { evidence.sources[$0] } ?? []
        let isUnrestricted = service.map { evidence.unrestricted.contains($0) } ?? false
        hasBinding = true
        if known.isEmpty || isUnrestricted {
          let why = isUnrestricted ? "; today everybody may" : ""
          lines.append("  \(role): [192.0.2.0/24]    # \(explanation)\(why): put their addresses here")
        } else {
          let prefixes = known.sorted().prefix(Self.limit).map { YAMLText.prefix($0) }.joined(separator: ", ")
          lines.append("  \(role): [\(prefixes)]    # \(explanation): who may reach \(service?.words ?? "it") today")
        }
      }
    }
    if !hasBinding { lines.append("  email-servers: any") }
    return lines
  }

  // MARK: Firewalls

  private var firewallLines: [String] {
    if files.isEmpty { return ["firewalls: []"] }
    var lines = ["firewalls:"]
    for group in groups {
      let paths = group.map { Self.quoted($0.path) }
      lines.append("  - path: \(paths.count == 1 ? paths[0] : "[\(paths.joined(separator: ", "))]")")
      let (position, why) = position(of: group.map(\.graph))
      lines.append("    position: \(position)    # forward | host | attached; \(why)")
    }
    return lines
  }

  /// Dumps of one host belong together: IPv4, IPv6 and ipsets of one folder.
  private var groups: [[(path: String, graph: RuleGraph)]] {
    let parts: Set<Dialect> = [.iptables, .ip6tables, .ipset]
    var groups: [[(path: String, graph: RuleGraph)]] = []
    for file in files {
      let index = groups.firstIndex { group in
        parts.contains(file.graph.dialect)
          && group.allSatisfy { other in
            parts.contains(other.graph.dialect) && other.graph.dialect != file.graph.dialect
              && Paths.folder(of: other.path) == Paths.folder(of: file.path)
          }
      }
      if let index { groups[index].append(file) } else { groups.append([file]) }
    }
    return groups
  }

  private func position(of graphs: [RuleGraph]) -> (word: String, why: String) {
    if graphs.contains(where: \.dialect.isSecurityGroup) { return ("attached", "a cloud's groups") }
    var ports = OpenPorts()
    for graph in graphs { ports.read(graph) }
    let forward = ports.portRules[.forward] ?? 0
    let input = ports.portRules[.input] ?? 0
    let translates = graphs.contains { $0.translations.contains { $0.kind == .destination } }
    if forward > input || translates && forward > 0 {
      return ("forward", "\(forward) rules accept ports in its forward hook, \(input) in input")
    }
    if input > 0 { return ("host", "\(input) rules accept ports in its input hook, \(forward) in forward") }
    let forwards = graphs.contains { $0.chains.contains { $0.base?.hook == .forward && !$0.rules.isEmpty } }
    return (forwards ? "forward" : "host", "no rule names a port")
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

extension YAMLText {
  /// An address as a YAML scalar; colons need quotes.
  fileprivate static func address(_ address: IPAddress) -> String {
    address.family == .v6 ? "\"\(address)\"" : "\(address)"
  }

  fileprivate static func prefix(_ prefix: IPPrefix) -> String {
    prefix.base.family == .v6 ? "\"\(prefix)\"" : "\(prefix)"
  }
}
