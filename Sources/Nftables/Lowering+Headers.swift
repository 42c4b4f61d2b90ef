import PacketSets
import RuleGraph
import SourceText

extension Lowering {
  /// A dependency on a network protocol that the field itself stands for, as it is absent from other packets.
  private mutating func impliedNetwork(_ network: RuleContext.Network, _ place: TextSpan) throws(SyntaxFault) {
    let known = self.network
    guard known == .unknown || known == network || context.isNetworkFromEtherType else {
      throw SyntaxFault(message: "conflicting protocols: \(Self.name(known)) and \(Self.name(network))", span: place)
    }
    if known != network { context.isNetworkFromEtherType = false }
    context.network = network
  }

  /// What follows `ip`.
  mutating func ipv4Expression() throws(SyntaxFault) -> Operand {
    let place = span
    switch token.keyword {
    case .saddr, .daddr:
      let isSource = token.keyword == .saddr
      advance()
      try impliedNetwork(.ipv4, place)
      return Operand(.ipv4Address, isSource ? .ipv4Source : .ipv4Destination)
    case .option: return try ipOption(place)
    default: break
    }
    let name = text(token)
    var operand: Operand
    switch name {
    case "protocol":
      operand = Operand(.transportProtocol, .protocolNumber)
      operand.settles = .transportProtocol
    case "ttl": operand = Operand(.integer, .timeToLive, bits: 8)
    case "dscp": operand = Operand(.dscp, .dscp)
    case "length": operand = Operand(.integer, .length, bits: 16)
    case "frag-off": operand = unknown(.integer, "ip frag-off", bits: 16)
    case "version": operand = Operand(.integer, .family, bits: 4)
    case "hdrlength": operand = unknown(.integer, "ip hdrlength", bits: 4)
    case "ecn": operand = unknown(.ecn, "ip ecn")
    case "id": operand = unknown(.integer, "ip id", bits: 16)
    case "checksum": operand = unknown(.integer, "ip checksum", bits: 16)
    default:
      throw fault(
        "expected a field of ip, found \(RulesetReader.describe(token, name))"
          + Hint.text(for: name, among: Self.ipv4Fields))
    }
    advance()
    try requireNetwork(.ipv4, place)
    operand.isStructural = name == "frag-off" || name == "hdrlength"
    if name == "frag-off" { fragmentOffset(&operand) }
    return operand
  }

  private static let ipv4Fields = [
    "saddr", "daddr", "protocol", "ttl", "dscp", "length", "frag-off", "version", "hdrlength", "ecn", "id",
    "checksum", "option",
  ]

  /// `ip frag-off & 0x1fff`: compared with zero it tells fragments but the first from other packets.
  private mutating func fragmentOffset(_ operand: inout Operand) {
    let copy = (lexer, token, lastEnd)
    guard token.kind == .ampersand else { return }
    advance()
    let isMask = token.kind == .number && token.number == 0x1FFF
    advance()
    let hasRelation = token.kind == .equal || token.kind == .notEqual
    if hasRelation { advance() }
    let isZero = token.kind == .number && token.number == 0
    if isMask, isZero {
      (lexer, token, lastEnd) = copy
      advance()
      advance()
      operand = Operand(.integer, .fragment, bits: 13)
    } else {
      (lexer, token, lastEnd) = copy
    }
  }

  private mutating func ipOption(_ place: TextSpan) throws(SyntaxFault) -> Operand {
    advance()
    guard ["lsrr", "rr", "ssrr", "ra"].contains(text(token)) else { throw expected("one of lsrr, rr, ssrr or ra") }
    advance()
    try requireNetwork(.ipv4, place)
    switch text(token) {
    case "type", "length", "ptr":
      advance()
      return unknown(.integer, "ip option", bits: 8)
    case "value":
      advance()
      return unknown(.integer, "ip option", bits: 16)
    case "addr":
      advance()
      return unknown(.ipv4Address, "ip option")
    default: return unknown(.boolean, "ip option")
    }
  }

