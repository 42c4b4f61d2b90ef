import PacketSets

/// The matches of one rule, level by level, before a diagram is made of them.
struct BoxConstraints {
  /// Values of one level.
  struct Narrow {
    var level: Int
    var values: IntervalSet<UInt32>
  }

  /// Values of a 128-bit address.
  struct Wide {
    var level: Int
    var values: IntervalSet<UInt128>
  }

  var narrow: [Narrow] = []
  var wide: [Wide] = []
  /// Matches that are no box: sets with the terminals nothing, passing and maybe.
  var sets: [Diagram] = []
  /// Some match is undecidable.
  var isPerhaps = false
  /// Some match never holds.
  var isNever = false
  /// The one protocol that the rule is known to be about.
  var protocolNumber: UInt32?

  /// Forgets all matches.
  mutating func reset() {
    narrow.removeAll(keepingCapacity: true)
    wide.removeAll(keepingCapacity: true)
    sets.removeAll(keepingCapacity: true)
    isPerhaps = false
    isNever = false
    protocolNumber = nil
  }

  /// Adds values of a level; all values are no constraint.
  mutating func add(level: Int, _ values: IntervalSet<UInt32>, last: UInt32) {
    if let first = values.intervals.first, first.lower == 0, first.upper >= last { return }
    if let index = narrow.firstIndex(where: { $0.level == level }) {
      narrow[index].values = narrow[index].values.intersection(values)
      if narrow[index].values.isEmpty { isNever = true }
      return
    }
    if values.isEmpty { isNever = true }
    narrow.append(Narrow(level: level, values: values))
  }

  /// Adds values of a 128-bit address.
  mutating func addWide(level: Int, _ values: IntervalSet<UInt128>) {
    if values.isAll { return }
    if let index = wide.firstIndex(where: { $0.level == level }) {
      wide[index].values = wide[index].values.intersection(values)
      if wide[index].values.isEmpty { isNever = true }
      return
    }
    if values.isEmpty { isNever = true }
    wide.append(Wide(level: level, values: values))
  }

  /// Adds an answer that holds for all packets.
  mutating func add(_ answer: Ternary) {
    switch answer {
    case .yes: break
    case .no: isNever = true
    case .perhaps: isPerhaps = true
    }
  }

  /// The box with a diagram inside of it; the diagram must not look at any level of the box.
  func diagram(in store: inout DiagramStore, inside: Diagram, outside: Diagram) -> Diagram {
    var current = inside
    var narrow = narrow[...]
    var wide = wide[...]
    while true {
      let narrowIndex = narrow.indices.max { narrow[$0].level < narrow[$1].level }
      let wideIndex = wide.indices.max { wide[$0].level < wide[$1].level }
      if let narrowIndex, wideIndex.map({ wide[$0].level < narrow[narrowIndex].level }) ?? true {
        let constraint = narrow.remove(at: narrowIndex)
        current = store.split(level: constraint.level, constraint.values, inside: current, outside: outside)
      } else if let wideIndex {
        let constraint = wide.remove(at: wideIndex)
        current = store.splitWide(
          firstLevel: constraint.level, constraint.values.intervals, inside: current, outside: outside)
      } else {
        return current
      }
    }
  }
}
