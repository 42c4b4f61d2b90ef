import PacketSets
import RuleGraph

/// A packet on its way: what rules have changed, as intervals of what it may be.
struct TracedPacket: Hashable {
  var source: Interval<UInt128>
  var destination: Interval<UInt128>
  /// Nil where the protocol has no ports.
  var sourcePort: Interval<UInt32>?
  var destinationPort: Interval<UInt32>?
  var state: PacketState

  /// The packet as it enters its path; ports that are not given are unknown.
  init(_ packet: Packet) {
    source = Interval(packet.source.bits)
    destination = Interval(packet.destination.bits)
    if IPProtocol.hasPorts(packet.protocolNumber) {
      sourcePort = packet.sourcePort.map { Interval(UInt32($0)) } ?? Interval(0, 65535)
      destinationPort = packet.destinationPort.map { Interval(UInt32($0)) } ?? Interval(0, 65535)
    }
    state = PacketState(
      packet.state, mark: packet.mark, dscp: packet.dscp.map(UInt32.init),
      timeToLive: packet.timeToLive.map(UInt32.init))
  }

  /// Applies an address mapping.
  mutating func translate(_ translation: Translation, family: IPFamily, hook: Hook) {
    let before = self
    let all = Interval<UInt128>(0, family.lastAddress)
    let isKnown = translation.unknown == nil
    let addresses = translation.family.map { $0 == family } ?? true ? translation.addresses : nil
    switch translation.kind {
    case .destination, .destinationPrefix:
      if let addresses {
        destination = translation.kind == .destination ? addresses : Self.mapPrefix(destination, onto: addresses)
      } else if !isKnown {
        destination = all
      }
      if destinationPort != nil {
        destinationPort = isKnown ? translation.ports ?? destinationPort : Interval(0, 65535)
      }
    case .source, .sourcePrefix:
      if let addresses {
        source = translation.kind == .source ? addresses : Self.mapPrefix(source, onto: addresses)
      } else if !isKnown {
        source = all
      }
      if sourcePort != nil { sourcePort = isKnown ? translation.ports ?? sourcePort : Interval(0, 65535) }
    case .masquerade:
      source = all
      if sourcePort != nil, let ports = translation.ports { sourcePort = ports }
    case .redirect:
      let loopback: UInt128 = family == .v4 ? 0x7F00_0001 : 1
      destination = hook == .output ? Interval(loopback) : all
      if destinationPort != nil, let ports = translation.ports { destinationPort = ports }
    case .transparentProxy: break
    }
    state = state.after(translation, isChange: isChanged(since: before))
  }

  /// Whether an address or a port is another than before.
  private func isChanged(since before: TracedPacket) -> Ternary {
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

  /// Replaces the network part of an address; only for a known address and an aligned block.
  static func mapPrefix(_ address: Interval<UInt128>, onto block: Interval<UInt128>) -> Interval<UInt128> {
    let hostMask = block.upper - block.lower
    guard address.lower == address.upper, hostMask & (hostMask &+ 1) == 0, block.lower & hostMask == 0 else {
      return block
    }
    return Interval(block.lower | (address.lower & hostMask))
  }
}
