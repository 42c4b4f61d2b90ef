import Evaluation
import PacketSets

/// Words for sets of packets: what is printed is exactly what was computed.
enum RegionText {
  /// Addresses as prefixes; `any` for all of a family, and what is missing when that is shorter.
  static func addresses(_ set: AddressSet?, family: IPFamily) -> String {
    guard let set else { return "any" }
    let own = set.restricted(to: family)
    let all = AddressSet.all.restricted(to: family)
    if own == all { return "any" }
    let prefixes = own.prefixes
    let missing = all.subtracting(own).prefixes
    if prefixes.count > 8, missing.count < prefixes.count, missing.count <= 32 {
      return "any but " + join(missing)
    }
    return join(prefixes)
  }

  private static func join(_ prefixes: [IPPrefix]) -> String {
    let shown = prefixes.prefix(24).map(\.description).joined(separator: ", ")
    return prefixes.count > 24 ? "\(shown) and \(prefixes.count - 24) more" : shown
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
    Region(
      source: addresses(box.sources, family: family), destination: addresses(box.destinations, family: family),
      protocolName: protocols(box.protocols), ports: ports(box.ports, protocols: box.protocols))
  }

  /// A box in a sentence: `tcp/25 from any to 10.0.0.5`.
  static func phrase(_ region: Region) -> String {
    let service = service(region.protocolName, region.ports)
    return "\(service) from \(region.source) to \(region.destination)"
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
