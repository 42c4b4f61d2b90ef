import PacketSets
import RuleGraph

/// What the rules of a path write into addresses and ports, past connection tracking and its translations.
struct HeaderRewriting {
  /// The fields that some rule writes.
  private(set) var fields: Set<Field> = []
  /// Known addresses that become sources and destinations.
  private(set) var sources = AddressSet()
  private(set) var destinations = AddressSet()
  /// Fields that get values which are not known.
  private(set) var unknown: Set<Field> = []

  /// Whether a field is an address or port, which live in levels of their own rather than in the packet's state.
  static func concerns(_ field: Field) -> Bool {
    switch field {
    case .ipv4Source, .ipv4Destination, .ipv6Source, .ipv6Destination, .sourcePort, .destinationPort: true
    default: false
    }
  }

  /// Adds an effect of a rule.
  mutating func add(_ item: RuleItem, _ graph: RuleGraph) {
    guard Self.concerns(item.field) else { return }
    fields.insert(item.field)
    guard item.kind == .setField else {
      unknown.insert(item.field)
      return
    }
    let bits = item.field.isWide ? graph.wideMasks[Int(item.a)].value : UInt128(item.b)
    switch item.field {
    case .ipv4Source, .ipv6Source:
      sources = sources.union(AddressSet(IPAddress(item.field.isWide ? .v6 : .v4, bits)))
    case .ipv4Destination, .ipv6Destination:
      destinations = destinations.union(AddressSet(IPAddress(item.field.isWide ? .v6 : .v4, bits)))
    default: break
    }
  }

  /// Whether one end of packets may be another than that of their connection.
  func concerns(destination: Bool) -> Bool {
    destination
      ? !fields.isDisjoint(with: [.ipv4Destination, .ipv6Destination, .destinationPort])
      : !fields.isDisjoint(with: [.ipv4Source, .ipv6Source, .sourcePort])
  }

  /// The addresses that one end may get; nil when they are not known.
  func addresses(destination: Bool) -> AddressSet? {
    let fields: Set<Field> = destination ? [.ipv4Destination, .ipv6Destination] : [.ipv4Source, .ipv6Source]
    return unknown.isDisjoint(with: fields) ? (destination ? destinations : sources) : nil
  }
}