  /// What follows `ip6`.
  ///
  /// `nexthdr` is read as the transport protocol: packets of the model carry no extension headers.
  mutating func ipv6Expression() throws(SyntaxFault) -> Operand {
    let place = span
    if token.keyword == .saddr || token.keyword == .daddr {
      let isSource = token.keyword == .saddr
      advance()
      try impliedNetwork(.ipv6, place)
      return Operand(.ipv6Address, isSource ? .ipv6Source : .ipv6Destination)
    }
    let name = text(token)
    var operand: Operand
    switch name {
    case "nexthdr":
      operand = Operand(.transportProtocol, .protocolNumber)
      operand.settles = .transportProtocol
    case "hoplimit": operand = Operand(.integer, .timeToLive, bits: 8)
    case "dscp": operand = Operand(.dscp, .dscp)
    case "length":
      operand = Operand(.integer, .length, bits: 16)
      operand.offset = 40
    case "flowlabel": operand = unknown(.integer, "ip6 flowlabel", bits: 20)
    case "version": operand = Operand(.integer, .family, bits: 4)
    case "ecn": operand = unknown(.ecn, "ip6 ecn")
    default:
      throw fault(
        "expected a field of ip6, found \(RulesetReader.describe(token, name))"
          + Hint.text(
            for: name, among: ["saddr", "daddr", "nexthdr", "hoplimit", "dscp", "length", "flowlabel", "ecn"]))
    }
    advance()
    try requireNetwork(.ipv6, place)
    return operand
  }

  /// What follows `tcp`, `udp`, `udplite`, `sctp`, `dccp` or `th`.
  mutating func transportExpression(_ word: Token) throws(SyntaxFault) -> Operand {
    let place = TextSpan(file: UInt16(truncatingIfNeeded: file), start: word.start, end: token.end)
    let number: UInt8? =
      switch word.keyword {
      case .tcp: IPProtocol.tcp
      case .udp: IPProtocol.udp
      case .udplite: IPProtocol.udplite
      case .sctp: IPProtocol.sctp
      case .dccp: IPProtocol.dccp
      default: nil
      }
    switch token.keyword {
    case .sport, .dport:
      let field: Field = token.keyword == .sport ? .sourcePort : .destinationPort
      advance()
      if let number {
        try requireTransport(number, place)
      } else if !context.hasPorts {
        guard !isTypeof, fork == nil, pendingMap == nil else {
          return unknown(.service, "transport header of any protocol")
        }
        forkByPorts()
      }
      var operand = Operand(.service, field)
      operand.lacksChecksum = number == nil
      return operand
    case .flags where word.keyword == .tcp:
      advance()
      try requireTransport(IPProtocol.tcp, place)
      return Operand(.tcpFlag, .tcpFlags)
    default: break
    }
    let header = text(word)
    let name = text(token)
    guard token.kind == .word else { throw foreign() ?? expected("a field of \(header)") }
    let fields: [(name: String, bits: Int)] =
      switch word.keyword {
      case .tcp:
        [
          ("sequence", 32), ("ackseq", 32), ("doff", 4), ("reserved", 4), ("window", 16), ("checksum", 16),
          ("urgptr", 16),
        ]
      case .udp: [("length", 16), ("checksum", 16)]
      case .udplite: [("csumcov", 16), ("checksum", 16)]
      case .sctp: [("vtag", 32), ("checksum", 32)]
      default: []
      }
    if let field = fields.first(where: { $0.name == name }), let number {
      advance()
      try requireTransport(number, place)
      return unknown(.integer, "\(header) \(name)", bits: field.bits)
    }
    if word.keyword == .tcp, name == "option" { return try tcpOption(place) }
    if word.keyword == .sctp, name == "chunk" { return try sctpChunk(place) }
    if word.keyword == .dccp, name == "type" || name == "option" {
      advance()
      try requireTransport(IPProtocol.dccp, place)
      if name == "type" { return unknown(.dccpType, "dccp type") }
      guard token.kind == .number, token.number < 256 else { throw expected("the number of an option") }
      advance()
      return unknown(.boolean, "dccp option")
    }
    let known = ["sport", "dport", "flags"] + fields.map(\.name)
    throw foreign() ?? expected("a field of \(header)", among: known)
  }

