import SourceText

/// A feature that a site may declare.
public struct Feature: Sendable, Hashable {
  public var name: String
  /// What the feature does, in one line.
  public var explanation: String
  /// The feature that does the same without clear text.
  public var encryptedSibling: String?

  /// Makes a feature.
  public init(name: String, explanation: String, encryptedSibling: String? = nil) {
    self.name = name
    self.explanation = explanation
    self.encryptedSibling = encryptedSibling
  }
}

/// What a role stands for when a site does not bind it.
public enum RoleDefault: String, Sendable, Hashable {
  /// Addresses that are not known.
  case any
  /// The site's own units, each to every other; a site cannot bind the role.
  case units
}

/// Who the peers of a row are.
public struct Role: Sendable, Hashable {
  public var name: String
  /// Who they are, in one line.
  public var explanation: String
  /// Nil: a site must bind the role when it is in use.
  public var defaultMeaning: RoleDefault?

  /// Makes a role.
  public init(name: String, explanation: String, defaultMeaning: RoleDefault? = nil) {
    self.name = name
    self.explanation = explanation
    self.defaultMeaning = defaultMeaning
  }
}

/// A default port that an administrator can change.
public struct Setting: Sendable, Hashable {
  public var name: String
  public var defaultPort: UInt16
  /// Where an administrator changes it.
  public var configuredBy: String

  /// Makes a setting.
  public init(name: String, defaultPort: UInt16, configuredBy: String) {
    self.name = name
    self.defaultPort = defaultPort
    self.configuredBy = configuredBy
  }
}

/// A host that web filters must let the units reach, which rules on addresses cannot express.
public struct RequiredHost: Sendable, Hashable {
  public var host: String
  /// Where it is used, such as `global` or `United States`.
  public var region: String
  /// The features that use it.
  public var features: [String]
  public var explanation: String?

  /// Makes a required host.
  public init(host: String, region: String, features: [String], explanation: String? = nil) {
    self.host = host
    self.region = region
    self.features = features
    self.explanation = explanation
  }
}

/// Something that no row can say.
public struct PolicyRemark: Sendable, Hashable {
  public var name: String
  public var text: String

  /// Makes a remark.
  public init(name: String, text: String) {
    self.name = name
    self.text = text
  }
}

/// What a product needs its firewalls to let through.
///
/// Policies are data: Policies/fortimail-7.6.yaml describes the format in its comments, Policies/policy.schema.json is
/// its schema.
public struct Policy: Sendable {
  /// The product's name, such as `fortimail`.
  public var name: String
  /// Its version, such as `7.6`.
  public var version: String
  /// The product's name as it is written in prose.
  public var title: String
  /// The document that the rows come from.
  public var source: String
  /// How the product can be run.
  public var modes: [String]
  public var settings: [Setting]
  public var roles: [Role]
  public var features: [Feature]
  /// The printed rows, incoming before outgoing, in the document's order.
  public var rows: [RequirementRow]
  /// Rows beyond the printed table, checked like the others.
  public var unlistedRows: [RequirementRow]
  public var hosts: [RequiredHost]
  public var remarks: [PolicyRemark]

  /// Makes a policy.
  public init(
    name: String, version: String, title: String = "", source: String = "", modes: [String] = [],
    settings: [Setting] = [], roles: [Role] = [], features: [Feature] = [], rows: [RequirementRow] = [],
    unlistedRows: [RequirementRow] = [], hosts: [RequiredHost] = [], remarks: [PolicyRemark] = []
  ) {
    self.name = name
    self.version = version
    self.title = title
    self.source = source
    self.modes = modes
    self.settings = settings
    self.roles = roles
    self.features = features
    self.rows = rows
    self.unlistedRows = unlistedRows
    self.hosts = hosts
    self.remarks = remarks
  }

  /// The name by which a site asks for it, such as `fortimail-7.6`.
  public var identifier: String { "\(name)-\(version)" }

  /// The printed rows, then the others.
  public var allRows: [RequirementRow] { rows + unlistedRows }

  /// The row of an id.
  public func row(_ id: String) -> RequirementRow? {
    rows.first { $0.id == id } ?? unlistedRows.first { $0.id == id }
  }

  /// The feature of a name.
  public func feature(_ name: String) -> Feature? { features.first { $0.name == name } }

  /// The role of a name.
  public func role(_ name: String) -> Role? { roles.first { $0.name == name } }

  /// The setting of a name.
  public func setting(_ name: String) -> Setting? { settings.first { $0.name == name } }

  /// The rows that a feature asks for, in order.
  public func rows(askedBy feature: String) -> [RequirementRow] {
    allRows.filter { $0.features.contains { $0.feature == feature } }
  }

  /// The rows that a setting moves, for all of their features or for some.
  public func rows(movedBy setting: String) -> [RequirementRow] {
    allRows.filter { row in row.setting == setting || row.features.contains { $0.setting == setting } }
  }

  /// The roles that a feature speaks with, alternatives included, in the order of the rows.
  public func roles(of feature: String) -> [String] {
    var roles: [String] = []
    for row in allRows {
      for entry in row.features where entry.feature == feature {
        for role in entry.roles + entry.alternativeRoles where !roles.contains(role) { roles.append(role) }
      }
    }
    return roles
  }
}
