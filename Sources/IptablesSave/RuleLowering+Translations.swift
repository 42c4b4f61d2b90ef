import PacketSets
import RuleGraph
import SourceText

/// Lowering of targets that rewrite addresses and ports.
extension RulesetReader {
  mutating func lowerTranslation(
    _ meaning: TargetMeaning, instance: Int, chain: Int
  ) throws(Complaint) -> Verdict {
    var translation: Translation
    let given = uses(of: instance)
    // A random choice of source ports may take any of them.
    let isRandom = given.contains { option($0).id == 3 || option($0).id == 4 }
    switch meaning {
    case .destinationNAT:
      translation = Translation(.destination)
      for use in given where option(use).id == 0 { try readTranslated(use, into: &translation) }
    case .sourceNAT:
      translation = Translation(.source)
      for use in given where option(use).id == 0 { try readTranslated(use, into: &translation) }
      if isRandom, translation.ports == nil { translation.ports = Interval(1, 65535) }
    case .masquerade:
      translation = Translation(.masquerade, family: family)
      for use in given where option(use).id == 2 {
        translation.ports = try readTranslatedPorts(value(use), range(use.value), allowsBase: false)
      }
      if isRandom, translation.ports == nil { translation.ports = Interval(1, 65535) }
    case .redirect:
      translation = Translation(.redirect, family: family)
      for use in given where option(use).id == 2 {
        translation.ports = try readTranslatedPorts(value(use), range(use.value), allowsBase: false)
      }
    default:
      translation = Translation(.destinationPrefix, family: family)
      for use in given {
        translation.addresses = try readPrefix(use)
        if translation.addresses == nil { setUnknownAddress(&translation, "NETMAP with a mask that is no prefix") }
      }
      if let hook = graph.chains[chain].base?.hook {
        translation.kind = Self.prefixKind(at: hook)
      } else {
        prefixRules.append((UInt32(truncatingIfNeeded: graph.rules.count), chain))
      }
    }
    graph.translations.append(translation)
    return Verdict(.translate, UInt32(graph.translations.count - 1))
  }

  static func prefixKind(at hook: Hook) -> Translation.Kind {
    hook == .prerouting || hook == .output ? .destinationPrefix : .sourcePrefix
  }

  /// The network of NETMAP; nil when its mask is no prefix.
  private func readPrefix(_ use: RuleDraft.Use) throws(Complaint) -> Interval<UInt128>? {
    switch try readNetwork(value(use), range(use.value)) {
    case .v4(let mask, let value) where ~mask & (~mask &+ 1) == 0:
      return Interval(UInt128(value), UInt128(value | ~mask))
    case .v6(let mask, let value) where ~mask & (~mask &+ 1) == 0: return Interval(value, value | ~mask)
    case .name(let name): throw Complaint("'\(name)' is no network", range(use.value))
    default: return nil
    }
  }

  private mutating func setUnknownAddress(_ translation: inout Translation, _ reason: String) {
    translation.unknown = graph.reasons.intern(reason)
    isApproximated = true
  }

  /// Reads `address[-address][:port[-port[/base]]]`, with brackets around IPv6 addresses before a port.
  private mutating func readTranslated(_ use: RuleDraft.Use, into translation: inout Translation) throws(Complaint) {
    let text = value(use)
    let place = range(use.value)
    translation.family = family
    var addresses = text
    var ports: ByteText?
    if family == .v4 {
      (addresses, ports) = text.cut(at: 0x3A)
    } else if !text.isEmpty, text[0] == 0x5B {
      guard let close = text.firstIndex(of: 0x5D) else {
        throw Complaint("the bracket in '\(text.string)' is not closed", place)
      }
      addresses = ByteText(text.bytes, text.start + 1, text.start + close)
      let rest = text.dropFirst(close + 1)
      if !rest.isEmpty {
        guard rest[0] == 0x3A else { throw Complaint("expected ':' and a port behind the bracket", place) }
        ports = rest.dropFirst(1)
      }
    }
    if !addresses.isEmpty {
      translation.addresses = try readTranslatedAddresses(addresses, place)
      if translation.addresses == nil {
        // iptables loads it; which address the kernel picks is anyone's guess.
        report(.warning, "the range '\(addresses.string)' ends before it begins", place)
        setUnknownAddress(&translation, "address of a range that ends before it begins")
      }
    }
    if let ports {
      translation.ports = try readTranslatedPorts(
        ports, place, allowsBase: option(use).name.description == "to-destination")
    }
    if translation.addresses == nil, translation.ports == nil, translation.unknown == nil {
      throw Complaint("an address or a port is missing", place)
    }
  }

  /// The addresses of a range; nil when it ends before it begins.
  private func readTranslatedAddresses(
    _ text: ByteText, _ place: SourceRange
  ) throws(Complaint) -> Interval<UInt128>? {
    let (first, second) = text.cut(at: 0x2D)
    func address(_ text: ByteText) -> UInt128? {
      guard family == .v4 else { return IPAddress.parseV6(text.slice) }
      guard case .v4(let mask, let value)? = Self.plainV4(text), mask == .max else { return nil }
      return UInt128(value)
    }
    guard let lower = address(first), let upper = second.map(address) ?? lower else {
      throw Complaint("'\(text.string)' is no \(family == .v4 ? "IPv4" : "IPv6") address or range of them", place)
    }
    guard lower <= upper else { return nil }
    return Interval(lower, upper)
  }

  private func readTranslatedPorts(
    _ text: ByteText, _ place: SourceRange, allowsBase: Bool
  ) throws(Complaint) -> Interval<UInt32> {
    let isPinned =
      IPProtocol.hasPorts(draft.protocolNumber) && draft.protocolNumber != IPProtocol.udplite
      || draft.protocolNumber == IPProtocol.icmp
    guard isPinned, !draft.protocolOperand.isNegated else {
      throw Complaint("a port needs -p tcp, udp, sctp or dccp", place)
    }
    let (span, base) = text.cut(at: 0x2F)
    if let base {
      guard allowsBase, let number = base.number(upTo: 65535) ?? ServiceNames.port(base).map({ UInt64($0) }), number > 0
      else { throw Complaint("'\(text.string)' is no range of ports", place) }
    }
    if let number = span.number() {
      guard number <= 65535 else { throw Complaint("port \(span.string) is above 65535", place) }
      return Interval(UInt32(number))
    }
    // Names of services may hold a hyphen; ranges are of numbers.
    if let port = ServiceNames.port(span) { return Interval(UInt32(port)) }
    let (first, second) = span.cut(at: 0x2D)
    guard let second, let lower = first.number(upTo: 65535), let upper = second.number(upTo: 65535),
      lower <= upper
    else { throw Complaint("'\(text.string)' is no port or range of ports", place) }
    return Interval(UInt32(lower), UInt32(upper))
  }
}
