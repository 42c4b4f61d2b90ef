import SourceText
import YAMLDocument

extension SiteReader {
  private static let suppressionKeys = ["code", "requirement", "firewall", "fingerprint", "until", "reason"]

  /// Reads `suppressions`: codes with what narrows them, an end and a reason.
  mutating func readSuppressions(_ node: YAMLNode) {
    for item in nodes.items(node, "suppressions") { readSuppression(item) }
  }

  private mutating func readSuppression(_ node: YAMLNode) {
    let before = nodes.diagnostics.count
    let place = NodeReader.place(node)
    var entry = SiteSuppression(codes: [], range: node.kind == .mapping ? place : node.range)
    for field in nodes.entries(node, "a suppression") {
      switch field.key {
      case "code": entry.codes = checkCodes(field.value)
      case "requirement": entry.requirements = rowIDs(field.value)
      case "firewall":
        for item in nodes.items(field.value, "firewall") {
          guard let path = nodes.text(item, "a firewall") else { continue }
          entry.firewalls.append(path)
          suppressedFirewalls.append((path, item.range))
        }
      case "fingerprint": entry.fingerprints = nodes.texts(field.value, "a fingerprint")
      case "until":
        guard let text = nodes.text(field.value, "until") else { continue }
        entry.until = CalendarDate(text)
        if entry.until == nil {
          nodes.error("\(NodeReader.quoted(text)) is not a day such as 2027-03-01", at: field.value.range)
        }
      case "reason": entry.reason = nodes.text(field.value, "reason")
      default: nodes.unknownKey(field, of: "a suppression", known: SiteReader.suppressionKeys)
      }
    }
    guard nodes.diagnostics.count == before else { return }
    if entry.codes.isEmpty { return nodes.error("the suppression has no key 'code'", at: place) }
    if entry.requirements.isEmpty, entry.firewalls.isEmpty, entry.fingerprints.isEmpty {
      return nodes.error(
        "the suppression names no requirement, firewall or fingerprint; severity: switches a check off everywhere",
        at: place)
    }
    site.suppressions.append(entry)
  }

  private mutating func checkCodes(_ node: YAMLNode) -> [String] {
    var codes: [String] = []
    for item in nodes.items(node, "code") {
      guard let word = nodes.text(item, "a code") else { continue }
      if let code = checkNames[word] ?? (isCode(word) ? word : nil) {
        codes.append(code)
      } else {
        nodes.unknownWord(word, "check", among: knownCodes + checkNames.keys.sorted(), at: item.range)
      }
    }
    return codes
  }

  private mutating func rowIDs(_ node: YAMLNode) -> [String] {
    var rows: [String] = []
    for item in nodes.items(node, "requirement") {
      guard let word = nodes.text(item, "a requirement") else { continue }
      if policy.row(word) != nil {
        rows.append(word)
      } else {
        nodes.unknownWord(word, "row", among: policy.allRows.map(\.id), at: item.range)
      }
    }
    return rows
  }

  /// What can only be said of suppressions when the firewalls are known.
  mutating func checkSuppressions() {
    let paths = site.firewalls.compactMap { $0.paths.first?.path }
    for (path, range) in suppressedFirewalls where !paths.contains(path) {
      nodes.unknownWord(path, "firewall", among: paths, at: range)
    }
  }
}
