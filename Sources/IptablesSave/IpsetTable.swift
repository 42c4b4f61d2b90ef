/// The sets of `ipset save` output, by name.
public struct IpsetTable: Sendable {
  private var sets: [String: Ipset] = [:]

  /// An empty table.
  public init() {}

  /// The number of sets.
  public var setCount: Int { sets.count }

  /// The number of elements of all sets.
  public var elementCount: Int { sets.values.reduce(0) { $0 + $1.count } }

  /// Names of all sets, sorted.
  public var names: [String] { sets.keys.sorted() }

  /// Adds the sets of another table; of sets with equal names the other's counts.
  public mutating func merge(_ other: IpsetTable) {
    sets.merge(other.sets) { _, new in new }
  }

  subscript(name: String) -> Ipset? {
    get { sets[name] }
    _modify { yield &sets[name] }
  }
}
