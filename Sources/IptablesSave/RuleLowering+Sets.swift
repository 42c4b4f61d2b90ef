import PacketSets
import RuleGraph
import SourceText

/// Lowering of `-m set` and `-j SET`.
///
/// Source: iptables-extensions(8), and net/netfilter/xt_set.c and ipset/ for what happens to packets without ports and
/// to sets of the other family.
extension RulesetReader {
  /// Directions of a set match: bit n is set where dimension n looks at the source.
  struct SetDirections: Hashable {
    var count = 0
    var sources: UInt32 = 0

    func isSource(_ dimension: Int) -> Bool { sources >> UInt32(dimension) & 1 == 1 }
  }

  private func readDirections(_ index: Int) throws(Complaint) -> SetDirections {
    var directions = SetDirections()
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
    var counters = false
    for other in given where option(other).id >= 4 {
      try validate(other)
      counters = true
    }
    setItems.append((name, graph.items.count, UInt32(truncatingIfNeeded: graph.rules.count)))
    if ipsets[name] != nil {
      appendKnownSet(
        name, directions, negated: use.isNegated, returnsNomatch: given.contains { option($0).id == 1 })
    } else if directions.count == 1 {
      let field = addressField(isSource: directions.isSource(0))
      report(.note, "the contents of set \(name) are not given", range(use.value))
      graph.items.append(graph.reference(field, kind: "ipset", name: name, negated: use.isNegated))
      isApproximated = true
    } else {
      report(.note, "the contents of set \(name) are not given", range(use.value))
      appendUndecidable("contents of set \(name) are not given")
    }
    if counters { appendUndecidable("counters of set \(name)") }
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

  // MARK: Sets whose contents are known

  private mutating func appendKnownSet(
    _ name: String, _ directions: SetDirections, negated: Bool, returnsNomatch: Bool
  ) {
    let isPinned = draft.protocolNumber != 0 && !draft.protocolOperand.isNegated
    let key = LoweredSetKey(
      name: name, directions: directions, family: family, returnsNomatch: returnsNomatch,
      protocolNumber: isPinned ? draft.protocolNumber : nil)
    let lowered: LoweredSet
    if let known = loweredSets[key] {
      lowered = known
    } else {
      lowered = SetLowering(
        ipsets: ipsets, family: family, directions: directions, returnsNomatch: returnsNomatch,
        protocolNumber: key.protocolNumber
      ).lower(name, into: &graph)
      loweredSets[key] = lowered
    }
    switch lowered {
    case .never:
      // The kernel's test fails, which an inverted match turns into success.
      if !negated { graph.items.append(RuleItem(.never, .family)) }
    case .item(var item, let hasPorts):
      item.isNegated = negated
      guard negated, hasPorts else {
        graph.items.append(item)
        return
      }
      // Packets without ports are in no such set: an inverted match lets them pass.
      if isPinned, IPProtocol.hasPorts(draft.protocolNumber) {
        graph.items.append(item)
        isApproximated = true
      } else {
        appendUndecidable("ports in set \(name), which not all packets have")
      }
    case .undecidable(let item, let reason):
      if let item, !negated { graph.items.append(item) }
      appendUndecidable(reason)
    }
  }
}

/// What a set match was lowered to, by all that it depends on.
struct LoweredSetKey: Hashable {
  var name: String
  var directions: RulesetReader.SetDirections
  var family: IPFamily
  var returnsNomatch: Bool
  /// The protocol that the rule names, which decides what the ports of a set mean.
  var protocolNumber: UInt8?
}

/// A set match before negation.
enum LoweredSet {
  case never
  /// A match, and whether it looks at fields that some packets lack.
  case item(RuleItem, hasPorts: Bool)
  /// A match that must hold, and something beside it that is not known.
  case undecidable(RuleItem?, String)
}
