/// A handle of a diagram in its store: a terminal (an outcome set) below `DiagramStore.firstNode`, else a node.
public typealias Diagram = UInt32

/// Hash-consed interval decision diagrams: functions from packets to sets of outcomes.
///
/// A packet is a tuple of 32-bit values, one a level; level 0 is the state, see `Rewrite`. A node splits one level's
/// values into intervals; each leads to a diagram of later levels. Terminals are interned outcome sets. Read as a set
/// of packets, a diagram has the terminals `nothing` (outside) and `passing` (inside).
///
/// **Invariant:** canonical. Neighbouring edges lead to different diagrams, no node has a single edge, equal nodes are
/// the same handle; so equal functions are the same handle and equality is `==`.
///
/// **Rationale:** flat arrays with 8-byte edges and 16-byte nodes; 128-bit addresses take four levels of 32 bits,
/// which keeps edges small and needs no ranking of boundaries. Memory is bounded by `edgeLimit`: when it is reached
/// every further operation yields `anything`, so that answers become undecided and never wrong.
public struct DiagramStore: ~Copyable {
  struct Node {
    var firstEdge: UInt32
    var edgeCount: UInt32
    var hash: UInt32
    var level: UInt16
    /// See `NodeFlags`.
    var flags: UInt16
  }

  /// What is known of everything below a node.
  enum NodeFlags {
    /// Some packet is passed on rewritten.
    static let rewritesPass: UInt16 = 1
    /// Some packet has more than one possible verdict.
    static let isMixed: UInt16 = 2
  }

  struct Edge: Equatable {
    /// Last value of the interval; the first is one above the previous edge's.
    var upper: UInt32
    var child: Diagram
  }

  struct CacheEntry {
    var left: UInt32
    var right: UInt32
    var operation: UInt32
    var result: Diagram
  }

  /// Terminal of the empty outcome set; as a set of packets: outside.
  @inlinable
  public static var nothing: Diagram { 0 }
  /// Terminal of the set {pass}; as a set of packets: inside.
  @inlinable
  public static var passing: Diagram { 1 }
  /// Terminal of the set {accept}.
  @inlinable
  public static var accepting: Diagram { 2 }
  /// Terminal of the set {drop}.
  @inlinable
  public static var dropping: Diagram { 4 }
  /// Terminal of the set {return}.
  @inlinable
  public static var returning: Diagram { 8 }
  /// Terminal of every verdict: the answer of a store that ran out of its budget.
  @inlinable
  public static var anything: Diagram { 15 }
  /// Handles from here on are nodes.
  @inlinable
  public static var firstNode: Diagram { 1 << 16 }

  /// Last value of each level.
  public let lastValues: [UInt32]
  /// The number of edges that may be made before answers become `anything`.
  public let edgeLimit: Int
  /// Whether the budget ran out.
  public internal(set) var isExhausted = false

  var nodes = GrowableBuffer<Node>()
  var edges = GrowableBuffer<Edge>()
  /// Open addressing; node index plus 1, or 0.
  var uniqueTable = GrowableBuffer<UInt32>(zeroed: 1 << 9)
  /// Direct-mapped and lossy; grows with the nodes.
  var cache = GrowableBuffer<CacheEntry>(zeroed: 1 << 9)
  /// Edges of the nodes under construction.
  var stack = GrowableBuffer<Edge>()
  var outcomeSets = OutcomeTable()
  var rewrites: [Rewrite] = [.identity]
  var rewriteIDs: [Rewrite: UInt32] = [:]

  /// Makes a store for packets whose levels end at the given values.
  public init(lastValues: [UInt32], edgeLimit: Int = 48_000_000) {
    self.lastValues = lastValues
    self.edgeLimit = edgeLimit
  }

  /// Takes the rest of the budget away: what depends on this store is not known from here on.
  public mutating func exhaust() { isExhausted = true }

  /// The number of nodes made.
  public var nodeCount: Int { nodes.count }
  /// The number of edges made.
  public var edgeCount: Int { edges.count }

  @inline(__always)
  static func isTerminal(_ diagram: Diagram) -> Bool { diagram < firstNode }

  @inline(__always)
  func node(_ diagram: Diagram) -> Node { nodes[Int(diagram &- Self.firstNode)] }

