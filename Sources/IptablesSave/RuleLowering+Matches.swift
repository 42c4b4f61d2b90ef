import PacketSets
import RuleGraph
import SourceText

/// Lowering of match extensions.
extension RulesetReader {
  /// Appends what a loaded match demands.
  mutating func lowerMatch(_ index: Int, hook: Hook?) throws(Complaint) {
    let instance = draft.instances[index]
    guard instance.syntax >= 0 else { return lowerUnknownMatch(Int(instance.argument)) }
    guard case .match(let meaning) = catalog.syntaxes[Int(instance.syntax)].meaning else { return }
    switch meaning {
    case .always: for use in draft.uses where use.instance == Int32(index) { try validate(use) }
    case .ports: try lowerPorts(index)
    case .multiport: try lowerMultiport(index)
    case .icmp: try lowerICMP(index)
    case .conntrack: try lowerConntrack(index)
    case .mark, .connectionMark:
      for use in draft.uses where use.instance == Int32(index) {
        let (value, mask) = try readMark(self.value(use), range(use.value))
        var field = Field.mark
        if case .connectionMark = meaning { field = .ctMark }
        appendMasked(field, mask: mask, value: value, negated: use.isNegated)
      }
    case .addressRange: try lowerAddressRange(index)
    case .addressType: try lowerAddressType(index)
    case .packetType: try lowerPacketType(index)
    case .length:
      for use in draft.uses where use.instance == Int32(index) {
        let lengths = try readRange(value(use), upTo: 65535, range(use.value))
        graph.items.append(
          RuleItem(.range, .length, UInt32(lengths.lower), UInt32(lengths.upper), negated: use.isNegated))
      }
    case .timeToLive: try lowerTimeToLive(index)
    case .dscp: try lowerDSCP(index)
    case .typeOfService: try lowerTypeOfService(index)
    case .explicitCongestion: try lowerExplicitCongestion(index)
    case .set: try lowerSetMatch(index)
    case .undecidable(let reason):
      for use in draft.uses where use.instance == Int32(index) {
        if case .mac = option(use).argument {
          try validateMAC(use)
        } else {
          try validate(use)
        }
      }
      try checkUndecidable(index, hook: hook)
      if try isPresenceOnly(index) { return }
      appendUndecidable(reason.description)
      // The socket's mark, which is not known.
      if catalog.syntaxes[Int(instance.syntax)].name.description == "socket", instance.seen & 4 != 0 {
        appendUnknown(.mark, "mark of the socket")
      }
    }
  }

  /// Adds what is known of matches that are undecided: presence of a header or of a connection.
  ///
  /// - Returns: whether that is all that the match demands.
  private mutating func isPresenceOnly(_ index: Int) throws(Complaint) -> Bool {
    let name = catalog.syntaxes[Int(draft.instances[index].syntax)].name.description
    let uses = uses(of: index)
    switch name {
    case "ah", "esp":
      // The header is looked for wherever it stands; a packet that has one is of its protocol (nft's `meta l4proto`).
      let number = UInt32(name == "ah" ? IPProtocol.ah : IPProtocol.esp)
      guard draft.protocolNumber == 0 || draft.protocolNumber == UInt8(number) else { return false }
      if draft.protocolNumber == 0 { graph.items.append(RuleItem(.range, .protocolNumber, number, number)) }
      for use in uses where option(use).id == 0 {
        let indices = try readRange(value(use), upTo: 0xFFFF_FFFF, range(use.value))
        guard indices.lower == 0, indices.upper == 0xFFFF_FFFF else { return false }
        if use.isNegated { graph.items.append(RuleItem(.never, .protocolNumber)) }
      }
      if uses.contains(where: { option($0).id != 0 }) { return false }
      if family == .v4 || name == "esp" { graph.items.append(RuleItem(.range, .fragment, 0, 0)) }
      return true
    case "helper":
      // Without a connection the inverted match holds (net/netfilter/xt_helper.c).
      if uses.contains(where: { !$0.isNegated }) { appendConnection() }
      return false
    default: return false
    }
  }

