import PacketSets
import RuleGraph

/// One set: its type and its elements, in flat arrays.
struct Ipset: Sendable {
  /// What a component of an element is compared with.
  enum Dimension: Sendable, Hashable {
    /// One address; a set option may mask it.
    case address
    /// A network of any length: the longest that holds an address decides.
    case network
    /// A port of a protocol, or type and code of ICMP.
    case port
    case interface
    case mark
    case mac

    /// Whether its values are addresses.
    var isAddress: Bool { self == .address || self == .network }
  }

  /// The type's name, as ipset(8) writes it.
  var type: String
  /// The family of its addresses; nil for types that have none.
  var family: IPFamily?
  var dimensions: [Dimension]
  /// Mask of the addresses that are compared; all bits unless an option says less.
  var mask: UInt128 = .max
  /// Mask of the marks that are compared.
  var markMask: UInt32 = .max
  /// One interval per dimension, element after element: addresses, ports, marks, or indices of `interfaces`.
  var intervals: [Interval<UInt128>] = []
  /// The protocol of each element's port; empty where the type has no protocols.
  var protocols: [UInt8] = []
  /// Elements that are exceptions (`nomatch`), ascending.
  var exceptions: [Int] = []
  /// Names of interfaces; prefixes are elements of their own.
  var interfaces = StringTable()
  /// Whether some element's match cannot be decided: a MAC address or a bridge port.
  var hasOpaqueElement = false
  /// Members of a list:set, in order.
  var members: [String] = []

  /// The number of elements.
  var count: Int { dimensions.isEmpty ? members.count : intervals.count / dimensions.count }

  /// Whether ports come with a protocol, as they do in every type but bitmap:port.
  var hasProtocols: Bool { dimensions.contains(.port) && type != "bitmap:port" }

  /// The type of a name, with those of ipset before version 5.
  init?(type name: String, family: IPFamily) {
    let current = Self.oldNames[name] ?? name
    guard let dimensions = Self.types[current] else { return nil }
    type = current
    self.dimensions = dimensions
    self.family = dimensions.contains { $0.isAddress } ? family : nil
    if current.hasPrefix("bitmap:ip") { self.family = .v4 }
  }

  static var typeNames: [String] { types.keys.sorted() }

  private static let types: [String: [Dimension]] = [
    "bitmap:ip": [.address], "bitmap:ip,mac": [.address, .mac], "bitmap:port": [.port],
    "hash:ip": [.address], "hash:net": [.network], "hash:mac": [.mac], "hash:ip,mac": [.address, .mac],
    "hash:ip,mark": [.address, .mark], "hash:ip,port": [.address, .port], "hash:net,net": [.network, .network],
    "hash:net,port": [.network, .port], "hash:ip,port,ip": [.address, .port, .address],
    "hash:ip,port,net": [.address, .port, .network], "hash:net,port,net": [.network, .port, .network],
    "hash:net,iface": [.network, .interface], "list:set": [],
  ]

  private static let oldNames: [String: String] = [
    "ipmap": "bitmap:ip", "macipmap": "bitmap:ip,mac", "portmap": "bitmap:port", "iphash": "hash:ip",
    "nethash": "hash:net", "ipporthash": "hash:ip,port", "ipportiphash": "hash:ip,port,ip",
    "ipportnethash": "hash:ip,port,net", "iptree": "hash:ip", "iptreemap": "hash:ip", "setlist": "list:set",
  ]

  /// Whether an element is an exception.
  func isException(_ element: Int) -> Bool {
    var low = 0
    var high = exceptions.count
    while low < high {
      let middle = (low + high) / 2
      if exceptions[middle] < element { low = middle + 1 } else { high = middle }
    }
    return low < exceptions.count && exceptions[low] == element
  }

  /// The components of an element.
  func components(_ element: Int) -> ArraySlice<Interval<UInt128>> {
    intervals[element * dimensions.count..<(element + 1) * dimensions.count]
  }

  mutating func append(_ components: [Interval<UInt128>], protocolNumber: UInt8?, isException: Bool) {
    if isException { exceptions.append(count) }
    intervals += components
    if let protocolNumber { protocols.append(protocolNumber) }
  }

  mutating func removeAll() {
    intervals = []
    protocols = []
    exceptions = []
    members = []
  }

  mutating func remove(_ element: Int) {
    intervals.removeSubrange(element * dimensions.count..<(element + 1) * dimensions.count)
    if element < protocols.count { protocols.remove(at: element) }
    exceptions = exceptions.compactMap { $0 == element ? nil : $0 > element ? $0 - 1 : $0 }
  }
}
