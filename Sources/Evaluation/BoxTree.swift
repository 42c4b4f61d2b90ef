import PacketSets

/// The boxes of a chain's rules, arranged so that those which meet a box are found without looking at the others.
///
/// Each inner node splits its boxes in the middle of the widest spread of their centres; leaves hold eight. Nodes know
/// the first and last rule below them, which finds "earlier than this rule" as quickly as "meets this box".
///
/// **Rationale:** boxes lie inline and in the order of leaves: looking at neighbours costs no cache misses.
struct BoxTree: Sendable {
  /// A box with the rule that it belongs to.
  struct Entry: Sendable {
    var box: RuleBox
    /// The rule's place in its chain.
    var ordinal: Int32
    /// Which of the chain's boxes it is.
    var number: Int32
  }

  struct Node: Sendable {
    var hull: RuleBox
    var firstOrdinal: Int32
    var lastOrdinal: Int32
    /// The entries of a leaf; none in inner nodes.
    var first: Int32
    var count: Int32
    /// The node that follows when this one is passed over.
    var next: Int32
  }

  /// Boxes in the order of leaves.
  private(set) var entries: [Entry]
  private(set) var nodes: [Node] = []
  /// Where each box went.
  private var places: [Int32]

  static let leafSize = 8

  init(_ entries: [Entry]) {
    let count = entries.count
    self.entries = entries
    places = [Int32](repeating: 0, count: count)
    nodes.reserveCapacity(count / 3)
    if count > 0 { build(0, count, depth: 0, dimensions: Array(0..<RuleBox.dimensions)) }
    for (place, entry) in self.entries.enumerated() { places[Int(entry.number)] = Int32(place) }
  }

  /// The box of a number.
  func box(_ number: Int) -> RuleBox { entries[Int(places[number])].box }

  /// - Parameter dimensions: those in which the boxes' centres differ at all.
  private mutating func build(_ first: Int, _ end: Int, depth: Int, dimensions: [Int]) {
    let index = nodes.count
    var hull = entries[first].box
    var firstOrdinal = entries[first].ordinal
    var lastOrdinal = firstOrdinal
    for entry in entries[first..<end].dropFirst() {
      hull.widen(toHold: entry.box)
      firstOrdinal = min(firstOrdinal, entry.ordinal)
      lastOrdinal = max(lastOrdinal, entry.ordinal)
    }
    nodes.append(
      Node(
        hull: hull, firstOrdinal: firstOrdinal, lastOrdinal: lastOrdinal, first: Int32(first), count: 0, next: 0))
    if end - first <= Self.leafSize || depth > 96 {
      nodes[index].count = Int32(end - first)
    } else {
      let (middle, dimensions) = split(first, end, dimensions)
      build(first, middle, depth: depth + 1, dimensions: dimensions)
      build(middle, end, depth: depth + 1, dimensions: dimensions)
    }
    nodes[index].next = Int32(nodes.count)
  }

  /// Partitions some entries by the dimension in which their centres spread most; both parts have some.
  private mutating func split(_ first: Int, _ end: Int, _ dimensions: [Int]) -> (middle: Int, dimensions: [Int]) {
    var best: (dimension: Int, spread: UInt64, middle: UInt64) = (0, 0, 0)
    var spreading: [Int] = []
    for dimension in dimensions {
      var low = UInt64.max
      var high = UInt64.min
      for index in first..<end {
        let centre = Self.centre(entries[index].box[dimension])
        low = min(low, centre)
        high = max(high, centre)
      }
      let spread = (high - low) << RuleBox.scale(dimension)
      if spread > 0 { spreading.append(dimension) }
      if spread > best.spread { best = (dimension, spread, low + (high - low) / 2) }
    }
    // Where all centres are the same, any halves will do.
    guard best.spread > 0 else { return ((first + end) / 2, spreading) }
    var low = first
    var high = end - 1
    while low <= high {
      if Self.centre(entries[low].box[best.dimension]) <= best.middle {
        low += 1
      } else {
        entries.swapAt(low, high)
        high -= 1
      }
    }
    return (low > first && low < end ? low : (first + end) / 2, spreading)
  }

  /// Twice the centre of an interval.
  @inline(__always)
  private static func centre(_ interval: Interval<UInt32>) -> UInt64 { UInt64(interval.lower) + UInt64(interval.upper) }

  /// Visits the entries before a place in the chain that meet a box, until told to stop.
  ///
  /// - Returns: whether all were visited.
  @inline(__always)
  func forEach(before ordinal: Int32, meeting box: RuleBox, _ visit: (Entry) -> Bool) -> Bool {
    forEach(
      where: { $0.ordinal < ordinal && $0.box.overlaps(box) },
      hasSome: { $0.firstOrdinal < ordinal && $0.hull.overlaps(box) }, visit)
  }

  /// Visits the entries before a place in the chain that hold a whole box, until told to stop.
  @inline(__always)
  func forEach(before ordinal: Int32, holding box: RuleBox, _ visit: (Entry) -> Bool) -> Bool {
    forEach(
      where: { $0.ordinal < ordinal && $0.box.contains(box) },
      hasSome: { $0.firstOrdinal < ordinal && $0.hull.contains(box) }, visit)
  }

  /// Visits the entries behind a place in the chain that meet a box, until told to stop.
  @inline(__always)
  func forEach(after ordinal: Int32, meeting box: RuleBox, _ visit: (Entry) -> Bool) -> Bool {
    forEach(
      where: { $0.ordinal > ordinal && $0.box.overlaps(box) },
      hasSome: { $0.lastOrdinal > ordinal && $0.hull.overlaps(box) }, visit)
  }

  @inline(__always)
  private func forEach(where isWanted: (Entry) -> Bool, hasSome: (Node) -> Bool, _ visit: (Entry) -> Bool) -> Bool {
    nodes.withUnsafeBufferPointer { nodes in
      entries.withUnsafeBufferPointer { entries in
        var index = 0
        while index < nodes.count {
          if !hasSome(nodes[index]) {
            index = Int(nodes[index].next)
            continue
          }
          let first = Int(nodes[index].first)
          for place in first..<first + Int(nodes[index].count) where isWanted(entries[place]) {
            if !visit(entries[place]) { return false }
          }
          index += 1
        }
        return true
      }
    }
  }
}
