import PacketSets
import RuleGraph
import SourceText

extension Lowering {
  // MARK: Reject

  /// `reject [with icmp|icmpv6|icmpx [type] CODE | with tcp reset]`.
  mutating func reject() throws(SyntaxFault) {
    let place = span
    advance()
    guard family != .arp else { throw SyntaxFault(message: "family arp has no reject", span: place) }
    if family != .bridge, family != .netdev {
      try require([.ingress, .prerouting, .input, .forward, .output], for: "reject", place)
    }
    if context.network == .other { throw SyntaxFault(message: "only IP packets can be rejected", span: place) }
    guard token.keyword == .with else {
      if [.icmp, .icmpv6, .icmpx, .tcp].contains(token.keyword) { throw expected("'with'") }
      return end(.reject)
    }
    advance()
    switch token.keyword {
    case .tcp:
      advance()
      try expect(.reset)
      try requireTransport(IPProtocol.tcp, place)
    case .icmp, .icmpv6, .icmpx:
      let kind = token.keyword
      advance()
      if token.keyword == .type { advance() }
      let type: DataType = kind == .icmp ? .icmpCode : kind == .icmpv6 ? .icmpv6Code : .icmpxCode
      _ = try constant(type, bits: 8)
      if kind == .icmpx {
        guard family != .ip, family != .ip6 else {
          throw SyntaxFault(message: "icmpx is for families inet, bridge and netdev", span: place)
        }
      } else {
        let wanted: RuleContext.Network = kind == .icmp ? .ipv4 : .ipv6
        guard network == .unknown || network == wanted,
          context.etherNetwork == .unknown || context.etherNetwork == wanted
        else {
          throw SyntaxFault(
            message: "conflicting protocols: \(Self.name(network)) and \(Self.name(wanted))", span: place)
        }
        try requireNetwork(wanted, place)
      }
    default:
      let isReset = text(token) == "tcp-reset"
      throw isReset
        ? fault("expected one of tcp, icmp, icmpv6 or icmpx, found 'tcp-reset' (did you mean 'tcp reset'?)")
        : expected("one of tcp, icmp, icmpv6 or icmpx", among: ["tcp", "icmp", "icmpv6", "icmpx"])
    }
    end(.reject)
  }

  // MARK: Translations of addresses

  /// What a translation's target says.
  private struct Target {
    var family: IPFamily?
    var addresses: Interval<UInt128>?
    var ports: Interval<UInt32>?
    /// Why the target is not known.
    var unknown: UInt32?
    /// Whether there is a target for every packet, though which one is not known.
    var isSpread = false
    /// A verdict map of translations, one an element.
    var lookup: UInt32?
  }

  /// `snat` and `dnat`.
  mutating func addressTranslation() throws(SyntaxFault) {
    let place = span
    let isSource = token.keyword == .snat
    advance()
    let hooks: [Hook] = isSource ? [.postrouting, .input] : [.prerouting, .output]
    try require(hooks, for: "this translation", isNAT: true, place)
    var kind: Translation.Kind = isSource ? .source : .destination
    portKind = kind
    var target = Target()
    if token.keyword == .ip || token.keyword == .ip6, !startsExpression || isTo {
      target.family = token.keyword == .ip ? .v4 : .v6
      advance()
    }
    var hasPortPart = false
    if text(token) == "addr" {
      advance()
      try expect(.dot, "'.'")
      try expect(.port)
      hasPortPart = true
    } else if token.keyword == .interval {
      advance()
    } else if token.keyword == .prefix {
      advance()
      kind = isSource ? .sourcePrefix : .destinationPrefix
    }
    if token.keyword == .to { advance() }
    if target.family == nil {
      switch network {
      case .ipv4: target.family = .v4
      case .ipv6: target.family = .v6
      default: break
      }
    }
    if target.family == nil, family == .inet, token.kind != .colon {
      throw SyntaxFault(message: "ip or ip6 is needed before an address in family inet", span: place)
    }
    if token.kind != .colon { try addressTarget(&target, kind: kind, hasPortPart: hasPortPart) }
    if token.kind == .colon {
      let colon = span
      advance()
      try portTarget(&target)
      try checkPorts(colon)
    }
    if target.ports != nil, !hasTransport, target.lookup == nil {
      throw SyntaxFault(message: "a port can be translated only behind a match of the transport protocol", span: place)
    }
    if try isRandom(), isSource, target.ports == nil { target.ports = Self.anyPort }
    try finish(target, kind: kind, place)
  }

