/// Codes of the cached operations; those with a parameter add it above the low byte.
enum Operation {
  static var then: UInt32 { 1 }
  static var union: UInt32 { 2 }
  static var intersection: UInt32 { 3 }
  static var difference: UInt32 { 4 }
  static var guarded: UInt32 { 5 }
  static var filtered: UInt32 { 6 }
  static var mapped: UInt32 { 7 }
  static var applied: UInt32 { 8 }
  static var decided: UInt32 { 9 }
  static var intersects: UInt32 { 10 }
  static var forgotten: UInt32 { 11 }
}

extension DiagramStore {
  /// What becomes of packets that meet `first`, and where that passes them on, `second`.
  ///
  /// Associative, with `passing` as its unit: the sequence of rules of a chain, of chains of a path.
  public mutating func then(_ first: Diagram, _ second: Diagram) -> Diagram {
    if first == Self.passing { return second }
    if second == Self.passing { return first }
    if rewrites.count > 1, rewritesPass(first) { return thenRewritten(first, second) }
    if Self.isTerminal(first) { return continued(first, second) }
    if let known = cached(Operation.then, first, second) { return known }
    let result = merge(first, second, ThenOperation.self)
    remember(Operation.then, first, second, result)
    return result
  }

  /// A terminal that passes nothing on rewritten, and where it passes packets on, a diagram in its place.
  private mutating func continued(_ terminal: Diagram, _ second: Diagram) -> Diagram {
    guard outcomeSets.hasPass(terminal) else { return terminal }
    let decided = mapped(terminal, .withoutPass)
    return decided == Self.nothing ? second : union(decided, second)
  }

  /// Where packets are passed on rewritten, the second diagram is that of the new values: it cannot be descended side
  /// by side with the first, so each rewrite's packets are taken apart first.
  private mutating func thenRewritten(_ first: Diagram, _ second: Diagram) -> Diagram {
    if let known = cached(Operation.then, first, second) { return known }
    var result = mapped(first, .withoutPass)
    for rewrite in passRewrites(first) {
      let packets = mapped(first, .contains(Outcome(.pass, rewrite: rewrite)))
      let image = applied(rewrite, second)
      let part = filtered(image, by: packets)
      result = union(result, part)
    }
    remember(Operation.then, first, second, result)
    return result
  }

  /// The rewrites with which a diagram passes packets on, ascending.
  private func passRewrites(_ diagram: Diagram) -> [UInt32] {
    var found: Set<UInt32> = []
    var seen: Set<Diagram> = []
    var pending = [diagram]
    while let next = pending.popLast() {
      if Self.isTerminal(next) {
        for outcome in outcomeSets.outcomes(next) where outcome.verdict == .pass { found.insert(outcome.rewrite) }
      } else if seen.insert(next).inserted {
        let node = node(next)
        for index in Int(node.firstEdge)..<Int(node.firstEdge + node.edgeCount) { pending.append(edges[index].child) }
      }
    }
    return found.sorted()
  }

  /// Either of two: the union of the outcome sets, packet by packet; for sets of packets, their union.
  public mutating func union(_ left: Diagram, _ right: Diagram) -> Diagram {
    if left == right || right == Self.nothing { return left }
    if left == Self.nothing { return right }
    if left > right { return union(right, left) }
    if Self.isTerminal(right) {
      if right < 16 { return left | right }
      return terminal(outcomeSets.outcomes(left) + outcomeSets.outcomes(right))
    }
    if let known = cached(Operation.union, left, right) { return known }
    let result = merge(left, right, UnionOperation.self)
    remember(Operation.union, left, right, result)
    return result
  }

  /// The packets of both sets.
  public mutating func intersection(_ left: Diagram, _ right: Diagram) -> Diagram {
    if left == right || right == Self.passing { return left }
    if left == Self.passing { return right }
    if left == Self.nothing || right == Self.nothing { return Self.nothing }
    if left > right { return intersection(right, left) }
    if Self.isTerminal(right) { return left & right & 1 }
    if let known = cached(Operation.intersection, left, right) { return known }
    let result = merge(left, right, IntersectionOperation.self)
    remember(Operation.intersection, left, right, result)
    return result
  }

  /// The packets of the first set that are not in the second.
  public mutating func difference(_ left: Diagram, _ right: Diagram) -> Diagram {
    if left == Self.nothing || left == right || right == Self.passing { return Self.nothing }
    if right == Self.nothing { return left }
    if Self.isTerminal(left), Self.isTerminal(right) { return left & ~right & 1 }
    if let known = cached(Operation.difference, left, right) { return known }
    let result = merge(left, right, DifferenceOperation.self)
    remember(Operation.difference, left, right, result)
    return result
  }

  /// Whether every packet of the first set is in the second.
  public mutating func isSubset(_ left: Diagram, of right: Diagram) -> Bool {
    difference(left, right) == Self.nothing
  }

  /// Whether two sets share a packet; makes no node.
  public mutating func intersects(_ left: Diagram, _ right: Diagram) -> Bool {
    if left == Self.nothing || right == Self.nothing { return false }
    if left == right || left == Self.passing || right == Self.passing { return true }
    if left > right { return intersects(right, left) }
    if Self.isTerminal(right) { return left & right & 1 == 1 }
    if let known = cached(Operation.intersects, left, right) { return known == Self.passing }
    let result = meet(left, right) { store, left, right in store.intersects(left, right) }
    remember(Operation.intersects, left, right, result ? Self.passing : Self.nothing)
    return result
  }

  /// A diagram inside a set of packets, and `passing` outside of it: a match in front of what follows.
  ///
  /// Where the set's terminal is {nothing, pass} as outcomes, that is where a match is undecided, both apply; such a
  /// terminal is written `maybe`.
  public mutating func guarded(_ set: Diagram, _ inside: Diagram) -> Diagram {
    if set == Self.nothing || inside == Self.passing { return Self.passing }
    if set == Self.passing { return inside }
    if set == Self.maybe { return union(inside, Self.passing) }
    if let known = cached(Operation.guarded, set, inside) { return known }
    let result = merge(set, inside, GuardedOperation.self)
    remember(Operation.guarded, set, inside, result)
    return result
  }

  /// Terminal of a match that perhaps holds; only ever the first operand of `guarded`.
  @inlinable
  public static var maybe: Diagram { 3 }

  /// A diagram inside a set of packets, and `nothing` outside of it.
  public mutating func filtered(_ diagram: Diagram, by set: Diagram) -> Diagram {
    if set == Self.nothing || diagram == Self.nothing { return Self.nothing }
    if set == Self.passing { return diagram }
    if let known = cached(Operation.filtered, diagram, set) { return known }
    let result = merge(diagram, set, FilteredOperation.self)
    remember(Operation.filtered, diagram, set, result)
    return result
  }

  /// The packets of a set that a diagram does more with than pass on unchanged.
  public mutating func decided(by diagram: Diagram, in set: Diagram) -> Diagram {
    if set == Self.nothing || diagram == Self.passing { return Self.nothing }
    if Self.isTerminal(diagram) { return set }
    if set == Self.passing { return mapped(diagram, .isDeciding) }
    if let known = cached(Operation.decided, diagram, set) { return known }
    let result = merge(diagram, set, DecidedOperation.self)
    remember(Operation.decided, diagram, set, result)
    return result
  }
}
