import SourceText
import YAMLDocument

extension PolicyReader {
  private static let rowKeys = [
    "id", "needs", "any-port", "also-valid", "setting", "modes", "features", "exposure", "deprecated", "clear-text",
    "mirror", "no-replies",
  ]

  /// Reads the rows of one direction.
  mutating func readRows(
    _ node: YAMLNode, _ direction: Direction, into rows: WritableKeyPath<Policy, [RequirementRow]>
  ) {
    var result = policy[keyPath: rows]
    for item in nodes.items(node, direction.rawValue) {
      if let row = readRow(item, direction) { result.append(row) }
    }
    policy[keyPath: rows] = result
  }

  private mutating func readRow(_ node: YAMLNode, _ direction: Direction) -> RequirementRow? {
    var row = RequirementRow(
      id: "", direction: direction, printedPort: "", printedProtocol: "", needs: TransportNeeds(alternatives: []))
    for entry in nodes.entries(node, "a row") { readField(entry, of: &row) }
    if row.id.isEmpty {
      nodes.error("the row has no id", at: NodeReader.place(node))
      return nil
    }
    if row.needs.alternatives.isEmpty {
      nodes.error("the row \(row.id) does not say what it needs", at: NodeReader.place(node))
      return nil
    }
    return row
  }

  private mutating func readField(_ entry: NodeReader.Entry, of row: inout RequirementRow) {
    let value = entry.value
    switch entry.key {
    case "id":
      row.id = nodes.text(value, "id") ?? ""
      define(.row, row.id, value.range)
    case "needs": row.needs = readNeeds(value)
    case "any-port": row.allowsAnyPort = nodes.flag(value, "any-port")
    case "also-valid": row.alsoValid = readFlows(value)
    case "setting":
      row.setting = nodes.text(value, "setting")
      if let setting = row.setting { use(.setting, setting, value.range) }
    case "modes": row.modes = readNames(.mode, value, "modes")
    case "features": row.features = readRowFeatures(value)
    case "exposure": row.exposure = readWord(value, "exposure", Exposure.allCases) ?? .never
    case "deprecated": row.isDeprecated = nodes.flag(value, "deprecated")
    case "clear-text": row.clearText = readWord(value, "clear-text", ClearText.allCases)
    case "mirror":
      row.mirror = nodes.text(value, "mirror")
      if let mirror = row.mirror {
        use(.row, mirror, value.range)
        if !isTrusted { mirrors.append(Place(kind: .row, name: mirror, range: value.range)) }
      }
    case "no-replies":
      for item in nodes.items(value, "no-replies") {
        guard let name = nodes.text(item, "no-replies") else { continue }
        if let number = TransportFlow.protocolNumber(name) {
          row.protocolsWithoutReplies.append(number)
        } else {
          nodes.error("unknown protocol \(NodeReader.quoted(name))", at: item.range)
        }
      }
    default: nodes.unknownKey(entry, of: "a row", known: PolicyReader.rowKeys)
    }
  }

  private mutating func readWord<Word: RawRepresentable<String>>(
    _ node: YAMLNode, _ what: String, _ words: [Word]
  ) -> Word? {
    guard let text = nodes.text(node, what) else { return nil }
    if let word = Word(rawValue: text) { return word }
    nodes.unknownWord(text, what, among: words.map(\.rawValue), at: node.range)
    return nil
  }

  /// Reads names that must be defined.
  mutating func readNames(_ kind: Place.Kind, _ node: YAMLNode, _ what: String) -> [String] {
    let names = nodes.texts(node, what)
    if !isTrusted { for name in names { use(kind, name, node.range) } }
    return names
  }

  private mutating func readRowFeatures(_ node: YAMLNode) -> [RowFeature] {
    var features: [RowFeature] = []
    for entry in nodes.entries(node, "the features of a row") {
      use(.feature, entry.key, entry.keyRange)
      var feature = RowFeature(feature: entry.key, roles: [])
      if entry.value.kind != .mapping {
        feature.roles = readNames(.role, entry.value, "roles")
      } else {
        for field in nodes.entries(entry.value, "a feature of a row") {
          switch field.key {
          case "roles": feature.roles = readNames(.role, field.value, "roles")
          case "or-roles": feature.alternativeRoles = readNames(.role, field.value, "or-roles")
          case "modes": feature.modes = readNames(.mode, field.value, "modes")
          case "setting":
            feature.setting = nodes.text(field.value, "setting")
            if let setting = feature.setting { use(.setting, setting, field.value.range) }
          default:
            nodes.unknownKey(field, of: "a feature of a row", known: ["roles", "or-roles", "modes", "setting"])
          }
        }
      }
      if feature.roles.isEmpty { nodes.error("the feature of the row names no role", at: entry.keyRange) }
      features.append(feature)
    }
    return features
  }

  /// Reads `tcp/25`, a list of such that are all needed, or `any:` a list of alternatives of either form.
  private mutating func readNeeds(_ node: YAMLNode) -> TransportNeeds {
    guard node.kind == .mapping else {
      let flows = readFlows(node)
      return TransportNeeds(alternatives: flows.isEmpty ? [] : [flows])
    }
    var alternatives: [[TransportFlow]] = []
    for entry in nodes.entries(node, "needs") {
      guard entry.key == "any" else {
        nodes.unknownKey(entry, of: "needs", known: ["any"])
        continue
      }
      for item in nodes.items(entry.value, "any") {
        let flows = readFlows(item)
        if !flows.isEmpty { alternatives.append(flows) }
      }
    }
    return TransportNeeds(alternatives: alternatives)
  }

  private mutating func readFlows(_ node: YAMLNode) -> [TransportFlow] {
    var flows: [TransportFlow] = []
    for item in nodes.items(node, "needs") {
      guard let text = nodes.text(item, "a need") else { continue }
      if let flow = TransportFlow(text) {
        flows.append(flow)
      } else {
        nodes.error("\(NodeReader.quoted(text)) is not PROTOCOL/PORT, such as tcp/25 or udp/500-510", at: item.range)
      }
    }
    return flows
  }
}
