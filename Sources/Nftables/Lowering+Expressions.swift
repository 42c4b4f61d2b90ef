import PacketSets
import RuleGraph
import SourceText

extension Lowering {
  /// The parts of a concatenation, of which the first is read already.
  mutating func concatenation(after first: Operand) throws(SyntaxFault) -> [Operand] {
    var operands = [first]
    while token.kind == .dot {
      advance()
      operands.append(try operand())
    }
    return operands
  }

  /// An expression that takes a value from the packet, with its operators.
  mutating func operand() throws(SyntaxFault) -> Operand {
    var operand = try primary()
    while true {
      switch token.kind {
      case .shiftLeft, .shiftRight:
        let isLeft = token.kind == .shiftLeft
        advance()
        guard token.kind == .number, token.number < 128 else { throw expected("a number of bits") }
        compute(&operand, isLeft ? .shiftLeft : .shiftRight, UInt128(token.number))
        advance()
      case .ampersand, .caret, .pipe:
        let kind = token.kind
        advance()
        if startsExpression {
          // Two values of the packet at once.
          _ = try primary()
          operand = Operand(
            operand.type, reason: graph.reasons.intern("bits of two values at once"), bits: operand.bits,
            presence: operand.field)
        } else {
          let bits = isAssigning ? max(operand.bits, 32) : operand.bits
          compute(&operand, kind, try mask(isAssigning ? .integer : operand.type, bits: bits))
        }
      default: return operand
      }
    }
  }

  /// A constant behind a bitwise operator: operators that bind tighter belong to it.
  private mutating func mask(_ type: DataType, bits: Int) throws(SyntaxFault) -> UInt128 {
    if token.kind == .openParenthesis {
      advance()
      try descend()
      let value = try constant(type, bits: bits)
      depth -= 1
      try expect(.closeParenthesis, "')'")
      return value
    }
    return try singleConstant(type, bits: bits)
  }

  /// A constant without operators.
  private mutating func singleConstant(_ type: DataType, bits: Int) throws(SyntaxFault) -> UInt128 {
    if token.kind == .dollar {
      return try withVariable { reader throws(SyntaxFault) in try reader.constant(type, bits: bits) }
    }
    // The lexer is told to stop behind this token, so that operators stay with the expression.
    let next = lexer
    let nextToken = token
    lexer.end = Int(token.end)
    defer { lexer.end = next.end }
    let value = try constant(type, bits: bits)
    lexer = next
    lastEnd = nextToken.end
    lexer.end = next.end
    token = lexer.next()
    return value
  }

  private func compute(_ operand: inout Operand, _ kind: Token.Kind, _ value: UInt128) {
    operand.isComputed = true
    operand.settles = .nothing
    let shift = UInt128(operand.shift)
    let scaled = value << shift
    switch kind {
    case .ampersand:
      operand.keep &= scaled
      operand.flip &= scaled
    case .pipe:
      operand.keep &= ~scaled
      operand.flip = (operand.flip & ~scaled) | scaled
    case .caret: operand.flip ^= scaled
    case .shiftRight: operand.shift = min(operand.shift + Int(value), 128)
    default:
      if operand.shift >= Int(value) {
        // Bits that were shifted out do not come back.
        operand.keep &= ~((UInt128(1) << UInt128(operand.shift)) - 1)
        operand.flip &= ~((UInt128(1) << UInt128(operand.shift)) - 1)
        operand.shift -= Int(value)
      } else {
        operand.field = nil
      }
    }
  }

  /// Whether the current token begins an expression rather than a constant.
  var startsExpression: Bool {
    switch token.keyword {
    case .meta, .ct, .numgen, .jhash, .symhash, .fib, .socket, .osf, .rt, .mark, .iif, .oif, .iifname,
      .oifname, .skuid, .skgid, .exthdr, .th:
      return true
    case .ip, .ip6, .tcp, .udp, .sctp, .dccp, .udplite, .icmp, .icmpv6, .ether, .vlan, .arp, .esp, .ah, .comp, .gre:
      // A protocol's name is a constant unless a field follows.
      var copy = lexer
      return copy.next().kind == .word
    default: return token.kind == .at
    }
  }

