import PacketSets
import RuleGraph
import SourceText

extension Lowering {
  mutating func numberToken(_ what: String = "a number") throws(SyntaxFault) -> UInt64 {
    if token.kind == .dollar {
      return try withVariable { reader throws(SyntaxFault) in try reader.numberToken(what) }
    }
    guard token.kind == .number, !token.isMalformed else { throw expected(what) }
    let number = token.number
    advance()
    return number
  }

  // MARK: Counting and logging

  /// `counter [packets N bytes N]` or `counter name X`: decides nothing.
  mutating func counter() throws(SyntaxFault) {
    advance()
    if token.keyword == .name { return try objectName("counter") }
    if token.kind == .quoted { return try objectName("counter") }
    while token.keyword == .packets || token.keyword == .bytes {
      advance()
      _ = try numberToken()
    }
  }

  /// `name X`, or a map from a key to objects.
  private mutating func objectName(_ kind: String) throws(SyntaxFault) {
    if token.keyword == .name { advance() }
    try objectValue(kind)
  }

  /// The name of an object as text or variable, or `KEY map { ... }`.
  private mutating func objectValue(_ kind: String) throws(SyntaxFault) {
    switch token.kind {
    case .dollar: try withVariable { reader throws(SyntaxFault) in try reader.objectValue(kind) }
    case .quoted: try knownObject(kind)
    case .word where token.keyword == .none && !startsExpression: try knownObject(kind)
    default:
      let operands = try concatenation(after: operand())
      try expect(.map)
      _ = try skipMap(operands)
    }
  }

  private mutating func knownObject(_ kind: String) throws(SyntaxFault) {
    let name = text(token)
    guard ruleset.tables[table].objects.contains("\(kind) \(name)") else {
      let prefix = kind + " "
      let known = ruleset.tables[table].objects.filter { $0.hasPrefix(prefix) }.map {
        String($0.dropFirst(prefix.count))
      }
      throw fault(
        "there is no \(kind) '\(name)' in table '\(ruleset.tables[table].name)'"
          + Suggestion.hint(for: name, among: known.sorted()))
    }
    advance()
  }

  /// A reference to a stateful object; those that decide are undecidable.
  mutating func objectReference(_ kind: String, decides: Bool) throws(SyntaxFault) {
    advance()
    try objectName(kind)
    if decides { appendUndecidable(graph.reasons.intern(kind)) }
  }

  /// `log` with its options: decides nothing.
  mutating func log() throws(SyntaxFault) {
    advance()
    var options: Set<Keyword> = []
    var isAudit = false
    while true {
      let keyword = token.keyword
      switch keyword {
      case .prefix:
        advance()
        guard token.isText || token.kind == .dollar else {
          throw expected("a text")
        }
        if token.kind == .dollar {
          try withVariable { reader throws(SyntaxFault) in reader.advance() }
        } else {
          guard token.end - token.start <= 130 else { throw fault("a prefix has at most 127 characters") }
          advance()
        }
      case .group, .snaplen, .queueThreshold:
        advance()
        let number = try numberToken()
        guard keyword != .group || number <= 65535 else { throw fault("a group has at most 16 bits") }
      case .level:
        advance()
        let levels = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit"]
        if token.kind == .dollar {
          try withVariable { reader throws(SyntaxFault) in reader.advance() }
        } else {
          guard levels.contains(text(token)) else {
            throw expected("a level", among: levels)
          }
          isAudit = text(token) == "audit"
          advance()
        }
      case .flags:
        advance()
        try logFlags()
      case _ where token.kind == .quoted: throw expected("'prefix' before a text")
      default:
        if isAudit, !options.isSubset(of: [.level]) { throw fault("level audit takes no other option of log") }
        if options.contains(.group), options.contains(.level) || options.contains(.flags) {
          throw fault("log takes either group or level and flags")
        }
        return
      }
      options.insert(keyword)
    }
  }

  private mutating func logFlags() throws(SyntaxFault) {
    switch token.keyword {
    case .tcp:
      advance()
      while true {
        guard token.keyword == .sequence || token.keyword == .options else { throw expected("sequence or options") }
        advance()
        guard token.kind == .comma else { return }
        advance()
      }
    case .ip:
      advance()
      try expect(.options)
    case .skuid, .ether, .all: advance()
    default: throw expected("one of tcp, ip, skuid, ether or all")
    }
  }

  // MARK: Limits

