/// Protocol numbers of the IP header that fwlint knows by name (IANA protocol numbers, /etc/protocols).
public enum IPProtocol {
  public static let icmp: UInt8 = 1
  public static let igmp: UInt8 = 2
  public static let ipip: UInt8 = 4
  public static let tcp: UInt8 = 6
  public static let udp: UInt8 = 17
  public static let dccp: UInt8 = 33
  public static let gre: UInt8 = 47
  public static let esp: UInt8 = 50
  public static let ah: UInt8 = 51
  public static let icmpv6: UInt8 = 58
  public static let sctp: UInt8 = 132
  public static let udplite: UInt8 = 136

  /// Whether the protocol's header begins with a source and a destination port of 16 bits each.
  @inlinable
  public static func hasPorts(_ number: UInt8) -> Bool {
    number == tcp || number == udp || number == dccp || number == sctp || number == udplite
  }

  /// Names with their numbers; the first name of a number is the one that is printed.
  static let names: [(String, UInt8)] = [
    ("hopopt", 0), ("icmp", 1), ("igmp", 2), ("ggp", 3), ("ipencap", 4), ("st", 5), ("tcp", 6), ("egp", 8),
    ("igp", 9), ("pup", 12), ("udp", 17), ("hmp", 20), ("xns-idp", 22), ("rdp", 27), ("iso-tp4", 29), ("dccp", 33),
    ("xtp", 36), ("ddp", 37), ("idpr-cmtp", 38), ("ipv6", 41), ("ipv6-route", 43), ("ipv6-frag", 44), ("idrp", 45),
    ("rsvp", 46), ("gre", 47), ("esp", 50), ("ah", 51), ("skip", 57), ("ipv6-icmp", 58), ("ipv6-nonxt", 59),
    ("ipv6-opts", 60), ("rspf", 73), ("vmtp", 81), ("eigrp", 88), ("ospf", 89), ("ax.25", 93), ("ipip", 94),
    ("etherip", 97), ("encap", 98), ("pim", 103), ("ipcomp", 108), ("vrrp", 112), ("l2tp", 115), ("isis", 124),
    ("sctp", 132), ("fc", 133), ("mobility-header", 135), ("udplite", 136), ("mpls-in-ip", 137), ("manet", 138),
    ("shim6", 139), ("wesp", 141), ("rohc", 142), ("ethernet", 143),
    ("icmpv6", 58), ("ospfigp", 89), ("comp", 108), ("ip", 0), ("icmp6", 58),
  ]

  private static let numbers: [String: UInt8] = Dictionary(names, uniquingKeysWith: { first, _ in first })

  /// The number of a protocol's name, in lower or upper case; nil for unknown names.
  public static func number(named name: String) -> UInt8? { numbers[name.lowercased()] }

  /// The usual name of a number (`icmpv6` for 58), or the number itself.
  public static func name(_ number: UInt8) -> String {
    if number == icmpv6 { return "icmpv6" }
    return names.first { $0.1 == number }?.0 ?? String(number)
  }
}
