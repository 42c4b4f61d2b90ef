extension DiagramStore {
  /// A set of packets of another store, in this one.
  ///
  /// Both stores must have the same levels. Where a level ends earlier in one of them (the states of a packet), the
  /// last interval is shortened or goes on; callers intersect the result with the packets that they asked about.
  public mutating func copying(_ set: Diagram, from other: borrowing DiagramStore) -> Diagram {
    if other.isExhausted { exhaust() }
    var known: [Diagram: Diagram] = [:]
    return copying(set, from: other, known: &known)
  }

  private mutating func copying(
    _ set: Diagram, from other: borrowing DiagramStore, known: inout [Diagram: Diagram]
  ) -> Diagram {
    if Self.isTerminal(set) { return set & 1 }
    if let copy = known[set] { return copy }
    if isExhausted { return Self.anything }
    let node = other.node(set)
    let last = lastValues[Int(node.level)]
    let end = Int(node.firstEdge + node.edgeCount)
    let base = stack.count
    for index in Int(node.firstEdge)..<end {
      let edge = other.edges[index]
      let child = copying(edge.child, from: other, known: &known)
      if index == end - 1 || edge.upper >= last {
        push(last, child, base: base)
        break
      }
      push(edge.upper, child, base: base)
    }
    let copy = finishNode(level: UInt32(node.level), base: base)
    known[set] = copy
    return copy
  }
}
