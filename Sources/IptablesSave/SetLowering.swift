import PacketSets
import RuleGraph

/// Turns the contents of a set into one match of a rule graph.
///
/// Source: net/netfilter/ipset/: networks are tried from the longest prefix to the shortest, and the first element that
/// holds decides, be it an exception; ports are compared together with the protocol; a list tries its members.
struct SetLowering {
  let ipsets: IpsetTable
  let family: IPFamily
  let directions: RulesetReader.SetDirections
  let returnsNomatch: Bool
  /// The protocol that the rule names; nil for any.
  let protocolNumber: UInt8?

  /// Boxes that a multi-dimensional set may be cut into by its exceptions.
  static let boxLimit = 200_000

  /// Lowers the set of a name that the table has.
  func lower(_ name: String, into graph: inout RuleGraph) -> LoweredSet {
    guard let set = ipsets[name] else { return .never }
    if set.type == "list:set" { return lowerList(set, name, into: &graph) }
    guard isTestable(set) else { return .never }
    if set.dimensions.count == 1, set.dimensions[0].isAddress {
      guard let values = addresses(of: set) else {
        return .undecidable(nil, "mask of set \(name), which is no prefix")
      }
      return item(values, into: &graph)
    }
    switch boxes(of: set, into: &graph) {
    case .known(let lookup, let reason):
      let hasPorts = set.dimensions.contains(.port)
      if lookup.count == 0 { return .never }
      graph.lookups.append(lookup)
      let item = RuleItem(.lookup, lookup.fields.first ?? .family, UInt32(graph.lookups.count - 1))
      if let reason { return .undecidable(item, reason) }
      return .item(item, hasPorts: hasPorts)
    case .unknown(let reason): return .undecidable(nil, "\(reason) of set \(name)")
    }
  }

  /// Whether the kernel looks into the set at all: enough dimensions, and the family of the packet.
  private func isTestable(_ set: Ipset) -> Bool {
    directions.count >= set.dimensions.count && (set.family == nil || set.family == family)
  }

  private func field(_ dimension: Int) -> Field {
    let isSource = directions.isSource(dimension)
    return family == .v4
      ? (isSource ? .ipv4Source : .ipv4Destination) : (isSource ? .ipv6Source : .ipv6Destination)
  }

  private func item(_ values: IntervalSet<UInt128>, into graph: inout RuleGraph) -> LoweredSet {
    if values.isEmpty { return .never }
    let set: ValueSet =
      family == .v6
      ? .wide(values)
      : .narrow(
        IntervalSet(
          values.intervals.map {
            Interval(UInt32(truncatingIfNeeded: $0.lower), UInt32(truncatingIfNeeded: $0.upper))
          }))
    return .item(graph.inSet(field(0), set), hasPorts: false)
  }

  // MARK: Sets of addresses

  /// The addresses that a set of one dimension matches; nil when its mask is no prefix.
  private func addresses(of set: Ipset) -> IntervalSet<UInt128>? {
    let last = family.lastAddress
    let host = last & ~set.mask
    guard host & (host &+ 1) == 0 else { return nil }
    guard !set.exceptions.isEmpty || returnsNomatch && set.dimensions[0] == .network else {
      return IntervalSet(set.intervals)
    }
    // From the shortest prefix to the longest, so that the longest has the last word.
    var bySize: [UInt128: (matches: [Interval<UInt128>], exceptions: [Interval<UInt128>])] = [:]
    for element in 0..<set.count {
      let interval = set.intervals[element]
      if set.isException(element) != returnsNomatch {
        bySize[interval.upper - interval.lower, default: ([], [])].exceptions.append(interval)
      } else {
        bySize[interval.upper - interval.lower, default: ([], [])].matches.append(interval)
      }
    }
    var values = IntervalSet<UInt128>()
    for (_, group) in bySize.sorted(by: { $0.key > $1.key }) {
      values = values.union(IntervalSet(group.matches)).subtracting(IntervalSet(group.exceptions))
    }
    return values
  }

  // MARK: Lists

