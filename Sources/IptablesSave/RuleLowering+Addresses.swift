import PacketSets
import RuleGraph
import SourceText

/// What `-s`, `-d` and options like them name.
enum Network {
  case v4(mask: UInt32, value: UInt32)
  case v6(mask: UInt128, value: UInt128)
  /// A host or network by name, which iptables looks up when it loads the rule.
  case name(String)
}

extension RulesetReader {
  /// Reads `address`, `address/length` or `address/mask` of the family.
  ///
  /// Source: xtables' `numeric_to_ipaddr` and `parse_ipmask`: IPv4 addresses of fewer than four numbers are filled
  /// with zeros, numbers are read as strtoul does, masks need not be contiguous, host bits are dropped.
  func readNetwork(_ text: ByteText, _ range: SourceRange) throws(Complaint) -> Network {
    if let network = family == .v4 ? Self.plainV4(text) : Self.plainV6(text) { return network }
    let (address, mask) = text.cut(at: 0x2F)
    switch family {
    case .v4:
      guard let value = Self.readV4(address) else { return try readName(address, mask, range) }
      guard let mask else { return .v4(mask: .max, value: value) }
      guard let bits = Self.readV4Mask(mask) else {
        throw Complaint("'\(mask.string)' is no mask", range)
      }
      return .v4(mask: bits, value: value & bits)
    case .v6:
      guard let value = IPAddress.parseV6(address.slice) else { return try readName(address, mask, range) }
      guard let mask else { return .v6(mask: .max, value: value) }
      if let length = mask.number(upTo: 128) {
        let bits = length == 0 ? 0 : UInt128.max << UInt128(128 - length)
        return .v6(mask: bits, value: value & bits)
      }
      guard let bits = IPAddress.parseV6(mask.slice) else {
        throw Complaint("'\(mask.string)' is no prefix length and no mask", range)
      }
      return .v6(mask: bits, value: value & bits)
    }
  }

  /// Four decimal numbers without leading zeros, and a prefix length: what dumps hold.
  @inline(__always)
  static func plainV4(_ text: ByteText) -> Network? {
    var value: UInt32 = 0
    var part: UInt32 = 0
    var digits = 0
    var dots = 0
    var index = text.start
    while index < text.end {
      let byte = text.bytes[index]
      if byte == 0x2E {
        guard digits > 0, dots < 3 else { return nil }
        value = value << 8 | part
        part = 0
        digits = 0
        dots += 1
      } else if byte >= 0x30, byte <= 0x39 {
        guard digits < 3, digits == 0 || part != 0 else { return nil }
        part = part &* 10 &+ UInt32(byte &- 0x30)
        digits += 1
      } else if byte == 0x2F {
        break
      } else {
        return nil
      }
      if part > 255 { return nil }
      index += 1
    }
    guard dots == 3, digits > 0 else { return nil }
    value = value << 8 | part
    if index == text.end { return .v4(mask: .max, value: value) }
    index += 1
    guard index < text.end, text.end - index <= 2 else { return nil }
    var length: UInt32 = 0
    let isPadded = text.bytes[index] == 0x30 && text.end - index == 2
    while index < text.end {
      let byte = text.bytes[index]
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      length = length &* 10 &+ UInt32(byte &- 0x30)
      index += 1
    }
    guard length <= 32, !isPadded else { return nil }
    let mask = length == 0 ? 0 : UInt32.max << (32 - length)
    return .v4(mask: mask, value: value & mask)
  }

