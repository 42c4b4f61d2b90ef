import PacketSets
import RuleGraph
import SourceText

extension Lowering {
  /// `meta KEY`, or a key that needs no `meta`.
  mutating func metaExpression(isQualified: Bool) throws(SyntaxFault) -> Operand {
    let key = token.keyword
    switch key {
    case .mark: return simple(Operand(.mark, .mark))
    case .iif: return simple(Operand(.interfaceIndex, .inputInterface))
    case .oif: return simple(Operand(.interfaceIndex, .outputInterface))
    case .iiftype, .oiftype: return simple(linkTypeOperand(isInput: key == .iiftype))
    case .iifname: return simple(Operand(.interfaceName, .inputInterface))
    case .oifname: return simple(Operand(.interfaceName, .outputInterface))
    case .nfproto:
      var operand = Operand(.networkProtocol, .family)
      operand.domain = .networkProtocol
      operand.settles = .networkProtocol
      return simple(operand)
    case .l4proto:
      var operand = Operand(.transportProtocol, .protocolNumber)
      operand.settles = .transportProtocol
      return simple(operand)
    case .protocol where isQualified: return simple(etherTypeOperand())
    case .length where isQualified: return simple(Operand(.integer, .length, bits: 32))
    case .pkttype: return simple(Operand(.packetType, .packetType))
    case .ipsec:
      advance()
      return unknown(.boolean, "meta ipsec")
    default: break
    }
    let name = text(token)
    let type: DataType
    let reason: String
    var bits: Int?
    switch name {
    case "skuid": (type, reason) = (.userID, "meta skuid (the socket's user)")
    case "skgid": (type, reason) = (.groupID, "meta skgid (the socket's group)")
    case "nftrace": (type, reason, bits) = (.integer, "meta nftrace", 1)
    case "rtclassid": (type, reason) = (.realm, "meta rtclassid (the routing realm)")
    case "sdifname":
      try require([.input, .forward], for: "meta sdifname", span)
      (type, reason) = (.interfaceName, "meta sdifname")
    case "ibriport", "ibrname", "obriport", "obrname", "iifkind", "oifkind":
      (type, reason) = (.interfaceName, "meta \(name)")
    case "sdif":
      try require([.input, .forward], for: "meta sdif", span)
      (type, reason) = (.interfaceIndex, "meta sdif")
    case "cpu": (type, reason, bits) = (.integer, "meta cpu", 32)
    case "iifgroup", "oifgroup": (type, reason) = (.deviceGroup, "meta \(name) (the interface's group)")
    case "cgroup": (type, reason, bits) = (.integer, "meta cgroup (the socket's control group)", 32)
    case "priority": (type, reason) = (.trafficClass, "meta priority (the packet's priority)")
    case "random": (type, reason, bits) = (.integer, "meta random", 32)
    case "secmark": (type, reason, bits) = (.integer, "meta secmark", 32)
    case "secpath": (type, reason) = (.boolean, "meta ipsec")
    case "ibrvproto": (type, reason) = (.etherType, "meta ibrvproto")
    case "ibrhwdr": (type, reason) = (.etherAddress, "meta ibrhwdr")
    case "ibrpvid", "broute": (type, reason, bits) = (.integer, "meta \(name)", name == "broute" ? 8 : 16)
    case "time": (type, reason) = (.date, "meta time (the date)")
    case "day": (type, reason) = (.day, "meta day (the day of the week)")
    case "hour": (type, reason) = (.hour, "meta hour (the time of day)")
    default:
      guard token.kind == .word else { throw expected("a key of meta") }
      let hint = Hint.text(for: name, among: Self.metaKeys)
      throw fault("expected a key of meta, found '\(name)'\(hint)")
    }
    if !isTypeof, family != .bridge,
      ["ibrname", "obrname", "ibriport", "obriport", "ibrpvid", "ibrvproto"].contains(name),
      family != .netdev
    {
      throw fault("meta \(name) exists in family bridge only")
    }
    if name == "broute", !isTypeof, base?.hook != .prerouting {
      throw fault("meta broute exists at hook prerouting of family bridge only")
    }
    advance()
    return unknown(type, reason, bits: bits)
  }