  private func lowerList(_ list: Ipset, _ name: String, into graph: inout RuleGraph) -> LoweredSet {
    var values = IntervalSet<UInt128>()
    var lookup: Lookup?
    var hasPorts = false
    var reason: String?
    for member in list.members {
      guard let set = ipsets[member] else {
        reason = "contents of set \(member) are not given"
        continue
      }
      guard set.type != "list:set", isTestable(set) else { continue }
      if set.dimensions.count == 1, set.dimensions[0].isAddress {
        guard let more = addresses(of: set) else { return .undecidable(nil, "mask of set \(member)") }
        values = values.union(more)
        continue
      }
      guard case .known(let more, nil) = boxes(of: set, into: &graph) else {
        return .undecidable(nil, "contents of list \(name)")
      }
      if more.count == 0 { continue }
      if set.dimensions.contains(.port) { hasPorts = true }
      if lookup == nil {
        lookup = more
      } else if lookup?.fields == more.fields {
        lookup?.intervals += more.intervals
      } else {
        return .undecidable(nil, "sets of several kinds in list \(name)")
      }
    }
    if let reason { return .undecidable(nil, reason) }
    guard let lookup else { return item(values, into: &graph) }
    if !values.isEmpty { return .undecidable(nil, "sets of several kinds in list \(name)") }
    graph.lookups.append(lookup)
    return .item(
      RuleItem(.lookup, lookup.fields.first ?? .family, UInt32(graph.lookups.count - 1)), hasPorts: hasPorts)
  }

  // MARK: Sets of several dimensions

  private enum Boxes {
    /// Tuples, and what is not known beside them.
    case known(Lookup, String?)
    case unknown(String)
  }

  /// What the port dimension of a set is compared with.
  private enum PortKind {
    case none
    /// Both TCP and UDP, in bitmap:port.
    case anyProtocol
    case ports
    case icmp
    /// Protocols without ports, where only port 0 matches.
    case plain
  }

  private func kind(ofProtocol number: UInt8) -> PortKind {
    switch number {
    case IPProtocol.tcp, IPProtocol.udp, IPProtocol.sctp, IPProtocol.udplite: .ports
    case IPProtocol.icmp where family == .v4: .icmp
    case IPProtocol.icmpv6 where family == .v6: .icmp
    default: .plain
    }
  }

  private func boxes(of set: Ipset, into graph: inout RuleGraph) -> Boxes {
    var reason: String?
    if set.hasOpaqueElement {
      reason = set.dimensions.contains(.interface) ? "bridge port" : "source MAC address"
    }
    if set.dimensions.contains(.mark), set.markMask != .max { return .unknown("mark mask") }
    let host = family.lastAddress & ~set.mask
    if set.family != nil, host & (host &+ 1) != 0 { return .unknown("address mask") }
    var elements = Array(0..<set.count)
    var kind = PortKind.none
    if set.dimensions.contains(.port) {
      if set.hasProtocols {
        if let protocolNumber { elements.removeAll { set.protocols[$0] != protocolNumber } }
        let kinds = Set(elements.map { self.kind(ofProtocol: set.protocols[$0]) })
        if kinds.count > 1 { return .unknown("ports of several kinds of protocols") }
        kind = kinds.first ?? .ports
      } else {
        kind = .anyProtocol
      }
    }
    var lookup = Lookup(fields: fields(of: set, kind))
    if set.dimensions == [.network, .interface] {
      guard let tuples = networksOnInterfaces(set, into: &graph) else { return .unknown("exceptions") }
      for tuple in tuples { lookup.intervals += tuple }
    } else if !set.exceptions.isEmpty || returnsNomatch && set.dimensions.contains(.network) {
      guard let tuples = cut(set, elements, kind, into: &graph) else { return .unknown("exceptions") }
      for tuple in tuples { lookup.intervals += tuple }
    } else {
      for element in elements {
        for tuple in tuples(of: set, element, kind, into: &graph) { lookup.intervals += tuple }
      }
    }
    return lookup.fields.isEmpty ? .unknown(reason ?? "contents") : .known(lookup, reason)
  }

  private func fields(of set: Ipset, _ kind: PortKind) -> [Field] {
    var fields: [Field] = []
    for (index, dimension) in set.dimensions.enumerated() {
      let isSource = directions.isSource(index)
      switch dimension {
      case .address, .network: fields.append(field(index))
      case .mark: fields.append(.mark)
      case .interface: fields.append(isSource ? .inputInterface : .outputInterface)
      case .mac: break
      case .port:
        fields.append(.protocolNumber)
        switch kind {
        case .icmp: fields += [.icmpType, .icmpCode]
        case .plain: break
        case .ports, .anyProtocol, .none: fields.append(isSource ? .sourcePort : .destinationPort)
        }
      }
    }
    return fields
  }

