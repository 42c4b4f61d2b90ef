import SourceText
import YAMLDocument

extension PolicyReader {
  private static let wordsKeys = ["title", "source", "settings", "roles", "features", "rows", "urls", "remarks"]
  private static let printedKeys = ["port", "protocol", "peers", "purposes", "restored", "configured-by", "notes"]

  /// Reads `words`: what people read.
  mutating func readWords(_ node: YAMLNode) {
    for entry in nodes.entries(node, "words") {
      let value = entry.value
      switch entry.key {
      case "title": policy.title = nodes.text(value, "title") ?? ""
      case "source": policy.source = nodes.text(value, "source") ?? ""
      case "settings":
        for (name, text) in readLines(value, "the settings", .setting) {
          if let index = policy.settings.firstIndex(where: { $0.name == name }) {
            policy.settings[index].configuredBy = text
          }
        }
      case "roles":
        for (name, text) in readLines(value, "the roles", .role) {
          if let index = policy.roles.firstIndex(where: { $0.name == name }) {
            policy.roles[index].explanation = text
          }
        }
      case "features":
        for (name, text) in readLines(value, "the features", .feature) {
          if let index = policy.features.firstIndex(where: { $0.name == name }) {
            policy.features[index].explanation = text
          }
        }
      case "rows": readPrintedRows(value)
      case "urls": readHosts(value)
      case "remarks":
        for remark in nodes.entries(value, "remarks") {
          guard let text = nodes.text(remark.value, "a remark") else { continue }
          policy.remarks.append(PolicyRemark(name: remark.key, text: text))
        }
      default: nodes.unknownKey(entry, of: "words", known: PolicyReader.wordsKeys)
      }
    }
  }

  /// Reads names with a line each.
  private mutating func readLines(_ node: YAMLNode, _ what: String, _ kind: Place.Kind) -> [(String, String)] {
    nodes.entries(node, what).compactMap { entry in
      explain(kind, entry.key, entry.keyRange)
      return nodes.text(entry.value, "the explanation").map { (entry.key, $0) }
    }
  }

  private mutating func readPrintedRows(_ node: YAMLNode) {
    for entry in nodes.entries(node, "the rows") {
      explain(.row, entry.key, entry.keyRange)
      if let index = policy.rows.firstIndex(where: { $0.id == entry.key }) {
        policy.rows[index] = readPrinted(entry, of: policy.rows[index])
      } else if let index = policy.unlistedRows.firstIndex(where: { $0.id == entry.key }) {
        policy.unlistedRows[index] = readPrinted(entry, of: policy.unlistedRows[index])
      }
    }
  }

  /// The row with its printed cells.
  private mutating func readPrinted(_ words: NodeReader.Entry, of row: RequirementRow) -> RequirementRow {
    var result = row
    for entry in nodes.entries(words.value, "the words of a row") {
      let value = entry.value
      switch entry.key {
      case "port": result.printedPort = nodes.text(value, "port") ?? ""
      case "protocol": result.printedProtocol = nodes.text(value, "protocol") ?? ""
      case "peers": result.peers = nodes.texts(value, "peers")
      case "purposes": result.purposes = readPurposes(value)
      case "restored": result.restored = readRestored(value)
      case "configured-by": result.configuredBy = nodes.text(value, "configured-by")
      case "notes": result.notes = nodes.texts(value, "notes")
      default: nodes.unknownKey(entry, of: "the words of a row", known: PolicyReader.printedKeys)
      }
    }
    if result.printedPort.isEmpty || result.printedProtocol.isEmpty {
      nodes.error("the words of \(row.id) need the keys 'port' and 'protocol'", at: words.keyRange)
    }
    return result
  }

  private mutating func readPurposes(_ node: YAMLNode) -> [Purpose] {
    nodes.items(node, "purposes").compactMap { item in
      guard item.kind == .mapping else { return nodes.text(item, "a purpose").map { Purpose(name: $0) } }
      var purpose = Purpose(name: "")
      for field in nodes.entries(item, "a purpose") {
        switch field.key {
        case "name": purpose.name = nodes.text(field.value, "name") ?? ""
        case "modes": purpose.modes = readNames(.mode, field.value, "modes")
        default: nodes.unknownKey(field, of: "a purpose", known: ["name", "modes"])
        }
      }
      return purpose
    }
  }

  private mutating func readRestored(_ node: YAMLNode) -> [RestoredCell] {
    nodes.entries(node, "restored").compactMap { cell in
      guard cell.key == "peers" || cell.key == "purposes" else {
        nodes.unknownKey(cell, of: "restored", known: ["peers", "purposes"])
        return nil
      }
      guard let origin = nodes.text(cell.value, "the origin of a cell") else { return nil }
      if !RestoredCell.origins.contains(origin) {
        nodes.unknownWord(origin, "origin", among: RestoredCell.origins, at: cell.value.range)
      }
      return RestoredCell(cell: cell.key, origin: origin)
    }
  }

  private mutating func readHosts(_ node: YAMLNode) {
    for item in nodes.items(node, "urls") {
      var host = RequiredHost(host: "", region: "any", features: [])
      for field in nodes.entries(item, "an entry of urls") {
        switch field.key {
        case "host": host.host = nodes.text(field.value, "host") ?? ""
        case "region": host.region = nodes.text(field.value, "region") ?? ""
        case "features": host.features = readNames(.feature, field.value, "features")
        case "about": host.explanation = nodes.text(field.value, "about")
        default:
          nodes.unknownKey(field, of: "an entry of urls", known: ["host", "region", "features", "about"])
        }
      }
      if host.host.isEmpty { nodes.error("the entry has no key 'host'", at: NodeReader.place(item)) }
      policy.hosts.append(host)
    }
  }
}