  /// A match that iptables does not have: undecided, and a mistake where its name is nearly that of one it has.
  private mutating func lowerUnknownMatch(_ index: Int) {
    let name = argument(index)
    if KnownForeignMatches.contains(name) { return appendUndecidable("match \(name.string)") }
    if givesHints, let known = Suggestion.nearest(to: name.string, among: catalog.matchNames(family)) {
      report(.error, "there is no match '\(name.string)' (did you mean '\(known)'?)", range(index))
    }
    appendUndecidable("unknown match \(name.string)")
  }

  /// Reports an address that is none; the match is undecided in any case.
  ///
  /// Dumps that are passed around have their Ethernet addresses blotted out, and the rest of the rule is still good.
  private mutating func validateMAC(_ use: RuleDraft.Use) throws(Complaint) {
    do throws(Complaint) {
      try validate(use)
    } catch {
      guard value(use).count == 17 else { throw error }
      report(.error, error.message, error.range)
    }
  }

  /// Adds `field & mask == value`, which cannot hold when the value has bits outside of the mask.
  mutating func appendMasked(_ field: Field, mask: UInt32, value: UInt32, negated: Bool) {
    if mask == .max {
      graph.items.append(RuleItem(.range, field, value, value, negated: negated))
    } else if value & ~mask == 0 {
      graph.items.append(RuleItem(.masked, field, mask, value, negated: negated))
    } else if !negated {
      graph.items.append(RuleItem(.never, field))
    } else {
      // Always true, of packets that have the field.
      graph.items.append(RuleItem(.masked, field, 0, 0))
    }
  }

  // MARK: Transport

  private mutating func lowerPorts(_ index: Int) throws(Complaint) {
    var needsHeader = true
    for position in draft.uses.indices where draft.uses[position].instance == Int32(index) {
      let use = draft.uses[position]
      let option = option(use)
      if option.id <= 1, case .portRange = option.argument {
        let field = option.id == 0 ? Field.sourcePort : .destinationPort
        if let ports = try readPortsOrNone(use) {
          graph.items.append(RuleItem(.range, field, ports.lower, ports.upper, negated: use.isNegated))
        } else {
          graph.items.append(use.isNegated ? RuleItem(.range, field, 0, 65535) : RuleItem(.never, field))
        }
        needsHeader = false
        continue
      }
      switch draft.protocolNumber {
      case IPProtocol.tcp: try lowerTCPOption(option, use)
      case IPProtocol.sctp:
        try validateChunkTypes(use)
        appendUndecidable("SCTP chunk types")
      default:
        try validate(use)
        appendUndecidable(option.id == 2 ? "DCCP packet type" : "DCCP option")
      }
    }
    // A later fragment has no such header, so that these matches never hold for it.
    if needsHeader { graph.items.append(RuleItem(.range, .fragment, 0, 0)) }
  }

  /// The ports of an option; nil for a range that ends before it begins.
  ///
  /// Versions of iptables up to 1.8.9 load such a range of all protocols but TCP, and it never matches.
  private mutating func readPortsOrNone(_ use: RuleDraft.Use) throws(Complaint) -> Interval<UInt32>? {
    do throws(Complaint) {
      return try readPorts(value(use), range(use.value))
    } catch {
      let (first, second) = value(use).cut(at: 0x3A)
      guard draft.protocolNumber != IPProtocol.tcp, let second, !first.isEmpty, !second.isEmpty,
        let lower = try? readPort(first, error.range), let upper = try? readPort(second, error.range), lower > upper
      else { throw error }
      report(.error, error.message, error.range)
      return nil
    }
  }

  private mutating func lowerTCPOption(_ option: OptionSyntax, _ use: RuleDraft.Use) throws(Complaint) {
    switch option.id {
    case 2: appendMasked(.tcpFlags, mask: 0x17, value: 0x02, negated: use.isNegated)
    case 3:
      let mask = try readTCPFlags(Int(use.value))
      let wanted = try readTCPFlags(Int(use.value) + 1)
      appendMasked(.tcpFlags, mask: mask, value: wanted, negated: use.isNegated)
    default:
      let kind = UInt32(try number(use, upTo: 255))
      try validate(use)
      graph.items.append(RuleItem(.range, .tcpOption, kind, kind, negated: use.isNegated))
    }
  }

