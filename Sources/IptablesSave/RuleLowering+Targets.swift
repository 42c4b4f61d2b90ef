import PacketSets
import RuleGraph
import SourceText

/// Lowering of targets: verdicts, jumps and effects.
extension RulesetReader {
  mutating func lowerTarget(chain: Int) throws(Complaint) -> Verdict {
    defer { mayRepeat = false }
    guard draft.target.isGiven else { return .none }
    let index = Int(draft.target.argument)
    let name = argument(index)
    if !draft.isGoto {
      if name.equals("ACCEPT") { return .accept }
      if name.equals("DROP") {
        if current.flatMap({ tables[$0].kind }) == .nat {
          throw Complaint("table nat is not for filtering, so that iptables refuses DROP there", range(index))
        }
        return .drop
      }
      if name.equals("RETURN") { return .returning }
      if name.equals("QUEUE") {
        isApproximated = true
        return Verdict(.queue)
      }
    }
    if let target = findTargetChain(name) {
      if graph.chains[target].base != nil {
        throw Complaint("chain \(name.string) is one of the table's own and cannot be jumped to", range(index))
      }
      if mayRepeat { appendUndecidable("overlapping addresses, for which the jump is taken more than once") }
      return Verdict(draft.isGoto ? .goto : .jump, UInt32(target))
    }
    if tableOwns(name) {
      throw Complaint("chain \(name.string) is one of the table's own and cannot be jumped to", range(index))
    }
    guard let instance = draft.instances.lastIndex(where: { $0.isTarget }), !draft.isGoto,
      draft.instances[instance].syntax >= 0
    else { return lowerUnknownTarget(index) }
    let syntax = catalog.syntaxes[Int(draft.instances[instance].syntax)]
    guard case .target(let meaning) = syntax.meaning else { return .none }
    try TargetPlaces.check(
      name, table: current.flatMap { tables[$0].kind }, hook: graph.chains[chain].base?.hook, range(index))
    return try lower(meaning, instance: instance, chain: chain)
  }

  private func tableOwns(_ name: ByteText) -> Bool {
    current.flatMap { tables[$0].kind?.hook(name) } != nil
  }

  /// A chain that is declared further down, or a target that nobody knows.
  private mutating func lowerUnknownTarget(_ index: Int) -> Verdict {
    let hasOptions = draft.uses.contains { $0.option < 0 && draft.instances[Int($0.instance)].isTarget }
    if draft.isGoto || !hasOptions && !KnownForeignTargets.contains(argument(index)) {
      pendingJump = index
    } else if hasOptions, !KnownForeignTargets.contains(argument(index)), givesHints {
      let name = argument(index).string
      if let known = Suggestion.nearest(to: name, among: catalog.targetNames(family)) {
        report(.error, "there is no target '\(name)' (did you mean '\(known)'?)", range(index))
      }
    }
    isApproximated = true
    return Verdict(.unknown)
  }

  private mutating func lower(
    _ meaning: TargetMeaning, instance: Int, chain: Int
  ) throws(Complaint) -> Verdict {
    for use in draft.uses where use.instance == Int32(instance) { try validate(use) }
    switch meaning {
    case .proceed: try checkProceeding(instance)
    case .reject:
      try checkReject(instance)
      return .reject
    case .mark, .connectionMark: try lowerMark(instance, isConnection: meaning.isConnectionMark)
    case .timeToLive: try lowerSetTimeToLive(instance)
    case .dscp:
      for use in uses(of: instance) {
        graph.items.append(RuleItem(.setField, .dscp, .max, try readDSCP(use)))
      }
    case .typeOfService: try lowerSetTypeOfService(instance)
    case .explicitCongestion:
      if uses(of: instance).contains(where: { option($0).id < 3 }) {
        appendUnknown(.tcpFlags, "congestion flags of TCP are rewritten")
      }
    case .unknownMark: appendUnknown(.mark, "mark by hash of the flow")
    case .destinationNAT, .sourceNAT, .masquerade, .redirect, .prefixNAT:
      return try lowerTranslation(meaning, instance: instance, chain: chain)
    case .transparentProxy:
      for use in uses(of: instance) where option(use).id == 2 {
        let (value, mask) = try readMark(self.value(use), range(use.value))
        graph.items.append(RuleItem(.setField, .mark, mask, value))
      }
      // Accepted where a transparent socket listens, dropped where none does (net/netfilter/xt_TPROXY.c).
      isApproximated = true
      return Verdict(.queue)
    case .notrack: graph.items.append(RuleItem(.notrack, .ctState))
    case .conntrack:
      if let helper = uses(of: instance).first(where: { option($0).id == 1 }), draft.protocolNumber == 0 {
        throw Complaint("--helper needs -p", range(helper.argument))
      }
      if uses(of: instance).contains(where: { option($0).id == 0 }) {
        graph.items.append(RuleItem(.notrack, .ctState))
      }
    case .queue:
      try checkQueue(instance)
      isApproximated = true
      return Verdict(.queue)
    case .setUpdate: try lowerSetUpdate(instance)
    case .unknown:
      try checkPrefixes(instance)
      isApproximated = true
      return Verdict(.unknown)
    }
    return .none
  }