  /// The tuples of fields that an element stands for.
  private func tuples(
    of set: Ipset, _ element: Int, _ kind: PortKind, into graph: inout RuleGraph
  ) -> [[Interval<UInt128>]] {
    var tuple: [Interval<UInt128>] = []
    for (dimension, interval) in zip(set.dimensions, set.components(element)) {
      switch dimension {
      case .address, .network, .mark: tuple.append(interval)
      case .mac: break
      case .interface:
        let id = graph.names.intern(set.interfaces[UInt32(truncatingIfNeeded: interval.lower)])
        tuple.append(Interval(UInt128(id) | (interval.lower & Lookup.wildcard)))
      case .port:
        switch kind {
        case .anyProtocol, .none:
          return [IPProtocol.tcp, IPProtocol.udp].filter { protocolNumber == nil || $0 == protocolNumber }
            .map { tuple + [Interval(UInt128($0)), interval] }
        case .ports: tuple += [Interval(UInt128(set.protocols[element])), interval]
        case .icmp:
          tuple += [
            Interval(UInt128(set.protocols[element])), Interval(interval.lower >> 8), Interval(interval.lower & 255),
          ]
        case .plain:
          guard interval.lower == 0 else { return [] }
          tuple.append(Interval(UInt128(set.protocols[element])))
        }
      }
    }
    return [tuple]
  }

  /// The tuples that are left when elements of longer prefixes have been tried first; nil when they are too many.
  private func cut(
    _ set: Ipset, _ elements: [Int], _ kind: PortKind, into graph: inout RuleGraph
  ) -> [[Interval<UInt128>]]? {
    let networks = set.dimensions.indices.filter { set.dimensions[$0] == .network }
    func sizes(_ element: Int) -> [UInt128] {
      let components = Array(set.components(element))
      return networks.map { components[$0].upper - components[$0].lower }
    }
    let ordered = elements.map { (element: $0, sizes: sizes($0)) }
      .sorted { $0.sizes.lexicographicallyPrecedes($1.sizes) }
    var exceptions: [[Interval<UInt128>]] = []
    var result: [[Interval<UInt128>]] = []
    for (element, _) in ordered {
      let own = tuples(of: set, element, kind, into: &graph)
      if set.isException(element) != returnsNomatch {
        exceptions += own
        continue
      }
      var pieces = own
      for exception in exceptions { pieces = pieces.flatMap { Self.subtract(exception, from: $0) } }
      result += pieces
      if result.count > Self.boxLimit { return nil }
    }
    return result
  }

  /// The tuples of networks on interfaces; nil when their order in the set decides.
  ///
  /// The first prefix length at which some element has the address ends the search, be it on another interface
  /// (`multi` of mtype_test_cidrs in ip_set_hash_gen.h and ip_set_hash_netiface.c).
  private func networksOnInterfaces(_ set: Ipset, into graph: inout RuleGraph) -> [[Interval<UInt128>]]? {
    let elements = Array(0..<set.count)
    let isWild = elements.contains { set.components($0).last.map { $0.lower & Lookup.wildcard != 0 } ?? false }
    if isWild, !set.exceptions.isEmpty || returnsNomatch { return nil }
    func network(_ element: Int) -> Interval<UInt128> { set.intervals[2 * element] }
    let bySize = Dictionary(grouping: elements) { network($0).upper - network($0).lower }
    var longer = IntervalSet<UInt128>()
    var result: [[Interval<UInt128>]] = []
    for (_, group) in bySize.sorted(by: { $0.key < $1.key }) {
      for element in group where set.isException(element) == returnsNomatch {
        let rest = longer.isEmpty ? [network(element)] : IntervalSet(network(element)).subtracting(longer).intervals
        for tuple in tuples(of: set, element, .none, into: &graph) {
          result += rest.map { [$0, tuple[1]] }
        }
        if result.count > Self.boxLimit { return nil }
      }
      longer = longer.union(IntervalSet(group.map(network)))
    }
    return result
  }

  /// A box without another one, as disjoint boxes.
  static func subtract(_ hole: [Interval<UInt128>], from box: [Interval<UInt128>]) -> [[Interval<UInt128>]] {
    for (left, right) in zip(box, hole) where !left.overlaps(right) { return [box] }
    var pieces: [[Interval<UInt128>]] = []
    var rest = box
    for index in box.indices {
      let (own, cut) = (rest[index], hole[index])
      if own.lower < cut.lower {
        var piece = rest
        piece[index] = Interval(own.lower, cut.lower - 1)
        pieces.append(piece)
      }
      if own.upper > cut.upper {
        var piece = rest
        piece[index] = Interval(cut.upper + 1, own.upper)
        pieces.append(piece)
      }
      rest[index] = Interval(max(own.lower, cut.lower), min(own.upper, cut.upper))
    }
    return pieces
  }
}
