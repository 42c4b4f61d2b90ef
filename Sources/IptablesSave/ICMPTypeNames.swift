import PacketSets

/// Types and codes of ICMP and ICMPv6, by number or by the names of iptables-extensions(8).
///
/// Source: RFC 792, 1256, 4443, 4861, 3810 and `iptables -p icmp -h`.
enum ICMPTypeNames {
  /// A type (nil for any) and the codes of it.
  struct Wanted {
    var type: UInt32?
    var codes = Interval<UInt32>(0, 255)
  }

  private static let v4: [(StaticString, UInt32, UInt32?)] = [
    ("echo-reply", 0, nil), ("pong", 0, nil), ("destination-unreachable", 3, nil), ("network-unreachable", 3, 0),
    ("host-unreachable", 3, 1), ("protocol-unreachable", 3, 2), ("port-unreachable", 3, 3),
    ("fragmentation-needed", 3, 4), ("source-route-failed", 3, 5), ("network-unknown", 3, 6), ("host-unknown", 3, 7),
    ("network-prohibited", 3, 9), ("host-prohibited", 3, 10), ("TOS-network-unreachable", 3, 11),
    ("TOS-host-unreachable", 3, 12), ("communication-prohibited", 3, 13), ("host-precedence-violation", 3, 14),
    ("precedence-cutoff", 3, 15), ("source-quench", 4, nil), ("redirect", 5, nil), ("network-redirect", 5, 0),
    ("host-redirect", 5, 1), ("TOS-network-redirect", 5, 2), ("TOS-host-redirect", 5, 3), ("echo-request", 8, nil),
    ("ping", 8, nil), ("router-advertisement", 9, nil), ("router-solicitation", 10, nil), ("time-exceeded", 11, nil),
    ("ttl-exceeded", 11, nil), ("ttl-zero-during-transit", 11, 0), ("ttl-zero-during-reassembly", 11, 1),
    ("parameter-problem", 12, nil), ("ip-header-bad", 12, 0), ("required-option-missing", 12, 1),
    ("timestamp-request", 13, nil), ("timestamp-reply", 14, nil), ("address-mask-request", 17, nil),
    ("address-mask-reply", 18, nil),
  ]

  private static let v6: [(StaticString, UInt32, UInt32?)] = [
    ("destination-unreachable", 1, nil), ("no-route", 1, 0), ("communication-prohibited", 1, 1),
    ("beyond-scope", 1, 2), ("address-unreachable", 1, 3), ("port-unreachable", 1, 4), ("failed-policy", 1, 5),
    ("reject-route", 1, 6), ("packet-too-big", 2, nil), ("time-exceeded", 3, nil), ("ttl-exceeded", 3, nil),
    ("ttl-zero-during-transit", 3, 0), ("ttl-zero-during-reassembly", 3, 1), ("parameter-problem", 4, nil),
    ("bad-header", 4, 0), ("unknown-header-type", 4, 1), ("unknown-option", 4, 2), ("echo-request", 128, nil),
    ("ping", 128, nil), ("echo-reply", 129, nil), ("pong", 129, nil), ("mld-listener-query", 130, nil),
    ("mld-listener-report", 131, nil), ("mld-listener-done", 132, nil), ("mld-listener-reduction", 132, nil),
    ("router-solicitation", 133, nil), ("router-advertisement", 134, nil), ("neighbour-solicitation", 135, nil),
    ("neighbor-solicitation", 135, nil), ("neighbour-advertisement", 136, nil), ("neighbor-advertisement", 136, nil),
    ("redirect", 137, nil),
  ]

  /// Reads a name (which may be cut short where that is unambiguous), `type` or `type/code`.
  static func read(_ text: ByteText, _ family: IPFamily) -> Wanted? {
    guard !text.isEmpty else { return nil }
    if text[0] >= 0x30, text[0] <= 0x39 {
      let (type, code) = text.cut(at: 0x2F)
      guard let number = type.number(upTo: 255) else { return nil }
      // Of ICMP, 255 is the kernel's word for any type.
      var wanted = Wanted(type: number == 255 && family == .v4 && code == nil ? nil : UInt32(number))
      if let code {
        guard let value = code.number(upTo: 255) else { return nil }
        wanted.codes = Interval(UInt32(value))
      }
      return wanted
    }
    if family == .v4, text.equalsIgnoringCase("any") { return Wanted(type: nil) }
    let names = family == .v4 ? v4 : v6
    if let exact = names.first(where: { text.equalsIgnoringCase($0.0) }) { return wanted(exact) }
    let candidates = names.filter { hasPrefix($0.0, text) }
    guard candidates.count == 1 else { return nil }
    return wanted(candidates[0])
  }

  private static func wanted(_ entry: (StaticString, UInt32, UInt32?)) -> Wanted {
    Wanted(type: entry.1, codes: entry.2.map { Interval($0) } ?? Interval(0, 255))
  }

  private static func hasPrefix(_ name: StaticString, _ text: ByteText) -> Bool {
    guard text.count <= name.utf8CodeUnitCount else { return false }
    for offset in 0..<text.count
    where ByteText.lowercase(text[offset]) != ByteText.lowercase(name.utf8Start[offset]) { return false }
    return true
  }
}
