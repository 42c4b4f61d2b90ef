import Evaluation
import PacketSets

/// Words for sets of packets: what is printed is exactly what was computed.
enum RegionText {
  /// Prefixes of a set that reports list; further ones are counted.
  static let limit = 256

  /// Addresses as prefixes; `any` for all of a family.
  static func addresses(_ set: AddressSet?, family: IPFamily) -> String {
    guard let own = set?.restricted(to: family), own != AddressSet.all.restricted(to: family) else { return "any" }
    return join(own.prefixes, limit: limit)
  }

  /// The same set in fewer words, where there are some: what is missing from all addresses, from all that a host
  /// may have, from the public or the other ones of those.
  static func words(_ set: AddressSet?, family: IPFamily) -> String {
    guard let own = set?.restricted(to: family), own != AddressSet.all.restricted(to: family) else { return "any" }
    let prefixes = own.prefixes
    if prefixes.count <= 4 { return join(prefixes, limit: 4) }
    let isPublic = AddressSet.globallyReachableUnicast
    let wholes = [
      ("any address", AddressSet.all), ("any host", .possibleHosts), ("any public address", isPublic),
      ("any non-public host", AddressSet.possibleHosts.subtracting(isPublic)),
    ]
    var best = (text: join(prefixes, limit: 8), count: prefixes.count)
    for (name, whole) in wholes where whole.isSuperset(of: own) {
      if whole.restricted(to: family) == own { return name }
      // All of a kind within one prefix, such as half of the Internet.
      if let hull = hull(of: prefixes), hull.length > 0,
        whole.intersection(AddressSet(CollectionOfOne(hull))) == own
      {
        return "\(name) of \(hull)"
      }
      let missing = whole.restricted(to: family).subtracting(own).prefixes
      if missing.count < best.count {
        best = ("\(name) but \(join(missing, limit: 8))", missing.count)
      }
    }
    return best.text
  }

  /// The smallest prefix that holds some ascending ones.
  private static func hull(of prefixes: [IPPrefix]) -> IPPrefix? {
    guard let first = prefixes.first, let last = prefixes.last else { return nil }
    let width = first.base.family.addressWidth
    let shared = (first.base.bits ^ last.last.bits).leadingZeroBitCount - (128 - width)
    return IPPrefix(first.base, length: min(shared, width))
  }

  private static func join(_ prefixes: [IPPrefix], limit: Int) -> String {
    let shown = prefixes.prefix(limit).map(\.description).joined(separator: ", ")
    return prefixes.count > limit ? "\(shown) and \(prefixes.count - limit) more prefixes" : shown
  }

  /// Protocol names; `any` for all.
  static func protocols(_ set: IntervalSet<UInt32>?) -> String {
    guard let set else { return "any" }
    let count = set.intervals.reduce(0) { $0 + Int($1.upper - $1.lower) + 1 }
    if count >= 256 { return "any" }
    if count > 128 {
      let missing = set.complement(upTo: 255)
      return "any but " + names(missing)
    }
    return names(set)
  }

  private static func names(_ set: IntervalSet<UInt32>) -> String {
    set.intervals.map { interval in
      interval.upper - interval.lower < 4
        ? (interval.lower...interval.upper).map { IPProtocol.name(UInt8(truncatingIfNeeded: $0)) }
          .joined(separator: ", ")
        : "\(interval.lower)-\(interval.upper)"
    }.joined(separator: ", ")
  }

  /// Destination ports, or ICMP types; `any` for all; empty for protocols that have none.
  static func ports(_ set: IntervalSet<UInt32>?, protocols: IntervalSet<UInt32>?) -> String {
    guard let set else { return "any" }
    if set.intervals.first.map({ $0.lower == 0 && $0.upper >= 65535 }) ?? false { return "any" }
    let single = protocols.flatMap { $0.intervals.count == 1 ? $0.intervals[0] : nil }
    if let single, single.lower == single.upper,
      single.lower == UInt32(IPProtocol.icmp) || single.lower == UInt32(IPProtocol.icmpv6)
    {
      return set.intervals.map { interval in
        let types = (interval.lower >> 8, interval.upper >> 8)
        return types.0 == types.1 ? "type \(types.0)" : "types \(types.0)-\(types.1)"
      }.joined(separator: ", ")
    }
    return ranges(set)
  }

  /// Numbers and ranges such as `25, 8000-8100`.
  static func ranges(_ set: IntervalSet<UInt32>) -> String {
    set.intervals.map { $0.lower == $0.upper ? "\($0.lower)" : "\($0.lower)-\($0.upper)" }.joined(separator: ", ")
  }

  /// A box as reports print it.
  static func region(_ box: PacketBox, family: IPFamily) -> Region {
    let protocolName = protocols(box.protocols)
    let ports = ports(box.ports, protocols: box.protocols)
    return Region(
      source: addresses(box.sources, family: family), destination: addresses(box.destinations, family: family),
      protocolName: protocolName, ports: ports,
      phrase: "\(service(protocolName, ports)) from \(words(box.sources, family: family)) "
        + "to \(words(box.destinations, family: family))")
  }

  /// Protocol and ports as `tcp/25`, `icmp type 8`, `any protocol`.
  static func service(_ protocolName: String, _ ports: String) -> String {
    if protocolName == "any" {
      return ports == "any" || ports.isEmpty ? "any protocol" : "any protocol, ports \(ports)"
    }
    if ports == "any" || ports.isEmpty { return protocolName }
    return ports.hasPrefix("type") ? "\(protocolName) \(ports)" : "\(protocolName)/\(ports)"
  }
}