  /// Groups of hexadecimal digits with at most one `::`, and a prefix length; nothing is allocated.
  static func plainV6(_ text: ByteText) -> Network? {
    var head: UInt128 = 0
    var tail: UInt128 = 0
    var headGroups: UInt128 = 0
    var tailGroups: UInt128 = 0
    var hasGap = false
    var group: UInt128 = 0
    var digits = 0
    var index = text.start
    func isColon(_ place: Int) -> Bool { place < text.end && text.bytes[place] == 0x3A }
    if isColon(index) {
      guard isColon(index + 1) else { return nil }
      hasGap = true
      index += 2
    }
    while index < text.end {
      let byte = text.bytes[index]
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte &- 0x30
      case 0x41...0x46: digit = byte &- 0x37
      case 0x61...0x66: digit = byte &- 0x57
      default: digit = 0xFF
      }
      if digit != 0xFF {
        guard digits < 4 else { return nil }
        group = group << 4 | UInt128(digit)
        digits += 1
        index += 1
        continue
      }
      guard byte == 0x3A || byte == 0x2F else { return nil }
      if byte == 0x2F { break }
      guard digits > 0, index + 1 < text.end, text.bytes[index + 1] != 0x2F else { return nil }
      if hasGap {
        tail = tail << 16 | group
        tailGroups += 1
      } else {
        head = head << 16 | group
        headGroups += 1
      }
      group = 0
      digits = 0
      index += 1
      if isColon(index) {
        guard !hasGap else { return nil }
        hasGap = true
        index += 1
      }
    }
    if digits > 0 {
      if hasGap {
        tail = tail << 16 | group
        tailGroups += 1
      } else {
        head = head << 16 | group
        headGroups += 1
      }
    }
    let groups = headGroups + tailGroups
    guard hasGap ? groups < 8 : groups == 8 else { return nil }
    // Shifts by all 128 bits give zero.
    let value = head << (16 * (8 - headGroups)) | tail
    if index == text.end { return .v6(mask: .max, value: value) }
    guard let length = text.dropFirst(index + 1 - text.start).number(upTo: 128) else { return nil }
    let mask = length == 0 ? 0 : UInt128.max << UInt128(128 - length)
    return .v6(mask: mask, value: value & mask)
  }

  /// An IPv4 address of one to four numbers.
  static func readV4(_ text: ByteText) -> UInt32? {
    var value: UInt32 = 0
    var parts: UInt32 = 0
    var rest: ByteText? = text
    while let current = rest {
      let (part, after) = parts < 3 ? current.cut(at: 0x2E) : (current, nil)
      guard let number = part.number(upTo: 255) else { return nil }
      value = value << 8 | UInt32(number)
      parts += 1
      rest = after
    }
    return value << (8 * (4 - parts))
  }

  /// A prefix length, or a mask of four numbers.
  static func readV4Mask(_ text: ByteText) -> UInt32? {
    if let length = text.number(upTo: 32) { return length == 0 ? 0 : UInt32.max << UInt32(32 - length) }
    var dots = 0
    for offset in 0..<text.count where text[offset] == 0x2E { dots += 1 }
    return dots == 3 ? readV4(text) : nil
  }

  private func readName(_ name: ByteText, _ mask: ByteText?, _ range: SourceRange) throws(Complaint) -> Network {
    var hasLetter = false
    for offset in 0..<name.count {
      switch ByteText.lowercase(name[offset]) {
      case 0x61...0x7A: hasLetter = true
      case 0x30...0x39, 0x2E, 0x2D, 0x5F: break
      default: throw Complaint("'\(name.string)' is no \(family == .v4 ? "IPv4" : "IPv6") address", range)
      }
    }
    guard hasLetter else {
      throw Complaint("'\(name.string)' is no \(family == .v4 ? "IPv4" : "IPv6") address", range)
    }
    return .name(name.string + (mask.map { "/" + $0.string } ?? ""))
  }

  // MARK: Items

  func addressField(isSource: Bool) -> Field {
    family == .v4
      ? (isSource ? .ipv4Source : .ipv4Destination) : (isSource ? .ipv6Source : .ipv6Destination)
  }

  /// Adds a match of one network.
  mutating func appendNetwork(_ network: Network, isSource: Bool, negated: Bool) {
    appendNetwork(network, addressField(isSource: isSource), negated: negated)
  }

  mutating func appendNetwork(_ network: Network, _ field: Field, negated: Bool) {
    switch network {
    case .v4(let mask, let value):
      let host = ~mask
      if mask == 0 {
        if negated { graph.items.append(RuleItem(.never, field)) }
      } else if host & (host &+ 1) == 0 {
        graph.items.append(RuleItem(.range, field, value, value | host, negated: negated))
      } else {
        graph.items.append(RuleItem(.masked, field, mask, value, negated: negated))
      }
    case .v6(let mask, let value):
      let host = ~mask
      if mask == 0 {
        if negated { graph.items.append(RuleItem(.never, field)) }
      } else if host & (host &+ 1) == 0 {
        graph.items.append(graph.wideRange(field, Interval(value, value | host), negated: negated))
      } else {
        graph.items.append(graph.wideMasked(field, mask: mask, value: value, negated: negated))
      }
    case .name(let name):
      graph.items.append(graph.reference(field, kind: "host name", name: name, negated: negated))
      isApproximated = true
    }
  }

  /// Adds a match of any of several networks.
  ///
  /// iptables makes a rule of each, with the same target: the first that matches decides, which is a match of their
  /// union. Only a target that lets the packet go on tells copies apart, and only for packets in two of the networks.
  mutating func appendUnion(_ networks: [Network], isSource: Bool) {
    let field = addressField(isSource: isSource)
    var narrow: [Interval<UInt32>] = []
    var wide: [Interval<UInt128>] = []
    for network in networks {
      switch network {
      case .v4(let mask, let value) where ~mask & (~mask &+ 1) == 0: narrow.append(Interval(value, value | ~mask))
      case .v6(let mask, let value) where ~mask & (~mask &+ 1) == 0: wide.append(Interval(value, value | ~mask))
      default:
        let names = networks.compactMap { if case .name(let name) = $0 { name } else { nil } }
        appendUndecidable(
          names.isEmpty
            ? "addresses with masks that are no prefixes" : "address of host \(names.joined(separator: ", "))")
        return
      }
    }
    let set: ValueSet
    var isOverlapping = false
    if family == .v4 {
      isOverlapping = Self.overlaps(narrow)
      set = .narrow(IntervalSet(narrow))
    } else {
      isOverlapping = Self.overlaps(wide)
      set = .wide(IntervalSet(wide))
    }
    if isOverlapping { mayRepeat = true }
    switch set {
    case .narrow(let values) where values.isAll: return
    case .wide(let values) where values.isAll: return
    default: graph.items.append(graph.inSet(field, set))
    }
  }

  private static func overlaps<Bound>(_ intervals: [Interval<Bound>]) -> Bool {
    let sorted = intervals.sorted { ($0.lower, $0.upper) < ($1.lower, $1.upper) }
    for index in sorted.indices.dropFirst() where sorted[index - 1].upper >= sorted[index].lower {
      // Equal networks are one rule.
      if sorted[index] != sorted[index - 1] { return true }
    }
    return false
  }
}

extension ByteText {
  /// The bytes as a slice of their buffer.
  var slice: Slice<UnsafeBufferPointer<UInt8>> { bytes[start..<end] }
}