  private mutating func tcpOption(_ place: TextSpan) throws(SyntaxFault) -> Operand {
    advance()
    try requireTransport(IPProtocol.tcp, place)
    if token.kind == .at {
      advance()
      advance()
      try expect(.comma, "','")
      guard token.kind == .number else { throw expected("an offset") }
      advance()
      try expect(.comma, "','")
      guard token.kind == .number, token.number > 0, token.number <= 128 else { throw expected("a length in bits") }
      let bits = Int(token.number)
      advance()
      return unknown(.integer, "tcp option", bits: bits)
    }
    let number = token.kind == .number && token.number < 256 ? UInt32(token.number) : nil
    guard let kind = number ?? Self.tcpOptionKinds[text(token)] else { throw expected("a TCP option") }
    advance()
    switch text(token) {
    case "kind", "length", "count":
      advance()
      return unknown(.integer, "tcp option", bits: 8)
    case "size":
      advance()
      return unknown(.integer, "tcp option", bits: 16)
    case "left", "right", "tsval", "tsecr":
      advance()
      return unknown(.integer, "tcp option", bits: 32)
    case "subtype":
      advance()
      return unknown(.integer, "tcp option", bits: 4)
    default:
      var operand = unknown(.boolean, "tcp option")
      operand.optionKind = kind
      return operand
    }
  }

  /// Names of TCP options (tcpopt.c of nftables).
  private static let tcpOptionKinds: [String: UInt32] = [
    "eol": 0, "nop": 1, "noop": 1, "maxseg": 2, "mss": 2, "window": 3, "sack-perm": 4, "sack-permitted": 4, "sack": 5,
    "sack0": 5, "sack1": 5, "sack2": 5, "sack3": 5, "echo": 8, "timestamp": 8, "md5sig": 19, "mptcp": 30,
    "fastopen": 34,
  ]

  private mutating func sctpChunk(_ place: TextSpan) throws(SyntaxFault) -> Operand {
    advance()
    try requireTransport(IPProtocol.sctp, place)
    let chunks = [
      "data", "init", "init-ack", "sack", "heartbeat", "heartbeat-ack", "abort", "shutdown", "shutdown-ack", "error",
      "cookie-echo", "cookie-ack", "ecne", "cwr", "shutdown-complete", "asconf-ack", "forward-tsn", "asconf",
    ]
    guard chunks.contains(text(token)) else { throw expected("a chunk of sctp") }
    advance()
    let bits: Int
    switch text(token) {
    case "type", "flags": bits = 8
    case "length", "stream", "ssn", "num-outbound-streams", "num-inbound-streams", "num-gap-ack-blocks",
      "num-dup-tsns":
      bits = 16
    case "tsn", "ppid", "init-tag", "a-rwnd", "initial-tsn", "cum-tsn-ack", "lowest-tsn", "seqno", "new-cum-tsn":
      bits = 32
    default: return unknown(.boolean, "sctp chunk")
    }
    advance()
    return unknown(.integer, "sctp chunk", bits: bits)
  }

  /// What follows `icmp` or `icmpv6`.
  mutating func icmpExpression(isV6: Bool) throws(SyntaxFault) -> Operand {
    let place = span
    let name = text(token)
    guard token.kind == .word else { throw expected("a field of \(isV6 ? "icmpv6" : "icmp")") }
    var operand: Operand
    switch name {
    case "type": operand = Operand(isV6 ? .icmpv6Type : .icmpType, .icmpType)
    case "code": operand = Operand(isV6 ? .icmpv6Code : .icmpCode, .icmpCode)
    case "checksum", "id", "sequence", "max-delay": operand = unknown(.integer, "icmp \(name)", bits: 16)
    case "mtu": operand = unknown(.integer, "icmp mtu", bits: isV6 ? 32 : 16)
    case "gateway" where !isV6: operand = unknown(.integer, "icmp gateway", bits: 32)
    case "parameter-problem" where isV6, "param-problem" where isV6:
      operand = unknown(.integer, "icmpv6 parameter-problem", bits: 32)
    case "taddr" where isV6, "daddr" where isV6: operand = unknown(.ipv6Address, "icmpv6 \(name)")
    default:
      let types = isV6 ? Symbols.icmpv6Types : Symbols.icmpTypes
      if types.value(of: name) != nil {
        throw fault("expected a field of \(isV6 ? "icmpv6" : "icmp"), found '\(name)' (did you mean 'type \(name)'?)")
      }
      throw expected(
        "a field of \(isV6 ? "icmpv6" : "icmp")", among: ["type", "code", "checksum", "id", "sequence", "mtu"])
    }
    advance()
    try requireTransport(isV6 ? IPProtocol.icmpv6 : IPProtocol.icmp, place)
    switch network {
    case .unknown: try requireNetwork(isV6 ? .ipv6 : .ipv4, place)
    case .ipv4 where isV6, .ipv6 where !isV6:
      return unknown(operand.type, "ICMP of the other family", bits: operand.bits)
    default: break
    }
    return operand
  }
}
