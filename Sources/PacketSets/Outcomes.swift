/// What may become of a packet at the end of a rule, a chain or a whole path: one verdict and one rewrite.
///
/// Packed into 32 bits: the rewrite's id above the three bits of the verdict.
@frozen
public struct Outcome: Sendable, Hashable, Comparable {
  /// The verdicts that summaries tell apart.
  public enum Verdict: UInt32, Sendable, CaseIterable {
    /// No decision yet: the next rule, chain or hook follows.
    case pass
    case accept
    case drop
    /// Back to the caller of the chain that is being summarised.
    case returning
  }

  /// Verdict in the low three bits, rewrite above.
  public let code: UInt32

  /// Makes an outcome.
  @inlinable
  public init(_ verdict: Verdict, rewrite: UInt32 = 0) { code = rewrite << 3 | verdict.rawValue }

  @usableFromInline
  init(code: UInt32) { self.code = code }

  /// The verdict.
  @inlinable
  public var verdict: Verdict { Verdict(rawValue: code & 7) ?? .pass }

  /// The id of the rewrite in the store; 0 changes nothing.
  @inlinable
  public var rewrite: UInt32 { code >> 3 }

  public static func < (left: Outcome, right: Outcome) -> Bool { left.code < right.code }
}

/// The outcome sets of a store, interned: equal sets have equal ids.
///
/// Ids below 16 are sets without rewrites: bit `n` stands for the verdict with raw value `n`. Other sets are listed.
struct OutcomeTable {
  private var ids: [[Outcome]: UInt32] = [:]
  private var sets: [[Outcome]] = []

  /// Terminals stay below this, so that node handles can begin here.
  static var limit: UInt32 { DiagramStore.firstNode }

  /// The outcomes of a set, ascending.
  func outcomes(_ id: UInt32) -> [Outcome] {
    if id < 16 { return Outcome.Verdict.allCases.filter { id >> $0.rawValue & 1 == 1 }.map { Outcome($0) } }
    return sets[Int(id - 16)]
  }

  /// The id of a set; nil when the table is full.
  mutating func intern(_ outcomes: some Sequence<Outcome>) -> UInt32? {
    let sorted = Set(outcomes).sorted()
    if sorted.allSatisfy({ $0.rewrite == 0 }) { return sorted.reduce(0) { $0 | 1 << $1.verdict.rawValue } }
    if let id = ids[sorted] { return id }
    guard UInt32(sets.count) + 16 < Self.limit else { return nil }
    let id = UInt32(sets.count) + 16
    ids[sorted] = id
    sets.append(sorted)
    return id
  }

  /// What nodes that lead to a listed set say of it.
  func flags(_ id: UInt32) -> UInt16 {
    let set = sets[Int(id - 16)]
    var flags: UInt16 = 0
    if set.contains(where: { $0.verdict == .pass && $0.rewrite != 0 }) {
      flags |= DiagramStore.NodeFlags.rewritesPass
    }
    if let first = set.first, set.contains(where: { $0.verdict != first.verdict }) {
      flags |= DiagramStore.NodeFlags.isMixed
    }
    return flags
  }

  /// Whether a set holds the verdict `pass`, with any rewrite.
  func hasPass(_ id: UInt32) -> Bool {
    id < 16 ? id & 1 == 1 : sets[Int(id - 16)].contains { $0.verdict == .pass }
  }
}