  // MARK: Effects

  private mutating func lowerMark(_ instance: Int, isConnection: Bool) throws(Complaint) {
    let field: Field = isConnection ? .ctMark : .mark
    for use in uses(of: instance) {
      let id = option(use).id
      switch id {
      case 0, 4:
        let (value, mask) = try readMark(self.value(use), range(use.value))
        // --set-mark clears the bits of the mask and sets those of the value; --set-xmark flips the latter.
        let cleared = id == 0 ? mask | value : mask
        appendSetMark(field, cleared: cleared, flipped: value)
      case 1: appendSetMark(field, cleared: ~UInt32(try number(use, upTo: 0xFFFF_FFFF)), flipped: 0)
      case 2:
        let bits = UInt32(try number(use, upTo: 0xFFFF_FFFF))
        appendSetMark(field, cleared: bits, flipped: bits)
      case 3: appendSetMark(field, cleared: 0, flipped: UInt32(try number(use, upTo: 0xFFFF_FFFF)))
      case 5: try appendCopiedMark(to: .ctMark, instance)
      case 6: try appendCopiedMark(to: .mark, instance)
      default: break
      }
    }
    if isConnection { try appendShift(instance) }
  }

  /// `--save-mark` and `--restore-mark`: masked bits of one mark replace masked bits of the other.
  ///
  /// Source: connmark_tg_shift in net/netfilter/xt_connmark.c. Saving clears `--ctmask` and takes `--nfmask`; restoring
  /// clears `--nfmask` and takes `--ctmask`.
  private mutating func appendCopiedMark(to field: Field, _ instance: Int) throws(Complaint) {
    var connectionMask = UInt32.max
    var packetMask = UInt32.max
    for use in uses(of: instance) {
      switch option(use).id {
      case 9: connectionMask = UInt32(try number(use, upTo: 0xFFFF_FFFF))
      case 10: packetMask = UInt32(try number(use, upTo: 0xFFFF_FFFF))
      case 11:
        connectionMask = UInt32(try number(use, upTo: 0xFFFF_FFFF))
        packetMask = connectionMask
      default: break
      }
    }
    // Without a connection nothing is restored.
    if field == .mark { appendConnection() }
    let cleared = field == .ctMark ? connectionMask : packetMask
    let taken = field == .ctMark ? packetMask : connectionMask
    if mayRepeat, taken & ~cleared != 0 {
      return appendUnknown(field, "overlapping addresses, for which the mark is flipped more than once")
    }
    graph.items.append(RuleItem(.mergeMark, field, cleared, taken))
  }

  /// `--left-shift-mark` and `--right-shift-mark`, which shift all of a mark that is set and what is taken of a copied
  /// one; the same where all bits of the old mark are cleared.
  private mutating func appendShift(_ instance: Int) throws(Complaint) {
    for use in uses(of: instance) where option(use).id == 7 || option(use).id == 8 {
      guard let last = graph.items.last, last.isEffect else { return }
      let bits = UInt32(try number(use, upTo: 32))
      if bits > 31 || mayRepeat || last.kind == .setUnknown || last.kind == .mergeMark && last.a != .max {
        graph.items.removeLast()
        return appendUnknown(last.field, "mark that is shifted")
      }
      graph.items.append(RuleItem(.shiftMark, last.field, bits, option(use).id == 8 ? 1 : 0))
    }
  }

