import PacketSets
import RuleGraph
import SourceText

/// What a set match of given dimensions was lowered to.
struct LoweredSetKey: Hashable {
  var name: String
  var directions: UInt32
  var family: IPFamily
  var returnsNomatch: Bool
}

/// Items of a set match, before negation.
enum LoweredSet {
  case item(RuleItem)
  case undecidable(String)
}

/// Lowering of `-m set` and `-j SET`.
extension RulesetReader {
  /// Directions of a set match: bit n is set where dimension n looks at the source.
  private struct Directions {
    var count = 0
    var sources: UInt32 = 0
  }

  private func readDirections(_ index: Int) throws(Complaint) -> Directions {
    var directions = Directions()
    try argument(index).forEachPart { (part) throws(Complaint) in
      guard directions.count < 6 else { throw Complaint("a set has at most six dimensions", range(index)) }
      if part.hasPrefix("src") {
        directions.sources |= 1 << UInt32(directions.count)
      } else if !part.hasPrefix("dst") {
        throw Complaint("a dimension is src or dst, not '\(part.string)'", range(index))
      }
      directions.count += 1
    }
    return directions
  }

  mutating func lowerSetMatch(_ index: Int) throws(Complaint) {
    let given = uses(of: index)
    guard let use = given.first(where: { option($0).id == 0 }) else { return }
    let name = value(use).string
    if name.isEmpty || name.utf8.count > 31 {
      throw Complaint("the name of a set has 1 to 31 characters", range(use.value))
    }
    let directions = try readDirections(Int(use.value) + 1)
    var usesCounters = false
    for other in given where option(other).id >= 4 {
      try validate(other)
      usesCounters = true
    }
    if directions.count == 1 {
      let field = addressField(isSource: directions.sources & 1 == 1)
      setItems.append((name, graph.items.count, UInt32(truncatingIfNeeded: graph.rules.count)))
      graph.items.append(graph.reference(field, kind: "ipset", name: name, negated: use.isNegated))
      isApproximated = true
    } else {
      appendUndecidable("contents of set \(name)")
    }
    if usesCounters { appendUndecidable("counters of set \(name)") }
  }

  mutating func lowerSetUpdate(_ instance: Int) throws(Complaint) {
    var mapsMark = false
    for use in uses(of: instance) {
      switch option(use).id {
      case 0, 1:
        _ = try readDirections(Int(use.value) + 1)
        filledSets.insert(value(use).string)
      case 4: _ = try readDirections(Int(use.value) + 1)
      case 5: mapsMark = true
      default: break
      }
    }
    if mapsMark { appendUnknown(.mark, "mark that a set holds") }
  }
}
