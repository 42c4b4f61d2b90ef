/// An operation on two diagrams that is done interval by interval.
protocol PairOperation {
  static func combine(_ store: inout DiagramStore, _ left: Diagram, _ right: Diagram) -> Diagram
  /// What comes of a left child whatever the right one is.
  static func alone(left: Diagram) -> Shortcut
  /// What comes of a right child whatever the left one is.
  static func alone(right: Diagram) -> Shortcut
}

/// What one operand of an operation says about the result by itself: a diagram, or one of these.
///
/// **Rationale:** where one operand alone decides, all edges of the other one below it are passed over by a search, or
/// copied in one piece: a narrow set meets a node of a million edges in a few steps.
typealias Shortcut = UInt32

extension Shortcut {
  /// Nothing: the other operand matters.
  @inline(__always)
  static var open: Shortcut { .max }
  /// The result is the other operand.
  @inline(__always)
  static var other: Shortcut { .max - 1 }
}

enum ThenOperation: PairOperation {
  @inline(__always)
  static func combine(_ store: inout DiagramStore, _ left: Diagram, _ right: Diagram) -> Diagram {
    store.then(left, right)
  }

  @inline(__always)
  static func alone(left: Diagram) -> Shortcut {
    left == DiagramStore.passing ? .other : left < 16 && left & 1 == 0 ? left : .open
  }

  @inline(__always)
  static func alone(right: Diagram) -> Shortcut { right == DiagramStore.passing ? .other : .open }
}

enum UnionOperation: PairOperation {
  @inline(__always)
  static func combine(_ store: inout DiagramStore, _ left: Diagram, _ right: Diagram) -> Diagram {
    store.union(left, right)
  }

  @inline(__always)
  static func alone(left: Diagram) -> Shortcut { left == DiagramStore.nothing ? .other : .open }

  @inline(__always)
  static func alone(right: Diagram) -> Shortcut { right == DiagramStore.nothing ? .other : .open }
}

enum IntersectionOperation: PairOperation {
  @inline(__always)
  static func combine(_ store: inout DiagramStore, _ left: Diagram, _ right: Diagram) -> Diagram {
    store.intersection(left, right)
  }

  @inline(__always)
  static func alone(left: Diagram) -> Shortcut {
    left == DiagramStore.nothing ? left : left == DiagramStore.passing ? .other : .open
  }

  @inline(__always)
  static func alone(right: Diagram) -> Shortcut { alone(left: right) }
}

enum DifferenceOperation: PairOperation {
  @inline(__always)
  static func combine(_ store: inout DiagramStore, _ left: Diagram, _ right: Diagram) -> Diagram {
    store.difference(left, right)
  }

  @inline(__always)
  static func alone(left: Diagram) -> Shortcut { left == DiagramStore.nothing ? left : .open }

  @inline(__always)
  static func alone(right: Diagram) -> Shortcut {
    right == DiagramStore.nothing ? .other : right == DiagramStore.passing ? DiagramStore.nothing : .open
  }
}

enum GuardedOperation: PairOperation {
  @inline(__always)
  static func combine(_ store: inout DiagramStore, _ left: Diagram, _ right: Diagram) -> Diagram {
    store.guarded(left, right)
  }

  @inline(__always)
  static func alone(left: Diagram) -> Shortcut {
    left == DiagramStore.nothing ? DiagramStore.passing : left == DiagramStore.passing ? .other : .open
  }

  @inline(__always)
  static func alone(right: Diagram) -> Shortcut { right == DiagramStore.passing ? right : .open }
}

enum FilteredOperation: PairOperation {
  @inline(__always)
  static func combine(_ store: inout DiagramStore, _ left: Diagram, _ right: Diagram) -> Diagram {
    store.filtered(left, by: right)
  }

  @inline(__always)
  static func alone(left: Diagram) -> Shortcut { left == DiagramStore.nothing ? left : .open }

  @inline(__always)
  static func alone(right: Diagram) -> Shortcut {
    right == DiagramStore.nothing ? right : right == DiagramStore.passing ? .other : .open
  }
}

enum DecidedOperation: PairOperation {
  @inline(__always)
  static func combine(_ store: inout DiagramStore, _ left: Diagram, _ right: Diagram) -> Diagram {
    store.decided(by: left, in: right)
  }

  @inline(__always)
  static func alone(left: Diagram) -> Shortcut {
    left == DiagramStore.passing ? DiagramStore.nothing : left < DiagramStore.firstNode ? .other : .open
  }

  @inline(__always)
  static func alone(right: Diagram) -> Shortcut { right == DiagramStore.nothing ? right : .open }
}

extension DiagramStore {
  /// The first edge from one on that ends at a value or behind it, found in steps that double.
  @inline(__always)
  func firstEdge(from first: Int, to end: Int, reaching value: UInt32) -> Int {
    if edges[first].upper >= value { return first }
    var low = first
    var step = 1
    while low + step < end, edges[low + step].upper < value {
      low += step
      step <<= 1
    }
    var high = min(low + step, end - 1)
    while low + 1 < high {
      let middle = (low + high) >> 1
      if edges[middle].upper < value { low = middle } else { high = middle }
    }
    return high
  }

