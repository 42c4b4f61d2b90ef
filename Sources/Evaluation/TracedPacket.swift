import PacketSets
import RuleGraph

/// Both ends of a packet or connection, as intervals of what they may be.
struct EndPair: Hashable {
  var source: Interval<UInt128>
  var destination: Interval<UInt128>
  /// Nil where the protocol has no ports.
  var sourcePort: Interval<UInt32>?
  var destinationPort: Interval<UInt32>?

  /// Whether an end is another than before.
  func isChanged(since before: EndPair) -> Ternary {
    func compare<Value>(_ old: Interval<Value>?, _ new: Interval<Value>?) -> Ternary {
      guard let old, let new else { return .no }
      guard old.overlaps(new) else { return .yes }
      return old == new && old.lower == old.upper ? .no : .perhaps
    }
    let answers = [
      compare(before.source, source), compare(before.destination, destination),
      compare(before.sourcePort, sourcePort), compare(before.destinationPort, destinationPort),
    ]
    return answers.contains(.yes) ? .yes : answers.contains(.perhaps) ? .perhaps : .no
  }

  /// The ends that are of one or the other.
  func hull(_ other: EndPair) -> EndPair {
    func join<Value>(_ one: Interval<Value>, _ two: Interval<Value>) -> Interval<Value> {
      Interval(min(one.lower, two.lower), max(one.upper, two.upper))
    }
    func joinPorts(_ one: Interval<UInt32>?, _ two: Interval<UInt32>?) -> Interval<UInt32>? {
      guard let one, let two else { return one }
      return join(one, two)
    }
    return EndPair(
      source: join(source, other.source), destination: join(destination, other.destination),
      sourcePort: joinPorts(sourcePort, other.sourcePort),
      destinationPort: joinPorts(destinationPort, other.destinationPort))
  }
}

/// A packet on its way: what rules have changed, as intervals of what it may be.
struct TracedPacket: Hashable {
  /// What matches on headers see.
  var ends: EndPair
  /// The ends of the connection, which rules that rewrite headers without translation leave as they are; nil before
  /// tracking has seen the packet.
  var connection: EndPair?
  /// The ends with which tracking saw the packet first.
  var original: EndPair?
  var state: PacketState

  /// The packet as it enters its path; ports that are not given are unknown.
  init(_ packet: Packet) {
    ends = EndPair(source: Interval(packet.source.bits), destination: Interval(packet.destination.bits))
    if IPProtocol.hasPorts(packet.protocolNumber) {
      ends.sourcePort = packet.sourcePort.map { Interval(UInt32($0)) } ?? Interval(0, 65535)
      ends.destinationPort = packet.destinationPort.map { Interval(UInt32($0)) } ?? Interval(0, 65535)
    }
    state = PacketState(
      packet.state, mark: packet.mark, dscp: packet.dscp.map(UInt32.init),
      timeToLive: packet.timeToLive.map(UInt32.init))
  }

  /// Notes that tracking has now seen the packet.
  mutating func track() {
    connection = ends
    original = ends
  }

  /// Applies an effect of a rule.
  mutating func apply(_ item: RuleItem, _ graph: RuleGraph, family: IPFamily, precedesConntrack: Bool) {
    state = state.after(item, precedesConntrack: precedesConntrack)
    guard item.kind == .setField || item.kind == .setUnknown else { return }
    let isKnown = item.kind == .setField
    switch item.field {
    case .ipv4Source where family == .v4: ends.source = isKnown ? Interval(UInt128(item.b)) : Interval(0, 0xFFFF_FFFF)
    case .ipv4Destination where family == .v4:
      ends.destination = isKnown ? Interval(UInt128(item.b)) : Interval(0, 0xFFFF_FFFF)
    case .ipv6Source where family == .v6: ends.source = isKnown ? Interval(graph.wideMasks[Int(item.a)].value) : .all
    case .ipv6Destination where family == .v6:
      ends.destination = isKnown ? Interval(graph.wideMasks[Int(item.a)].value) : .all
    case .sourcePort where ends.sourcePort != nil: ends.sourcePort = isKnown ? Interval(item.b) : Interval(0, 65535)
    case .destinationPort where ends.destinationPort != nil:
      ends.destinationPort = isKnown ? Interval(item.b) : Interval(0, 65535)
    default: break
    }
  }

  /// Applies an address mapping.
  ///
  /// **Source:** nf_nat_core.c: the mapping is of the connection's ends, and where it changes them the packet's whole
  /// end is overwritten by the connection's; where it changes nothing the packet stays. Blocks of addresses are mapped
  /// onto others by the packet's own address (xt_NETMAP.c, nft_nat.c).
  mutating func translate(_ translation: Translation, family: IPFamily, hook: Hook) {
    let before = connection ?? ends
    var after = before
    let all = Interval<UInt128>(0, family.lastAddress)
    let isKnown = translation.unknown == nil
    let addresses = translation.family.map { $0 == family } ?? true ? translation.addresses : nil
    let mapsDestination = translation.mapsDestination
    switch translation.kind {
    case .destination, .destinationPrefix:
      if let addresses {
        after.destination =
          translation.kind == .destination ? addresses : Self.mapPrefix(ends.destination, onto: addresses)
      } else if !isKnown {
        after.destination = all
      }
      if after.destinationPort != nil {
        after.destinationPort = isKnown ? translation.ports ?? after.destinationPort : Interval(0, 65535)
      }
    case .source, .sourcePrefix:
      if let addresses {
        after.source = translation.kind == .source ? addresses : Self.mapPrefix(ends.source, onto: addresses)
      } else if !isKnown {
        after.source = all
      }
      if after.sourcePort != nil {
        after.sourcePort = isKnown ? translation.ports ?? after.sourcePort : Interval(0, 65535)
      }
    case .masquerade:
      after.source = all
      if after.sourcePort != nil, let ports = translation.ports { after.sourcePort = ports }
    case .redirect:
      let loopback: UInt128 = family == .v4 ? 0x7F00_0001 : 1
      after.destination = hook == .output ? Interval(loopback) : all
      if after.destinationPort != nil, let ports = translation.ports { after.destinationPort = ports }
    case .transparentProxy: break
    }
    let isChange = after.isChanged(since: before)
    var written = ends
    if mapsDestination {
      written.destination = after.destination
      written.destinationPort = after.destinationPort
    } else {
      written.source = after.source
      written.sourcePort = after.sourcePort
    }
    switch isChange {
    case .no: break
    case .yes: ends = written
    case .perhaps: ends = ends == before ? written : ends.hull(written)
    }
    if connection != nil { connection = after }
    state = state.after(translation, isChange: isChange)
  }

  /// Replaces the network part of an address; only for a known address and an aligned block.
  static func mapPrefix(_ address: Interval<UInt128>, onto block: Interval<UInt128>) -> Interval<UInt128> {
    let hostMask = block.upper - block.lower
    guard address.lower == address.upper, hostMask & (hostMask &+ 1) == 0, block.lower & hostMask == 0 else {
      return block
    }
    return Interval(block.lower | (address.lower & hostMask))
  }
}

extension TracedPacket {
  var source: Interval<UInt128> { ends.source }
  var destination: Interval<UInt128> { ends.destination }
  var sourcePort: Interval<UInt32>? { ends.sourcePort }
  var destinationPort: Interval<UInt32>? { ends.destinationPort }
  /// The source as an optional, for key paths.
  var optionalSource: Interval<UInt128>? { ends.source }
  /// The destination as an optional, for key paths.
  var optionalDestination: Interval<UInt128>? { ends.destination }
}
