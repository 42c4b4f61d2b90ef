extension DiagramStore {
  /// The outcome set of one packet, as a terminal.
  public func terminal(of diagram: Diagram, at values: [UInt32]) -> Diagram {
    var current = diagram
    while !Self.isTerminal(current) { current = child(of: current, at: values[Int(level(current))]) }
    return current
  }

  /// A packet of a set, or nil of the empty set: preferred values where the set allows them, else the lowest.
  public func witness(_ set: Diagram, preferring preferred: [UInt32?]) -> [UInt32]? {
    guard set != Self.nothing else { return nil }
    var values = lastValues.indices.map { level in min(preferred[level] ?? 0, lastValues[level]) }
    var current = set
    while !Self.isTerminal(current) {
      let node = node(current)
      let level = Int(node.level)
      if preferred[level] != nil, child(of: current, at: values[level]) != Self.nothing {
        current = child(of: current, at: values[level])
        continue
      }
      var lower: UInt32 = 0
      for index in Int(node.firstEdge)..<Int(node.firstEdge + node.edgeCount) {
        let edge = edges[index]
        if edge.child != Self.nothing {
          values[level] = lower
          current = edge.child
          break
        }
        lower = edge.upper &+ 1
      }
    }
    return values
  }

  /// The values of a level at which a set goes on, grouped by where it goes; whole when the set does not look at it.
  public func groups(_ set: Diagram, level: Int) -> [(values: IntervalSet<UInt32>, rest: Diagram)] {
    guard set != Self.nothing else { return [] }
    guard self.level(set) == UInt32(level) else {
      return [(IntervalSet(Interval(0, lastValues[level])), set)]
    }
    var order: [Diagram] = []
    var byRest: [Diagram: [Interval<UInt32>]] = [:]
    let node = node(set)
    var lower: UInt32 = 0
    for index in Int(node.firstEdge)..<Int(node.firstEdge + node.edgeCount) {
      let edge = edges[index]
      if edge.child != Self.nothing {
        if byRest[edge.child] == nil { order.append(edge.child) }
        byRest[edge.child, default: []].append(Interval(lower, edge.upper))
      }
      lower = edge.upper &+ 1
    }
    return order.map { (IntervalSet(byRest[$0] ?? []), $0) }
  }

  /// The same for 128-bit values over four levels; nil when that takes more than `limit` intervals.
  public func wideGroups(
    _ set: Diagram, firstLevel: Int, limit: Int = 4096
  ) -> [(values: IntervalSet<UInt128>, rest: Diagram)]? {
    var order: [Diagram] = []
    var byRest: [Diagram: [Interval<UInt128>]] = [:]
    var count = 0
    func visit(_ diagram: Diagram, word: Int, prefix: UInt128) -> Bool {
      if diagram == Self.nothing { return true }
      if word == 4 || level(diagram) >= UInt32(firstLevel + 4) {
        let shift = UInt128(32 * (4 - word))
        let rest = shift >= 128 ? UInt128.max : (UInt128(1) << shift) - 1
        let low = shift >= 128 ? 0 : prefix << shift
        return add(Interval(low, low | rest), diagram)
      }
      let shift = UInt128(32 * (3 - word))
      for (values, rest) in groups(diagram, level: firstLevel + word) {
        for interval in values.intervals {
          let low = prefix << 32 | UInt128(interval.lower)
          let high = prefix << 32 | UInt128(interval.upper)
          if level(rest) >= UInt32(firstLevel + 4) {
            let tail = shift == 0 ? 0 : (UInt128(1) << shift) - 1
            guard add(Interval(low << shift, high << shift | tail), rest) else { return false }
          } else {
            var value = low
            while true {
              guard visit(rest, word: word + 1, prefix: value) else { return false }
              if value == high { break }
              value += 1
            }
          }
        }
      }
      return true
    }
    func add(_ interval: Interval<UInt128>, _ rest: Diagram) -> Bool {
      count += 1
      guard count <= limit else { return false }
      if byRest[rest] == nil { order.append(rest) }
      byRest[rest, default: []].append(interval)
      return true
    }
    guard visit(set, word: 0, prefix: 0) else { return nil }
    return order.map { (IntervalSet(byRest[$0] ?? []), $0) }
  }

  /// The packets of a set whatever the values of some levels: those levels are forgotten.
  public mutating func forgetting(_ levels: some Sequence<Int>, in set: Diagram) -> Diagram {
    let assignments = levels.map { Rewrite.Assignment(level: $0, values: Interval(0, lastValues[$0])) }
    return mapped(applied(intern(Rewrite(assignments: assignments)), set), .isInhabited)
  }

  /// The terminals that a diagram has inside a set, ascending.
  public mutating func terminals(of diagram: Diagram, inside set: Diagram) -> [Diagram] {
    let inside = filtered(diagram, by: set)
    var seen: Set<Diagram> = []
    var terminals: Set<Diagram> = []
    var pending = [inside]
    while let next = pending.popLast() {
      if Self.isTerminal(next) {
        if next != Self.nothing { terminals.insert(next) }
      } else if seen.insert(next).inserted {
        let node = node(next)
        for index in Int(node.firstEdge)..<Int(node.firstEdge + node.edgeCount) { pending.append(edges[index].child) }
      }
    }
    return terminals.sorted()
  }
}
