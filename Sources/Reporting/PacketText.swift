import Evaluation
import PacketSets
import RuleGraph

/// A packet in one line, as in `tcp 203.0.113.7:40000 > 10.0.10.5:25, new, forward`.
public enum PacketText {
  /// Names of the TCP flags by bit, as `Field.tcpFlags` numbers them.
  public static let flagNames = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"]

  /// The flags that are set, in the order of their bits.
  public static func flags(_ bits: UInt8) -> [String] {
    flagNames.indices.filter { bits >> UInt8($0) & 1 == 1 }.map { flagNames[$0] }
  }

  /// The packet in words.
  public static func line(_ packet: Packet) -> String {
    func end(_ address: IPAddress, _ port: UInt16?) -> String {
      guard let port else { return "\(address)" }
      return address.family == .v6 ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
    var words = ["\(IPProtocol.name(packet.protocolNumber)) \(end(packet.source, packet.sourcePort))"]
    words[0] += " > \(end(packet.destination, packet.destinationPort))"
    if let type = packet.icmpType { words.append("type \(type) code \(packet.icmpCode ?? 0)") }
    if let bits = packet.tcpFlags, bits != 2 { words.append(flags(bits).joined(separator: "+")) }
    words.append(packet.state.keyword)
    words.append(packet.path.rawValue)
    if let name = packet.inputInterface, !name.isEmpty { words.append("in by \(Harmless.line(name))") }
    if let name = packet.outputInterface, !name.isEmpty { words.append("out by \(Harmless.line(name))") }
    if let value = packet.timeToLive { words.append("ttl \(value)") }
    if let value = packet.dscp { words.append("dscp \(value)") }
    if let value = packet.length { words.append("\(value) bytes") }
    if packet.mark != 0 { words.append("mark \(packet.mark)") }
    return words.joined(separator: ", ")
  }
}
