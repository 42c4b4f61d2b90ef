import PacketSets
import SourceText

/// What a site file says: its units, what they do, with whom, and behind which firewalls.
///
/// `Site.parse` reads one from YAML. One can also be made in memory, for one-off runs; its ranges are then empty.
public struct Site: Sendable {
  /// The site file; findings on the site point into it.
  public var source: SourceFile
  /// The policy as the site names it, such as `fortimail-7.6`.
  public var policyName: String
  /// One of the policy's modes; nil: not given, and then every mode is possible.
  public var mode: String?
  public var units: [Unit]
  public var features: [DeclaredFeature]
  public var peers: [PeerBinding]
  public var choices: [Choice]
  public var ports: [PortSetting]
  public var alsoOpen: [AlsoOpen]
  /// Transparent mode: servers whose mail passes through a unit.
  public var intercepts: AddressSet
  /// The contents of references and sets that the firewalls' files only name.
  public var resolve: [String: AddressSet]
  /// Where the site file names the keys of `resolve`.
  public var resolveRanges: [String: SourceRange] = [:]
  public var severities: [SeverityOverride]
  /// Findings that are accepted, for those without a line.
  public var suppressions: [SiteSuppression]
  public var firewalls: [FirewallEntry]

  /// Makes a site.
  public init(
    source: SourceFile = SourceFile(path: "", bytes: []), policyName: String, mode: String? = nil,
    units: [Unit] = [], features: [DeclaredFeature] = [], peers: [PeerBinding] = [], choices: [Choice] = [],
    ports: [PortSetting] = [], alsoOpen: [AlsoOpen] = [], intercepts: AddressSet = AddressSet(),
    resolve: [String: AddressSet] = [:], severities: [SeverityOverride] = [],
    suppressions: [SiteSuppression] = [], firewalls: [FirewallEntry] = []
  ) {
    self.source = source
    self.policyName = policyName
    self.mode = mode
    self.units = units
    self.features = features
    self.peers = peers
    self.choices = choices
    self.ports = ports
    self.alsoOpen = alsoOpen
    self.intercepts = intercepts
    self.resolve = resolve
    self.severities = severities
    self.suppressions = suppressions
    self.firewalls = firewalls
  }

  /// The unit of a name.
  public func unit(_ name: String) -> Unit? { units.first { $0.name == name } }

  /// The severity that the site gives to a code: nil when it says nothing, `.some(nil)` when the code is off.
  public func severity(of code: String) -> Severity?? {
    severities.last { $0.code == code }.map(\.severity)
  }
}

/// A feature that the site declares.
public struct DeclaredFeature: Sendable, Hashable {
  public var name: String
  /// Where the site file names it.
  public var range: SourceRange

  /// Makes a declared feature.
  public init(_ name: String, range: SourceRange = SourceRange(0, 0)) {
    self.name = name
    self.range = range
  }
}

/// Who a role is at this site.
public struct PeerBinding: Sendable, Hashable {
  /// The feature that the binding is for; nil: every feature.
  public var feature: String?
  public var role: String
  /// Either `.known` or `.any`.
  public var addresses: PeerAddresses
  public var range: SourceRange

  /// Makes a binding.
  public init(
    feature: String? = nil, role: String, addresses: PeerAddresses, range: SourceRange = SourceRange(0, 0)
  ) {
    self.feature = feature
    self.role = role
    self.addresses = addresses
    self.range = range
  }
}

/// Which of a row's possibilities the site uses: all of the named ports and protocols.
public struct Choice: Sendable, Hashable {
  /// Id of the row.
  public var row: String
  /// The ports, each entry a port or a range; empty: as the row says.
  public var ports: [Interval<UInt32>]
  /// The protocols' numbers; empty: as the row says.
  public var protocols: [UInt8]
  public var range: SourceRange

  /// Makes a choice.
  public init(
    row: String, ports: [Interval<UInt32>] = [], protocols: [UInt8] = [], range: SourceRange = SourceRange(0, 0)
  ) {
    self.row = row
    self.ports = ports
    self.protocols = protocols
    self.range = range
  }
}

/// A port that the site's administrators changed; every row of the setting moves with it.
public struct PortSetting: Sendable, Hashable {
  /// Name of a setting of the policy.
  public var setting: String
  public var port: UInt16
  public var range: SourceRange

  /// Makes a changed port.
  public init(setting: String, port: UInt16, range: SourceRange = SourceRange(0, 0)) {
    self.setting = setting
    self.port = port
    self.range = range
  }
}

/// Traffic that is wanted though no feature asks for it, such as port forwarding, a traffic capture or monitoring.
public struct AlsoOpen: Sendable, Hashable {
  public var direction: Direction
  /// The peers: the source when incoming, the destination when outgoing.
  public var addresses: AddressSet
  /// The protocol and its ports.
  public var transport: TransportFlow
  /// Why; nil when the site does not say.
  public var reason: String?
  /// Names of the units concerned; nil: all.
  public var units: [String]?
  public var range: SourceRange

  /// Makes an entry.
  public init(
    direction: Direction, addresses: AddressSet, transport: TransportFlow, reason: String? = nil,
    units: [String]? = nil, range: SourceRange = SourceRange(0, 0)
  ) {
    self.direction = direction
    self.addresses = addresses
    self.transport = transport
    self.reason = reason
    self.units = units
    self.range = range
  }
}

/// How much a check weighs at this site.
public struct SeverityOverride: Sendable, Hashable {
  /// Code such as `FW302`.
  public var code: String
  /// Nil: the check is off.
  public var severity: Severity?
  public var range: SourceRange

  /// Makes an override.
  public init(code: String, severity: Severity?, range: SourceRange = SourceRange(0, 0)) {
    self.code = code
    self.severity = severity
    self.range = range
  }
}