  private var isTo: Bool {
    var copy = lexer
    let next = copy.next()
    return [.to, .prefix, .interval].contains(next.keyword) || text(next) == "addr"
  }

  /// Whether the rule says which transport protocol its packets have; `th` alone does not.
  private var hasTransport: Bool { context.transport != nil || context.hasPorts && fork == nil }

  private func checkPorts(_ place: TextSpan) throws(SyntaxFault) {
    guard hasTransport else {
      throw SyntaxFault(message: "a port can be translated only behind a match of the transport protocol", span: place)
    }
  }

  private mutating func addressTarget(
    _ target: inout Target, kind: Translation.Kind, hasPortPart: Bool
  ) throws(SyntaxFault) {
    if token.kind == .dollar {
      var inner = target
      try withVariable { reader throws(SyntaxFault) in
        try reader.addressTarget(&inner, kind: kind, hasPortPart: hasPortPart)
        if reader.token.kind == .colon {
          reader.advance()
          try reader.portTarget(&inner)
        }
      }
      if token.kind == .dash, let lower = inner.addresses {
        advance()
        let type: DataType = inner.family == .v6 ? .ipv6Address : .ipv4Address
        let upper = try constant(type, bits: type.bits)
        guard lower.lower <= upper else { throw fault("the range is empty") }
        inner.addresses = Interval(lower.lower, upper)
      }
      target = inner
      return
    }
    if startsExpression { return try mappedTarget(&target, kind: kind, hasPortPart: hasPortPart) }
    let isV6 = token.kind == .address6
    if target.family == nil {
      if kind == .transparentProxy {
        throw fault("tproxy to an address needs ip or ip6 in family \(family.keyword)")
      }
      target.family = isV6 ? .v6 : .v4
      guard token.kind != .word, token.kind != .number else { throw expected("an address") }
    }
    let type: DataType = target.family == .v6 ? .ipv6Address : .ipv4Address
    unresolved = nil
    target.addresses = try component(type, bits: type.bits)
    if let reason = unresolved {
      target.addresses = nil
      target.unknown = reason
      unresolved = nil
    }
    if token.kind == .dot {
      // `1.2.3.4 . 80` as one value.
      advance()
      try portTarget(&target)
    }
  }

  private mutating func portTarget(_ target: inout Target) throws(SyntaxFault) {
    if token.kind == .dollar, [.openBrace, .dollar, .word].contains(firstToken(of: try binding().binding)) {
      var inner = target
      try withVariable { reader throws(SyntaxFault) in try reader.portTarget(&inner) }
      target = inner
      return
    }
    if startsExpression { return try mappedTarget(&target, kind: nil, hasPortPart: false) }
    let value = try component(.service, bits: 16)
    target.ports = Interval(
      UInt32(truncatingIfNeeded: value.lower), UInt32(truncatingIfNeeded: value.upper))
  }

  /// `KEY map { ... }`: one translation an element.
  private mutating func mappedTarget(
    _ target: inout Target, kind: Translation.Kind?, hasPortPart: Bool
  ) throws(SyntaxFault) {
    lastModulusEnd = 0
    let operands = try concatenation(after: operand())
    guard token.keyword == .map else {
      target.unknown = operands[0].field == nil ? operands[0].reason : graph.reasons.intern("a target from the packet")
      return
    }
    advance()
    guard let kind else {
      let (signature, contents, unknown) = try dataMap(operands, [.service])
      try mappedPorts(&target, signature, contents, operands, unknown: unknown)
      return
    }
    let addressType: DataType = target.family == .v6 ? .ipv6Address : .ipv4Address
    var data = [addressType]
    if hasPortPart || mapHasPorts { data.append(.service) }
    if target.family == nil { target.family = mapFamily }
    if target.family == .v6 { data[0] = .ipv6Address }
    let (signature, contents, unknown) = try dataMap(operands, data)
    if target.family == nil || signature.data.first == .ipv6Address {
      target.family = signature.data.first == .ipv6Address ? .v6 : .v4
    }
    let width = signature.data.count
    if let reason = unknown ?? operands.first(where: { $0.field == nil })?.reason {
      for operand in operands { appendPresence(operand.field ?? operand.presence) }
      target.addresses = hull(contents.data, stride: width)
      target.isSpread = unknown == nil && operands.count == 1 && isSpread(contents, signature)
      if target.isSpread, IntervalSet(contents.data).intervals.count == 1, width == 1 { return }
      target.unknown = reason
      if unknown != nil { appendUndecidable(reason) }
      return
    }
    let hasPorts = width == 2 && signature.data[1] == .service
    if hasPorts || width == 1 {
      let verdicts = translations(contents, kind: kind, family: target.family, width: width)
      target.lookup = appendLookup(operands, signature, contents, verdicts)
      if hasPorts {
        guard hasTransport else {
          throw fault("a port can be translated only behind a match of the transport protocol")
        }
      }
    }
    if target.lookup == nil { target.unknown = graph.reasons.intern("a translation from a map") }
  }

