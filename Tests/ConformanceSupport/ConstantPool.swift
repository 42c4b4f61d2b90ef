import PacketSets

/// The constants in a rule set's text and their neighbours, which packets are made of.
///
/// Reads the text word by word and knows no language, so that a parser's mistake cannot hide the values that show it.
public struct ConstantPool: Sendable {
  /// First, last and the ones beside them, of every address, prefix and range.
  public private(set) var addresses: [IPFamily: [IPAddress]] = [.v4: [], .v6: []]
  /// Numbers up to 65535 with their neighbours.
  public private(set) var numbers: [UInt16] = []

  private static let services: [Substring: UInt16] = [
    "ssh": 22, "smtp": 25, "domain": 53, "http": 80, "https": 443, "ntp": 123, "imap": 143, "imaps": 993, "ftp": 21,
    "telnet": 23, "submission": 587, "snmp": 161, "syslog": 514, "ldap": 389, "ldaps": 636, "pop3": 110, "bootps": 67,
    "bootpc": 68, "mdns": 5353,
  ]

  /// Collects from a text; at most `limit` values of each kind.
  public init(text: String, limit: Int = 4000) {
    var words: Set<Substring> = []
    var addressSet: [IPFamily: Set<IPAddress>] = [.v4: [], .v6: []]
    var numberSet: Set<UInt16> = []
    for line in text.split(whereSeparator: \.isNewline) {
      let separators: Set<Character> = [" ", "\t", ",", ";", "{", "}", "\"", "[", "]", "=", "(", ")", "!", "<", ">"]
      for word in line.split(whereSeparator: { separators.contains($0) }) { words.insert(word) }
    }
    for word in words {
      if !Self.readAddresses(word, into: &addressSet) { Self.readNumbers(word, into: &numberSet) }
    }
    for family in IPFamily.allCases {
      addresses[family] = (addressSet[family] ?? []).filter(\.isSendable).sorted().prefix(limit).map(\.self)
    }
    numbers = Array(numberSet.sorted().prefix(limit))
  }

  private static func readAddresses(_ word: Substring, into set: inout [IPFamily: Set<IPAddress>]) -> Bool {
    func add(_ interval: Interval<UInt128>, _ family: IPFamily) {
      for bits in [interval.lower, interval.upper, interval.lower &+ 1, interval.upper &+ 1, interval.lower &- 1] {
        set[family]?.insert(IPAddress(family, bits))
      }
    }
    if let prefix = IPPrefix(word) {
      add(prefix.interval, prefix.base.family)
      if !word.contains("/") { return true }
      if let address = IPAddress(word.prefix { $0 != "/" }) { add(Interval(address.bits), address.family) }
      return true
    }
    for separator in ["-", "/", ":"] as [Character] {
      let parts = word.split(separator: separator, maxSplits: 1)
      guard parts.count == 2, let first = IPAddress(parts[0]) else { continue }
      add(Interval(first.bits), first.family)
      if let second = IPAddress(parts[1]), second.family == first.family {
        add(Interval(second.bits), second.family)
        // A mask: the value with all other bits set is in the masked block too.
        if separator == "/" { add(Interval(first.bits | (second.bits ^ first.family.lastAddress)), first.family) }
      }
      return true
    }
    return false
  }

  private static func readNumbers(_ word: Substring, into set: inout Set<UInt16>) {
    for part in word.split(whereSeparator: {
      $0 == "-" || $0 == ":" || $0 == "/" || $0 == "." || $0 == "|" || $0 == "&"
    }) {
      let isHex = part.hasPrefix("0x")
      if let value = isHex ? UInt32(part.dropFirst(2), radix: 16) : UInt32(part), value <= 65535 {
        for neighbour in [value, value + 1, value &- 1] where neighbour <= 65535 { set.insert(UInt16(neighbour)) }
      } else if let port = services[part] {
        set.formUnion([port, port + 1, port - 1])
      }
    }
  }
}

extension IPAddress {
  /// Whether the address is one of the host's own that never leave it: 127.0.0.0/8, ::1.
  var isLoopback: Bool { family == .v4 ? bits >> 24 == 127 : bits == 1 }

  /// Whether the kernel takes packets from and to the address as it takes any other.
  ///
  /// Multicast, broadcast, loopback, unspecified, link-local and mapped addresses have fates of their own before any
  /// rule is asked; the last two networks are those of the firewall's interfaces.
  var isSendable: Bool {
    switch family {
    case .v4:
      let first = bits >> 24
      return first > 0 && first != 127 && first < 224 && bits >> 17 != 0xC612_0000 >> 17
    case .v6:
      return bits >> 32 != 0xFFFF && bits >> 32 != 0 && bits >> 118 != 0xFE80 >> 6 && bits >> 120 != 0xFF
        && bits >> 80 != 0x2001_0002_0000
    }
  }
}