  private static let metaKeys = [
    "length", "protocol", "priority", "random", "secmark", "mark", "iif", "iifname", "iiftype", "oif", "oifname",
    "oiftype", "skuid", "skgid", "nftrace", "rtclassid", "ibrname", "obrname", "pkttype", "cpu", "iifgroup",
    "oifgroup", "cgroup", "nfproto", "l4proto", "time", "day", "hour", "ipsec", "iifkind", "oifkind", "sdif",
    "sdifname",
  ]

  /// `meta iiftype` and `meta oiftype`: every host has one link of kind loopback, which is `lo`.
  private mutating func linkTypeOperand(isInput: Bool) -> Operand {
    var operand = unknown(.interfaceType, "meta \(isInput ? "iiftype" : "oiftype") (the kind of the link)")
    operand.loopback = isInput ? .inputInterface : .outputInterface
    return operand
  }

  private mutating func simple(_ operand: Operand) -> Operand {
    advance()
    return operand
  }

  /// `meta protocol` and, where frames have one, `ether type`.
  func etherTypeOperand() -> Operand {
    var operand = Operand(.etherType, .family)
    operand.domain = .etherType
    operand.settles = .networkProtocol
    return operand
  }

  /// `ipsec in|out [spnum N] reqid|spi|ip saddr ...`, or `ipsec exists`.
  mutating func ipsecExpression() throws(SyntaxFault) -> Operand {
    guard token.keyword == .in || token.keyword == .out else { return unknown(.boolean, "ipsec") }
    let isIn = token.keyword == .in
    try require(
      isIn ? [.prerouting, .input, .forward] : [.forward, .output, .postrouting], for: "ipsec \(isIn ? "in" : "out")",
      span)
    advance()
    if token.keyword == .spnum {
      advance()
      guard token.kind == .number else { throw expected("a number") }
      advance()
    }
    switch token.keyword {
    case .reqid, .spi:
      advance()
      return unknown(.integer, "ipsec", bits: 32)
    case .ip, .ip6:
      let type: DataType = token.keyword == .ip ? .ipv4Address : .ipv6Address
      advance()
      guard token.keyword == .saddr || token.keyword == .daddr else { throw expected("saddr or daddr") }
      advance()
      return unknown(type, "ipsec")
    default: throw expected("one of reqid, spi, ip or ip6")
    }
  }