  private mutating func appendSetMark(_ field: Field, cleared: UInt32, flipped: UInt32) {
    if mayRepeat, flipped & ~cleared != 0 {
      return appendUnknown(field, "overlapping addresses, for which the mark is flipped more than once")
    }
    graph.items.append(RuleItem(.setField, field, cleared, flipped))
  }

  private mutating func lowerSetTimeToLive(_ instance: Int) throws(Complaint) {
    for use in uses(of: instance) {
      let value = UInt32(try number(use, upTo: 255))
      if option(use).id == 0 {
        graph.items.append(RuleItem(.setField, .timeToLive, .max, value))
      } else {
        appendUnknown(.timeToLive, "time to live that is counted up or down")
        if option(use).id == 2 { graph.items[graph.items.count - 1].b = 1 }
      }
    }
  }

  private mutating func lowerSetTypeOfService(_ instance: Int) throws(Complaint) {
    for use in uses(of: instance) {
      let cleared: UInt32
      let flipped: UInt32
      switch option(use).id {
      case 0:
        let (value, mask) = try readTypeOfService(self.value(use), range(use.value))
        (cleared, flipped) = (mask, value)
      case 1: (cleared, flipped) = (~UInt32(try number(use, upTo: 255)) & 0xFF, 0)
      case 2:
        let bits = UInt32(try number(use, upTo: 255))
        (cleared, flipped) = (bits, bits)
      default: (cleared, flipped) = (0, UInt32(try number(use, upTo: 255)))
      }
      graph.items.append(RuleItem(.setField, .dscp, cleared >> 2, flipped >> 2))
    }
  }

  // MARK: Checks of single targets

  private func checkProceeding(_ instance: Int) throws(Complaint) {
    let syntax = catalog.syntaxes[Int(draft.instances[instance].syntax)]
    guard syntax.name.description == "TCPOPTSTRIP" else { return }
    for use in uses(of: instance) {
      try value(use).forEachPart { (part) throws(Complaint) in
        if let number = part.number() {
          guard number >= 2, number <= 255 else {
            throw Complaint("TCP option \(part.string) cannot be stripped", range(use.value))
          }
        } else if !FieldNames.tcpOptions.contains(where: { part.equalsIgnoringCase($0) }) {
          throw Complaint("there is no TCP option '\(part.string)'", range(use.value))
        }
      }
    }
  }

  /// Stateless translation of prefixes takes at most 64 bits (net/ipv6/netfilter/ip6t_NPT.c).
  private func checkPrefixes(_ instance: Int) throws(Complaint) {
    for use in uses(of: instance) {
      guard case .network = option(use).argument, case .v6(let mask, _) = try readNetwork(value(use), range(use.value)),
        mask << 64 != 0
      else { continue }
      throw Complaint("a prefix of at most 64 bits is needed", range(use.value))
    }
  }

  private func checkReject(_ instance: Int) throws(Complaint) {
    for use in uses(of: instance) {
      let text = value(use)
      let names = family == .v4 ? FieldNames.rejectionsV4 : FieldNames.rejectionsV6
      // Abbreviations are taken as well.
      guard !text.isEmpty, let name = names.first(where: { text.isPrefix(of: $0) }) else {
        throw Complaint(
          "there is no kind of rejection '\(text.string)'"
            + Suggestion.hint(for: text.string, among: names.map { $0.description }), range(use.value))
      }
      if name.utf8CodeUnitCount <= 9, text.isPrefix(of: "tcp-reset") || text.isPrefix(of: "tcp-rst") {
        guard draft.protocolNumber == IPProtocol.tcp, !draft.protocolOperand.isNegated else {
          throw Complaint("tcp-reset needs -p tcp", range(use.value))
        }
      }
    }
  }

  private func checkQueue(_ instance: Int) throws(Complaint) {
    for use in uses(of: instance) where option(use).id == 1 {
      let (first, second) = value(use).cut(at: 0x3A)
      guard let second, let lower = first.isEmpty ? 0 : first.number(upTo: 65535),
        let upper = second.isEmpty ? 65534 : second.number(upTo: 65534), lower < upper
      else { throw Complaint("'\(value(use).string)' is no range of queues", range(use.value)) }
    }
  }
}

extension TargetMeaning {
  var isConnectionMark: Bool {
    if case .connectionMark = self { return true }
    return false
  }
}