  /// Whether generated or hashed numbers choose among targets, every number having one: the translation happens in
  /// any case, as with a range of addresses.
  private func isSpread(_ contents: SetContents, _ signature: SetSignature) -> Bool {
    guard lastModulusEnd > 0 || contents.data.count == signature.data.count else { return false }
    return IntervalSet(contents.keys).intervals == [Interval(0, UInt128(lastModulusEnd))]
  }

  private func hull(_ data: [Interval<UInt128>], stride width: Int) -> Interval<UInt128>? {
    guard width == 1, let first = data.first else { return nil }
    return data.reduce(first) { Interval(min($0.lower, $1.lower), max($0.upper, $1.upper)) }
  }

  private mutating func translations(
    _ contents: SetContents, kind: Translation.Kind, family: IPFamily?, width: Int
  ) -> [Verdict] {
    stride(from: 0, to: contents.data.count - width + 1, by: width).map { start in
      var translation = Translation(kind, family: family, addresses: contents.data[start])
      if width == 2 {
        translation.ports = Interval(
          UInt32(truncatingIfNeeded: contents.data[start + 1].lower),
          UInt32(truncatingIfNeeded: contents.data[start + 1].upper))
      }
      graph.translations.append(translation)
      return Verdict(.translate, UInt32(graph.translations.count - 1))
    }
  }

  private mutating func appendLookup(
    _ operands: [Operand], _ signature: SetSignature, _ contents: SetContents, _ verdicts: [Verdict]
  ) -> UInt32? {
    var mapped = contents
    mapped.verdicts = verdicts
    var mapSignature = signature
    mapSignature.data = []
    mapSignature.isVerdictMap = true
    guard verdicts.count * operands.count == contents.keys.count,
      let lookup = lookup(operands, mapSignature, mapped)
    else { return nil }
    graph.lookups.append(lookup)
    return UInt32(graph.lookups.count - 1)
  }

  /// Whether the values of the map at the current token have a second part.
  private var mapHasPorts: Bool {
    var copy = lexer
    guard token.kind == .openBrace else {
      guard token.kind == .at else { return false }
      let name = text(copy.next())
      guard let index = ruleset.tables[table].setIndex[name] else { return false }
      return sets[table][index].signature.data.count == 2
    }
    var isValue = false
    for _ in 0..<64 {
      let next = copy.next()
      if next.kind == .colon { isValue = true }
      if next.kind == .comma || next.kind == .closeBrace || next.kind == .end { return false }
      if isValue, next.kind == .dot { return true }
    }
    return false
  }

  /// The family of the first value of the map at the current token.
  private var mapFamily: IPFamily? {
    guard token.kind == .openBrace else { return nil }
    var copy = lexer
    var isValue = false
    for _ in 0..<64 {
      let next = copy.next()
      if next.kind == .colon { isValue = true }
      if isValue, next.kind == .address4 { return .v4 }
      if isValue, next.kind == .address6 { return .v6 }
      if next.kind == .comma || next.kind == .closeBrace || next.kind == .end { return nil }
    }
    return nil
  }

  private mutating func mappedPorts(
    _ target: inout Target, _ signature: SetSignature, _ contents: SetContents, _ operands: [Operand], unknown: UInt32?
  ) throws(SyntaxFault) {
    for operand in operands { appendPresence(operand.field ?? operand.presence) }
    if let unknown { appendUndecidable(unknown) }
    target.isSpread =
      unknown == nil && operands.count == 1 && operands[0].field == nil && target.unknown == nil
      && isSpread(contents, signature)
    let isKnown = unknown == nil && operands.allSatisfy { $0.field != nil } && target.lookup == nil
    if isKnown, target.unknown == nil {
      var signature = signatureForPorts(operands)
      signature.isVerdictMap = true
      let addresses = target.addresses
      let family = target.family
      let verdicts = contents.data.map { ports in
        graph.translations.append(
          Translation(
            portKind, family: family, addresses: addresses,
            ports: Interval(UInt32(truncatingIfNeeded: ports.lower), UInt32(truncatingIfNeeded: ports.upper))))
        return Verdict(.translate, UInt32(graph.translations.count - 1))
      }
      target.lookup = appendLookup(operands, signature, contents, verdicts)
      if target.lookup != nil { return }
    }
    target.lookup = nil
    target.unknown =
      target.unknown ?? operands.first { $0.field == nil }?.reason ?? graph.reasons.intern("a port from a map")
  }

