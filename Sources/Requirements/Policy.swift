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
  public internal(set) var name: String
  /// Its version, such as `7.6`.
  public internal(set) var version: String
  /// The product's name as it is written in prose.
  public internal(set) var title: String
  /// The document that the rows come from.
  public internal(set) var source: String
  /// How the product can be run.
  public internal(set) var modes: [String]
  public internal(set) var settings: [Setting]
  public internal(set) var roles: [Role]
  public internal(set) var features: [Feature]
  /// The printed rows, incoming before outgoing, in the document's order.
  public internal(set) var rows: [RequirementRow]
  /// Rows beyond the printed table, checked like the others.
  public internal(set) var unlistedRows: [RequirementRow]
  public internal(set) var hosts: [RequiredHost]
  public internal(set) var remarks: [PolicyRemark]
  /// Where features stand in rows; rows are counted through both lists.
  private var entries: [String: [Entry]] = [:]

  /// One feature of one row.
  private struct Entry: Sendable {
    var row: Int
    var feature: Int
  }

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
    index()
  }

  /// Finds again where features stand in the rows, and adds features that only rows name.
  mutating func index() {
    entries.removeAll(keepingCapacity: true)
    entries.reserveCapacity(rows.count)
    let known = Set(features.map(\.name))
    for (start, list) in [(0, rows), (rows.count, unlistedRows)] {
      for row in list.indices {
        for feature in list[row].features.indices {
          let name = list[row].features[feature].feature
          entries[name, default: []].append(Entry(row: start + row, feature: feature))
          if entries[name]?.count == 1, !known.contains(name) { features.append(Feature(name: name, explanation: "")) }
        }
      }
    }
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

  /// The rows that a feature asks for, in order, each with the feature's entry in it.
  public func entries(of feature: String) -> [(row: RequirementRow, feature: RowFeature)] {
    (entries[feature] ?? []).map { entry in
      let row = entry.row < rows.count ? rows[entry.row] : unlistedRows[entry.row - rows.count]
      return (row, row.features[entry.feature])
    }
  }

  /// The rows that a feature asks for, in order.
  public func rows(askedBy feature: String) -> [RequirementRow] { entries(of: feature).map(\.row) }

  /// The rows that a setting moves, for all of their features or for some.
  public func rows(movedBy setting: String) -> [RequirementRow] {
    allRows.filter { row in row.setting == setting || row.features.contains { $0.setting == setting } }
  }

  /// The roles that a feature speaks with, alternatives included, in the order of the rows.
  public func roles(of feature: String) -> [String] {
    var roles: [String] = []
    for (_, entry) in entries(of: feature) {
      for role in entry.roles + entry.alternativeRoles where !roles.contains(role) { roles.append(role) }
    }
    return roles
  }
}
