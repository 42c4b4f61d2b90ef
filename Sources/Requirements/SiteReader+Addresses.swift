import PacketSets
import SourceText
import YAMLDocument

extension SiteReader {
  /// A single address; reports everything else.
  mutating func address(_ node: YAMLNode, _ what: String) -> IPAddress? {
    guard let text = nodes.text(node, what) else { return nil }
    if let address = IPAddress(text) { return address }
    if text.contains("/"), IPPrefix(text) != nil {
      let bare = text.prefix { $0 != "/" }
      nodes.error("\(what) must be a single address, not a prefix (did you mean '\(bare)'?)", at: node.range)
    } else {
      nodes.error("\(NodeReader.quoted(text)) is not an address", at: node.range)
    }
    return nil
  }

  /// The addresses of a list of addresses, prefixes and ranges.
  mutating func addresses(_ node: YAMLNode, _ what: String) -> AddressSet {
    var v4: [Interval<UInt32>] = []
    var v6: [Interval<UInt128>] = []
    for item in nodes.items(node, what) {
      guard let text = nodes.text(item, "an address"), let (family, interval) = block(text, item.range) else {
        continue
      }
      switch family {
      case .v4:
        v4.append(Interval(UInt32(truncatingIfNeeded: interval.lower), UInt32(truncatingIfNeeded: interval.upper)))
      case .v6: v6.append(interval)
      }
    }
    return AddressSet(v4: IntervalSet(v4), v6: IntervalSet(v6))
  }

  /// The addresses of a list, or `any`.
  mutating func addressesOrAny(_ node: YAMLNode, _ what: String) -> PeerAddresses {
    node.scalar == "any" ? .any : .known(addresses(node, what))
  }

  /// One entry of a list of addresses.
  private mutating func block(_ text: String, _ range: SourceRange) -> (IPFamily, Interval<UInt128>)? {
    if let prefix = IPPrefix(text) {
      let written = text.split(separator: "/").first.flatMap { IPAddress($0) }
      if let written, written != prefix.base {
        nodes.warning("\(NodeReader.quoted(text)) has host bits set and is read as \(prefix)", at: range)
      }
      return (prefix.base.family, prefix.interval)
    }
    let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    if ends.count == 2, let first = IPAddress(ends[0].trimmed), let last = IPAddress(ends[1].trimmed) {
      if first.family == last.family, first <= last { return (first.family, Interval(first.bits, last.bits)) }
      nodes.error("the range \(NodeReader.quoted(text)) does not ascend within one family", at: range)
    } else if text == "any" {
      nodes.error("'any' stands alone, without a list", at: range)
    } else {
      nodes.error(
        "\(NodeReader.quoted(text)) is not an address, a prefix or a range\(Suggestion.hint(for: text, among: ["any"]))",
        at: range)
    }
    return nil
  }

  /// The ports of a number, a range `FIRST-LAST` or a list of them, each once.
  mutating func portRanges(_ node: YAMLNode) -> [Interval<UInt32>] {
    var ports: [Interval<UInt32>] = []
    for item in nodes.items(node, "port") {
      guard let text = nodes.text(item, "a port") else { continue }
      if let port = TransportFlow.portRange(text) {
        if !ports.contains(port) { ports.append(port) }
      } else {
        nodes.error("\(NodeReader.quoted(text)) is not a port or a range from 1 to 65535", at: item.range)
      }
    }
    return ports
  }

  /// The numbers of a protocol or a list of protocols, each once.
  mutating func protocolNumbers(_ node: YAMLNode) -> [UInt8] {
    var numbers: [UInt8] = []
    for item in nodes.items(node, "protocol") {
      guard let text = nodes.text(item, "a protocol") else { continue }
      if let number = TransportFlow.protocolNumber(text.lowercased()) {
        if !numbers.contains(number) { numbers.append(number) }
      } else {
        let usual = ["tcp", "udp", "icmp", "icmpv6", "sctp", "esp", "ah", "gre"]
        nodes.unknownWord(text, "protocol", among: usual, at: item.range)
      }
    }
    return numbers
  }
}

extension Substring {
  /// The text without spaces at its ends.
  fileprivate var trimmed: Substring {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return text
  }
}