  private func signatureForPorts(_ operands: [Operand]) -> SetSignature {
    var signature = SetSignature()
    signature.types = operands.map(\.type)
    signature.widths = operands.map(\.bits)
    return signature
  }

  // MARK: Masquerade and redirect

  /// `masquerade [to :PORTS]` and `redirect [to [:]PORTS]`.
  mutating func portTranslation() throws(SyntaxFault) {
    let place = span
    let isRedirect = token.keyword == .redirect
    advance()
    let hooks: [Hook] = isRedirect ? [.prerouting, .output] : [.postrouting]
    try require(hooks, for: "this translation", isNAT: true, place)
    portKind = isRedirect ? .redirect : .masquerade
    var target = Target()
    if token.keyword == .to {
      advance()
      if token.kind == .colon { advance() } else if !isRedirect { throw expected("':' and a port") }
      try portTarget(&target)
      try checkPorts(place)
    }
    if try isRandom(), !isRedirect, target.ports == nil { target.ports = Self.anyPort }
    try finish(target, kind: portKind, place)
  }

  /// What a random choice of source ports may give (nf_nat_l4proto_unique_tuple); destinations keep their ports.
  private static let anyPort = Interval<UInt32>(1, 65535)

  /// Reads the flags of a translation: whether the source port is chosen at random.
  private mutating func isRandom() throws(SyntaxFault) -> Bool {
    var isRandom = false
    while token.keyword == .random || token.keyword == .fullyRandom || token.keyword == .persistent {
      if token.keyword != .persistent { isRandom = true }
      advance()
      guard token.kind == .comma else { continue }
      advance()
      guard [.random, .fullyRandom, .persistent].contains(token.keyword) else {
        throw expected("one of random, fully-random or persistent")
      }
    }
    return isRandom
  }

  private mutating func finish(_ target: Target, kind: Translation.Kind, _ place: TextSpan) throws(SyntaxFault) {
    if let wanted = target.family, target.addresses != nil || target.lookup != nil || target.unknown != nil,
      kind != .masquerade, kind != .redirect
    {
      try requireNetwork(wanted == .v4 ? .ipv4 : .ipv6, place)
    }
    if let lookup = target.lookup, target.unknown == nil { return end(Verdict(.lookup, lookup)) }
    if target.unknown != nil, !target.isSpread { isApproximated = true }
    graph.translations.append(
      Translation(
        kind, family: target.addresses == nil ? nil : target.family, addresses: target.addresses, ports: target.ports,
        unknown: target.unknown))
    end(Verdict(.translate, UInt32(graph.translations.count - 1)))
  }

  /// `tproxy [ip|ip6] to [ADDRESS][:PORT]`: a packet without a matching socket leaves the rule.
  mutating func transparentProxy() throws(SyntaxFault) {
    let place = span
    advance()
    var wanted: IPFamily?
    if token.keyword == .ip || token.keyword == .ip6 {
      wanted = token.keyword == .ip ? .v4 : .v6
      advance()
    }
    try expect(.to)
    try require([.prerouting], for: "tproxy", place)
    guard hasTransport else {
      throw SyntaxFault(message: "tproxy needs a match of the transport protocol before it", span: place)
    }
    var target = Target()
    target.family = wanted ?? (network == .ipv4 ? .v4 : network == .ipv6 ? .v6 : nil)
    if token.kind != .colon {
      try addressTarget(&target, kind: .transparentProxy, hasPortPart: false)
      if let wanted = target.family { try requireNetwork(wanted == .v4 ? .ipv4 : .ipv6, place) }
    } else if let wanted {
      try requireNetwork(wanted == .v4 ? .ipv4 : .ipv6, place)
    }
    if token.kind == .colon {
      advance()
      try portTarget(&target)
    }
    hasEffect = true
    appendUndecidable(graph.reasons.intern("tproxy to a socket"))
  }
}