  /// The level that a diagram splits first; terminals come after every level.
  @inline(__always)
  func level(_ diagram: Diagram) -> UInt32 { diagram < Self.firstNode ? .max : UInt32(node(diagram).level) }

  // MARK: Building nodes

  /// Adds an edge to the node under construction, merging it with the one before when both lead to the same place.
  @inline(__always)
  mutating func push(_ upper: UInt32, _ child: Diagram, base: Int) {
    if stack.count > base, stack[stack.count - 1].child == child {
      stack[stack.count - 1].upper = upper
    } else {
      stack.append(Edge(upper: upper, child: child))
    }
  }

  /// Takes the edges from `base` off the stack and gives the node made of them.
  mutating func finishNode(level: UInt32, base: Int) -> Diagram {
    let count = stack.count - base
    if count == 1 {
      let child = stack[base].child
      stack.removeLast(1)
      return child
    }
    var mixed = UInt64(level &+ 1) &* 0x9E37_79B9_7F4A_7C15
    for index in base..<stack.count {
      let edge = stack[index]
      mixed = (mixed ^ (UInt64(edge.child) << 32 | UInt64(edge.upper))) &* 0xD6E8_FEB8_6659_FD93
      mixed ^= mixed >> 32
    }
    let hash = UInt32(truncatingIfNeeded: mixed)
    let mask = uniqueTable.count - 1
    var slot = Int(hash) & mask
    while uniqueTable[slot] != 0 {
      let index = Int(uniqueTable[slot] - 1)
      let candidate = nodes[index]
      if candidate.hash == hash, UInt32(candidate.level) == level, Int(candidate.edgeCount) == count,
        edges.equals(Int(candidate.firstEdge), stack, base, count: count)
      {
        stack.removeLast(count)
        return Self.firstNode + UInt32(index)
      }
      slot = (slot + 1) & mask
    }
    guard !isExhausted, edges.count + count <= edgeLimit, !stack.isRefused, !edges.isRefused, !nodes.isRefused else {
      stack.removeLast(count)
      isExhausted = true
      return Self.anything
    }
    let index = UInt32(nodes.count)
    nodes.append(
      Node(
        firstEdge: UInt32(edges.count), edgeCount: UInt32(count), hash: hash, level: UInt16(truncatingIfNeeded: level),
        flags: flags(ofEdgesFrom: base)))
    edges.append(stack, from: base, count: count)
    stack.removeLast(count)
    uniqueTable[slot] = index + 1
    if nodes.count * 4 > uniqueTable.count * 3 { growTables() }
    return Self.firstNode + index
  }

  private func flags(ofEdgesFrom base: Int) -> UInt16 {
    var flags: UInt16 = 0
    // Most nodes with many edges lead to few places: what the last two said need not be asked again.
    var last = Self.nothing
    var other = Self.nothing
    for index in base..<stack.count {
      let child = stack[index].child
      if child == last || child == other { continue }
      other = last
      last = child
      flags |= self.flags(of: child)
    }
    return flags
  }

  @inline(__always)
  private func flags(of diagram: Diagram) -> UInt16 {
    if !Self.isTerminal(diagram) { return node(diagram).flags }
    if diagram < 16 { return diagram & (diagram &- 1) != 0 ? NodeFlags.isMixed : 0 }
    return outcomeSets.flags(diagram)
  }

  /// Whether some packet is passed on with a rewrite that changes something.
  func rewritesPass(_ diagram: Diagram) -> Bool { flags(of: diagram) & NodeFlags.rewritesPass != 0 }

  /// Whether some packet has more than one possible verdict.
  public func isMixed(_ diagram: Diagram) -> Bool { flags(of: diagram) & NodeFlags.isMixed != 0 }

  private mutating func growTables() {
    let mask = uniqueTable.count * 2 - 1
    var table = GrowableBuffer<UInt32>(zeroed: mask + 1)
    guard !table.isRefused else {
      isExhausted = true
      return
    }
    for index in 0..<nodes.count {
      var slot = Int(nodes[index].hash) & mask
      while table[slot] != 0 { slot = (slot + 1) & mask }
      table[slot] = UInt32(index) + 1
    }
    uniqueTable = table
    guard cache.count < 1 << 16 else { return }
    let larger = GrowableBuffer<CacheEntry>(zeroed: min(mask + 1, 1 << 16))
    if !larger.isRefused { cache = larger }
  }

