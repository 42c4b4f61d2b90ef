import PacketSets
import RuleGraph
import SourceText

extension Lowering {
  /// A constant, a range or a prefix: one component of a right side.
  ///
  /// For interfaces the value is an id of `RuleGraph.names`, with `Lookup.wildcard` for patterns.
  mutating func component(_ type: DataType, bits: Int) throws(SyntaxFault) -> Interval<UInt128> {
    if token.kind == .dollar {
      let inner = try withVariable { reader throws(SyntaxFault) in try reader.component(type, bits: bits) }
      guard inner.lower == inner.upper else { return inner }
      return try rangeOrPrefix(from: try continued(inner.lower, type, bits: bits), type, bits: bits)
    }
    // The common forms first.
    if token.kind == .address4, type == .ipv4Address, !token.isMalformed {
      let value = UInt128(token.number)
      advance()
      if token.kind == .comma || token.kind == .closeBrace || token.kind == .end { return Interval(value) }
      return try rangeOrPrefix(from: try continued(value, type, bits: bits), type, bits: bits)
    }
    return try rangeOrPrefix(from: try constant(type, bits: bits), type, bits: bits)
  }

  private mutating func rangeOrPrefix(
    from lower: UInt128, _ type: DataType, bits: Int
  ) throws(SyntaxFault) -> Interval<UInt128> {
    switch token.kind {
    case .dash:
      let start = token.start
      let option = start == lastEnd ? nil : foreign()
      advance()
      let upper: UInt128
      do throws(SyntaxFault) {
        if [.accept, .drop, .reject, .counter, .log, .comment].contains(token.keyword) {
          throw expected("the end of the range")
        }
        upper = try constant(type, bits: bits)
      } catch {
        throw option ?? error
      }
      if type.isInterface || type.isText { return Interval(lower) }
      if type == .hour, upper < lower { return Interval(upper, lower) }
      guard lower <= upper else {
        throw SyntaxFault(message: "the range is empty: its end lies before its start", span: span(from: start))
      }
      return Interval(lower, upper)
    case .slash where !type.isBitmask:
      var copy = lexer
      guard copy.next().kind == .number else { return Interval(lower) }
      advance()
      guard token.number <= UInt64(bits), !token.isMalformed else {
        throw fault("a prefix of \(type.name) has at most \(bits) bits")
      }
      let host = bits - Int(token.number)
      advance()
      if type.isInterface || type.isText { return Interval(lower) }
      let mask: UInt128 = host >= 128 ? .max : (UInt128(1) << UInt128(host)) - 1
      return Interval(lower & ~mask, lower | mask)
    default: return Interval(lower)
    }
  }

  /// A constant expression.
  mutating func constant(_ type: DataType, bits: Int) throws(SyntaxFault) -> UInt128 {
    let first = try primaryConstant(type, bits: bits)
    return try continued(first, type, bits: bits)
  }

  /// The operators behind a constant: shifts bind tighter than `&`, that tighter than `^`, that tighter than `|`.
  private mutating func continued(_ first: UInt128, _ type: DataType, bits: Int) throws(SyntaxFault) -> UInt128 {
    switch token.kind {
    case .shiftLeft, .shiftRight, .ampersand, .caret, .pipe: break
    default: return first
    }
    guard !type.isInterface, !type.isText else { return first }
    var value = try shifted(first)
    value = try conjunction(value, type, bits: bits)
    value = try exclusive(value, type, bits: bits)
    while token.kind == .pipe {
      advance()
      var right = try shifted(try primaryConstant(type, bits: bits))
      right = try conjunction(right, type, bits: bits)
      right = try exclusive(right, type, bits: bits)
      value |= right
    }
    return value
  }

  private mutating func shifted(_ first: UInt128) throws(SyntaxFault) -> UInt128 {
    var value = first
    while token.kind == .shiftLeft || token.kind == .shiftRight {
      let isLeft = token.kind == .shiftLeft
      advance()
      guard token.kind == .number, token.number < 128 else { throw expected("a number of bits") }
      value = isLeft ? value << UInt128(token.number) : value >> UInt128(token.number)
      advance()
    }
    return value
  }

  private mutating func conjunction(
    _ first: UInt128, _ type: DataType, bits: Int
  ) throws(SyntaxFault) -> UInt128 {
    var value = first
    while token.kind == .ampersand {
      advance()
      value &= try shifted(try primaryConstant(type, bits: bits))
    }
    return value
  }

  private mutating func exclusive(_ first: UInt128, _ type: DataType, bits: Int) throws(SyntaxFault) -> UInt128 {
    var value = first
    while token.kind == .caret {
      advance()
      value ^= try conjunction(try shifted(try primaryConstant(type, bits: bits)), type, bits: bits)
    }
    return value
  }

