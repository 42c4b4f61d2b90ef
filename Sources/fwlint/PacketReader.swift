import Evaluation
import PacketSets
import Reporting
import RuleGraph
import SourceText
import YAMLDocument

/// Reads the array of packets that `trace` is asked about; JSON is read as YAML, which knows places.
struct PacketReader {
  private var mistakes: [Diagnostic] = []

  private static let keys = [
    "hook", "src", "dst", "proto", "sport", "dport", "type", "code", "iif", "oif", "state", "flags", "mark", "ttl",
    "dscp", "length", "options",
  ]

  /// The packets of a document, and what is wrong with it; any mistake means that the packets must not be used.
  static func read(
    _ source: SourceFile, limits: YAMLLimits = .standard
  ) -> (packets: [Packet], mistakes: [Diagnostic]) {
    let (documents, problems) = YAMLDocument.parse(source, limits: limits.withoutForeignTags)
    var reader = PacketReader(mistakes: problems)
    guard let root = documents.first else {
      if problems.isEmpty { reader.fail("the file of packets is empty", SourceRange(0, 0)) }
      return ([], reader.mistakes)
    }
    if documents.count > 1 { reader.fail("packets are a single document", documents[1].range) }
    guard let items = root.sequence else {
      reader.fail("packets are an array of objects", root.range)
      return ([], reader.mistakes)
    }
    let packets = items.compactMap { reader.packet($0) }
    return (packets, reader.mistakes)
  }

  private mutating func fail(_ message: String, _ range: SourceRange) {
    mistakes.append(Diagnostic(.error, message, range: range))
  }

  private mutating func packet(_ node: YAMLNode) -> Packet? {
    guard let entries = node.mapping else {
      fail("a packet is an object with hook, src, dst and proto", node.range)
      return nil
    }
    for (key, _) in entries {
      let name = key.scalar ?? ""
      if !Self.keys.contains(name) {
        fail("a packet has no field '\(name)'\(Suggestion.hint(for: name, among: Self.keys))", key.range)
      }
    }
    let before = mistakes.count
    for key in ["hook", "src", "dst", "proto"] where node[key] == nil {
      fail("the packet has no field '\(key)'", SourceRange(node.range.start, node.range.start + 1))
    }
    let path = word(node, "hook", Packet.Path.allCases.map(\.rawValue)).flatMap(Packet.Path.init)
    let source = address(node, "src")
    let destination = address(node, "dst")
    let number = protocolNumber(node)
    guard mistakes.count == before, let path, let source, let destination, let number else { return nil }
    guard source.family == destination.family else {
      fail("src and dst are of different families", node["dst"]?.range ?? node.range)
      return nil
    }
    var packet = Packet(path: path, source: source, destination: destination, protocolNumber: number)
    fill(&packet, node)
    return mistakes.count == before ? packet : nil
  }

  private mutating func fill(_ packet: inout Packet, _ node: YAMLNode) {
    let hasPorts = IPProtocol.hasPorts(packet.protocolNumber)
    let isICMP = packet.protocolNumber == (packet.family == .v4 ? IPProtocol.icmp : IPProtocol.icmpv6)
    packet.sourcePort = number(node, "sport", upTo: 65535, given: hasPorts, "the protocol has no ports").map {
      UInt16($0)
    }
    packet.destinationPort =
      number(node, "dport", upTo: 65535, given: hasPorts, "the protocol has no ports").map { UInt16($0) }
    packet.icmpType = number(node, "type", upTo: 255, given: isICMP, "only ICMP packets have a type").map { UInt8($0) }
    packet.icmpCode = number(node, "code", upTo: 255, given: isICMP, "only ICMP packets have a code").map { UInt8($0) }
    if isICMP, packet.icmpType != nil, packet.icmpCode == nil { packet.icmpCode = 0 }
    packet.mark = number(node, "mark", upTo: Int(UInt32.max)).map { UInt32($0) } ?? 0
    packet.timeToLive = number(node, "ttl", upTo: 255).map { UInt8($0) }
    packet.dscp = number(node, "dscp", upTo: 63).map { UInt8($0) }
    packet.length = number(node, "length", upTo: 65535).map { UInt16($0) }
    if let options = node["options"], !options.isNull {
      guard packet.protocolNumber == IPProtocol.tcp else { return fail("only TCP packets have options", options.range) }
      let kinds = options.sequence?.map { $0.scalar.flatMap { UInt8($0) } } ?? [nil]
      if kinds.contains(nil) { fail("'options' is an array of numbers from 0 to 255", options.range) }
      packet.tcpOptions = kinds.compactMap { $0 }
    }
    // An empty name is as good as none.
    if let name = node["iif"]?.scalar, !name.isEmpty {
      if packet.path == .output {
        fail("a packet of hook output comes in by no interface", node["iif"]?.range ?? node.range)
      }
      packet.inputInterface = name
    }
    if let name = node["oif"]?.scalar, !name.isEmpty {
      if packet.path == .input {
        fail("a packet of hook input leaves by no interface", node["oif"]?.range ?? node.range)
      }
      packet.outputInterface = name
    }
    fillState(&packet, node)
  }

