import Evaluation
import PacketSets
import RuleGraph

/// The packets that follow a first one: its answer, what comes after that, and an error message about it.
///
/// Where the first packet was translated, its answer goes to the translated ends; rules see packets of the connection
/// between both places of NAT with the first packet's source and the translated destination.
public struct Exchange: Sendable {
  /// One packet of the exchange.
  public struct Step: Sendable {
    /// The packet as rules between both places of NAT see it.
    public var packet: Packet
    /// The packet as it is on the wire.
    public var wire: Packet
    /// TCP sequence and acknowledgement numbers.
    public var sequence: UInt32
    public var acknowledgement: UInt32
    /// What an ICMP error quotes.
    public var quoted: [UInt8]
  }

  /// The first packet, and how it came out.
  let first: Packet
  let fate: ObservedPacket

  /// Bytes after the headers of every packet of an exchange.
  private static let payload: UInt32 = 8

  /// The first packet with the destination that it was given.
  private var delivered: Packet {
    var packet = first
    packet.destination = fate.destination
    if first.destinationPort != nil { packet.destinationPort = fate.destinationPort }
    return packet
  }

  /// The first packet as it came out.
  private var departed: Packet {
    var packet = delivered
    packet.source = fate.source
    if first.sourcePort != nil { packet.sourcePort = fate.sourcePort }
    return packet
  }

  /// Whether an address or port of the first packet was translated.
  var isTranslated: Bool {
    departed.source != first.source || departed.destination != first.destination
      || departed.sourcePort != first.sourcePort || departed.destinationPort != first.destinationPort
  }

  private static func turned(_ first: Packet) -> Packet {
    var packet = first
    packet.source = first.destination
    packet.destination = first.source
    packet.sourcePort = first.destinationPort
    packet.destinationPort = first.sourcePort
    packet.state = .established
    packet.mark = 0
    switch first.path {
    case .input:
      packet.path = .output
      packet.outputInterface = first.inputInterface
      packet.inputInterface = ""
    case .forward:
      packet.inputInterface = first.outputInterface
      packet.outputInterface = first.inputInterface
    case .output:
      packet.path = .input
      packet.inputInterface = first.outputInterface
      packet.outputInterface = ""
    }
    return packet
  }

  /// The answer to the first packet.
  ///
  /// - Parameter isTracked: whether tracking knows the connection; the answer is a first packet otherwise.
  func answer(isTracked: Bool) -> Step {
    func answer(_ first: Packet) -> Packet {
      var packet = Self.turned(first)
      if first.tcpFlags != nil { packet.tcpFlags = 0x12 }
      if first.icmpType != nil { packet.icmpType = first.family == .v4 ? 0 : 129 }
      if !isTracked {
        packet.state = .ofFirstPacket(
          family: packet.family, protocolNumber: packet.protocolNumber, tcpFlags: packet.tcpFlags,
          icmpType: packet.icmpType)
      }
      return packet
    }
    let wire = answer(departed)
    return Step(
      packet: isTracked ? answer(delivered) : wire, wire: wire, sequence: 5000, acknowledgement: 1001 + Self.payload,
      quoted: [])
  }

  /// The packet of the first direction that follows the answer.
  var next: Step {
    func next(_ first: Packet) -> Packet {
      var packet = first
      packet.state = .established
      if first.tcpFlags != nil { packet.tcpFlags = 0x10 }
      return packet
    }
    return Step(
      packet: next(delivered), wire: next(first), sequence: 1001 + Self.payload, acknowledgement: 5001 + Self.payload,
      quoted: [])
  }

  /// A packet of the first direction whose flags make no sense: of no connection, whatever its ends are.
  var nonsense: Step? {
    guard first.tcpFlags != nil else { return nil }
    var packet = first
    packet.tcpFlags = 0x03
    packet.state = .invalid
    return Step(packet: packet, wire: packet, sequence: 1001 + Self.payload, acknowledgement: 0, quoted: [])
  }

  /// An error message about the first packet, from its destination.
  var error: Step {
    let isV4 = first.family == .v4
    let quoted = Array(WirePacket(departed, identity: fate.identity).bytes.prefix(isV4 ? 28 : 48))
    func error(_ first: Packet) -> Packet {
      var packet = Self.turned(first)
      packet.protocolNumber = isV4 ? IPProtocol.icmp : IPProtocol.icmpv6
      packet.sourcePort = nil
      packet.destinationPort = nil
      packet.tcpFlags = nil
      packet.icmpType = isV4 ? 3 : 1
      packet.icmpCode = 1
      packet.state = .related
      packet.length = UInt16((isV4 ? 28 : 48) + quoted.count)
      return packet
    }
    return Step(packet: error(delivered), wire: error(departed), sequence: 0, acknowledgement: 0, quoted: quoted)
  }

  /// Whether a packet begins an exchange that connection tracking follows.
  public static func isPossible(_ first: Packet) -> Bool {
    guard first.state == .new, first.source != first.destination else { return false }
    switch first.protocolNumber {
    // The host itself answers a SYN with a reset.
    case IPProtocol.tcp: return first.tcpFlags == 2 && first.path != .input
    case IPProtocol.udp: return true
    case IPProtocol.icmp: return first.icmpType == 8
    case IPProtocol.icmpv6: return first.icmpType == 128
    default: return false
    }
  }
}
