import Evaluation
import PacketSets

/// Words for sets of packets: what is printed is exactly what was computed.
enum RegionText {
  /// Prefixes of a set that reports list; further ones are counted.
  static let limit = 256

  /// Addresses as prefixes; `any` for all of a family.
  static func addresses(_ set: AddressSet?, family: IPFamily) -> String {
    guard let own = set?.restricted(to: family), own != AddressSet.all.restricted(to: family) else { return "any" }
    return join(own, limit: limit)
  }

  /// The same set in fewer words, where there are some: what is missing from all addresses, from all that a host
  /// may have, from the public or the other ones of those.
  static func words(_ set: AddressSet?, family: IPFamily) -> String {
    guard let own = set?.restricted(to: family), own != AddressSet.all.restricted(to: family) else { return "any" }
    // Of very many pieces no few words can be made, and looking for them would take long.
    if own.v4.intervals.count + own.v6.intervals.count > 512 { return join(own, limit: 8) }
    let count = own.prefixCount
    if count <= 4 { return join(own, limit: 4) }
    var best = (text: "", count: count)
    for (name, whole) in wholes where whole.isSuperset(of: own) {
      let whole = whole.restricted(to: family)
      if whole == own { return name }
      // All of a kind within one prefix, such as half of the Internet.
      if let hull = hull(of: own, family: family), hull.length > 0,
        whole.intersection(AddressSet(CollectionOfOne(hull))) == own
      {
        return "\(name) of \(hull)"
      }
      let missing = whole.subtracting(own)
      let missingCount = missing.prefixCount
      if missingCount < best.count { best = ("\(name) but \(join(missing, limit: 8))", missingCount) }
    }
    if let hull = hull(of: own, family: family) {
      let missing = AddressSet(CollectionOfOne(hull)).subtracting(own)
      let missingCount = missing.prefixCount
      if missingCount < best.count, missingCount > 0 {
        best = ("\(hull) but \(join(missing, limit: 8))", missingCount)
      }
    }
    return best.text.isEmpty ? join(own, limit: 8) : best.text
  }

  private static let wholes: [(String, AddressSet)] = [
    ("any address", .all), ("any host", .possibleHosts), ("any public address", .globallyReachableUnicast),
    ("any non-public host", AddressSet.possibleHosts.subtracting(.globallyReachableUnicast)),
  ]

  /// The smallest prefix that holds a set of one family.
  private static func hull(of set: AddressSet, family: IPFamily) -> IPPrefix? {
    let bounds: (UInt128, UInt128)? =
      family == .v4
      ? set.v4.intervals.first.flatMap { first in
        set.v4.intervals.last.map { (UInt128(first.lower), UInt128($0.upper)) }
      }
      : set.v6.intervals.first.flatMap { first in set.v6.intervals.last.map { (first.lower, $0.upper) } }
    guard let (low, high) = bounds else { return nil }
    let shared = (low ^ high).leadingZeroBitCount - (128 - family.addressWidth)
    return IPPrefix(IPAddress(family, low), length: min(shared, family.addressWidth))
  }

  private static func join(_ set: AddressSet, limit: Int) -> String {
    let count = set.prefixCount
    let shown = set.prefixes(first: limit).map(\.description).joined(separator: ", ")
    return count > limit ? "\(shown) and \(count - limit) more prefixes" : shown
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
