import SourceText

extension PolicyReader {
  /// Reports names that do not exist, names given twice, names without an explanation and mirrors that do not fit.
  ///
  /// Features are defined by their explanations, as rows only use them.
  mutating func checkReferences() {
    var defined: [Place.Kind: Set<String>] = [:]
    for place in definitions + explanations.filter({ $0.kind == .feature })
    where !defined[place.kind, default: []].insert(place.name).inserted {
      nodes.error("the \(place.kind.rawValue) \(NodeReader.quoted(place.name)) is there twice", at: place.range)
    }
    for place in uses + explanations where defined[place.kind]?.contains(place.name) != true {
      let known = (defined[place.kind] ?? []).sorted()
      nodes.unknownWord(place.name, place.kind.rawValue, among: known, at: place.range)
    }
    let asked = Set(policy.features.map(\.name))
    for place in explanations where place.kind == .feature && !asked.contains(place.name) {
      nodes.error("no row has the feature \(NodeReader.quoted(place.name))", at: place.range)
    }
    let explained = Dictionary(grouping: explanations, by: \.kind).mapValues { Set($0.map(\.name)) }
    for place in definitions where place.kind != .mode {
      if explained[place.kind]?.contains(place.name) == true { continue }
      nodes.error("the \(place.kind.rawValue) \(NodeReader.quoted(place.name)) is not under 'words'", at: place.range)
    }
    checkMirrors()
  }

  /// Both rows of a mirrored pair must state the same flow, from its two ends.
  private mutating func checkMirrors() {
    for place in mirrors {
      guard let other = policy.row(place.name), let row = other.mirror.flatMap(policy.row) else { continue }
      if row.mirror != other.id || other.direction == row.direction || other.needs != row.needs {
        nodes.error("the rows \(row.id) and \(other.id) do not state the same flow", at: place.range)
      }
    }
  }
}
