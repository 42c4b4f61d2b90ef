import PacketSets

/// The addresses that a role stands for at a site.
public enum PeerAddresses: Sendable, Hashable {
  /// Exactly these; the empty set says that there are no such peers.
  case known(AddressSet)
  /// Whoever is on the Internet, by an explicit `any`.
  case any
  /// Somebody, but the site does not say who: a role with the default `any` that is not bound.
  case unknown
  /// The site's own units, each to every other.
  case units

  /// The addresses that have to get through; nil where that is not one set of addresses.
  ///
  /// `any` stands for every globally reachable unicast address here: a firewall that drops the rest drops nobody.
  public var required: AddressSet? {
    switch self {
    case .known(let addresses): addresses
    case .any: .globallyReachableUnicast
    case .unknown, .units: nil
    }
  }

  /// The addresses that may get through without being excess; nil for the site's units.
  ///
  /// `any` stands for every address here, and so does a role that is not bound.
  public var permitted: AddressSet? {
    switch self {
    case .known(let addresses): addresses
    case .any, .unknown: .all
    case .units: nil
    }
  }

  /// Whether the site says that there are no such peers.
  public var isNobody: Bool {
    if case .known(let addresses) = self { addresses.isEmpty } else { false }
  }
}
