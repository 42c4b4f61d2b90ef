import Evaluation
import PacketSets
import RuleGraph
import SecurityGroups

/// Traces packets that are written as text, such as `in tcp 10.0.0.1 -> 10.0.1.1:25`.
struct Traces {
  let tracer: PacketTracer
  /// The packet-set engine on the same graph.
  var summary: Summary

  init(_ graph: RuleGraph, references: [String: [String]] = [:]) {
    let contents = references.mapValues { texts in AddressSet(texts.compactMap { IPPrefix($0) }) }
    summary = Summary(graph: graph, references: contents)
    tracer = PacketTracer(graphs: [graph], facts: SiteFacts(references: contents))
  }

  /// The verdict on a packet: `in|out PROTOCOL SOURCE[,PORT] DESTINATION[,PORT] [TYPE/CODE] [established]`.
  func verdict(_ text: String) -> String {
    guard let packet = Self.packet(text) else { return "not a packet: \(text)" }
    return tracer.trace(packet).verdict.rawValue
  }

  /// The same by the packet-set engine; nil for packets that are no first ones.
  mutating func summarised(_ text: String) -> String? {
    guard let packet = Self.packet(text), packet.state == .new else { return nil }
    return summary.isAllowed(packet).map { $0 ? "accept" : "drop" } ?? "undecided"
  }

  static func packet(_ text: String) -> Packet? {
    var words = text.split(separator: " ").map(String.init)
    let isEstablished = words.last == "established"
    if isEstablished { words.removeLast() }
    guard words.count >= 4, let source = end(words[2]), let destination = end(words[3]),
      let number = IPProtocol.number(named: words[1]) ?? UInt8(words[1])
    else { return nil }
    let icmp = words.count > 4 ? words[4].split(separator: "/").compactMap { UInt8($0) } : []
    let isNew = !isEstablished
    return Packet(
      path: words[0] == "in" ? .input : .output, source: source.address, destination: destination.address,
      protocolNumber: number, sourcePort: IPProtocol.hasPorts(number) ? source.port ?? 40000 : nil,
      destinationPort: destination.port, icmpType: icmp.first, icmpCode: icmp.last,
      tcpFlags: number == IPProtocol.tcp ? (isNew ? 2 : 18) : nil, state: isNew ? .new : .established)
  }

  private static func end(_ text: String) -> (address: IPAddress, port: UInt16?)? {
    let parts = text.split(separator: ",")
    guard let address = IPAddress(parts[0]) else { return nil }
    return (address, parts.count > 1 ? UInt16(parts[1]) : nil)
  }
}