  /// Joins two diagrams, at least one of them a node, interval by interval of the level that comes first.
  @inline(__always)
  mutating func merge<Pair: PairOperation>(_ left: Diagram, _ right: Diagram, _: Pair.Type) -> Diagram {
    if isExhausted { return Self.anything }
    let leftLevel = level(left)
    let rightLevel = level(right)
    let base = stack.count
    if leftLevel < rightLevel {
      let node = node(left)
      for index in Int(node.firstEdge)..<Int(node.firstEdge + node.edgeCount) {
        let edge = edges[index]
        let child = Pair.combine(&self, edge.child, right)
        push(edge.upper, child, base: base)
      }
      return finishNode(level: leftLevel, base: base)
    }
    let rightNode = node(right)
    if rightLevel < leftLevel {
      for index in Int(rightNode.firstEdge)..<Int(rightNode.firstEdge + rightNode.edgeCount) {
        let edge = edges[index]
        let child = Pair.combine(&self, left, edge.child)
        push(edge.upper, child, base: base)
      }
      return finishNode(level: rightLevel, base: base)
    }
    let leftNode = node(left)
    var leftIndex = Int(leftNode.firstEdge)
    let leftEnd = leftIndex + Int(leftNode.edgeCount)
    var rightIndex = Int(rightNode.firstEdge)
    let rightEnd = rightIndex + Int(rightNode.edgeCount)
    while leftIndex < leftEnd, rightIndex < rightEnd {
      let leftEdge = edges[leftIndex]
      let rightEdge = edges[rightIndex]
      let leftAlone = Pair.alone(left: leftEdge.child)
      if leftAlone != .open {
        rightIndex = pass(leftEdge.upper, leftAlone, over: rightIndex, to: rightEnd, base: base)
        leftIndex += 1
        continue
      }
      let rightAlone = Pair.alone(right: rightEdge.child)
      if rightAlone != .open {
        leftIndex = pass(rightEdge.upper, rightAlone, over: leftIndex, to: leftEnd, base: base)
        rightIndex += 1
        continue
      }
      let child = Pair.combine(&self, leftEdge.child, rightEdge.child)
      push(min(leftEdge.upper, rightEdge.upper), child, base: base)
      if leftEdge.upper <= rightEdge.upper { leftIndex += 1 }
      if rightEdge.upper <= leftEdge.upper { rightIndex += 1 }
    }
    return finishNode(level: leftLevel, base: base)
  }

  /// Adds what comes of an edge that decides alone, up to its end, and gives the other operand's first edge behind it.
  @inline(__always)
  private mutating func pass(_ upper: UInt32, _ result: Shortcut, over index: Int, to end: Int, base: Int) -> Int {
    let last = firstEdge(from: index, to: end, reaching: upper)
    if result == .other {
      if last > index {
        let first = edges[index]
        push(first.upper, first.child, base: base)
        stack.append(edges, from: index + 1, count: last - index - 1)
      }
      push(upper, edges[last].child, base: base)
    } else {
      push(upper, result, base: base)
    }
    return edges[last].upper == upper ? last + 1 : last
  }

  /// Whether some pair of children that share values meets, of two nodes or a node and a terminal.
  @inline(__always)
  mutating func meet(
    _ left: Diagram, _ right: Diagram, _ isMeeting: (inout DiagramStore, Diagram, Diagram) -> Bool
  ) -> Bool {
    let leftLevel = level(left)
    let rightLevel = level(right)
    if leftLevel != rightLevel {
      let isLeft = leftLevel < rightLevel
      let node = node(isLeft ? left : right)
      var last = Self.nothing
      for index in Int(node.firstEdge)..<Int(node.firstEdge + node.edgeCount) {
        let child = edges[index].child
        if child == last || child == Self.nothing { continue }
        last = child
        if isLeft ? isMeeting(&self, child, right) : isMeeting(&self, left, child) { return true }
      }
      return false
    }
    let leftNode = node(left)
    var leftIndex = Int(leftNode.firstEdge)
    let leftEnd = leftIndex + Int(leftNode.edgeCount)
    let rightNode = node(right)
    var rightIndex = Int(rightNode.firstEdge)
    let rightEnd = rightIndex + Int(rightNode.edgeCount)
    while leftIndex < leftEnd, rightIndex < rightEnd {
      let leftEdge = edges[leftIndex]
      let rightEdge = edges[rightIndex]
      if leftEdge.child == Self.nothing {
        rightIndex = firstEdge(from: rightIndex, to: rightEnd, reaching: leftEdge.upper)
        if edges[rightIndex].upper == leftEdge.upper { rightIndex += 1 }
        leftIndex += 1
      } else if rightEdge.child == Self.nothing {
        leftIndex = firstEdge(from: leftIndex, to: leftEnd, reaching: rightEdge.upper)
        if edges[leftIndex].upper == rightEdge.upper { leftIndex += 1 }
        rightIndex += 1
      } else {
        if isMeeting(&self, leftEdge.child, rightEdge.child) { return true }
        if leftEdge.upper <= rightEdge.upper { leftIndex += 1 }
        if rightEdge.upper <= leftEdge.upper { rightIndex += 1 }
      }
    }
    return false
  }
}
