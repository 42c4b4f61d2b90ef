import PacketSets
import RuleGraph
import SourceText

/// Values of options: numbers, ranges, ports, marks, and whether a text is a proper value at all.
extension RulesetReader {
  /// A number, or a range `a:b` with open ends.
  func readRange(_ text: ByteText, upTo maximum: UInt64, _ range: SourceRange) throws(Complaint) -> Interval<UInt64> {
    let (first, second) = text.cut(at: 0x3A)
    guard let second else {
      guard let value = first.number(upTo: maximum) else {
        throw Complaint("'\(text.string)' is no number up to \(maximum)", range)
      }
      return Interval(value)
    }
    guard let lower = first.isEmpty ? 0 : first.number(upTo: maximum),
      let upper = second.isEmpty ? maximum : second.number(upTo: maximum)
    else { throw Complaint("'\(text.string)' is no range of numbers up to \(maximum)", range) }
    guard lower <= upper else { throw Complaint("the range '\(text.string)' ends before it begins", range) }
    return Interval(lower, upper)
  }

  /// A port by number or name.
  func readPort(_ text: ByteText, _ range: SourceRange) throws(Complaint) -> UInt32 {
    if let number = Self.plainPort(text) { return number }
    if let number = text.number() {
      guard number <= 65535 else { throw Complaint("port \(text.string) is above 65535", range) }
      return UInt32(number)
    }
    if let port = ServiceNames.port(text) { return UInt32(port) }
    throw Complaint("there is no port '\(text.string)'", range)
  }

  /// A decimal port of at most five digits.
  @inline(__always)
  private static func plainPort(_ text: ByteText) -> UInt32? {
    guard text.count > 0, text.count <= 5, text[0] != 0x30 || text.count == 1 else { return nil }
    var value: UInt32 = 0
    for index in text.start..<text.end {
      let byte = text.bytes[index]
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      value = value &* 10 &+ UInt32(byte &- 0x30)
    }
    return value <= 65535 ? value : nil
  }

  /// A decimal port or a range of two.
  static func plainPorts(_ text: ByteText) -> Interval<UInt32>? {
    if let port = plainPort(text) { return Interval(port) }
    let (first, second) = text.cut(at: 0x3A)
    guard let second, let lower = plainPort(first), let upper = plainPort(second), lower <= upper else { return nil }
    return Interval(lower, upper)
  }

  /// A port, or a range of ports `a:b` with open ends.
  func readPorts(_ text: ByteText, _ range: SourceRange) throws(Complaint) -> Interval<UInt32> {
    if let port = Self.plainPort(text) { return Interval(port) }
    let (first, second) = text.cut(at: 0x3A)
    guard let second else { return Interval(try readPort(first, range)) }
    let lower = first.isEmpty ? 0 : try readPort(first, range)
    let upper = second.isEmpty ? 65535 : try readPort(second, range)
    guard lower <= upper else { throw Complaint("the port range '\(text.string)' ends before it begins", range) }
    return Interval(lower, upper)
  }

  /// `value` or `value/mask`, 32 bits each.
  func readMark(_ text: ByteText, _ range: SourceRange) throws(Complaint) -> (value: UInt32, mask: UInt32) {
    let (value, mask) = text.cut(at: 0x2F)
    guard let number = value.number(upTo: 0xFFFF_FFFF) else {
      throw Complaint("'\(text.string)' is no mark of 32 bits", range)
    }
    guard let mask else { return (UInt32(number), .max) }
    guard let bits = mask.number(upTo: 0xFFFF_FFFF) else {
      throw Complaint("'\(mask.string)' is no mask of 32 bits", range)
    }
    return (UInt32(number), UInt32(bits))
  }

  /// A type of service: a name (under the mask 0x3f), a value, or a value with a mask.
  ///
  /// Source: libxt_tos.c by way of iptables-extensions(8).
  func readTypeOfService(_ text: ByteText, _ range: SourceRange) throws(Complaint) -> (value: UInt32, mask: UInt32) {
    if let value = FieldNames.typesOfService.first(where: { text.equalsIgnoringCase($0.0) })?.1 {
      return (UInt32(value), 0x3F)
    }
    let (value, mask) = text.cut(at: 0x2F)
    guard let number = value.number(upTo: 255) else {
      throw Complaint("'\(text.string)' is no type of service", range)
    }
    guard let mask else { return (UInt32(number), 0xFF) }
    guard let bits = mask.number(upTo: 255) else { throw Complaint("'\(mask.string)' is no mask of 8 bits", range) }
    return (UInt32(number), UInt32(bits))
  }