  /// What follows `ct`.
  mutating func conntrackExpression() throws(SyntaxFault) -> Operand {
    var direction: Keyword?
    if token.keyword == .original || token.keyword == .reply {
      direction = token.keyword
      advance()
    }
    let key = token.keyword
    if key == .state, direction == nil {
      var operand = Operand(.ctState, .ctState)
      operand.domain = .ctState
      return simple(operand)
    }
    let name = text(token)
    switch key {
    case .status where direction == nil: return simple(Operand(.ctStatus, .ctStatus))
    case .mark where direction == nil: return simple(Operand(.mark, .ctMark))
    case .direction where direction == nil: return simple(Operand(.ctDirection, .ctDirection))
    case .ip, .ip6:
      advance()
      return try conntrackAddress(direction, isV6: key == .ip6)
    case .saddr, .daddr:
      // The old form takes the family from the table or from what is settled.
      guard network == .ipv4 || network == .ipv6 else { throw fault("ct \(name) needs ip or ip6 before it") }
      return try conntrackAddress(direction, isV6: network == .ipv6)
    case .protoSrc, .protoDst:
      advance()
      guard direction == .original || direction == .reply else {
        return unknown(.service, "ct \(name)", presence: .ctDirection)
      }
      // nft knows the type of these ports from the protocol; in tables of one family that of the connection will do.
      let isTyped = items.contains {
        !$0.isNegated && ($0.field == .protocolNumber || $0.field == .ctProtocol && (family == .ip || family == .ip6))
      }
      if !isTyped, !isTypeof, !isElementKey, pendingMap == nil {
        throw fault("ports of connections need a match of the protocol before them, such as 'meta l4proto tcp'")
      }
      // Tuples of other protocols keep something else at the place of ports.
      if !context.hasPorts, !isTypeof, fork == nil, pendingMap == nil { forkByPorts() }
      switch (direction == .original, key == .protoSrc) {
      case (true, true): return Operand(.service, .ctOriginalSourcePort)
      case (true, false): return Operand(.service, .ctOriginalDestinationPort)
      case (false, true): return Operand(.service, .ctReplySourcePort)
      case (false, false): return Operand(.service, .ctReplyDestinationPort)
      }
    case .l3proto: return simple(unknown(.networkProtocol, "ct l3proto", presence: .ctDirection))
    case .protocol: return simple(Operand(.transportProtocol, .ctProtocol))
    case .expiration: return simple(unknown(.duration, "ct expiration", presence: .ctDirection))
    case .helper: return simple(unknown(.string, "ct helper", presence: .ctDirection))
    case .label: return simple(unknown(.ctLabel, "ct label", presence: .ctDirection))
    case .event: return simple(unknown(.ctEvent, "ct event", presence: .ctDirection))
    case .secmark: return simple(unknown(.integer, "ct secmark", bits: 32, presence: .ctDirection))
    case .id: return simple(unknown(.integer, "ct id", bits: 32, presence: .ctDirection))
    case .bytes, .packets, .avgpkt:
      return simple(unknown(.integer, "ct \(name)", bits: 64, presence: .ctDirection))
    case .zone: return simple(unknown(.integer, "ct zone", bits: 16, presence: .ctDirection))
    default:
      var hint = token.kind == .word ? Hint.text(for: name, among: Self.conntrackKeys) : ""
      if Symbols.ctStates.words.contains(name) { hint = " (did you mean 'state \(name)'?)" }
      throw fault("expected a key of ct, found \(RulesetReader.describe(token, name))\(hint)")
    }
  }

  private static let conntrackKeys = [
    "state", "direction", "status", "mark", "expiration", "helper", "label", "l3proto", "protocol", "saddr", "daddr",
    "proto-src", "proto-dst", "bytes", "packets", "avgpkt", "zone", "id", "original", "reply", "count",
  ]

  private mutating func conntrackAddress(_ direction: Keyword?, isV6: Bool) throws(SyntaxFault) -> Operand {
    guard token.keyword == .saddr || token.keyword == .daddr else { throw expected("saddr or daddr") }
    let isSource = token.keyword == .saddr
    advance()
    let type: DataType = isV6 ? .ipv6Address : .ipv4Address
    let isOriginal = direction == .original
    switch (isV6, isSource) {
    case (false, true): return Operand(type, isOriginal ? .ctOriginalIPv4Source : .ctReplyIPv4Source)
    case (false, false): return Operand(type, isOriginal ? .ctOriginalIPv4Destination : .ctReplyIPv4Destination)
    case (true, true): return Operand(type, isOriginal ? .ctOriginalIPv6Source : .ctReplyIPv6Source)
    case (true, false): return Operand(type, isOriginal ? .ctOriginalIPv6Destination : .ctReplyIPv6Destination)
    }
  }

