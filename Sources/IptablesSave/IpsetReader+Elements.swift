import PacketSets
import RuleGraph
import SourceText

/// Elements of sets: addresses, networks, ports, marks, interfaces.
extension IpsetReader {
  /// Reads the element that an argument holds, and the options behind it.
  mutating func readElement(_ index: Int, into name: String, isDeletion: Bool) throws(Complaint) {
    let element = argument(index)
    let place = range(index)
    guard let dimensions = table[name]?.dimensions, let type = table[name]?.type else { return }
    let options = try readOptions(from: index + 1)
    if type == "list:set" {
      let member = element.string
      if isDeletion { table[name]?.members.removeAll { $0 == member } } else { addMember(member, to: name, options) }
      return
    }
    // The common case: a set of addresses, one a line.
    if dimensions.count == 1, dimensions[0].isAddress {
      let family = table[name]?.family ?? .v4
      for interval in try readAddresses(element, dimensions[0], name, family, place) {
        change(name, [interval], protocolNumber: nil, options, isDeletion: isDeletion)
      }
      return
    }
    try readTuple(element, dimensions, name, place, options, isDeletion: isDeletion)
  }

  private struct ElementOptions {
    var isException = false
    var isWildcard = false
    /// Of a list: the member that this one stands before or after.
    var before: String?
    var after: String?
  }

  private func readOptions(from start: Int) throws(Complaint) -> ElementOptions {
    var options = ElementOptions()
    var index = start
    while index < arguments.count {
      let option = argument(index)
      let next = index + 1 < arguments.count ? argument(index + 1).string : ""
      switch option.string {
      case "nomatch": options.isException = true
      case "wildcard": options.isWildcard = true
      case "before": options.before = next
      case "after": options.after = next
      case "timeout", "packets", "bytes", "comment", "skbmark", "skbprio", "skbqueue": break
      default: throw Complaint("there is no option '\(option.string)' of an element", range(index))
      }
      index += option.equals("nomatch") || option.equals("wildcard") ? 1 : 2
    }
    return options
  }

  private mutating func addMember(_ member: String, to name: String, _ options: ElementOptions) {
    guard table[name]?.members.contains(member) == false else { return }
    var place = table[name]?.members.count ?? 0
    if let before = options.before, let index = table[name]?.members.firstIndex(of: before) { place = index }
    if let after = options.after, let index = table[name]?.members.firstIndex(of: after) { place = index + 1 }
    table[name]?.members.insert(member, at: place)
  }

  private mutating func change(
    _ name: String, _ components: [Interval<UInt128>], protocolNumber: UInt8?, _ options: ElementOptions,
    isDeletion: Bool
  ) {
    guard isDeletion else {
      table[name]?.append(components, protocolNumber: protocolNumber, isException: options.isException)
      return
    }
    guard let set = table[name] else { return }
    let found = (0..<set.count).first { element in
      Array(set.components(element)) == components
        && (protocolNumber == nil || set.protocols[element] == protocolNumber)
    }
    if let found { table[name]?.remove(found) }
  }

  // MARK: Tuples

  private mutating func readTuple(
    _ element: ByteText, _ dimensions: [Ipset.Dimension], _ name: String, _ place: SourceRange,
    _ options: ElementOptions, isDeletion: Bool
  ) throws(Complaint) {
    var parts: [ByteText] = []
    element.forEachPart { parts.append($0) }
    let canLackMAC = dimensions == [.address, .mac] && parts.count == 1
    guard parts.count == dimensions.count || canLackMAC else {
      throw Complaint(
        "an element of this set has \(dimensions.count) parts, not \(parts.count)", place)
    }
    var choices: [[Interval<UInt128>]] = []
    var protocolNumber: UInt8?
    for (dimension, part) in zip(dimensions, parts) {
      switch dimension {
      case .address, .network:
        choices.append(try readAddresses(part, dimension, name, table[name]?.family ?? .v4, place))
      case .port:
        let port = try readPort(part, hasProtocol: table[name]?.hasProtocols ?? true, place)
        if table[name]?.hasProtocols ?? true { protocolNumber = port.protocolNumber }
        choices.append([Interval(UInt128(port.ports.lower), UInt128(port.ports.upper))])
      case .mark:
        guard let mark = part.number(upTo: 0xFFFF_FFFF) else { throw Complaint("'\(part.string)' is no mark", place) }
        choices.append([Interval(UInt128(mark))])
      case .interface: choices.append([readInterface(part, name, options)])
      case .mac:
        table[name]?.hasOpaqueElement = true
        choices.append([Interval(0, .max)])
      }
    }
    if canLackMAC { choices.append([Interval(0, .max)]) }
    // Ranges of networks are several elements; the product of them all.
    var tuples: [[Interval<UInt128>]] = [[]]
    for choice in choices { tuples = tuples.flatMap { tuple in choice.map { tuple + [$0] } } }
    for tuple in tuples { change(name, tuple, protocolNumber: protocolNumber, options, isDeletion: isDeletion) }
  }

