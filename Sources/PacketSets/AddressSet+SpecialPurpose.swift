extension AddressSet {
  /// Every unicast address that can be reached from all over the Internet.
  ///
  /// IPv4: the unicast space less the blocks that the IANA IPv4 Special-Purpose Address Registry does not call globally
  /// reachable. IPv6: 2000::/3, all that the IANA Global Unicast registry hands out from, less the blocks of the IANA
  /// IPv6 Special-Purpose Address Registry that are not globally reachable. Blocks for which the registries say neither
  /// (6to4 and its relays, Teredo) do not count: nobody is reached there for sure.
  public static let globallyReachableUnicast = AddressSet(
    v4: IntervalSet.all.subtracting(set(of: unreachable).v4).union(set(of: reachableExceptions).v4),
    v6: set(of: ["2000::/3"]).v6.subtracting(set(of: unreachable).v6).union(set(of: reachableExceptions).v6)
  )

  /// Addresses that networks give out by themselves and that mean nothing elsewhere: private use (RFC 1918), shared
  /// space of carriers (RFC 6598), loopback, link-local, and unique local IPv6 addresses (RFC 4193).
  ///
  /// Documentation blocks such as 203.0.113.0/24 are neither here nor globally reachable.
  public static let privateUse = set(of: [
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "::1/128", "fc00::/7", "fe80::/10",
  ])

  /// The members that can be reached from all over the Internet.
  public var publicPart: AddressSet { intersection(.globallyReachableUnicast) }

  /// Whether some member can be reached from all over the Internet.
  public var isInternetReachable: Bool { !publicPart.isEmpty }

  /// Blocks of the special-purpose registries that are not globally reachable, and multicast, which is not unicast.
  private static let unreachable = [
    "0.0.0.0/8",  // this network (RFC 791)
    "10.0.0.0/8",  // private use (RFC 1918)
    "100.64.0.0/10",  // shared address space (RFC 6598)
    "127.0.0.0/8",  // loopback (RFC 1122)
    "169.254.0.0/16",  // link-local (RFC 3927)
    "172.16.0.0/12",  // private use (RFC 1918)
    "192.0.0.0/24",  // protocol assignments (RFC 6890)
    "192.0.2.0/24",  // documentation (RFC 5737)
    "192.88.99.0/24",  // former 6to4 relays (RFC 7526)
    "192.168.0.0/16",  // private use (RFC 1918)
    "198.18.0.0/15",  // benchmarking (RFC 2544)
    "198.51.100.0/24",  // documentation (RFC 5737)
    "203.0.113.0/24",  // documentation (RFC 5737)
    "224.0.0.0/4",  // multicast (RFC 5771)
    "240.0.0.0/4",  // reserved (RFC 1112) and limited broadcast (RFC 919)
    "2001::/23",  // protocol assignments (RFC 2928), Teredo among them
    "2001:db8::/32",  // documentation (RFC 3849)
    "2002::/16",  // 6to4 (RFC 3056)
    "3fff::/20",  // documentation (RFC 9637)
  ]

  /// Globally reachable blocks inside of the ones above.
  private static let reachableExceptions = [
    "192.0.0.9/32",  // port control protocol anycast (RFC 7723)
    "192.0.0.10/32",  // TURN anycast (RFC 8155)
    "2001:1::1/128",  // port control protocol anycast (RFC 7723)
    "2001:1::2/128",  // TURN anycast (RFC 8155)
    "2001:1::3/128",  // DNS-SD registration anycast (RFC 9665)
    "2001:3::/32",  // AMT (RFC 7450)
    "2001:4:112::/48",  // AS112 (RFC 7535)
    "2001:20::/28",  // ORCHID version 2 (RFC 7343)
    "2001:30::/28",  // drone remote identification (RFC 9374)
  ]

  private static func set(of prefixes: [String]) -> AddressSet { AddressSet(prefixes.compactMap { IPPrefix($0) }) }
}
