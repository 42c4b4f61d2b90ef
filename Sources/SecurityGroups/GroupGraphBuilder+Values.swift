import PacketSets
import RuleGraph
import SourceText
import YAMLDocument

/// Values that all providers share, each mistake reported at its node.
extension GroupGraphBuilder {
  /// The text of a scalar that must be one; nil when it is absent or a collection.
  func text(_ node: YAMLNode?) -> String? {
    guard let node, !node.isNull else { return nil }
    return node.scalar
  }

  /// A block of addresses, or a single address as a block of one.
  ///
  /// - Parameter family: the only family that may stand here.
  mutating func prefix(_ text: String, family: IPFamily? = nil, at range: SourceRange) -> IPPrefix? {
    guard let prefix = IPPrefix(text) else {
      error("\(ScalarText.shown(text)) is not an IP address or a block of addresses", at: range)
      return nil
    }
    if let family, prefix.base.family != family {
      let wanted = family == .v4 ? "IPv4" : "IPv6"
      error("\(ScalarText.shown(text)) is not an \(wanted) block", at: range)
      return nil
    }
    return prefix
  }

  /// A block of addresses in a scalar, as an end of a rule; without a copy of the text where it is one.
  mutating func block(_ node: YAMLNode, family: IPFamily? = nil) -> AddressMatch {
    if family != .v6, let prefix = node.withScalarBytes({ Self.prefixV4($0) }) ?? nil { return .prefix(prefix) }
    return prefix(node.scalar ?? "", family: family, at: node.range).map { .prefix($0) } ?? .unparsed
  }

  /// An IPv4 block with its length; nil for anything else.
  private static func prefixV4(_ bytes: UnsafeBufferPointer<UInt8>) -> IPPrefix? {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")), bytes.count - slash <= 3 else { return nil }
    var length = 0
    for byte in bytes[(slash + 1)...] {
      guard (0x30...0x39).contains(byte) else { return nil }
      length = length * 10 + Int(byte - 0x30)
    }
    guard slash + 1 < bytes.count, length <= 32, let address = IPAddress.parseV4(bytes[..<slash]) else { return nil }
    return IPPrefix(IPAddress(v4: address), length: length)
  }

  /// The elements of a list; a single value counts as a list of one, null as an empty list.
  func elements(_ node: YAMLNode?) -> [YAMLNode] {
    guard let node, !node.isNull else { return [] }
    return node.sequence ?? [node]
  }

  /// A truth value; nil after an error.
  mutating func boolean(_ node: YAMLNode, key: String) -> Bool? {
    if let value = node.scalar.flatMap(ScalarText.boolean) { return value }
    error("\(key) is true or false, not \(ScalarText.shown(node.scalar ?? "a collection"))", at: node.range)
    return nil
  }

  /// A protocol by its number from 0 to 255.
  static func protocolNumber(_ text: String) -> UInt8? {
    guard let number = ScalarText.integer(text), (0...255).contains(number) else { return nil }
    return UInt8(number)
  }

  /// The union of ports and ranges of ports; nil after an error.
  mutating func ports(_ nodes: [YAMLNode]) -> IntervalSet<UInt32>? {
    var intervals: [Interval<UInt32>] = []
    var isGood = true
    for node in nodes {
      if let interval = node.scalar.flatMap(ScalarText.portRange) {
        intervals.append(interval)
      } else {
        error("\(ScalarText.shown(node.scalar ?? "a collection")) is not a port or a range of ports", at: node.range)
        isGood = false
      }
    }
    return isGood ? IntervalSet(intervals) : nil
  }
}
