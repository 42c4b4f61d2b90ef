import PacketSets

extension Site {
  /// Every row that a declared feature asks for, in the order of the features and of the policy's rows.
  ///
  /// Words that the policy does not know are left out; `Site.parse` reports them.
  public func requirements(_ policy: Policy) -> [Requirement] {
    let distances = portDistances(policy)
    var requirements: [Requirement] = []
    for declared in features {
      let sibling = policy.feature(declared.name)?.encryptedSibling
      for (row, feature) in policy.entries(of: declared.name) {
        let alternatives = alternatives(of: row, feature, policy, distances)
        requirements.append(
          Requirement(
            row: row.id, feature: declared.name, direction: row.direction, alternatives: alternatives,
            applicability: applicability(of: row, feature, alternatives), isDeprecated: row.isDeprecated,
            exposure: row.exposure, clearText: row.clearText, encryptedSibling: sibling, mirror: row.mirror,
            range: declared.range))
      }
    }
    return requirements
  }

  /// How far each changed setting is from its default.
  public func portDistances(_ policy: Policy) -> [String: Int] {
    var distances: [String: Int] = [:]
    for change in ports {
      guard let setting = policy.setting(change.setting) else { continue }
      distances[setting.name] = Int(change.port) - Int(setting.defaultPort)
    }
    return distances
  }

  /// Who a role is for a feature: the feature's own binding, else the general one, else the role's default.
  ///
  /// A role without a default that is not bound counts as not known; `Site.parse` reports it.
  public func addresses(of role: String, for feature: String, _ policy: Policy) -> PeerAddresses {
    if policy.role(role)?.defaultMeaning == .units { return .units }
    let general = peers.first { $0.role == role && $0.feature == nil }
    let own = peers.first { $0.role == role && $0.feature == feature }
    return (own ?? general)?.addresses ?? .unknown
  }

  /// The roles with which the declared features speak in the site's mode, alternatives included, in the order of use.
  public func rolesInUse(_ policy: Policy) -> [String] {
    var roles: [String] = []
    for declared in features {
      for (row, feature) in policy.entries(of: declared.name) where row.applies(feature, in: mode) {
        for role in feature.roles + feature.alternativeRoles where !roles.contains(role) { roles.append(role) }
      }
    }
    return roles
  }

  /// The roles whose traffic crosses a firewall: the ones that it lists, else every role in use but the units' own.
  public func roles(crossing firewall: FirewallEntry, _ policy: Policy) -> [String] {
    firewall.peers ?? rolesInUse(policy).filter { policy.role($0)?.defaultMeaning != .units }
  }

  /// The units behind a firewall.
  public func units(behind firewall: FirewallEntry) -> [Unit] {
    guard let names = firewall.units else { return units }
    return units.filter { names.contains($0.name) }
  }

  private func applicability(
    of row: RequirementRow, _ feature: RowFeature, _ alternatives: [[RequiredFlow]]
  ) -> Applicability {
    if !row.applies(feature, in: mode) { return .outsideMode }
    return alternatives.isEmpty ? .noPeers : .applies
  }

  /// The row's alternatives: each way to choose the transport with each way to choose the roles.
  private func alternatives(
    of row: RequirementRow, _ feature: RowFeature, _ policy: Policy, _ distances: [String: Int]
  ) -> [[RequiredFlow]] {
    let roles = roleAlternatives(of: feature, policy)
    var alternatives: [[RequiredFlow]] = []
    for transports in needs(of: row, feature, distances).alternatives {
      for peers in roles {
        alternatives.append(
          peers.flatMap { role, addresses in
            transports.map { transport in
              RequiredFlow(
                role: role, peers: addresses, transport: transport,
                needsReply: row.expectsReplies(transport.protocolNumber))
            }
          })
      }
    }
    return alternatives
  }

  /// The lists of roles any one of which is enough, without the peers that the site does not have.
  ///
  /// A list with a role that must be bound but is not gives way to the others, if there are any.
  private func roleAlternatives(of feature: RowFeature, _ policy: Policy) -> [[(String, PeerAddresses)]] {
    var options = feature.roleOptions
    let bound = options.filter { unboundRoles(among: $0, for: feature.feature, policy).isEmpty }
    if !bound.isEmpty { options = bound }
    let peers = options.map { roles in
      roles.map { ($0, addresses(of: $0, for: feature.feature, policy)) }.filter { !isNobody($0.1) }
    }
    return peers.filter { !$0.isEmpty }
  }

  /// The roles that a feature needs the site to bind, and that it does not bind.
  func unboundRoles(among roles: [String], for feature: String, _ policy: Policy) -> [String] {
    roles.filter { role in
      policy.role(role)?.defaultMeaning == nil
        && !peers.contains { $0.role == role && ($0.feature == nil || $0.feature == feature) }
    }
  }

  private func isNobody(_ addresses: PeerAddresses) -> Bool {
    addresses == .units ? units.count < 2 : addresses.isNobody
  }

  /// The transport that a row needs for a feature, with the site's changed ports and choices.
  func needs(of row: RequirementRow, _ feature: RowFeature, _ distances: [String: Int]) -> TransportNeeds {
    guard let moved = row.needs(of: feature, moved: distances) else { return row.needs }
    guard let choice = choices.last(where: { $0.row == row.id }) else { return moved }
    let alsoValid = row.alsoValid(for: feature, moved: distances)
    return moved.narrowed(by: choice, alsoValid: alsoValid, allowsAnyPort: row.allowsAnyPort) ?? moved
  }
}