  func number(_ use: RuleDraft.Use, upTo maximum: UInt64) throws(Complaint) -> UInt64 {
    guard let number = value(use).number(upTo: maximum) else {
      throw Complaint("'\(value(use).string)' is no number up to \(maximum)", range(use.value))
    }
    return number
  }

  /// Whether the value of an option is one that iptables takes; for extensions that are not looked into further.
  func validate(_ use: RuleDraft.Use) throws(Complaint) {
    guard use.option >= 0, use.value >= 0 else { return }
    let option = option(use)
    let text = value(use)
    let place = range(use.value)
    var isGood = true
    switch option.argument {
    case .none, .optionalText, .texts, .own: break
    case .text(let maximum): isGood = text.count <= maximum
    case .name(let maximum):
      if text.isEmpty { throw Complaint("'--\(option.name)' needs a value that is not empty", place) }
      isGood = text.count <= maximum
    case .number(let lower, let upper):
      guard let number = text.number(upTo: upper), number >= lower else {
        throw Complaint("'\(text.string)' is no number from \(lower) to \(upper)", place)
      }
    case .numberRange(let maximum): _ = try readRange(text, upTo: maximum, place)
    case .probability: isGood = Self.isProbability(text)
    case .mark: _ = try readMark(text, place)
    case .typeOfService: _ = try readTypeOfService(text, place)
    case .syslogLevel:
      isGood = text.number(upTo: 7) != nil || FieldNames.syslogLevels.contains { text.equalsIgnoringCase($0) }
    case .host:
      isGood = family == .v4 ? Self.readV4(text) != nil : IPAddress.parseV6(text.slice) != nil
    case .network: _ = try readNetwork(text, place)
    case .protocolNumber:
      isGood = ProtocolNames.number(text) != nil
    case .port: _ = try readPort(text, place)
    case .portRange: _ = try readPorts(text, place)
    case .prefixLength:
      isGood =
        text.number(upTo: UInt64(family.addressWidth)) != nil
        || (family == .v4 ? Self.readV4Mask(text) != nil : IPAddress.parseV6(text.slice) != nil)
    case .mac: isGood = Self.isMAC(text)
    case .word(let words): isGood = words.contains { text.equalsIgnoringCase($0) }
    case .words(let words):
      text.forEachPart { part in if !words.contains(where: { part.equalsIgnoringCase($0) }) { isGood = false } }
    case .rate(let bytes): isGood = Self.isRate(text, bytes: bytes)
    }
    if !isGood { throw Complaint("'\(text.string)' is no value for --\(option.name)", place) }
  }

  private static func isProbability(_ text: ByteText) -> Bool {
    guard let value = Double(text.string) else { return false }
    return value >= 0 && value <= 1
  }

  /// Six hexadecimal numbers of one or two digits.
  private static func isMAC(_ text: ByteText) -> Bool {
    var parts = 0
    var isGood = true
    text.forEachPart(separator: 0x3A) { part in
      parts += 1
      var digits = 0
      for offset in 0..<part.count {
        switch ByteText.lowercase(part[offset]) {
        case 0x30...0x39, 0x61...0x66: digits += 1
        default: isGood = false
        }
      }
      if digits == 0 || digits > 2 { isGood = false }
    }
    return isGood && parts == 6
  }

  /// `5/sec`, `5/s`, `5`, and `4kb/s` where bytes are allowed.
  private static func isRate(_ text: ByteText, bytes: Bool) -> Bool {
    let (amount, unit) = text.cut(at: 0x2F)
    var digits = 0
    while digits < amount.count, amount[digits] >= 0x30, amount[digits] <= 0x39 { digits += 1 }
    guard digits > 0, let number = amount.prefix(digits).number(upTo: 0xFFFF_FFFF), number > 0 else { return false }
    let suffix = amount.dropFirst(digits)
    if !suffix.isEmpty {
      guard bytes, suffix.equals("b") || suffix.equals("kb") || suffix.equals("mb") else { return false }
    }
    guard let unit else { return suffix.isEmpty && (bytes || number <= 10000) }
    guard !unit.isEmpty else { return false }
    let units: [(name: StaticString, seconds: UInt64)] = [
      ("second", 1), ("minute", 60), ("hour", 3600), ("day", 86400),
    ]
    let named = units.first { candidate in
      for offset in 0..<unit.count {
        guard offset < candidate.name.utf8CodeUnitCount,
          ByteText.lowercase(unit[offset]) == candidate.name.utf8Start[offset]
        else { return false }
      }
      return true
    }
    // The kernel counts in ten-thousandths of a second (XT_LIMIT_SCALE).
    return named.map { bytes || number <= 10000 * $0.seconds } ?? false
  }
}