  private mutating func primaryConstant(_ type: DataType, bits: Int) throws(SyntaxFault) -> UInt128 {
    switch token.kind {
    case .dollar: return try withVariable { reader throws(SyntaxFault) in try reader.constant(type, bits: bits) }
    case .openParenthesis:
      try descend()
      advance()
      let value = try constant(type, bits: bits)
      depth -= 1
      try expect(.closeParenthesis, "')'")
      return value
    case .number: return try number(type, bits: bits)
    case .address4:
      guard !token.isMalformed else { throw fault("'\(text(token))' is no IPv4 address") }
      guard type == .ipv4Address || type == .integer && bits >= 32 else { throw mismatch(type, "an IPv4 address") }
      let value = UInt128(token.number)
      advance()
      return value
    case .address6:
      guard type == .ipv6Address || type == .integer && bits >= 128 else { throw mismatch(type, "an IPv6 address") }
      let value = lexer.wide
      advance()
      return value
    case .mac:
      guard type == .etherAddress || type == .integer && bits >= 48 else { throw mismatch(type, "a MAC address") }
      let value = UInt128(token.number)
      advance()
      return value
    case .time: return try time(type)
    case .classID:
      if type == .service {
        let range = text(token).split(separator: ":").joined(separator: "-")
        throw fault("a range of ports is written with a dash (did you mean '\(range)'?)")
      }
      guard type == .trafficClass || type == .realm else { throw mismatch(type, "a class id") }
      advance()
      return 0
    case .quoted, .word, .pattern: return try symbol(type, bits: bits)
    case .asterisk where type.isInterface:
      advance()
      return UInt128(graph.names.intern("")) | Lookup.wildcard
    default: throw expected(Self.article(type))
    }
  }

  /// What a value of a type is called in messages.
  static func article(_ type: DataType) -> String {
    switch type {
    case .ipv4Address: "an IPv4 address"
    case .ipv6Address: "an IPv6 address"
    case .service: "a port"
    case .transportProtocol: "a protocol"
    case .interfaceName, .interfaceIndex: "the name of an interface"
    case .mark: "a mark"
    case .etherAddress: "a MAC address"
    case .ctState: "a connection state"
    case .tcpFlag: "a TCP flag"
    default: "a value of type \(type.name)"
    }
  }

  func mismatch(_ type: DataType, _ found: String) -> SyntaxFault {
    fault("expected \(Self.article(type)), found \(found)")
  }

  private mutating func number(_ type: DataType, bits: Int) throws(SyntaxFault) -> UInt128 {
    switch type {
    case .ipv6Address, .verdict: throw mismatch(type, "'\(text(token))'")
    case .ipv4Address where Int(token.end) < lexer.end && lexer.bytes[Int(token.end)] == 0x2E:
      // The beginning of an address that breaks off.
      while Int(token.end) < lexer.end, lexer.bytes[Int(token.end)] &- 0x2E < 12 { token.end += 1 }
      throw mismatch(type, "'\(text(token))'")
    case .interfaceName, .string:
      let id = graph.names.intern(text(token))
      advance()
      return UInt128(id)
    case .interfaceIndex:
      // Index 1 is loopback on every host; others are as the system chose.
      if token.number != 1 { unresolved = graph.reasons.intern("an interface is named by its index") }
      advance()
      return UInt128(graph.names.intern("lo"))
    default: break
    }
    var value = UInt128(token.number)
    if token.isMalformed {
      guard bits > 64, let wide = UInt128(text(token).dropFirst(2), radix: 16), text(token).hasPrefix("0x") else {
        throw fault("'\(text(token))' is no number that nft reads")
      }
      value = wide
    }
    let last: UInt128 = bits >= 128 ? .max : (UInt128(1) << UInt128(bits)) - 1
    let isScaled = type == .duration || type == .hour || type == .date
    guard isScaled || value <= last else {
      throw fault("the value \(value) exceeds the range 0-\(last) of \(type.name)")
    }
    if type == .day, value > 6 { throw fault("the value \(value) exceeds the range 0-6 of day") }
    if type == .boolean, value > 1 { throw fault("expected exists or missing, found '\(value)'") }
    advance()
    return value
  }

