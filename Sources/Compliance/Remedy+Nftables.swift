import Evaluation
import PacketSets

extension Remedy {
  /// A rule's matches, without the verdict.
  func nftRule(_ box: PacketBox, _ family: IPFamily, isReply: Bool) -> String {
    if isReply { return "ct state established,related" }
    let header = family == .v4 ? "ip" : "ip6"
    var words: [String] = []
    if let sources = nftAddresses(box.sources, family) { words.append("\(header) saddr \(sources)") }
    if let destinations = nftAddresses(box.destinations, family) { words.append("\(header) daddr \(destinations)") }
    words.append(nftTransport(box))
    return words.filter { !$0.isEmpty }.joined(separator: " ")
  }

  private func nftAddresses(_ set: AddressSet?, _ family: IPFamily) -> String? {
    guard let set, set.restricted(to: family) != AddressSet.all.restricted(to: family) else { return nil }
    let prefixes = set.restricted(to: family).prefixes
    if prefixes.count > 24 { return nil }
    let list = prefixes.map(\.description).joined(separator: ", ")
    return prefixes.count == 1 ? list : "{ \(list) }"
  }

  private func nftTransport(_ box: PacketBox) -> String {
    guard let number = singleProtocol(box) else { return "" }
    let name = IPProtocol.name(number)
    let ports = RegionText.ports(box.ports, protocols: box.protocols)
    if number == IPProtocol.icmp || number == IPProtocol.icmpv6 {
      let types = box.ports.map { set in set.intervals.map { String($0.lower >> 8) }.joined(separator: ", ") } ?? ""
      return types.isEmpty || ports == "any" ? "meta l4proto \(name)" : "\(name) type { \(types) }"
    }
    guard IPProtocol.hasPorts(number), ports != "any" else { return "meta l4proto \(name)" }
    return ports.contains(",") ? "\(name) dport { \(ports) }" : "\(name) dport \(ports)"
  }
}