  private func readTCPFlags(_ index: Int) throws(Complaint) -> UInt32 {
    var flags: UInt32 = 0
    if argument(index).isEmpty { return 0 }
    try argument(index).forEachPart { (part) throws(Complaint) in
      guard let bits = FieldNames.tcpFlags.first(where: { part.equalsIgnoringCase($0.0) })?.1 else {
        throw Complaint("there is no TCP flag '\(part.string)'", range(index))
      }
      flags |= bits
    }
    return flags
  }

  private func validateChunkTypes(_ use: RuleDraft.Use) throws(Complaint) {
    let scope = value(use)
    guard scope.equals("all") || scope.equals("any") || scope.equals("only") else {
      throw Complaint("chunk types are chosen by all, any or only", range(use.value))
    }
    var isGood = true
    argument(Int(use.value) + 1).forEachPart { part in
      let name = part.cut(at: 0x3A).before
      if !FieldNames.sctpChunks.contains(where: { name.equalsIgnoringCase($0) }) { isGood = false }
    }
    if !isGood { throw Complaint("there is no such SCTP chunk type", range(Int(use.value) + 1)) }
  }

  private mutating func lowerMultiport(_ index: Int) throws(Complaint) {
    for use in draft.uses where use.instance == Int32(index) {
      var ports: [Interval<UInt32>] = []
      var count = 0
      let place = range(use.value)
      let list = value(use)
      try list.forEachPart { (part) throws(Complaint) in
        let start = place.start &+ UInt32(truncatingIfNeeded: part.start - list.start)
        let partRange = SourceRange(start, start &+ UInt32(truncatingIfNeeded: part.count))
        if part.isEmpty || part[0] == 0x3A || part.last == 0x3A {
          throw Complaint("a range of multiport needs both ends", partRange)
        }
        let interval = try readPorts(part, partRange)
        count += part.firstIndex(of: 0x3A) == nil ? 1 : 2
        ports.append(interval)
      }
      guard count <= 15 else {
        throw Complaint("multiport takes at most 15 ports, and a range counts as two", place)
      }
      let set = IntervalSet(ports)
      switch option(use).id {
      case 0: graph.items.append(graph.inSet(.sourcePort, .narrow(set), negated: use.isNegated))
      case 1: graph.items.append(graph.inSet(.destinationPort, .narrow(set), negated: use.isNegated))
      default:
        // Either port: a union of two boxes.
        var lookup = Lookup(fields: [.sourcePort, .destinationPort])
        let all = Interval<UInt128>(0, 65535)
        for interval in set.intervals {
          lookup.intervals += [Interval(UInt128(interval.lower), UInt128(interval.upper)), all]
          lookup.intervals += [all, Interval(UInt128(interval.lower), UInt128(interval.upper))]
        }
        graph.lookups.append(lookup)
        graph.items.append(
          RuleItem(.lookup, .sourcePort, UInt32(graph.lookups.count - 1), negated: use.isNegated))
      }
    }
  }

  private mutating func lowerICMP(_ index: Int) throws(Complaint) {
    for use in draft.uses where use.instance == Int32(index) {
      let text = value(use)
      guard let wanted = ICMPTypeNames.read(text, family) else {
        throw Complaint("there is no \(family == .v4 ? "ICMP" : "ICMPv6") type '\(text.string)'", range(use.value))
      }
      guard let type = wanted.type else {
        // Any type: the packet has an ICMP header.
        graph.items.append(
          use.isNegated ? RuleItem(.never, .icmpType) : RuleItem(.range, .icmpType, 0, 255))
        continue
      }
      let codes = wanted.codes
      if codes.lower == 0, codes.upper == 255 {
        graph.items.append(RuleItem(.range, .icmpType, type, type, negated: use.isNegated))
      } else if !use.isNegated {
        graph.items.append(RuleItem(.range, .icmpType, type, type))
        graph.items.append(RuleItem(.range, .icmpCode, codes.lower, codes.upper))
      } else {
        var lookup = Lookup(fields: [.icmpType, .icmpCode])
        lookup.intervals = [
          Interval(UInt128(type)), Interval(UInt128(codes.lower), UInt128(codes.upper)),
        ]
        graph.lookups.append(lookup)
        graph.items.append(RuleItem(.lookup, .icmpType, UInt32(graph.lookups.count - 1), negated: true))
      }
    }
  }
}