  /// Flags and state, which follow from one another: a TCP packet without flags is a pure SYN.
  private mutating func fillState(_ packet: inout Packet, _ node: YAMLNode) {
    let state = node["state"] == nil ? nil : word(node, "state", ConntrackState.allCases.map(\.keyword))
    let given = state.flatMap { word in ConntrackState.allCases.first { $0.keyword == word } }
    if packet.protocolNumber == IPProtocol.tcp {
      packet.tcpFlags = flags(node["flags"])
    } else if let flags = node["flags"], flags.count > 0 {
      fail("only TCP packets have flags", flags.range)
    }
    let first = ConntrackState.ofFirstPacket(
      family: packet.family, protocolNumber: packet.protocolNumber, tcpFlags: packet.tcpFlags,
      icmpType: packet.icmpType)
    packet.state = given ?? first
    guard given == .new, first == .invalid, let bits = packet.tcpFlags else { return }
    let names = PacketText.flags(bits).joined(separator: "+")
    fail(
      "a first packet with \(names.isEmpty ? "no flags" : names) is invalid to connection tracking, not new",
      node["state"]?.range ?? node.range)
  }

  private mutating func flags(_ node: YAMLNode?) -> UInt8 {
    guard let node else { return 2 }
    guard let items = node.sequence else {
      fail("flags are an array such as [\"syn\", \"ack\"]", node.range)
      return 2
    }
    var bits: UInt8 = 0
    for item in items {
      let name = (item.scalar ?? "").lowercased()
      if let bit = PacketText.flagNames.firstIndex(of: name) {
        bits |= 1 << UInt8(bit)
      } else {
        fail(
          "there is no TCP flag '\(name)'\(Suggestion.hint(for: name, among: PacketText.flagNames))", item.range)
      }
    }
    return bits
  }

  // MARK: Fields

  private mutating func word(_ node: YAMLNode, _ key: String, _ known: [String]) -> String? {
    guard let value = node[key] else { return nil }
    let text = value.scalar ?? ""
    if known.contains(text) { return text }
    fail("'\(key)' is \(known.joined(separator: ", ")), not '\(text)'", value.range)
    return nil
  }

  private mutating func address(_ node: YAMLNode, _ key: String) -> IPAddress? {
    guard let value = node[key] else { return nil }
    if let address = value.scalar.flatMap({ IPAddress($0) }) { return address }
    fail("'\(key)' is no IP address: '\(value.scalar ?? "")'", value.range)
    return nil
  }

  private mutating func protocolNumber(_ node: YAMLNode) -> UInt8? {
    guard let value = node["proto"] else { return nil }
    let text = value.scalar ?? ""
    if let number = UInt8(text) ?? IPProtocol.number(named: text) { return number }
    fail("'proto' is tcp, udp, icmp, icmpv6 or a number up to 255, not '\(text)'", value.range)
    return nil
  }

  /// A number as JSON writes it: digits, without a sign and without zeros in front.
  private static func decimal(_ text: String) -> Int? {
    guard text == "0" || text.utf8.first != UInt8(ascii: "0") else { return nil }
    return text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
  }

  private mutating func number(
    _ node: YAMLNode, _ key: String, upTo last: Int, given isAllowed: Bool = true, _ refusal: String = ""
  ) -> Int? {
    guard let value = node[key], !value.isNull else { return nil }
    guard isAllowed else {
      fail("\(refusal), so '\(key)' cannot be given", value.range)
      return nil
    }
    if let number = value.scalar.flatMap(Self.decimal), number <= last { return number }
    fail("'\(key)' is a number from 0 to \(last)", value.range)
    return nil
  }
}
