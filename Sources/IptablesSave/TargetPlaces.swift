import RuleGraph
import SourceText

/// Where the kernel allows a target.
///
/// Source: the `.table` and `.hooks` of the targets in net/netfilter/xt_*.c and net/ipv4/netfilter/ipt_*.c.
enum TargetPlaces {
  private struct Place {
    let name: StaticString
    let tables: [TableKind]
    let hooks: [Hook]
  }

  private static let places: [Place] = [
    Place(name: "DNAT", tables: [.nat], hooks: [.prerouting, .output]),
    Place(name: "SNAT", tables: [.nat], hooks: [.postrouting, .input]),
    Place(name: "MASQUERADE", tables: [.nat], hooks: [.postrouting]),
    Place(name: "REDIRECT", tables: [.nat], hooks: [.prerouting, .output]),
    Place(name: "NETMAP", tables: [.nat], hooks: [.prerouting, .output, .input, .postrouting]),
    Place(name: "REJECT", tables: [.filter], hooks: []),
    Place(name: "TPROXY", tables: [.mangle], hooks: [.prerouting]),
    Place(name: "TTL", tables: [.mangle], hooks: []),
    Place(name: "HL", tables: [.mangle], hooks: []),
    Place(name: "DSCP", tables: [.mangle], hooks: []),
    Place(name: "TOS", tables: [.mangle], hooks: []),
    Place(name: "ECN", tables: [.mangle], hooks: []),
    Place(name: "CHECKSUM", tables: [.mangle], hooks: []),
    Place(name: "NOTRACK", tables: [.raw], hooks: []),
    Place(name: "CT", tables: [.raw], hooks: []),
    Place(name: "CLASSIFY", tables: [], hooks: [.forward, .output, .postrouting]),
    Place(name: "SYNPROXY", tables: [], hooks: [.input, .forward]),
  ]

  /// Complains about a target in a table or base chain that does not take it.
  static func check(
    _ name: ByteText, table: TableKind?, hook: Hook?, _ range: SourceRange
  ) throws(Complaint) {
    guard let place = places.first(where: { name.equals($0.name) }) else { return }
    if let table, !place.tables.isEmpty, !place.tables.contains(table) {
      throw Complaint(
        "target \(place.name) belongs into table \(place.tables.map(\.name).joined(separator: " or "))", range)
    }
    if let hook, !place.hooks.isEmpty, !place.hooks.contains(hook) {
      let names = place.hooks.map { $0.keyword.uppercased() }.joined(separator: " or ")
      throw Complaint("target \(place.name) belongs into chain \(names)", range)
    }
  }
}

/// Matches of packages beside iptables and of old kernels.
enum KnownForeignMatches {
  private static let names: [StaticString] = [
    "account", "asn", "condition", "connrate", "dstlimit", "fuzzy", "gradm", "iface", "ipp2p", "ipv4options", "layer7",
    "length2", "lscan", "ndpi", "nth", "opendpi", "osf2", "pknock", "psd", "quota2", "random", "stealth", "unclean",
    "weburl", "webstr",
  ]

  static func contains(_ name: ByteText) -> Bool { names.contains { name.equals($0) } }
}

/// Targets of packages beside iptables, such as xtables-addons, which may stand without options.
enum KnownForeignTargets {
  private static let names: [StaticString] = [
    "ACCOUNT", "CHAOS", "DELUDE", "DHCPMAC", "DNETMAP", "ECHO", "FLOWOFFLOAD", "FULLCONENAT", "IMQ", "IPMARK",
    "IPV4OPTSSTRIP", "LOGMARK", "MIRROR", "NDPI", "NETFLOW", "PROTO", "RAWDNAT", "RAWSNAT", "ROUTE", "RTPENGINE",
    "SAME", "STEAL", "SYSRQ", "TARPIT", "WEBSTR", "XOR",
  ]

  static func contains(_ name: ByteText) -> Bool { names.contains { name.equals($0) } }
}