  /// An expression without operators.
  private mutating func primary() throws(SyntaxFault) -> Operand {
    let word = token
    switch word.keyword {
    case .meta:
      advance()
      return try metaExpression(isQualified: true)
    case .mark, .iif, .iifname, .iiftype, .oif, .oifname, .oiftype, .skuid, .skgid, .nftrace, .rtclassid, .ibriport,
      .ibrname, .obriport, .obrname, .pkttype, .cpu, .iifgroup, .oifgroup, .cgroup, .time, .day, .hour:
      return try metaExpression(isQualified: false)
    case .ipsec:
      advance()
      return try ipsecExpression()
    case .ct:
      advance()
      return try conntrackExpression()
    case .ip:
      advance()
      return try ipv4Expression()
    case .ip6:
      advance()
      return try ipv6Expression()
    case .tcp, .udp, .udplite, .sctp, .dccp, .th:
      advance()
      return try transportExpression(word)
    case .icmp, .icmpv6:
      advance()
      return try icmpExpression(isV6: word.keyword == .icmpv6)
    case .ether, .vlan, .arp, .igmp, .ah, .esp, .comp, .gre, .gretap, .vxlan, .geneve:
      advance()
      return try otherHeader(word)
    case .rt, .rt0, .rt2, .srh, .hbh, .frag, .dst, .mh, .exthdr:
      advance()
      return try extensionHeader(word)
    case .fib:
      advance()
      return try fibExpression()
    case .socket, .osf, .numgen, .jhash, .symhash:
      advance()
      return try undecidableExpression(word)
    default: break
    }
    switch token.kind {
    case .at: return try rawPayload()
    case .openParenthesis:
      try descend()
      advance()
      let inner = try operand()
      depth -= 1
      try expect(.closeParenthesis, "')'")
      return inner
    default: throw foreign() ?? expected("a match or a statement", among: Self.statementWords)
    }
  }

  // MARK: What expressions need

  /// An operand that is not known offline, named by a noun phrase.
  mutating func unknown(
    _ type: DataType, _ reason: String, bits: Int? = nil, presence: Field? = nil
  ) -> Operand {
    Operand(type, reason: graph.reasons.intern(reason), bits: bits, presence: presence)
  }

  /// The dependency on a transport protocol that nft adds by itself.
  mutating func requireTransport(_ number: UInt8, _ place: TextSpan) throws(SyntaxFault) {
    if let known = context.transport {
      guard known != number else { return }
      if Self.exclusiveProtocols.contains(known) {
        throw SyntaxFault(
          message: "conflicting protocols: \(IPProtocol.name(known)) and \(IPProtocol.name(number))", span: place)
      }
    }
    items.append(RuleItem(.range, .protocolNumber, UInt32(number), UInt32(number)))
    context.transport = number
    context.hasPorts = IPProtocol.hasPorts(number)
  }

  private static let exclusiveProtocols: Set<UInt8> = [1, 6, 17, 33, 58, 132, 136]

  /// The dependency on a network protocol.
  mutating func requireNetwork(_ network: RuleContext.Network, _ place: TextSpan) throws(SyntaxFault) {
    let known: RuleContext.Network =
      switch family {
      case .ip: .ipv4
      case .ip6: .ipv6
      case .arp: .other
      default: context.network
      }
    guard known != network else { return }
    guard known == .unknown || context.isNetworkFromEtherType else {
      throw SyntaxFault(
        message: "conflicting protocols: \(Self.name(known)) and \(Self.name(network))", span: place)
    }
    let number: UInt32 = network == .ipv4 ? 4 : 6
    items.append(RuleItem(.range, .family, number, number))
    context.network = network
    context.isNetworkFromEtherType = false
  }

  static func name(_ network: RuleContext.Network) -> String {
    switch network {
    case .unknown: "unknown"
    case .ipv4: "ip"
    case .ipv6: "ip6"
    case .other: "arp"
    }
  }

  /// The network protocol that is settled at this point.
  var network: RuleContext.Network {
    switch family {
    case .ip: .ipv4
    case .ip6: .ipv6
    case .arp: .other
    default: context.network
    }
  }
}