  /// `limit rate ...` or `limit name X`: whether a packet is within the rate cannot be known.
  mutating func limit() throws(SyntaxFault) {
    var copy = lexer
    let next = copy.next()
    if next.kind == .number {
      advance()
      throw expected("'rate'")
    }
    if next.keyword != .rate { return try objectReference("limit", decides: true) }
    try skipLimit()
    appendUndecidable(graph.reasons.intern("limit rate"))
  }

  /// `limit rate [over|until] N[unit]/time [burst N packets|bytes]`.
  mutating func skipLimit() throws(SyntaxFault) {
    advance()
    try expect(.rate)
    try rate()
  }

  private mutating func rate() throws(SyntaxFault) {
    if token.keyword == .over || token.keyword == .until { advance() }
    let place = span
    guard try numberToken("a rate") > 0 else {
      throw SyntaxFault(message: "a rate of 0, which the kernel refuses", span: place)
    }
    var isBytes = false
    if token.kind == .word {
      let words = text(token).split(separator: "/", omittingEmptySubsequences: false)
      guard ["bytes", "kbytes", "mbytes"].contains(words[0]) else {
        throw expected("'/' and a unit of time, or bytes, kbytes or mbytes")
      }
      isBytes = true
      if words.count > 1 {
        guard words.count == 2, Self.timeUnits.contains(String(words[1])) else {
          throw fault("expected a unit of time, found '\(text(token))'")
        }
        advance()
        return try burst(isBytes: true)
      }
      advance()
    }
    try expect(.slash, "'/' and a unit of time")
    guard Self.timeUnits.contains(text(token)) else {
      throw expected("a unit of time", among: Self.timeUnits)
    }
    advance()
    try burst(isBytes: isBytes)
  }

  private static let timeUnits = ["second", "minute", "hour", "day", "week"]

  private mutating func burst(isBytes: Bool) throws(SyntaxFault) {
    guard token.keyword == .burst else { return }
    advance()
    let place = span
    guard try numberToken("a burst") > 0 || isBytes else {
      throw SyntaxFault(message: "a burst of 0 packets, which nft refuses", span: place)
    }
    let units = isBytes ? ["bytes", "kbytes", "mbytes"] : ["packets"]
    guard units.contains(text(token)) else {
      // Before 0.9.1 the unit could be left out.
      return
    }
    advance()
  }

  /// `quota [over|until] N unit [used N unit]` or `quota name X`.
  mutating func quota() throws(SyntaxFault) {
    var copy = lexer
    let next = copy.next()
    if next.keyword != .over, next.keyword != .until, next.kind != .number {
      return try objectReference("quota", decides: true)
    }
    try skipQuota()
    appendUndecidable(graph.reasons.intern("quota"))
  }

  mutating func skipQuota() throws(SyntaxFault) {
    advance()
    if token.keyword == .over || token.keyword == .until { advance() }
    try quantity()
    if token.keyword == .used {
      advance()
      try quantity()
    }
  }

  private mutating func quantity() throws(SyntaxFault) {
    _ = try numberToken()
    guard ["bytes", "kbytes", "mbytes"].contains(text(token)) else { throw expected("bytes, kbytes or mbytes") }
    advance()
  }

  /// `last [used TIME|never]`: decides nothing.
  mutating func last() throws(SyntaxFault) {
    advance()
    guard token.keyword == .used else { return }
    advance()
    guard token.keyword == .never || token.kind == .time else { throw expected("a time or never") }
    advance()
  }

  // MARK: Handing on

  /// `queue [num N[-N]] [flags ...] [to ...]`.
  mutating func queue() throws(SyntaxFault) {
    advance()
    var isFanout = false
    if token.keyword == .flags {
      advance()
      try queueFlags(&isFanout)
    }
    while true {
      switch token.keyword {
      case .num, .to: try queueTarget(isFanout: isFanout)
      case .bypass, .fanout: try queueFlags(&isFanout)
      default:
        isApproximated = true
        return end(Verdict(.queue))
      }
    }
  }

  private mutating func queueTarget(isFanout: Bool) throws(SyntaxFault) {
    let takesExpression = token.keyword == .to
    advance()
    guard startsExpression else {
      try queueNumber()
      if token.kind == .dash {
        advance()
        try queueNumber()
      }
      return
    }
    guard takesExpression else { throw expected("a number") }
    guard !isFanout else { throw fault("fanout is for a range of queues") }
    let place = span
    lastModulusEnd = 0
    let first = try operand()
    guard lastModulusEnd <= 65535 else { throw SyntaxFault(message: "a queue has at most 16 bits", span: place) }
    if token.keyword == .map {
      advance()
      _ = try skipMap([first])
    } else if first.type != .integer {
      throw SyntaxFault(message: "a queue is a number", span: place)
    }
  }

