import SourceText

/// Where a firewall stands.
public enum FirewallPosition: String, Sendable, Hashable, CaseIterable {
  /// Between units and peers: it routes their packets.
  case forward
  /// On the unit's own host: packets begin or end there.
  case host
  /// A cloud's group on the unit's network interface.
  case attached
}

/// The interfaces behind which the units or the peers of a role are.
public struct InterfaceBinding: Sendable, Hashable {
  /// A role, or `units`.
  public var subject: String
  /// Names of interfaces; never empty.
  public var interfaces: [String]
  public var range: SourceRange

  /// The subject that stands for the site's units.
  public static let units = "units"

  /// Makes a binding.
  public init(subject: String, interfaces: [String], range: SourceRange = SourceRange(0, 0)) {
    self.subject = subject
    self.interfaces = interfaces
    self.range = range
  }
}

/// A path in the site file, and where it stands there.
public struct FirewallPath: Sendable, Hashable {
  /// The path as written, relative to the site file.
  public var path: String
  public var range: SourceRange

  /// Makes a path.
  public init(_ path: String, range: SourceRange = SourceRange(0, 0)) {
    self.path = path
    self.range = range
  }
}

/// A firewall that the site lists.
public struct FirewallEntry: Sendable, Hashable {
  /// The files that belong together; never empty.
  public var paths: [FirewallPath]
  public var position: FirewallPosition
  /// Names of the units that it guards; nil: all.
  public var units: [String]?
  /// The roles whose traffic crosses it; nil: every role in use but the units among each other.
  public var peers: [String]?
  public var interfaces: [InterfaceBinding]
  /// The groups of the file that are attached; nil: all of the file.
  public var groups: [String]?
  /// The whole entry.
  public var range: SourceRange

  /// Makes an entry.
  public init(
    paths: [FirewallPath], position: FirewallPosition, units: [String]? = nil, peers: [String]? = nil,
    interfaces: [InterfaceBinding] = [], groups: [String]? = nil, range: SourceRange = SourceRange(0, 0)
  ) {
    self.paths = paths
    self.position = position
    self.units = units
    self.peers = peers
    self.interfaces = interfaces
    self.groups = groups
    self.range = range
  }

  /// The interfaces of a role or of `InterfaceBinding.units`; nil when the site declares none.
  public func interfaces(of subject: String) -> [String]? {
    interfaces.first { $0.subject == subject }?.interfaces
  }
}
