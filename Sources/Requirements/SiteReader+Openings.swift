import PacketSets
import SourceText
import YAMLDocument

extension SiteReader {
  private static let alsoOpenKeys = ["from", "to", "port", "protocol", "type", "code", "reason", "units"]

  /// Reads `also-open`: a list of traffic that no feature asks for.
  mutating func readAlsoOpen(_ node: YAMLNode) {
    for item in nodes.items(node, "also-open") { readOpening(item) }
  }

  private mutating func readOpening(_ node: YAMLNode) {
    let before = nodes.diagnostics.count
    let place = NodeReader.place(node)
    var peers: [(Direction, AddressSet)] = []
    var ports: [Interval<UInt32>]?
    var protocols: [UInt8]?
    var icmpType: UInt8?
    var icmpCode: UInt8?
    var reason: String?
    var units: [String]?
    for entry in nodes.entries(node, "an entry of also-open") {
      switch entry.key {
      case "from": peers.append((.incoming, openingAddresses(entry.value)))
      case "to": peers.append((.outgoing, openingAddresses(entry.value)))
      case "port": ports = portRanges(entry.value)
      case "protocol": protocols = protocolNumbers(entry.value)
      case "type": icmpType = nodes.number(entry.value, "the ICMP type", from: 0, to: 255).map { UInt8($0) }
      case "code": icmpCode = nodes.number(entry.value, "the ICMP code", from: 0, to: 255).map { UInt8($0) }
      case "reason": reason = nodes.text(entry.value, "reason")
      case "units": units = unitNames(entry.value)
      default: nodes.unknownKey(entry, of: "an entry of also-open", known: SiteReader.alsoOpenKeys)
      }
    }
    if peers.count != 1 {
      nodes.error("the entry must have one of the keys 'from' (incoming) and 'to' (outgoing)", at: place)
    }
    if protocols == nil { nodes.error("the entry has no key 'protocol'", at: place) }
    guard nodes.diagnostics.count == before, let (direction, addresses) = peers.first, let protocols else { return }
    for number in protocols {
      var transport = TransportFlow(protocolNumber: number, icmpType: icmpType, icmpCode: icmpCode)
      let isICMP = number == IPProtocol.icmp || number == IPProtocol.icmpv6
      if IPProtocol.hasPorts(number) != (ports != nil) {
        let name = IPProtocol.name(number)
        nodes.error(ports == nil ? "the entry for \(name) has no key 'port'" : "\(name) has no ports", at: place)
        return
      }
      if !isICMP, icmpType ?? icmpCode != nil {
        nodes.error("\(IPProtocol.name(number)) has neither type nor code", at: place)
        return
      }
      if let ports { transport.ports = IntervalSet(ports) }
      site.alsoOpen.append(
        AlsoOpen(
          direction: direction, addresses: addresses, transport: transport, reason: reason, units: units,
          range: node.range))
    }
  }

  private mutating func openingAddresses(_ node: YAMLNode) -> AddressSet {
    addressesOrAny(node, "the addresses").permitted ?? AddressSet()
  }

  /// Reads `intercepts`: a list of addresses.
  mutating func readIntercepts(_ node: YAMLNode) {
    interceptsRange = node.range
    site.intercepts = addresses(node, "intercepts")
  }

  /// Reads `resolve`: names of groups, prefix lists and sets with their addresses.
  mutating func readResolve(_ node: YAMLNode) {
    for entry in nodes.entries(node, "resolve") {
      site.resolve[entry.key] = addresses(entry.value, "the addresses of a reference")
      site.resolveRanges[entry.key] = entry.keyRange
    }
  }

  /// Reads `severity`: codes with `off`, `note`, `warning` or `error`.
  mutating func readSeverities(_ node: YAMLNode) {
    let words = ["off"] + Severity.allCases.map(\.rawValue)
    for entry in nodes.entries(node, "severity") {
      guard isCode(entry.key) else {
        let message = "\(NodeReader.quoted(entry.key)) is not the code of a check, such as FW302"
        nodes.error(message + Suggestion.hint(for: entry.key, among: knownCodes), at: entry.keyRange)
        continue
      }
      guard let word = nodes.text(entry.value, "a severity") else { continue }
      let severity = Severity(rawValue: word)
      if severity == nil, word != "off" {
        nodes.unknownWord(word, "severity", among: words, at: entry.value.range)
      } else {
        site.severities.append(SeverityOverride(code: entry.key, severity: severity, range: entry.keyRange))
      }
    }
  }

  func isCode(_ text: String) -> Bool {
    if !knownCodes.isEmpty { return knownCodes.contains(text) }
    let digits = text.utf8.dropFirst(2)
    return text.hasPrefix("FW") && digits.count == 3 && TransportFlow.decimal(digits, upTo: 999) != nil
  }
}