  private mutating func queueNumber() throws(SyntaxFault) {
    if token.kind == .dollar {
      return try withVariable { reader throws(SyntaxFault) in
        try reader.queueNumber()
        if reader.token.kind == .dash {
          reader.advance()
          try reader.queueNumber()
        }
      }
    }
    guard token.kind != .number || token.number <= 65535 else { throw fault("a queue has at most 16 bits") }
    _ = try numberToken("the number of a queue")
  }

  private mutating func queueFlags(_ isFanout: inout Bool) throws(SyntaxFault) {
    while true {
      guard token.keyword == .bypass || token.keyword == .fanout else { throw expected("bypass or fanout") }
      if token.keyword == .fanout { isFanout = true }
      advance()
      guard token.kind == .comma else { return }
      advance()
    }
  }

  /// Lets later packets of the connection take a short cut (`flow add @name`); this packet does not.
  ///
  /// The old `flow table NAME { ... }` is a meter.
  mutating func flow() throws(SyntaxFault) {
    advance()
    if token.keyword == .table {
      return try meter()
    }
    try require([.forward], for: "a flow table", span)
    guard token.keyword == .add || token.keyword == .offload else { throw expected("add or offload") }
    advance()
    try expect(.at, "'@'")
    guard token.kind == .word || token.kind == .quoted else { throw expected("the name of a flowtable") }
    let name = text(token)
    guard ruleset.tables[table].objects.contains("flowtable \(name)") else {
      throw fault("there is no flowtable '\(name)' in table '\(ruleset.tables[table].name)'")
    }
    advance()
  }

  /// `dup to ...` sends a copy; `fwd to ...` sends the packet itself elsewhere.
  mutating func duplicate() throws(SyntaxFault) {
    let isForward = token.keyword == .fwd
    advance()
    if isForward, token.keyword == .ip || token.keyword == .ip6 { advance() }
    try expect(.to)
    try anyValue(isForward ? .interfaceName : family == .ip6 ? .ipv6Address : .ipv4Address)
    if token.keyword == .device {
      advance()
      try anyValue(.interfaceName)
    }
    guard isForward else { return }
    appendUndecidable(graph.reasons.intern("fwd to a device"))
    end(Verdict(.unknown))
  }

  /// A value of a type or an expression, perhaps with a map, that is not looked into.
  mutating func anyValue(_ type: DataType) throws(SyntaxFault) {
    if token.kind == .dollar {
      return try withVariable { reader throws(SyntaxFault) in try reader.anyValue(type) }
    }
    if startsExpression {
      let operands = try concatenation(after: operand())
      if token.keyword == .map {
        advance()
        _ = try skipMap(operands)
      }
      return
    }
    if token.kind == .address4 || token.kind == .address6 || token.kind == .number {
      advance()
      return
    }
    _ = try component(type, bits: type.bits)
    unresolved = nil
  }

  /// `synproxy ...`: answers connection attempts by itself.
  mutating func synproxy() throws(SyntaxFault) {
    let place = span
    advance()
    if token.keyword == .name || token.kind == .quoted {
      try objectName("synproxy")
    } else if startsExpression {
      try objectValue("synproxy")
    } else {
      try require([.input, .forward], for: "synproxy", place)
      options: while true {
        switch token.keyword {
        case .mss, .maxseg, .wscale:
          advance()
          _ = try numberToken()
        case .timestamp, .sackPerm, .sackPermitted: advance()
        default: break options
        }
      }
    }
    appendUndecidable(graph.reasons.intern("synproxy"))
    end(Verdict(.unknown))
  }

  /// `xt match|target NAME`: what iptables-nft left behind and nft cannot show.
  mutating func legacyExtension() throws(SyntaxFault) {
    advance()
    let kind = text(token)
    guard ["match", "target", "watcher"].contains(kind) else { throw expected("one of match, target or watcher") }
    advance()
    guard token.kind == .word || token.kind == .quoted else { throw expected("the name of an extension") }
    let name = text(token)
    advance()
    appendUndecidable(graph.reasons.intern("xt \(kind) \(name)"))
    if kind == "target" { verdict = Verdict(.unknown) }
  }

  /// `reset tcp option X`: removes an option; decides nothing.
  mutating func resetOption() throws(SyntaxFault) {
    let place = span
    advance()
    try expect(.tcp)
    guard text(token) == "option" else { throw expected("'option'") }
    advance()
    guard token.kind == .word || token.kind == .number else { throw expected("a TCP option") }
    advance()
    try requireTransport(IPProtocol.tcp, place)
  }
}
