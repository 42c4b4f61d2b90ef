import PacketSets

/// Who speaks first.
public enum Direction: String, Sendable, Hashable, CaseIterable {
  /// The peer is the source, the unit listens.
  case incoming
  /// The unit is the source, the peer listens.
  case outgoing
}

/// How far a row may be open to the public.
public enum Exposure: String, Sendable, Hashable, CaseIterable {
  /// Public peers are normal.
  case internet
  /// Public peers are normal only where the site's users roam.
  case users
  /// A public peer is an error.
  case never
}

/// Whether a row's traffic can be read on the way.
public enum ClearText: String, Sendable, Hashable, CaseIterable {
  /// Everything is clear text.
  case clear = "true"
  /// Everything is encrypted.
  case encrypted = "false"
  /// Clear text until both sides agree on TLS.
  case startTLS = "starttls"
  /// A setting decides.
  case depends
}

/// A purpose of a row, as printed.
public struct Purpose: Sendable, Hashable {
  /// The purpose's name.
  public var name: String
  /// The modes that the purpose is limited to; empty: all.
  public var modes: [String]

  /// Makes a purpose.
  public init(name: String, modes: [String] = []) {
    self.name = name
    self.modes = modes
  }
}

/// A feature that asks for a row.
public struct RowFeature: Sendable, Hashable {
  /// The feature's name.
  public var feature: String
  /// The roles that the feature speaks with, all of them.
  public var roles: [String]
  /// Roles any one of which is enough in place of all of `roles`.
  public var alternativeRoles: [String]
  /// The modes in which the feature asks for the row; empty: all of the row's modes.
  public var modes: [String]
  /// The setting that moves the ports for this feature; nil: the row's own.
  public var setting: String?

  /// Makes a row's feature.
  public init(
    feature: String, roles: [String], alternativeRoles: [String] = [], modes: [String] = [], setting: String? = nil
  ) {
    self.feature = feature
    self.roles = roles
    self.alternativeRoles = alternativeRoles
    self.modes = modes
    self.setting = setting
  }

  /// The lists of roles any one of which is enough.
  public var roleOptions: [[String]] { [roles] + alternativeRoles.map { [$0] } }
}

/// A printed cell that is blank in the document, and where its value came from.
public struct RestoredCell: Sendable, Hashable {
  /// `peers` or `purposes`.
  public var cell: String
  /// `carried` (the cell above), `documents` (other documents of the vendor) or `analogy` (a sibling row).
  public var origin: String

  /// The possible origins.
  static let origins = ["carried", "documents", "analogy"]

  /// Makes a restored cell.
  public init(cell: String, origin: String) {
    self.cell = cell
    self.origin = origin
  }
}

/// One row of a policy: a port that somebody has to be able to reach.
public struct RequirementRow: Sendable, Hashable {
  /// The row's name, such as `IN-06`.
  public var id: String
  public var direction: Direction
  /// The port as printed, such as `443 or 8890`.
  public var printedPort: String
  /// The protocol as printed, such as `UDP and TCP`.
  public var printedProtocol: String
  /// The peers as printed.
  public var peers: [String]
  public var purposes: [Purpose]
  /// The features that ask for the row.
  public var features: [RowFeature]
  /// The modes that the whole row is limited to; empty: all.
  public var modes: [String]
  /// What the row needs, at the default ports.
  public var needs: TransportNeeds
  /// Whether a site may pin any port.
  public var allowsAnyPort: Bool
  /// What a site may pin besides; it never satisfies the row by itself.
  public var alsoValid: [TransportFlow]
  /// The setting that moves the ports; a feature may have its own.
  public var setting: String?
  public var exposure: Exposure
  public var isDeprecated: Bool
  /// Nil: not known.
  public var clearText: ClearText?
  /// The row that states the same flow from its other end.
  public var mirror: String?
  /// Protocols in which nothing comes back.
  public var protocolsWithoutReplies: [UInt8]
  public var restored: [RestoredCell]
  /// Where an administrator changes it, when no setting says so.
  public var configuredBy: String?
  /// What is odd about the row, in sentences.
  public var notes: [String]

  /// Makes a row.
  public init(
    id: String, direction: Direction, printedPort: String, printedProtocol: String, peers: [String] = [],
    purposes: [Purpose] = [], features: [RowFeature] = [], modes: [String] = [], needs: TransportNeeds,
    allowsAnyPort: Bool = false, alsoValid: [TransportFlow] = [], setting: String? = nil,
    exposure: Exposure = .never, isDeprecated: Bool = false, clearText: ClearText? = nil, mirror: String? = nil,
    protocolsWithoutReplies: [UInt8] = [], restored: [RestoredCell] = [], configuredBy: String? = nil,
    notes: [String] = []
  ) {
    self.id = id
    self.direction = direction
    self.printedPort = printedPort
    self.printedProtocol = printedProtocol
    self.peers = peers
    self.purposes = purposes
    self.features = features
    self.modes = modes
    self.needs = needs
    self.allowsAnyPort = allowsAnyPort
    self.alsoValid = alsoValid
    self.setting = setting
    self.exposure = exposure
    self.isDeprecated = isDeprecated
    self.clearText = clearText
    self.mirror = mirror
    self.protocolsWithoutReplies = protocolsWithoutReplies
    self.restored = restored
    self.configuredBy = configuredBy
    self.notes = notes
  }

  /// Whether something comes back in a protocol: SNMP traps and logging over UDP are one-way.
  public func expectsReplies(_ protocolNumber: UInt8) -> Bool { !protocolsWithoutReplies.contains(protocolNumber) }

  /// The row's entry for a feature; nil when the feature does not ask for the row.
  public func feature(named name: String) -> RowFeature? { features.first { $0.feature == name } }

  /// Whether a feature asks for the row in a mode; every mode is possible where none is given.
  public func applies(_ feature: RowFeature, in mode: String?) -> Bool {
    guard let mode else { return true }
    return (modes.isEmpty || modes.contains(mode)) && (feature.modes.isEmpty || feature.modes.contains(mode))
  }
}