  private mutating func time(_ type: DataType) throws(SyntaxFault) -> UInt128 {
    guard [.duration, .integer, .hour].contains(type) else {
      if type.isInterface || type == .string { return try symbol(type, bits: type.bits) }
      throw mismatch(type, "a time")
    }
    var total: UInt128 = 0
    var part: UInt128 = 0
    var index = Int(token.start)
    while index < Int(token.end) {
      let byte = lexer.bytes[index]
      if byte &- 0x30 < 10 {
        part = min(part * 10 + UInt128(byte - 0x30), UInt128(UInt64.max))
      } else {
        let isMilli = byte == 0x6D && index + 1 < Int(token.end) && lexer.bytes[index + 1] == 0x73
        let scale: UInt128 =
          switch byte {
          case 0x64: 86_400_000
          case 0x68: 3_600_000
          case 0x73: 1000
          default: isMilli ? 1 : 60000
          }
        total += part * scale
        part = 0
        if isMilli { index += 1 }
      }
      index += 1
    }
    advance()
    return total
  }

  private mutating func symbol(_ type: DataType, bits: Int) throws(SyntaxFault) -> UInt128 {
    if type.isInterface || type.isText { return try interfaceName(type) }
    if token.kind == .pattern { throw mismatch(type, "'\(text(token))'") }
    let isQuoted = token.kind == .quoted
    let start = Int(token.start) + (isQuoted ? 1 : 0)
    let end = Int(token.end) - (isQuoted ? 1 : 0)
    if let value = Symbols.table(of: type).value(lexer.bytes, start, end) {
      advance()
      return UInt128(value)
    }
    let name = text(token)
    switch type {
    case .ipv4Address, .ipv6Address:
      if isQuoted, let address = IPAddress(name) {
        guard (address.family == .v4) == (type == .ipv4Address) else { throw mismatch(type, "\"\(name)\"") }
        advance()
        return address.bits
      }
      guard Self.isHostName(name) else { throw mismatch(type, "'\(name)'") }
      report(.warning, "the host name '\(name)' is resolved when the file is loaded", span)
      unresolved = graph.reasons.intern("the address of host \(name)")
      advance()
      return 0
    case .hour where isQuoted:
      guard let seconds = Self.hour(name) else { throw fault("'\(name)' is no time of day (hh:mm or hh:mm:ss)") }
      advance()
      return seconds
    case .date where isQuoted:
      guard Self.isDate(name) else { throw fault("'\(name)' is no date (YYYY-MM-DD hh:mm:ss)") }
      advance()
      return 0
    case .day:
      let candidates = Symbols.days.words.filter { $0.lowercased() == name.lowercased() }
      if let day = candidates.first, let value = Symbols.days.value(of: day) {
        advance()
        return UInt128(value)
      }
    case .userID, .groupID, .ctLabel, .realm, .deviceGroup, .trafficClass, .mark:
      // Names from files of the system that loads the rules.
      if type != .mark {
        advance()
        return 0
      }
    case .transportProtocol, .service, .integer:
      if isQuoted, let value = UInt64(name), value <= UInt64(type == .transportProtocol ? 255 : 65535) {
        advance()
        return UInt128(value)
      }
    default: break
    }
    throw expected(Self.article(type), among: Symbols.table(of: type).words)
  }

  /// Names of interfaces; an asterisk at the end makes a pattern, `\*` an asterisk.
  private mutating func interfaceName(_ type: DataType) throws(SyntaxFault) -> UInt128 {
    var name = text(token)
    if type.isText {
      advance()
      return UInt128(graph.names.intern(name))
    }
    guard !name.isEmpty else { throw fault("the name of an interface is empty") }
    guard name.utf8.count <= 16 else { throw fault("the name of an interface has at most 15 characters") }
    var isPattern = false
    if name.hasSuffix("\\*") {
      name = name.dropLast(2) + "*"
    } else if name.hasSuffix("*") {
      isPattern = type == .interfaceName
      name.removeLast()
      if name.isEmpty { throw fault("a pattern needs characters before its asterisk") }
    }
    advance()
    let id = UInt128(graph.names.intern(name))
    return isPattern ? id | Lookup.wildcard : id
  }

  private static func isHostName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.allSatisfy { Lexer.isWordByte($0) && $0 != 0x2F && $0 != 0x5F }
  }

  private static func hour(_ text: String) -> UInt128? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3 else { return nil }
    let limits: [UInt128] = [23, 59, 60]
    var total: UInt128 = 0
    for index in 0..<3 {
      guard index < parts.count else { return total * 60 }
      guard let value = UInt128(parts[index]), value <= limits[index], parts[index].count <= 2 else { return nil }
      total = total * 60 + value
    }
    return total
  }

  private static func isDate(_ text: String) -> Bool {
    let parts = text.split { $0 == " " || $0 == "T" }
    guard let day = parts.first, parts.count <= 2 else { return false }
    let fields = day.split(separator: "-")
    guard fields.count == 3, fields.allSatisfy({ UInt32($0) != nil }) else { return false }
    return parts.count == 1 || hour(String(parts[1])) != nil
  }
}
