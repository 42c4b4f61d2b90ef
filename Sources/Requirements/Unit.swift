import PacketSets
import SourceText

/// One of the site's own machines.
public struct Unit: Sendable, Hashable {
  public var name: String
  public var addresses: [UnitAddress]
  public var published: [PublishedAddress]
  /// Where the site file names it.
  public var range: SourceRange

  /// Makes a unit.
  public init(
    name: String, addresses: [UnitAddress], published: [PublishedAddress] = [],
    range: SourceRange = SourceRange(0, 0)
  ) {
    self.name = name
    self.addresses = addresses
    self.published = published
    self.range = range
  }

  /// Every address of the unit.
  public var allAddresses: AddressSet { AddressSet(addresses.map { $0.prefix }) }

  /// The addresses that a feature uses.
  ///
  /// A feature that some addresses of the unit name uses only those; every other feature uses the addresses that name
  /// no feature. So a separate HA network takes the HA rows away from the other addresses.
  public func addresses(for feature: String) -> AddressSet {
    let own = addresses.filter { $0.features.contains(feature) }
    let used = own.isEmpty ? addresses.filter { $0.features.isEmpty } : own
    return AddressSet(used.map { $0.prefix })
  }
}

/// An address of a unit.
public struct UnitAddress: Sendable, Hashable {
  public var address: IPAddress
  /// The features that use the address; empty: all that have no address of their own.
  public var features: [String]
  public var range: SourceRange

  /// Makes an address.
  public init(_ address: IPAddress, features: [String] = [], range: SourceRange = SourceRange(0, 0)) {
    self.address = address
    self.features = features
    self.range = range
  }

  /// The address as a block of one.
  var prefix: IPPrefix { IPPrefix(address, length: address.family.addressWidth) }
}

/// An address by which peers call a unit that has another one, because something on the way translates it.
public struct PublishedAddress: Sendable, Hashable {
  public var address: IPAddress
  /// The roles that use the address; nil: public and `any` peers.
  public var peers: [String]?
  /// What translates it: the path of a firewall of the site, or `provider`; nil: not said.
  public var translator: String?
  public var range: SourceRange

  /// The `by` of an address that the cloud's provider translates.
  public static let provider = "provider"

  /// Makes a published address.
  public init(
    _ address: IPAddress, peers: [String]? = nil, translator: String? = nil, range: SourceRange = SourceRange(0, 0)
  ) {
    self.address = address
    self.peers = peers
    self.translator = translator
    self.range = range
  }
}