  private mutating func readInterface(
    _ part: ByteText, _ name: String, _ options: ElementOptions
  ) -> Interval<UInt128> {
    if part.hasPrefix("physdev:") { table[name]?.hasOpaqueElement = true }
    let id = table[name]?.interfaces.intern(part.string) ?? 0
    return Interval(UInt128(id) | (options.isWildcard ? Lookup.wildcard : 0))
  }

  // MARK: Components

  /// The interval of an address, network or range; a range in a set of networks is split into prefixes.
  private func readAddresses(
    _ text: ByteText, _ dimension: Ipset.Dimension, _ name: String, _ family: IPFamily, _ place: SourceRange
  ) throws(Complaint) -> [Interval<UInt128>] {
    let (first, second) = text.cut(at: 0x2D)
    let (address, length) = first.cut(at: 0x2F)
    guard let value = readAddress(address, family) else {
      throw Complaint("'\(text.string)' is no \(family == .v4 ? "IPv4" : "IPv6") address", place)
    }
    var interval = Interval(value)
    if let second {
      guard let upper = readAddress(second, family), upper >= value, length == nil else {
        throw Complaint("'\(text.string)' is no range of addresses", place)
      }
      interval = Interval(value, upper)
    } else if let length {
      guard let number = length.number(upTo: UInt64(family.addressWidth)) else {
        throw Complaint("'\(length.string)' is no prefix length", place)
      }
      interval = IPPrefix(IPAddress(family, value), length: Int(number)).interval
    }
    guard let set = table[name] else { return [] }
    if set.mask & family.lastAddress != family.lastAddress {
      let host = family.lastAddress & ~set.mask
      // Masks other than prefixes are kept as they are written; their match is approximated.
      if host & (host &+ 1) == 0 {
        interval = Interval(interval.lower & ~host, interval.upper | host)
      }
    }
    guard dimension == .network, second != nil else { return [interval] }
    return IPPrefix.covering(interval, family: family).map { $0.interval }
  }

  private func readAddress(_ text: ByteText, _ family: IPFamily) -> UInt128? {
    family == .v4 ? IPAddress.parseV4(text.slice).map { UInt128($0) } : IPAddress.parseV6(text.slice)
  }

  /// Reads `port`, `port-port`, `protocol:port`, `icmp:type/code` or `icmp:name`; ICMP becomes type times 256 plus code.
  private func readPort(
    _ text: ByteText, hasProtocol: Bool, _ place: SourceRange
  ) throws(Complaint) -> (protocolNumber: UInt8, ports: Interval<UInt32>) {
    let (before, after) = text.cut(at: 0x3A)
    var number = IPProtocol.tcp
    var ports = text
    if let after {
      guard let known = ProtocolNames.number(before) else {
        throw Complaint("there is no protocol '\(before.string)'", place)
      }
      number = known
      ports = after
    }
    if number == IPProtocol.icmp || number == IPProtocol.icmpv6 {
      let family: IPFamily = number == IPProtocol.icmp ? .v4 : .v6
      guard let wanted = ICMPTypeNames.read(ports, family), let type = wanted.type else {
        throw Complaint("there is no ICMP type '\(ports.string)'", place)
      }
      // A type alone is read as its code 0.
      let code = wanted.codes.lower == wanted.codes.upper ? wanted.codes.lower : 0
      return (number, Interval(type << 8 | code))
    }
    let (first, second) = ports.cut(at: 0x2D)
    if let port = port(first) {
      guard let second else { return (number, Interval(port)) }
      if let last = self.port(second), last >= port { return (number, Interval(port, last)) }
    } else if let port = port(ports) {
      return (number, Interval(port))
    }
    throw Complaint("there is no port '\(ports.string)'", place)
  }

  private func port(_ text: ByteText) -> UInt32? {
    text.number(upTo: 65535).map { UInt32($0) } ?? ServiceNames.port(text).map { UInt32($0) }
  }
}
