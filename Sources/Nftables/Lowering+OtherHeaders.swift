import PacketSets
import RuleGraph
import SourceText

extension Lowering {
  /// Headers of which the model holds nothing but the protocol.
  mutating func otherHeader(_ word: Token) throws(SyntaxFault) -> Operand {
    let header = text(word)
    let place = TextSpan(file: UInt16(truncatingIfNeeded: file), start: word.start, end: token.end)
    let name = text(token)
    guard token.kind == .word else { throw expected("a field of \(header)") }
    func field(_ type: DataType, _ bits: Int? = nil) -> (DataType, Int?) { (type, bits) }
    let found: (type: DataType, bits: Int?)?
    var number: UInt8?
    switch word.keyword {
    case .ether:
      if name == "type", family == .bridge || family == .netdev {
        advance()
        return etherTypeOperand()
      }
      found = ["saddr", "daddr"].contains(name) ? (.etherAddress, nil) : name == "type" ? (.etherType, nil) : nil
    case .vlan:
      guard context.network == .unknown || context.network == .other else {
        throw SyntaxFault(message: "conflicting protocols: \(Self.name(context.network)) and vlan", span: place)
      }
      switch name {
      case "id": found = (.integer, 12)
      case "cfi", "dei": found = (.integer, 1)
      case "pcp": found = (.integer, 3)
      case "type": found = (.etherType, nil)
      default: found = nil
      }
    case .arp: return try arpExpression()
    case .igmp:
      number = IPProtocol.igmp
      switch name {
      case "type": found = (.igmpType, nil)
      case "mrt": found = (.integer, 8)
      case "checksum": found = (.integer, 16)
      case "group": found = (.ipv4Address, nil)
      default: found = nil
      }
    case .ah:
      number = IPProtocol.ah
      switch name {
      case "nexthdr": found = (.transportProtocol, nil)
      case "hdrlength": found = (.integer, 8)
      case "reserved": found = (.integer, 16)
      case "spi", "sequence": found = (.integer, 32)
      default: found = nil
      }
    case .esp:
      number = IPProtocol.esp
      found = ["spi", "sequence"].contains(name) ? (.integer, 32) : nil
    case .comp:
      number = 108
      switch name {
      case "nexthdr": found = (.transportProtocol, nil)
      case "flags": found = (.integer, 8)
      case "cpi": found = (.integer, 16)
      default: found = nil
      }
    case .gre where ["version", "flags", "protocol"].contains(name):
      number = IPProtocol.gre
      found = name == "version" ? (.integer, 3) : name == "flags" ? (.integer, 5) : (.etherType, nil)
    case .vxlan where name == "vni" || name == "flags": found = (.integer, name == "vni" ? 24 : 8)
    case .geneve where name == "vni" || name == "type": found = name == "vni" ? (.integer, 24) : (.etherType, nil)
    case .gre, .gretap, .vxlan, .geneve: return try innerExpression(word, place)
    default: found = nil
    }
    guard let found else { throw fault("expected a field of \(header), found '\(name)'") }
    advance()
    if let number { try requireTransport(number, place) }
    if word.keyword == .vxlan || word.keyword == .geneve { try requireTunnel(header, place) }
    var operand = unknown(found.type, "\(header) \(name)", bits: found.bits)
    if word.keyword == .ether, name == "type" { operand.settles = .networkProtocol }
    return operand
  }

  private mutating func requireTunnel(_ header: String, _ place: TextSpan) throws(SyntaxFault) {
    guard context.transport == IPProtocol.udp else {
      throw SyntaxFault(message: "\(header) needs a match on udp before it", span: place)
    }
  }