  /// What follows `fib`.
  mutating func fibExpression() throws(SyntaxFault) -> Operand {
    var flags: [Keyword] = []
    while true {
      guard [.saddr, .daddr, .mark, .iif, .oif].contains(token.keyword) else {
        throw expected("one of saddr, daddr, mark, iif or oif")
      }
      guard !flags.contains(token.keyword) else { throw fault("'\(text(token))' is given twice") }
      flags.append(token.keyword)
      advance()
      guard token.kind == .dot else { break }
      advance()
    }
    let isSource = flags.contains(.saddr)
    guard isSource != flags.contains(.daddr) else { throw fault("fib needs either saddr or daddr") }
    guard !(flags.contains(.iif) && flags.contains(.oif)) else { throw fault("fib takes either iif or oif") }
    if let hook = base?.hook {
      if flags.contains(.iif), ![.prerouting, .input, .forward, .ingress].contains(hook) {
        throw fault("there is no incoming interface at hook \(hook.keyword)")
      }
      if flags.contains(.oif), ![.output, .postrouting, .forward, .egress].contains(hook) {
        throw fault("there is no outgoing interface at hook \(hook.keyword)")
      }
    }
    switch token.keyword {
    case .type:
      advance()
      guard flags.count == 1 else { return unknown(.addressType, "fib type of an interface's routes") }
      return Operand(.addressType, isSource ? .sourceAddressType : .destinationAddressType)
    case .oif:
      advance()
      return unknown(.interfaceIndex, isSource ? "fib saddr oif (reverse path)" : "fib daddr oif (route)")
    case .oifname:
      advance()
      return unknown(.interfaceName, isSource ? "fib saddr oifname (reverse path)" : "fib daddr oifname (route)")
    case .check:
      advance()
      return unknown(.boolean, "fib check")
    default: throw expected("one of type, oif or oifname")
    }
  }

  /// Expressions that are never known offline.
  mutating func undecidableExpression(_ word: Token) throws(SyntaxFault) -> Operand {
    switch word.keyword {
    case .socket:
      try require([.prerouting, .input, .output], for: "socket", span)
      switch token.keyword {
      case .transparent, .wildcard:
        let name = text(token)
        advance()
        return unknown(.integer, "socket \(name)", bits: 1)
      case .mark:
        advance()
        return unknown(.mark, "socket mark")
      case .cgroupv2:
        advance()
        try expect(.level)
        guard token.kind == .number else { throw expected("a level") }
        advance()
        return unknown(.string, "socket cgroupv2")
      default: throw expected("one of transparent, wildcard, mark or cgroupv2")
      }
    case .osf:
      try require([.prerouting, .input, .forward], for: "osf", span)
      if token.keyword == .ttl {
        advance()
        guard ["loose", "skip"].contains(text(token)) else { throw expected("loose or skip") }
        advance()
      }
      guard token.keyword == .name || token.keyword == .version else { throw expected("name or version") }
      advance()
      if token.kind == .quoted, text(token).utf8.count > 15 {
        throw fault("a fingerprint has at most 15 characters")
      }
      return unknown(.string, "osf (operating system fingerprint)")
    case .numgen:
      guard token.keyword == .inc || token.keyword == .random else { throw expected("inc or random") }
      advance()
      try modulus()
      return unknown(.integer, "numgen", bits: 32)
    case .jhash:
      while true {
        // Packets without a value to hash leave the rule here.
        let part = try operand()
        if !isTypeof { appendPresence(part.field ?? part.presence) }
        guard token.kind == .dot else { break }
        advance()
      }
      try modulus()
      return unknown(.integer, "jhash", bits: 32)
    default:
      try modulus()
      return unknown(.integer, "symhash", bits: 32)
    }
  }

  private mutating func modulus() throws(SyntaxFault) {
    try expect(.mod)
    guard token.kind == .number, token.number <= UInt64(UInt32.max) else { throw expected("a number of 32 bits") }
    guard token.number > 0 else { throw fault("a modulus of zero leaves nothing") }
    lastModulusEnd = token.number - 1
    advance()
    if token.keyword == .seed {
      advance()
      guard token.kind == .number else { throw expected("a number") }
      advance()
    }
    if token.keyword == .offset {
      advance()
      guard token.kind == .number, token.number <= UInt64(UInt32.max) else { throw expected("a number of 32 bits") }
      lastModulusEnd += token.number
      advance()
    }
  }
}
