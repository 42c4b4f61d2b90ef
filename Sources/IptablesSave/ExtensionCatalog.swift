import PacketSets

/// All extensions, found by name.
struct ExtensionCatalog: Sendable {
  let syntaxes: [ExtensionSyntax]
  private let matches: [ByteKeyTable]
  private let targets: [ByteKeyTable]

  static let shared = ExtensionCatalog()

  private init() {
    syntaxes = MatchCatalog.all + TargetCatalog.all
    var matches = [ByteKeyTable(), ByteKeyTable()]
    var targets = [ByteKeyTable(), ByteKeyTable()]
    for (index, syntax) in syntaxes.enumerated() {
      let bytes = UnsafeBufferPointer(start: syntax.name.utf8Start, count: syntax.name.utf8CodeUnitCount)
      let key = ByteText(bytes, 0, bytes.count)
      for family in 0...1 {
        if family == 0, syntax.families == .ip6 { continue }
        if family == 1, syntax.families == .ip { continue }
        switch syntax.meaning {
        case .match: matches[family].set(key, index)
        case .target: targets[family].set(key, index)
        }
      }
    }
    self.matches = matches
    self.targets = targets
  }

  /// The match extension of a name; ICMPv6 goes by several.
  func match(_ name: ByteText, _ family: IPFamily) -> Int? {
    if let found = matches[family == .v4 ? 0 : 1].value(of: name) { return found }
    if name.equals("icmpv6") || name.equals("ipv6-icmp") { return match("icmp6", family) }
    return nil
  }

  /// The match extension of a name that is known when fwlint is built.
  func match(_ name: StaticString, _ family: IPFamily) -> Int? {
    let bytes = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    return matches[family == .v4 ? 0 : 1].value(of: ByteText(bytes, 0, bytes.count))
  }

  /// The target extension of a name.
  func target(_ name: ByteText, _ family: IPFamily) -> Int? { targets[family == .v4 ? 0 : 1].value(of: name) }

  /// The match that iptables loads by itself when an option is unknown and the rule names a protocol.
  func implicitMatch(ofProtocol number: UInt8, _ family: IPFamily) -> Int? {
    switch number {
    case IPProtocol.tcp: match("tcp", family)
    case IPProtocol.udp: match("udp", family)
    case IPProtocol.icmp: match("icmp", family)
    case IPProtocol.icmpv6: match("icmp6", family)
    case IPProtocol.sctp: match("sctp", family)
    case IPProtocol.dccp: match("dccp", family)
    case IPProtocol.esp: match("esp", family)
    case IPProtocol.ah: match("ah", family)
    case 108: match("ipcomp", family)
    case 135: match("mh", family)
    default: nil
    }
  }

  /// Names of all matches of a family, for suggestions.
  func matchNames(_ family: IPFamily) -> [String] { matches[family == .v4 ? 0 : 1].names }

  /// Names of all targets of a family, for suggestions.
  func targetNames(_ family: IPFamily) -> [String] { targets[family == .v4 ? 0 : 1].names }
}
