import PacketSets

/// What a site knows about the place where a rule set runs.
public struct SiteFacts: Sendable, Hashable {
  /// The host's own addresses; nil when they are not known.
  public var localAddresses: AddressSet?
  /// Contents of ipsets, groups and prefix lists, by name.
  public var references: [String: AddressSet]

  /// Makes facts; without arguments nothing is known.
  public init(localAddresses: AddressSet? = nil, references: [String: AddressSet] = [:]) {
    self.localAddresses = localAddresses
    self.references = references
  }
}
