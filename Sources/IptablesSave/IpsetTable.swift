import PacketSets
import RuleGraph

/// The sets of an `ipset save` dump, by name.
public struct IpsetTable: Sendable {
  private(set) var sets: [String: Ipset] = [:]

  /// An empty table.
  public init() {}

  /// The number of sets.
  public var setCount: Int { sets.count }

  /// The number of elements of all sets.
  public var elementCount: Int { sets.values.reduce(0) { $0 + $1.elements.count } }

  /// Adds the sets of another table; of equal names the other's count.
  public mutating func merge(_ other: IpsetTable) {
    sets.merge(other.sets) { _, new in new }
  }

  subscript(name: String) -> Ipset? {
    get { sets[name] }
    set { sets[name] = newValue }
  }
}

/// One set: its type and its elements.
struct Ipset: Sendable {
  /// What a component of an element is compared with.
  enum Dimension: Sendable, Hashable {
    /// An address, singly or as a network or range.
    case address
    /// A port with its protocol, or an ICMP type and code with it.
    case port
    case interface
    case mark
    case mac
  }

  /// An element: one interval per dimension.
  struct Element: Sendable, Hashable {
    /// Addresses, ports or marks; interface elements hold an index into `interfaces`.
    var intervals: [Interval<UInt128>]
    /// The protocol of the port; nil where the set has ports of any.
    var protocolNumber: UInt8?
    /// Whether it is an exception.
    var isException = false
  }

  var type: String
  var family: IPFamily?
  var dimensions: [Dimension]
  var elements: [Element] = []
  /// Names of interfaces; a trailing `+` stands for any rest.
  var interfaces: [String] = []
  /// Members of a list:set, in order.
  var members: [String] = []
}