  /// A header inside of a tunnel: it is parsed as any other, and nothing of it is known.
  private mutating func innerExpression(_ word: Token, _ place: TextSpan) throws(SyntaxFault) -> Operand {
    if word.keyword == .gre || word.keyword == .gretap {
      try requireTransport(IPProtocol.gre, place)
    } else {
      try requireTunnel(text(word), place)
    }
    if word.keyword == .gre, token.keyword == .ether || token.keyword == .vlan || token.keyword == .arp {
      throw fault("gre carries no \(text(token)) header")
    }
    let saved = (items, context, family)
    context = RuleContext()
    family = .inet
    let inner: Operand
    do throws(SyntaxFault) {
      inner = try operand()
    } catch {
      (items, context, family) = saved
      throw error
    }
    (items, context, family) = saved
    var operand = unknown(inner.type, "headers inside \(text(word))", bits: inner.bits)
    operand.isInner = true
    return operand
  }

  private mutating func arpExpression() throws(SyntaxFault) -> Operand {
    let name = text(token)
    switch family {
    case .ip, .ip6, .inet: throw fault("conflicting protocols: arp headers are in tables of arp, bridge and netdev")
    case .arp, .bridge, .netdev: break
    }
    let type: DataType
    var bits: Int?
    switch name {
    case "htype": (type, bits) = (.integer, 16)
    case "ptype": type = .etherType
    case "hlen", "plen": (type, bits) = (.integer, 8)
    case "operation": type = .arpOperation
    case "saddr", "daddr":
      advance()
      guard token.keyword == .ether || token.keyword == .ip else { throw expected("ether or ip") }
      type = token.keyword == .ether ? .etherAddress : .ipv4Address
    default: throw fault("expected a field of arp, found '\(name)'")
    }
    advance()
    // ARP frames are no packets of IPv4 or IPv6, which alone the model follows.
    items.append(RuleItem(.never, .family))
    return unknown(type, "arp \(name)", bits: bits)
  }

  /// IPv6 extension headers and `exthdr`.
  mutating func extensionHeader(_ word: Token) throws(SyntaxFault) -> Operand {
    let header = text(word)
    let place = span
    let name = text(token)
    if word.keyword == .rt {
      switch token.keyword {
      case .classid:
        advance()
        return unknown(.realm, "rt classid (the route's realm)")
      case .mtu:
        try require([.forward, .output, .postrouting], for: "rt mtu", place)
        advance()
        return unknown(.integer, "rt mtu", bits: 16)
      case .ipsec:
        advance()
        return unknown(.boolean, "rt ipsec")
      case .nexthop, .ip, .ip6: return try nextHop()
      default: break
      }
    }
    if word.keyword == .exthdr {
      guard ["hbh", "rt", "frag", "dst", "mh"].contains(name) else { throw expected("one of hbh, rt, frag, dst or mh") }
      advance()
      try requireNetwork(.ipv6, place)
      return unknown(.boolean, "IPv6 extension headers")
    }
    var type = DataType.integer
    var bits: Int?
    switch (word.keyword, name) {
    case (_, "nexthdr") where [.rt, .hbh, .frag, .dst, .mh].contains(word.keyword): type = .transportProtocol
    case (_, "hdrlength") where [.rt, .hbh, .dst, .mh].contains(word.keyword): bits = 8
    case (.rt, "type"), (.rt, "seg-left"): bits = 8
    case (.mh, "type"): type = .mobilityType
    case (.mh, "reserved"): bits = 8
    case (.mh, "checksum"): bits = 16
    case (.frag, "reserved"): bits = 8
    case (.frag, "frag-off"): bits = 13
    case (.frag, "reserved2"): bits = 2
    case (.frag, "more-fragments"): bits = 1
    case (.frag, "id"): bits = 32
    case (.srh, "last-entry"), (.srh, "flags"): bits = 8
    case (.srh, "tag"): bits = 16
    case (.rt2, "addr"): type = .ipv6Address
    case (.rt0, "addr"), (.srh, "sid"):
      type = .ipv6Address
      advance()
      try expect(.openBracket, "'['")
      guard token.kind == .number else { throw expected("an index") }
      advance()
      guard token.kind == .closeBracket else { throw expected("']'") }
    default: throw fault("expected a field of \(header), found \(RulesetReader.describe(token, name))")
    }
    advance()
    try requireNetwork(.ipv6, place)
    return unknown(type, "IPv6 extension headers", bits: bits)
  }

