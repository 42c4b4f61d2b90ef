import Evaluation
import PacketSets
import RuleGraph

/// Writes boxes of packets as matches of rules, exactly or not at all.
struct RuleWriter {
  let dialect: Dialect

  /// Rules that one box may take.
  static let lineLimit = 16
  /// Prefixes that one list may hold.
  static let listLimit = 64

  /// The matches of one box of a family, one text a rule; nil when it takes too many.
  func matches(of box: PacketBox, _ family: IPFamily) -> [String]? {
    guard box.sourcePorts == nil, box.inputInterfaces == nil, box.outputInterfaces == nil else { return nil }
    switch dialect {
    case .nftables: return nftables(box, family).map { [$0] }
    case .iptables: return family == .v4 ? iptables(box, family) : nil
    case .ip6tables: return family == .v6 ? iptables(box, family) : nil
    default: return nil
    }
  }

  /// The match of answers in tracked connections.
  var replies: String {
    dialect == .nftables ? "ct state established,related" : "-m conntrack --ctstate RELATED,ESTABLISHED"
  }

  /// A whole rule; `chain` is for dialects whose rules name it.
  func rule(_ matches: String, _ verdict: Verdict.Kind, header: String) -> String {
    let isNft = dialect == .nftables
    let word = verdict == .accept ? (isNft ? "accept" : "-j ACCEPT") : isNft ? "drop" : "-j DROP"
    return [header, matches, word].filter { !$0.isEmpty }.joined(separator: " ")
  }

  // MARK: Parts that both share

  /// The prefixes of a set; nil for every address of the family.
  private func prefixes(_ set: AddressSet?, _ family: IPFamily) -> [IPPrefix]? {
    guard let own = set?.restricted(to: family), own != AddressSet.all.restricted(to: family) else { return nil }
    return own.prefixes
  }

  /// Protocol numbers; nil for all.
  private func protocols(_ box: PacketBox) -> [UInt8]? {
    guard let set = box.protocols, set.intervals != [Interval(0, 255)] else { return nil }
    return set.intervals.flatMap { ($0.lower...min($0.upper, 255)).map { UInt8(truncatingIfNeeded: $0) } }
  }

  private func isAll(_ ports: IntervalSet<UInt32>?) -> Bool {
    guard let ports else { return true }
    return ports.intervals.count == 1 && ports.intervals[0].lower == 0 && ports.intervals[0].upper >= 65535
  }

  /// ICMP types without codes; nil when codes matter, more than one interval of types at most listed.
  private func types(_ ports: IntervalSet<UInt32>) -> [UInt32]? {
    var types: [UInt32] = []
    for interval in ports.intervals {
      guard interval.lower & 255 == 0, interval.upper & 255 == 255, interval.upper < 65536 else { return nil }
      types += (interval.lower >> 8)...(interval.upper >> 8)
    }
    return types.count <= Self.listLimit ? types : nil
  }

  // MARK: nftables

  private func nftables(_ box: PacketBox, _ family: IPFamily) -> String? {
    let header = family == .v4 ? "ip" : "ip6"
    var words: [String] = []
    for (key, set) in [("saddr", box.sources), ("daddr", box.destinations)] {
      guard let prefixes = prefixes(set, family) else { continue }
      guard !prefixes.isEmpty, prefixes.count <= Self.listLimit else { return nil }
      words.append("\(header) \(key) \(list(prefixes.map(\.description)))")
    }
    guard let transport = nftTransport(box) else { return nil }
    if words.isEmpty, !transport.hasPrefix("icmp") { words.append("meta nfproto \(family == .v4 ? "ipv4" : "ipv6")") }
    if !transport.isEmpty { words.append(transport) }
    return words.joined(separator: " ")
  }

  private func list(_ values: [String]) -> String {
    values.count == 1 ? values[0] : "{ \(values.joined(separator: ", ")) }"
  }

  private func nftTransport(_ box: PacketBox) -> String? {
    guard let numbers = protocols(box) else { return isAll(box.ports) ? "" : nil }
    guard !numbers.isEmpty, numbers.count <= Self.listLimit else { return nil }
    let names = numbers.map(IPProtocol.name)
    guard let ports = box.ports, !isAll(ports) else { return "meta l4proto \(list(names))" }
    if numbers == [IPProtocol.icmp] || numbers == [IPProtocol.icmpv6] {
      return types(ports).map { "\(names[0]) type \(list($0.map(String.init)))" }
    }
    guard numbers.allSatisfy(IPProtocol.hasPorts), ports.intervals.count <= Self.listLimit else { return nil }
    let ranges = list(ports.intervals.map { $0.lower == $0.upper ? "\($0.lower)" : "\($0.lower)-\($0.upper)" })
    return names.count == 1 ? "\(names[0]) dport \(ranges)" : "meta l4proto \(list(names)) th dport \(ranges)"
  }

  // MARK: iptables

  /// The options as iptables-save prints them; one rule for each pair of prefixes, as iptables has no lists.
  private func iptables(_ box: PacketBox, _ family: IPFamily) -> [String]? {
    func options(_ set: AddressSet?, _ option: String) -> [String]? {
      guard let prefixes = prefixes(set, family) else { return [""] }
      guard !prefixes.isEmpty, prefixes.count <= Self.lineLimit else { return nil }
      return prefixes.map { "\(option) \($0.base)/\($0.length)" }
    }
    guard let sources = options(box.sources, "-s"), let destinations = options(box.destinations, "-d"),
      let transports = iptablesTransports(box),
      sources.count * destinations.count * transports.count <= Self.lineLimit
    else { return nil }
    return sources.flatMap { source in
      destinations.flatMap { destination in
        transports.map { [source, destination, $0].filter { !$0.isEmpty }.joined(separator: " ") }
      }
    }
  }

  private func iptablesTransports(_ box: PacketBox) -> [String]? {
    guard let numbers = protocols(box) else { return isAll(box.ports) ? [""] : nil }
    guard !numbers.isEmpty, numbers.count <= Self.lineLimit else { return nil }
    let all = numbers.map { number in "-p \(number == IPProtocol.icmpv6 ? "ipv6-icmp" : IPProtocol.name(number))" }
    guard let ports = box.ports, !isAll(ports) else { return all }
    if numbers == [IPProtocol.icmp] || numbers == [IPProtocol.icmpv6] {
      let match = numbers[0] == IPProtocol.icmp ? "-m icmp --icmp-type" : "-m icmp6 --icmpv6-type"
      return types(ports).map { $0.map { "\(all[0]) \(match) \($0)" } }
    }
    guard numbers.allSatisfy(IPProtocol.hasPorts) else { return nil }
    let ranges = ports.intervals.map { $0.lower == $0.upper ? "\($0.lower)" : "\($0.lower):\($0.upper)" }
    let slots = ports.intervals.reduce(0) { $0 + ($1.lower == $1.upper ? 1 : 2) }
    guard slots <= 15 else { return nil }
    return zip(numbers, all).map { number, option in
      ranges.count == 1
        ? "\(option) -m \(IPProtocol.name(number)) --dport \(ranges[0])"
        : "\(option) -m multiport --dports \(ranges.joined(separator: ","))"
    }
  }
}
