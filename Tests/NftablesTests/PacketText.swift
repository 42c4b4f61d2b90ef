import Evaluation
import PacketSets
import RuleGraph

/// A packet as tests write it: `[path] proto source[:port] > destination[:port] [key=value]...`.
///
/// Paths are input (the default), forward and output. Keys: iif, oif, state, flags, mark, type, code, ttl, dscp, length.
/// An address before a port stands in brackets when it is IPv6.
func packet(_ text: String) -> Packet {
  var words = text.split(separator: " ").map(String.init)
  var path = Packet.Path.input
  if let first = words.first, let named = Packet.Path(rawValue: first) {
    path = named
    words.removeFirst()
  }
  let number = IPProtocol.number(named: words[0]) ?? UInt8(words[0]) ?? 255
  let (source, sourcePort) = endpoint(words[1])
  let (destination, destinationPort) = endpoint(words[3])
  var values: [String: String] = [:]
  for word in words.dropFirst(4) {
    let parts = word.split(separator: "=")
    values[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
  }
  let flagBits: [String: UInt8] = [
    "fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128,
  ]
  let flags = (values["flags"] ?? "syn").split(separator: ",").reduce(UInt8(0)) { $0 | (flagBits[String($1)] ?? 0) }
  let state = ConntrackState.allCases.first { $0.keyword == values["state"] } ?? .new
  return Packet(
    path: path, source: source, destination: destination, protocolNumber: number, sourcePort: sourcePort,
    destinationPort: destinationPort, icmpType: values["type"].flatMap { UInt8($0) },
    icmpCode: values["code"].flatMap { UInt8($0) } ?? 0, tcpFlags: number == 6 ? flags : nil,
    inputInterface: values["iif"], outputInterface: values["oif"], state: state,
    mark: values["mark"].flatMap { UInt32($0) } ?? 0, timeToLive: values["ttl"].flatMap { UInt8($0) } ?? 64,
    dscp: values["dscp"].flatMap { UInt8($0) } ?? 0, length: values["length"].flatMap { UInt16($0) } ?? 60)
}

private func endpoint(_ text: String) -> (IPAddress, UInt16?) {
  if text.hasPrefix("["), let close = text.lastIndex(of: "]") {
    let address = IPAddress(text[text.index(after: text.startIndex)..<close]) ?? IPAddress(v4: 0)
    return (address, UInt16(text[text.index(after: close)...].dropFirst()))
  }
  if let whole = IPAddress(text) { return (whole, nil) }
  let parts = text.split(separator: ":")
  return (IPAddress(parts[0]) ?? IPAddress(v4: 0), parts.count > 1 ? UInt16(parts[1]) : nil)
}

/// What a rule set does with a packet: `accept`, `drop`, `reject` or `undecided`, and the new ends where they changed.
func fate(_ graph: RuleGraph, _ text: String) -> String {
  let result = PacketTracer(graphs: [graph]).trace(packet(text))
  var words = [result.verdict.rawValue]
  if let source = result.newSource { words.append("from \(source)") }
  if let port = result.newSourcePort { words.append("from port \(port)") }
  if let destination = result.newDestination { words.append("to \(destination)") }
  if let port = result.newDestinationPort { words.append("to port \(port)") }
  return words.joined(separator: " ")
}
