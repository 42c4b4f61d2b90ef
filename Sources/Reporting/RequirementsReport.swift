import Requirements

/// `requirements` as a table and as JSON.
public enum RequirementsReport {
  /// The rows as the contract lays them down: port and protocol as printed in the source document.
  public static func json(_ rows: [RequirementRow]) -> String { JSONText.pretty(rows.map(Entry.init)) }

  /// A table for people.
  public static func table(_ rows: [RequirementRow], style: TextStyle) -> String {
    let cells = rows.map { row in
      [
        row.id, row.printedPort, row.printedProtocol, row.peers.joined(separator: "; "),
        row.features.map(\.feature).joined(separator: ", ") + (row.isDeprecated ? " (deprecated)" : ""),
      ]
    }
    return TextTable.render([["row", "port", "protocol", "peers", "features"]] + cells, style: style)
  }

  private struct Entry: Encodable {
    var id: String
    var direction: String
    var port: String
    var `protocol`: String
    var peers: [String]
    var purposes: [String]
    var features: [String]
    var modes: [String]
    var deprecated: Bool
    var exposure: String
    var notes: [String]

    init(_ row: RequirementRow) {
      id = row.id
      direction = row.direction.rawValue
      port = row.printedPort
      self.protocol = row.printedProtocol
      peers = row.peers
      purposes = row.purposes.map(\.name)
      features = row.features.map(\.feature)
      modes = row.modes
      deprecated = row.isDeprecated
      exposure = row.exposure.rawValue
      notes = row.notes
    }
  }
}
