import Evaluation
import PacketSets
import RuleGraph

/// The packets that follow a first one: its answer, what comes after that, and an error message about it.
public struct Exchange: Sendable {
  /// One packet of the exchange.
  public struct Step: Sendable {
    public var packet: Packet
    /// TCP sequence and acknowledgement numbers.
    public var sequence: UInt32
    public var acknowledgement: UInt32
    /// What an ICMP error quotes.
    public var quoted: [UInt8]
  }

  /// Bytes after the headers of every packet of an exchange.
  private static let payload: UInt32 = 8

  /// The answer to a first packet that went through unchanged.
  public static func answer(to first: Packet) -> Step {
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
    if first.tcpFlags != nil { packet.tcpFlags = 0x12 }
    if first.icmpType != nil { packet.icmpType = first.family == .v4 ? 0 : 129 }
    return Step(packet: packet, sequence: 5000, acknowledgement: 1001 + payload, quoted: [])
  }

  /// The packet of the first direction that follows the answer.
  public static func next(after first: Packet) -> Step {
    var packet = first
    packet.state = .established
    if first.tcpFlags != nil { packet.tcpFlags = 0x10 }
    return Step(packet: packet, sequence: 1001 + payload, acknowledgement: 5001 + payload, quoted: [])
  }

  /// An error message about the first packet, from its destination.
  public static func error(about first: WirePacket) -> Step {
    var step = answer(to: first.packet)
    let isV4 = first.packet.family == .v4
    step.packet.protocolNumber = isV4 ? IPProtocol.icmp : IPProtocol.icmpv6
    step.packet.sourcePort = nil
    step.packet.destinationPort = nil
    step.packet.tcpFlags = nil
    step.packet.icmpType = isV4 ? 3 : 1
    step.packet.icmpCode = 1
    step.packet.state = .related
    step.quoted = Array(first.bytes.prefix(isV4 ? 28 : 48))
    step.packet.length = UInt16((isV4 ? 28 : 48) + step.quoted.count)
    return step
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