  // MARK: Forgetting results

  /// A moment in the life of a store.
  public struct Mark: Sendable, Equatable {
    /// How much had been made.
    public var nodes: Int
    public var edges: Int

    /// The beginning.
    public init(nodes: Int = 0, edges: Int = 0) {
      self.nodes = nodes
      self.edges = edges
    }
  }

  /// The present moment.
  public var mark: Mark { Mark(nodes: nodes.count, edges: edges.count) }

  /// Forgets all nodes that were made since a moment; diagrams given out since then must not be used any more.
  ///
  /// **Rationale:** what is asked of a set of a million elements is as large as the set each time, and of no use once it
  /// has been put into words.
  public mutating func release(to mark: Mark) {
    guard mark.nodes < nodes.count else { return }
    let mask = uniqueTable.count - 1
    // Backwards: each entry is then the last one that was put into its run of slots.
    for index in stride(from: nodes.count - 1, through: mark.nodes, by: -1) {
      var slot = Int(nodes[index].hash) & mask
      while uniqueTable[slot] != UInt32(index) + 1 { slot = (slot + 1) & mask }
      uniqueTable[slot] = 0
    }
    nodes.removeLast(nodes.count - mark.nodes)
    edges.removeLast(edges.count - mark.edges)
    let first = Self.firstNode + UInt32(mark.nodes)
    for slot in 0..<cache.count {
      let entry = cache[slot]
      // Operands that are no diagrams are cleared, too, where they look like one: that costs no more than time.
      guard entry.left >= first || entry.right >= first || entry.result >= first else { continue }
      cache[slot] = CacheEntry(left: 0, right: 0, operation: 0, result: 0)
    }
  }

  // MARK: The operation cache

  @inline(__always)
  func cacheSlot(_ operation: UInt32, _ left: UInt32, _ right: UInt32) -> Int {
    var hash = (left &* 0x9E37_79B1) ^ (right &* 0x85EB_CA6B) ^ (operation &* 0xC2B2_AE35)
    hash ^= hash >> 15
    hash = hash &* 0x2C1B_3C6D
    hash ^= hash >> 12
    return Int(hash) & (cache.count - 1)
  }

  @inline(__always)
  func cached(_ operation: UInt32, _ left: UInt32, _ right: UInt32) -> Diagram? {
    let entry = cache[cacheSlot(operation, left, right)]
    guard entry.operation == operation, entry.left == left, entry.right == right else { return nil }
    return entry.result
  }

  @inline(__always)
  mutating func remember(_ operation: UInt32, _ left: UInt32, _ right: UInt32, _ result: Diagram) {
    cache[cacheSlot(operation, left, right)] = CacheEntry(
      left: left, right: right, operation: operation, result: result)
  }

  // MARK: Outcome sets and rewrites

  /// The terminal of a set of outcomes.
  public mutating func terminal(_ outcomes: some Sequence<Outcome>) -> Diagram {
    guard let id = outcomeSets.intern(outcomes) else {
      isExhausted = true
      return Self.anything
    }
    return id
  }

  /// The outcomes of a terminal; none for nodes.
  public func outcomes(_ terminal: Diagram) -> [Outcome] {
    Self.isTerminal(terminal) ? outcomeSets.outcomes(terminal) : []
  }

  /// The id of a rewrite, new or known; 0 is the identity.
  public mutating func intern(_ rewrite: Rewrite) -> UInt32 {
    if rewrite == .identity { return 0 }
    if let id = rewriteIDs[rewrite] { return id }
    let id = UInt32(rewrites.count)
    rewriteIDs[rewrite] = id
    rewrites.append(rewrite)
    return id
  }

  /// The rewrite of an id that this store gave out.
  public func rewrite(_ id: UInt32) -> Rewrite { rewrites[Int(id)] }

  /// The rewrite that does one first and another after it.
  public mutating func composed(_ first: UInt32, _ later: UInt32) -> UInt32 {
    if first == 0 { return later }
    if later == 0 { return first }
    return intern(rewrites[Int(first)].followed(by: rewrites[Int(later)]))
  }
}
