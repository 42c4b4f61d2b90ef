import PacketSets
import SourceText

/// Traffic that has to pass, all of it, between the units and the peers of a role.
public struct RequiredFlow: Sendable, Hashable {
  /// The role that the peers play.
  public var role: String
  public var peers: PeerAddresses
  /// The protocol and its destination ports, or its ICMP type and code.
  public var transport: TransportFlow
  /// Whether something has to come back.
  public var needsReply: Bool

  /// Makes a flow.
  public init(role: String, peers: PeerAddresses, transport: TransportFlow, needsReply: Bool) {
    self.role = role
    self.peers = peers
    self.transport = transport
    self.needsReply = needsReply
  }
}

/// Whether a row counts for a declared feature at a site.
public enum Applicability: Sendable, Hashable {
  case applies
  /// The site's mode excludes it.
  case outsideMode
  /// The site has no such peers: the role is bound to the empty list, or there is no second unit.
  case noPeers
}

/// A row that a declared feature asks for, with the site's addresses and ports filled in.
public struct Requirement: Sendable, Hashable {
  /// Id of the row.
  public var row: String
  public var feature: String
  public var direction: Direction
  /// Any one of them is enough, and needs all of its flows, of which there is at least one; empty when there are no
  /// peers.
  public var alternatives: [[RequiredFlow]]
  public var applicability: Applicability
  public var isDeprecated: Bool
  public var exposure: Exposure
  public var clearText: ClearText?
  /// The feature that does the same without clear text.
  public var encryptedSibling: String?
  /// Id of the row that states the same flow from its other end: between units, both are one flow.
  public var mirror: String?
  /// Where the site file declares the feature.
  public var range: SourceRange

  /// Makes a requirement.
  public init(
    row: String, feature: String, direction: Direction, alternatives: [[RequiredFlow]],
    applicability: Applicability = .applies, isDeprecated: Bool = false, exposure: Exposure = .never,
    clearText: ClearText? = nil, encryptedSibling: String? = nil, mirror: String? = nil,
    range: SourceRange = SourceRange(0, 0)
  ) {
    self.row = row
    self.feature = feature
    self.direction = direction
    self.alternatives = alternatives
    self.applicability = applicability
    self.isDeprecated = isDeprecated
    self.exposure = exposure
    self.clearText = clearText
    self.encryptedSibling = encryptedSibling
    self.mirror = mirror
    self.range = range
  }

  /// The roles of all alternatives, each once.
  public var roles: [String] {
    var roles: [String] = []
    for flow in alternatives.joined() where !roles.contains(flow.role) { roles.append(flow.role) }
    return roles
  }
}