  /// `rt [ip|ip6] nexthop`.
  private mutating func nextHop() throws(SyntaxFault) -> Operand {
    var type: DataType?
    if token.keyword == .ip || token.keyword == .ip6 {
      type = token.keyword == .ip ? .ipv4Address : .ipv6Address
      advance()
    }
    if type == .ipv6Address && network == .ipv4 || type == .ipv4Address && network == .ipv6 {
      throw fault("conflicting protocols: this table or rule is for the other family")
    }
    guard token.keyword == .nexthop else { throw expected("'nexthop'") }
    if type == nil {
      switch network {
      case .ipv4: type = .ipv4Address
      case .ipv6: type = .ipv6Address
      default: throw fault("rt nexthop needs ip or ip6 before it")
      }
    }
    advance()
    return unknown(type ?? .ipv4Address, "rt nexthop (the route)")
  }

  /// `@base,offset,length`.
  mutating func rawPayload() throws(SyntaxFault) -> Operand {
    let start = token.start
    advance()
    let layer = text(token)
    guard ["ll", "nh", "th", "ih"].contains(layer) else { throw expected("one of ll, nh, th or ih") }
    advance()
    try expect(.comma, "','")
    guard token.kind == .number, token.number < 1 << 16 else { throw expected("an offset in bits") }
    let offset = Int(token.number)
    advance()
    try expect(.comma, "','")
    guard token.kind == .number, token.number > 0, token.number <= 512 else {
      throw expected("a length in bits from 1 to 512")
    }
    let length = Int(token.number)
    advance()
    let bits = min(length, 128)
    var raw = unknown(.integer, "raw payload @\(layer),\(offset),\(length)", bits: bits)
    raw.isStructural = layer == "nh" || layer == "th"
    guard let field = modelledField(layer, offset, length) else { return raw }
    var operand = Operand(.integer, field, bits: length)
    operand.lacksChecksum = true
    if field == .protocolNumber { operand.settles = .transportProtocol }
    if layer == "nh" { try requireNetwork(network, span(from: start)) }
    if field == .dscp {
      // Six bits of the second byte, behind which two bits of ECN follow.
      guard length == 6 else { return raw }
    }
    return operand
  }

  /// The modelled field that lies at a place of a header, where packets that still match have that header.
  private func modelledField(_ layer: String, _ offset: Int, _ length: Int) -> Field? {
    switch (layer, offset, length) {
    case ("th", 0, 16) where context.hasPorts: .sourcePort
    case ("th", 16, 16) where context.hasPorts: .destinationPort
    case ("th", 104, 8) where context.transport == IPProtocol.tcp: .tcpFlags
    case ("th", 0, 8) where context.transport == IPProtocol.icmp || context.transport == IPProtocol.icmpv6: .icmpType
    case ("th", 8, 8) where context.transport == IPProtocol.icmp || context.transport == IPProtocol.icmpv6: .icmpCode
    case ("nh", 8, 6) where network == .ipv4: .dscp
    case ("nh", 16, 16) where network == .ipv4: .length
    case ("nh", 64, 8) where network == .ipv4: .timeToLive
    case ("nh", 72, 8) where network == .ipv4: .protocolNumber
    case ("nh", 96, 32) where network == .ipv4: .ipv4Source
    case ("nh", 128, 32) where network == .ipv4: .ipv4Destination
    case ("nh", 48, 8) where network == .ipv6: .protocolNumber
    case ("nh", 56, 8) where network == .ipv6: .timeToLive
    case ("nh", 64, 128) where network == .ipv6: .ipv6Source
    case ("nh", 192, 128) where network == .ipv6: .ipv6Destination
    default: nil
    }
  }
}
