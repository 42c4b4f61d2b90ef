import PacketSets
import SourceText
import YAMLDocument

extension SiteReader {
  /// Reads `units`: a list of names with addresses.
  mutating func readUnits(_ node: YAMLNode) {
    for item in nodes.items(node, "units") {
      guard let unit = readUnit(item) else { continue }
      if site.unit(unit.name) == nil {
        site.units.append(unit)
      } else {
        nodes.error("the unit \(NodeReader.quoted(unit.name)) is there twice", at: unit.range)
      }
    }
    if site.units.isEmpty, !nodes.diagnostics.contains(where: { $0.severity == .error }) {
      nodes.error("the site has no units", at: node.range)
    }
  }

  private mutating func readUnit(_ node: YAMLNode) -> Unit? {
    var unit = Unit(name: "", addresses: [], range: node.range)
    for entry in nodes.entries(node, "a unit") {
      switch entry.key {
      case "name":
        unit.name = nodes.text(entry.value, "the name of a unit") ?? ""
        unit.range = entry.value.range
      case "addresses":
        if entry.value.sequence?.isEmpty ?? false { nodes.error("the unit has no addresses", at: entry.value.range) }
        for item in nodes.items(entry.value, "addresses") {
          if let address = readUnitAddress(item) { unit.addresses.append(address) }
        }
      case "published":
        for item in nodes.items(entry.value, "published") {
          if let address = readPublished(item) { unit.published.append(address) }
        }
      default: nodes.unknownKey(entry, of: "a unit", known: ["name", "addresses", "published"])
      }
    }
    if unit.name.isEmpty {
      nodes.error("the unit has no name", at: NodeReader.place(node))
      return nil
    }
    if !(node.mapping ?? []).contains(where: { $0.key.scalar == "addresses" }) {
      nodes.error("the unit \(NodeReader.quoted(unit.name)) has no addresses", at: unit.range)
    }
    return unit
  }

  private mutating func readUnitAddress(_ node: YAMLNode) -> UnitAddress? {
    guard node.kind == .mapping else {
      return hostAddress(node, "the address of a unit").map { UnitAddress($0, range: node.range) }
    }
    var parsed: IPAddress?
    var features: [String] = []
    var isNamed = false
    for entry in nodes.entries(node, "an address of a unit") {
      switch entry.key {
      case "address":
        isNamed = true
        parsed = hostAddress(entry.value, "the address of a unit")
      case "features":
        for item in nodes.items(entry.value, "features") {
          if let name = featureName(item) { features.append(name) }
        }
      default: nodes.unknownKey(entry, of: "an address of a unit", known: ["address", "features"])
      }
    }
    if !isNamed { nodes.error("the entry has no key 'address'", at: NodeReader.place(node)) }
    return parsed.map { UnitAddress($0, features: features, range: node.range) }
  }

  private mutating func readPublished(_ node: YAMLNode) -> PublishedAddress? {
    guard node.kind == .mapping else {
      return hostAddress(node, "a published address").map { PublishedAddress($0, range: node.range) }
    }
    var parsed: IPAddress?
    var peers: [String]?
    var translator: String?
    var isNamed = false
    for entry in nodes.entries(node, "a published address") {
      switch entry.key {
      case "address":
        isNamed = true
        parsed = hostAddress(entry.value, "a published address")
      case "peers": peers = roleNames(entry.value, "peers")
      case "by":
        translator = nodes.text(entry.value, "by")
        if let translator { translators.append((translator, entry.value.range)) }
      default: nodes.unknownKey(entry, of: "a published address", known: ["address", "peers", "by"])
      }
    }
    if !isNamed { nodes.error("the entry has no key 'address'", at: NodeReader.place(node)) }
    return parsed.map { PublishedAddress($0, peers: peers, translator: translator, range: node.range) }
  }

  /// An address under which other hosts can call one; reports others.
  private mutating func hostAddress(_ node: YAMLNode, _ what: String) -> IPAddress? {
    guard let address = address(node, what) else { return nil }
    guard let kind = Self.kindWithoutHost(address) else { return address }
    nodes.error("\(what) cannot be \(address), \(kind): no other host can call it", at: node.range)
    return nil
  }

  /// What an address is that no host on a network can have; nil for all others.
  ///
  /// **Source:** the IANA IPv4 and IPv6 Special-Purpose Address Registries and Multicast Address Space Registries.
  private static func kindWithoutHost(_ address: IPAddress) -> String? {
    let kinds: [(prefix: String, kind: String)] = [
      ("127.0.0.0/8", "a loopback address"), ("::1/128", "the loopback address"),
      ("224.0.0.0/4", "a multicast address"), ("ff00::/8", "a multicast address"),
      ("0.0.0.0/8", "an address of \"this network\""), ("::/128", "the unspecified address"),
      ("255.255.255.255/32", "the broadcast address"), ("240.0.0.0/4", "a reserved address"),
    ]
    return kinds.first { entry in
      IPPrefix(entry.prefix).map { $0.base.family == address.family && $0.interval.contains(address.bits) } ?? false
    }?.kind
  }

  /// What can only be said of units when all has been read.
  mutating func checkUnits() {
    let paths = site.firewalls.flatMap { $0.paths.map(\.path) } + [PublishedAddress.provider]
    for (translator, range) in translators where !paths.contains(translator) {
      nodes.unknownWord(translator, "firewall", among: paths, at: range)
    }
    for unit in site.units where !unit.addresses.isEmpty {
      let without = site.features.first { unit.addresses(for: $0.name).isEmpty }
      if let without {
        let names = "\(NodeReader.quoted(unit.name)) is for the feature '\(without.name)'"
        nodes.warning("no address of the unit \(names)", at: unit.range)
      }
    }
  }
}
