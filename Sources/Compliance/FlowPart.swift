import Evaluation
import PacketSets
import Requirements

/// One piece of a required flow at one firewall: one family, one way through, addresses filled in.
struct FlowPart {
  var flow: RequiredFlow
  var direction: Direction
  var family: IPFamily
  /// The first packets.
  var first: PacketBox
  /// The answers; nil when nothing comes back.
  var reply: PacketBox?
  /// Whether the peers' addresses are not known, so that `first` holds all there could be.
  var hasUnknownPeers: Bool
}

extension PacketBox {
  /// The box of a transport: protocol and destination ports, or ICMP types.
  static func transport(_ transport: TransportFlow) -> PacketBox {
    var box = PacketBox(protocols: IntervalSet(Interval(UInt32(transport.protocolNumber))))
    if let type = transport.icmpType {
      let code = transport.icmpCode.map { Interval(UInt32($0)) } ?? Interval(0, 255)
      box.ports = IntervalSet(Interval(UInt32(type) << 8 | code.lower, UInt32(type) << 8 | code.upper))
    } else if IPProtocol.hasPorts(transport.protocolNumber) {
      box.ports = transport.ports
    }
    return box
  }
}

extension IPProtocol {
  /// The ICMP type that answers a request type; nil when none does.
  static func icmpReply(to type: UInt8, family: IPFamily) -> UInt8? {
    switch (family, type) {
    case (.v4, 8): 0
    case (.v4, 13): 14
    case (.v4, 17): 18
    case (.v6, 128): 129
    default: nil
    }
  }
}
