import Compliance
import PacketSets
import Requirements

/// `explain`: a check, a row, a feature or a role in full.
public struct ExplainReport {
  private let policy: Policy
  private let style: TextStyle

  /// Makes an explainer of a policy with its words.
  public init(_ policy: Policy, style: TextStyle = TextStyle()) {
    self.policy = policy
    self.style = style
  }

  /// Everything that can be explained.
  public var names: [String] {
    CheckRegistry.checks.map(\.code) + CheckRegistry.checks.map(\.name) + policy.allRows.map(\.id)
      + policy.features.map(\.name) + policy.roles.map(\.name)
  }

  /// The explanation of a code, a row, a feature or a role; nil for unknown names.
  ///
  /// A name may be several of them.
  public func explain(_ name: String) -> String? {
    let upper = name.uppercased()
    var parts: [String] = []
    if let check = CheckRegistry.checks.first(where: { $0.code == upper || $0.name == name }) {
      parts.append(explain(check))
    }
    if let row = policy.row(upper) { parts.append(explain(row)) }
    if let feature = policy.feature(name) { parts.append(explain(feature)) }
    if let role = policy.role(name) { parts.append(explain(role)) }
    return parts.isEmpty ? nil : parts.joined(separator: "\n")
  }

  private func explain(_ check: Check) -> String {
    let text = CheckRegistry.documentation(of: check.code)
    var result = style.paint("\(check.code) \(check.name)", .bold) + " (\(check.severity.rawValue))\n"
    if CheckRegistry.reserved.contains(check.code) {
      result += "This version does not run the check; its code is kept for it.\n"
    }
    guard let text else { return result }
    let example = (text.example?.files ?? []).map { "\($0.name):\n\(Self.indented($0.text))" }.joined()
    for (title, body) in [
      ("What it does", text.what), ("Why", text.why), ("Example", example), ("How to mend it", text.mend),
      ("References", text.references.joined(separator: "\n")),
    ] where !body.isEmpty {
      result += "\n" + style.paint(title, .bold) + "\n" + Self.indented(body)
    }
    return result
  }

  private func explain(_ row: RequirementRow) -> String {
    var lines = [
      style.paint("\(row.id)", .bold) + " \(row.direction.rawValue), \(row.printedProtocol) \(row.printedPort)"
    ]
    func add(_ title: String, _ values: [String]) {
      if !values.isEmpty { lines.append("  \(title): " + values.joined(separator: "; ")) }
    }
    add("peers", row.peers)
    add(
      "purposes", row.purposes.map { $0.modes.isEmpty ? $0.name : "\($0.name) (\($0.modes.joined(separator: ", ")))" })
    add("needs", [Self.needs(row.needs)])
    for feature in row.features {
      let roles = feature.roles.joined(separator: " and ")
      let others = feature.alternativeRoles.map { " or \($0)" }.joined()
      let modes = feature.modes.isEmpty ? "" : ", in mode \(feature.modes.joined(separator: ", "))"
      lines.append(
        "  feature \(feature.feature): \(row.direction == .incoming ? "from" : "to") \(roles)\(others)\(modes)")
    }
    add("modes", row.modes)
    if let setting = row.setting.flatMap(policy.setting) {
      add("port moves with", ["\(setting.name) (default \(setting.defaultPort)), \(setting.configuredBy)"])
    }
    add("changed by", row.configuredBy.map { [$0] } ?? [])
    let exposure =
      switch row.exposure {
      case .internet: "public peers are normal"
      case .users: "public peers are normal only where users roam"
      case .never: "a public peer is an error"
      }
    add("exposure", [exposure])
    if row.isDeprecated { lines.append("  deprecated: nothing should be open for it any more") }
    if let clear = row.clearText { add("clear text", [Self.words(clear)]) }
    add("same flow as", row.mirror.map { [$0] } ?? [])
    add("no replies over", row.protocolsWithoutReplies.map(IPProtocol.name))
    for cell in row.restored { lines.append("  \(cell.cell) restored: \(Self.origin(cell.origin))") }
    for note in row.notes { lines.append("  note: \(note)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func explain(_ feature: Feature) -> String {
    var lines = [style.paint("feature \(feature.name)", .bold) + ": \(feature.explanation)"]
    for (row, entry) in policy.entries(of: feature.name) {
      let roles = entry.roles.joined(separator: " and ") + entry.alternativeRoles.map { " or \($0)" }.joined()
      lines.append(
        "  \(row.id) \(row.direction.rawValue) \(Self.needs(row.needs)) "
          + "\(row.direction == .incoming ? "from" : "to") \(roles)")
    }
    if let sibling = feature.encryptedSibling { lines.append("  does the same encrypted: \(sibling)") }
    let hosts = policy.hosts.filter { $0.features.contains(feature.name) }
    for host in hosts { lines.append("  web filters must also allow \(host.host) (\(host.region))") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func explain(_ role: Role) -> String {
    let meaning =
      switch role.defaultMeaning {
      case .any: "may stay unbound: its addresses are then not known"
      case .units: "the site's own units, each to every other; it cannot be bound"
      case nil: "must be bound under peers: when a declared feature uses it"
      }
    let features = policy.features.map(\.name).filter { policy.roles(of: $0).contains(role.name) }
    return style.paint("role \(role.name)", .bold) + ": \(role.explanation)\n  \(meaning)\n"
      + "  used by: \(features.joined(separator: ", "))\n"
  }

  private static func needs(_ needs: TransportNeeds) -> String {
    needs.alternatives.map { $0.map(\.description).joined(separator: " + ") }.joined(separator: " | ")
  }

  private static func words(_ clear: ClearText) -> String {
    switch clear {
    case .clear: "yes"
    case .encrypted: "no"
    case .startTLS: "until both sides agree on TLS"
    case .depends: "a setting decides"
    }
  }

  private static func origin(_ origin: String) -> String {
    switch origin {
    case "carried": "taken from the cell above"
    case "documents": "from other documents of the vendor"
    default: "after a sibling row"
    }
  }

  private static func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "\n" : "  \($0)\n" }.joined()
  }
}
