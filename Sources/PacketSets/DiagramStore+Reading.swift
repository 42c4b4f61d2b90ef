extension DiagramStore {
  /// The outcome set of one packet, as a terminal.
  public func terminal(of diagram: Diagram, at values: [UInt32]) -> Diagram {
    var current = diagram
    while !Self.isTerminal(current) { current = child(of: current, at: values[Int(level(current))]) }
    return current
  }

  /// Whether a diagram depends on one level at most.
  public func looksOnly(at level: Int, _ diagram: Diagram) -> Bool {
    if Self.isTerminal(diagram) { return true }
    let node = node(diagram)
    return Int(node.level) == level
      && (Int(node.firstEdge)..<Int(node.firstEdge + node.edgeCount)).allSatisfy { Self.isTerminal(edges[$0].child) }
  }

  /// A packet of a set, or nil of the empty set: preferred values where the set allows them, else the lowest.
  ///
  /// - Parameter least: values of levels below which none is taken where the set has others.
  public func witness(_ set: Diagram, preferring preferred: [UInt32?], from least: [UInt32]) -> [UInt32]? {
    guard set != Self.nothing else { return nil }
    var values = lastValues.indices.map { level in min(preferred[level] ?? least[level], lastValues[level]) }
    var current = set
    while !Self.isTerminal(current) {
      let node = node(current)
      let level = Int(node.level)
      if preferred[level] != nil, child(of: current, at: values[level]) != Self.nothing {
        current = child(of: current, at: values[level])
        continue
      }
      var lower: UInt32 = 0
      var next: Diagram?
      for index in Int(node.firstEdge)..<Int(node.firstEdge + node.edgeCount) {
        let edge = edges[index]
        if edge.child != Self.nothing, next == nil || edge.upper >= least[level] {
          values[level] = edge.upper >= least[level] ? max(lower, least[level]) : lower
          next = edge.child
          if edge.upper >= least[level] { break }
        }
        lower = edge.upper &+ 1
      }
      current = next ?? Self.nothing
    }
    return values
  }

  /// The values of a level at which a set goes on, grouped by where it goes; whole when the set does not look at it.
  public func groups(_ set: Diagram, level: Int) -> [(values: IntervalSet<UInt32>, rest: Diagram)] {
    guard set != Self.nothing else { return [] }
    guard self.level(set) == UInt32(level) else {
      return [(IntervalSet(Interval(0, lastValues[level])), set)]
    }
    var groups: [(values: [Interval<UInt32>], rest: Diagram)] = []
    var places: [Diagram: Int] = [:]
    let node = node(set)
    var lower: UInt32 = 0
    // Neighbours in a node with many edges mostly take turns between two places.
    var last = 0
    var other = 0
    for index in Int(node.firstEdge)..<Int(node.firstEdge + node.edgeCount) {
      let edge = edges[index]
      if edge.child != Self.nothing {
        let values = Interval(lower, edge.upper)
        if last < groups.count, groups[last].rest == edge.child {
          groups[last].values.append(values)
        } else if other < groups.count, groups[other].rest == edge.child {
          groups[other].values.append(values)
          swap(&last, &other)
        } else {
          other = last
          last = places[edge.child] ?? groups.count
          if last == groups.count {
            places[edge.child] = last
            groups.append(([values], edge.child))
          } else {
            groups[last].values.append(values)
          }
        }
      }
      lower = edge.upper &+ 1
    }
    // Intervals that lead to one place do not touch, as equal neighbours are one edge.
    return groups.map { (IntervalSet(canonical: $0.values), $0.rest) }
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
    let mask = levels.reduce(UInt32(0)) { $0 | UInt32(1) << UInt32($1) }
    return forgotten(set, mask)
  }

  private mutating func forgotten(_ set: Diagram, _ mask: UInt32) -> Diagram {
    if Self.isTerminal(set) { return mapped(set, .isInhabited) }
    if let known = cached(Operation.forgotten, set, mask) { return known }
    if isExhausted { return Self.anything }
    let node = node(set)
    // Behind the last forgotten level a set stays as it is.
    if mask >> UInt32(node.level) == 0 { return set }
    let range = Int(node.firstEdge)..<Int(node.firstEdge + node.edgeCount)
    var result = Self.nothing
    if mask >> UInt32(node.level) & 1 == 1 {
      var last = Self.nothing
      var other = Self.nothing
      for index in range {
        let child = edges[index].child
        if child == last || child == other { continue }
        other = last
        last = child
        let part = forgotten(child, mask)
        result = union(result, part)
        if result == Self.passing { break }
      }
    } else {
      let base = stack.count
      for index in range {
        let edge = edges[index]
        let child = forgotten(edge.child, mask)
        push(edge.upper, child, base: base)
      }
      result = finishNode(level: UInt32(node.level), base: base)
    }
    remember(Operation.forgotten, set, mask, result)
    return result
  }

  /// The terminals that a diagram has inside a set, ascending; makes no node.
  public mutating func terminals(of diagram: Diagram, inside set: Diagram) -> [Diagram] {
    if set == Self.nothing { return [] }
    if Self.isTerminal(diagram) { return diagram == Self.nothing ? [] : [diagram] }
    var seen: Set<UInt64> = []
    var plain: UInt32 = 0
    var listed: Set<Diagram> = []
    var pending = [(diagram, set)]
    while let (diagram, set) = pending.popLast() {
      guard seen.insert(UInt64(diagram) << 32 | UInt64(set)).inserted else { continue }
      var last: (Diagram, Diagram) = (Self.nothing, Self.nothing)
      _ = meet(diagram, set) { _, diagram, set in
        if Self.isTerminal(diagram) {
          // A set is a function onto inside and outside: below a node there is always some of it.
          if diagram < 16 { plain |= 1 << diagram } else { listed.insert(diagram) }
        } else if (diagram, set) != last {
          last = (diagram, set)
          pending.append((diagram, set))
        }
        return false
      }
    }
    return (1..<16).filter { plain >> $0 & 1 == 1 }.map { Diagram($0) } + listed.sorted()
  }
}
