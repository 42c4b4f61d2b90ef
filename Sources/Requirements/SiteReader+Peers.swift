import PacketSets
import SourceText
import YAMLDocument

extension SiteReader {
  /// Reads `peers`: roles, or `FEATURE.ROLE`, with their addresses.
  mutating func readPeers(_ node: YAMLNode) {
    for entry in nodes.entries(node, "peers") {
      let parts = entry.key.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let feature = parts.count == 2 ? parts[0] : nil
      let role = parts[parts.count - 1]
      let addresses = addressesOrAny(entry.value, "the addresses of a role")
      guard isBindable(feature, role, entry.keyRange) else { continue }
      site.peers.append(PeerBinding(feature: feature, role: role, addresses: addresses, range: entry.keyRange))
    }
  }

  private mutating func isBindable(_ feature: String?, _ role: String, _ range: SourceRange) -> Bool {
    if let feature, policy.feature(feature) == nil {
      nodes.unknownWord(feature, "feature", among: policy.features.map(\.name), at: range)
      return false
    }
    guard let known = policy.role(role) else {
      nodes.unknownWord(role, "role", among: policy.roles.map(\.name), at: range)
      return false
    }
    if known.defaultMeaning == .units {
      nodes.error("the role '\(role)' stands for the site's own units and cannot be bound", at: range)
      return false
    }
    if let feature, case let roles = policy.roles(of: feature), !roles.contains(role) {
      nodes.error(
        "the feature '\(feature)' has no peers in the role '\(role)'; its roles: \(roles.joined(separator: ", "))",
        at: range)
      return false
    }
    return true
  }

  /// Reads `ports`: settings with their new port.
  mutating func readPorts(_ node: YAMLNode) {
    for entry in nodes.entries(node, "ports") {
      guard let setting = policy.setting(entry.key) else {
        nodes.unknownWord(entry.key, "setting", among: policy.settings.map(\.name), at: entry.keyRange)
        continue
      }
      guard let port = nodes.number(entry.value, "the port", from: 1, to: 65535) else { continue }
      let change = PortSetting(setting: setting.name, port: UInt16(port), range: entry.value.range)
      let distance = Int(port) - Int(setting.defaultPort)
      let outside = policy.rows(movedBy: setting.name).first { row in
        row.features.contains { feature in
          (feature.setting ?? row.setting) == setting.name
            && row.needs(of: feature, moved: [setting.name: distance]) == nil
        }
      }
      if let outside {
        nodes.error("with '\(setting.name)' at \(port), ports of \(outside.id) are above 65535", at: entry.value.range)
      } else {
        site.ports.append(change)
      }
    }
  }

  /// Reads `choices`: rows with the port and protocol that the site uses.
  mutating func readChoices(_ node: YAMLNode) {
    for entry in nodes.entries(node, "choices") {
      guard let row = policy.row(entry.key) else {
        nodes.unknownWord(entry.key, "row", among: policy.allRows.map(\.id), at: entry.keyRange)
        continue
      }
      let before = nodes.diagnostics.count
      var choice = Choice(row: row.id, range: entry.keyRange)
      for field in nodes.entries(entry.value, "a choice") {
        switch field.key {
        case "port": choice.ports = portRanges(field.value)
        case "protocol": choice.protocols = protocolNumbers(field.value)
        default: nodes.unknownKey(field, of: "a choice", known: ["port", "protocol"])
        }
      }
      if nodes.diagnostics.count > before { continue }
      if choice.ports.isEmpty, choice.protocols.isEmpty {
        nodes.error("the choice names neither a port nor a protocol", at: entry.keyRange)
      } else if let allowed = refusal(of: choice, row) {
        nodes.error("the row \(row.id) does not allow this; it allows \(allowed)", at: entry.keyRange)
      } else {
        site.choices.append(choice)
      }
    }
  }

  /// What a row allows, when it does not allow a choice for the declared features that ask for it; nil when it does.
  private func refusal(of choice: Choice, _ row: RequirementRow) -> String? {
    let distances = site.portDistances(policy)
    let declared = row.features.filter { feature in site.features.contains { $0.name == feature.feature } }
    for feature in declared.isEmpty ? row.features : declared {
      let needs = row.needs(of: feature, moved: distances) ?? row.needs
      let alsoValid = row.alsoValid(for: feature, moved: distances)
      if needs.narrowed(by: choice, alsoValid: alsoValid, allowsAnyPort: row.allowsAnyPort) == nil {
        let more = alsoValid.map { "\($0)" } + (row.allowsAnyPort ? ["any other port over its protocol"] : [])
        return more.isEmpty ? "\(needs)" : "\(needs), or \(more.joined(separator: ", or ")) when chosen"
      }
    }
    return nil
  }

  /// Every role in use must be bound unless it has a default; one message per role.
  mutating func checkRoles() {
    var missing: [(role: String, features: [DeclaredFeature])] = []
    for declared in site.features {
      for (row, feature) in policy.entries(of: declared.name) where row.applies(feature, in: site.mode) {
        let unbound = feature.roleOptions.map { site.unboundRoles(among: $0, for: declared.name, policy) }
        guard !unbound.contains([]), let roles = unbound.first else { continue }
        for role in roles {
          if let index = missing.firstIndex(where: { $0.role == role }) {
            if missing[index].features.last?.name != declared.name { missing[index].features.append(declared) }
          } else {
            missing.append((role, [declared]))
          }
        }
      }
    }
    for (role, features) in missing {
      let names = features.map { "'\($0.name)'" }.joined(separator: ", ")
      let verb = features.count == 1 ? "needs" : "need"
      nodes.error(
        "\(names) \(verb) the role '\(role)': bind it under peers, or to [] when there is nobody",
        at: features[0].range)
    }
  }

  /// Notes what the site declares without effect.
  mutating func checkModes() {
    for declared in site.features {
      var applies = false
      var needsUnits = false
      for (row, feature) in policy.entries(of: declared.name) {
        if row.applies(feature, in: site.mode) { applies = true }
        if feature.roles.contains(where: { policy.role($0)?.defaultMeaning == .units }) { needsUnits = true }
      }
      if !applies, let mode = site.mode {
        nodes.note("the feature '\(declared.name)' does not apply in \(mode) mode", at: declared.range)
      } else if needsUnits, site.units.count == 1 {
        nodes.note("the feature '\(declared.name)' is about several units, and the site has one", at: declared.range)
      }
    }
    if !site.intercepts.isEmpty, let mode = site.mode, mode != "transparent", policy.modes.contains("transparent") {
      nodes.warning("intercepts has a meaning in transparent mode only", at: interceptsRange)
    }
  }
}
