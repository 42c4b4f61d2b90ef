import PacketSets
import RuleGraph

extension PathEvaluator {
  /// Adds one match to the box under construction.
  func add(_ item: RuleItem, _ graphIndex: Int, stage: PathStage) {
    let graph = graphs[graphIndex]
    switch item.kind {
    case .undecidable: box.isPerhaps = true
    case .never: box.add(Ternary(item.isNegated))
    case .lookup:
      let saved = box
      let set = lookupSet(graphIndex, item.a, stage: stage)
      let fields = graph.lookups[Int(item.a)].fields
      box = saved
      if item.isNegated {
        box.sets.append(store.mapped(set, .complement))
        // A packet that lacks a field of the tuple does not match, negated or not.
        for field in fields { addPresence(of: field, stage: stage) }
      } else {
        box.sets.append(set)
      }
    case .interface where !stage.hook.sees(item.field):
      let answer = Ternary(graph.names[item.a].isEmpty)
      box.add(item.isNegated ? answer.negated : answer)
    case .interface:
      let level = item.field == .inputInterface ? PacketLayout.inputInterface : PacketLayout.outputInterface
      let values = interfaces.values(matching: graph.names[item.a], isPrefix: item.b == 1)
      let last = interfaces.lastValue
      box.add(level: level, item.isNegated ? values.complement(upTo: last) : values, last: last)
    case .reference:
      guard let contents = facts.references[graph.references[Int(item.a)].name] else {
        addPresence(of: item.field, stage: stage)
        box.isPerhaps = true
        return
      }
      if item.field.isWide {
        addWide(item.field, contents.v6, negated: item.isNegated)
      } else {
        addNarrow(item.field, contents.v4, negated: item.isNegated)
      }
    default: addFieldMatch(item, graphIndex, stage: stage)
    }
  }

  /// Adds a match on a field to the box under construction.
  func addFieldMatch(_ item: RuleItem, _ graphIndex: Int, stage: PathStage) {
    let graph = graphs[graphIndex]
    let field = item.field
    if PacketState.holds(field) || field == .ctDirection { return addStateMatch(item, graph, stage: stage) }
    switch field {
    case .ipv4Source, .ipv4Destination, .protocolNumber, .sourcePort, .destinationPort, .icmpType, .icmpCode:
      guard let values = narrowValues(of: item, graph) else {
        addPresence(of: field, stage: stage)
        box.isPerhaps = true
        return
      }
      addNarrow(field, values, negated: item.isNegated)
    case .ctOriginalIPv4Source, .ctOriginalIPv4Destination, .ctOriginalSourcePort, .ctOriginalDestinationPort,
      .ctOriginalIPv6Source, .ctOriginalIPv6Destination, .ctReplyIPv4Source, .ctReplyIPv4Destination,
      .ctReplyIPv6Source, .ctReplyIPv6Destination, .ctReplySourcePort, .ctReplyDestinationPort:
      addTupleMatch(item, graphIndex, stage: stage)
    case .ctProtocol: addConnectionProtocolMatch(item, graph, stage: stage)
    case .ipv6Source, .ipv6Destination:
      guard let values = wideValues(of: item, graph) else {
        addPresence(of: field, stage: stage)
        if !box.isNever { addWideMask(item, graph) }
        return
      }
      addWide(field, values, negated: item.isNegated)
    case .sourceAddressType, .destinationAddressType: addTypeMatch(item, graph, stage: stage)
    case .tcpOption:
      // Senders choose their options, so that only the header is sure.
      addNarrow(.protocolNumber, IntervalSet(Interval(UInt32(IPProtocol.tcp))))
      box.isPerhaps = true
    default:
      guard let value = constant(field, stage: stage) else {
        box.isNever = true
        return
      }
      if field == .tcpFlags {
        if box.protocolNumber != UInt32(IPProtocol.tcp) {
          addNarrow(.protocolNumber, IntervalSet(Interval(UInt32(IPProtocol.tcp))))
        }
        if question.distinguishesTCPFlags {
          let answers = flagClasses.answers(item, graph)
          addAnswers(states.states.map { answers[Int($0.tcpFlagClass)] }, negated: item.isNegated)
          return
        }
      }
      let answer = FieldMatching.decide(item, value, graph)
      box.add(item.isNegated ? answer.negated : answer)
    }
  }

  /// The value of a field that is the same for all packets of the question; nil when they lack it.
  private func constant(_ field: Field, stage: PathStage) -> Interval<UInt32>? {
    switch field {
    case .family: Interval(UInt32(question.family.rawValue))
    case .tcpFlags: question.tcpFlags
    case .fragment: question.phase == .any ? Interval(0, 1) : Interval(0)
    case .length: Interval(0, 65535)
    default: nil
    }
  }

  /// Adds a match on a tuple of the connection, which no packet has before tracking.
  private func addTupleMatch(_ item: RuleItem, _ graphIndex: Int, stage: PathStage) {
    if stage.precedesConntrack {
      box.isNever = true
    } else if let bit = originals.index(of: item, graphIndex) {
      addOriginalMatch(bit, item)
    } else if let current = currentField(item.field) {
      addFieldMatch(RuleItem(item.kind, current, item.a, item.b, negated: item.isNegated), graphIndex, stage: stage)
    } else {
      box.isPerhaps = true
    }
  }

  /// The field of a first packet that holds the same as a field of its connection's tuples; nil if unknown.
  ///
  /// A mapping changes packet and reply tuple at once (nf_nat_setup_info), so that replies are the packet turned round
  /// at every hook; the original tuple is what the packet was before any mapping.
  private func currentField(_ field: Field) -> Field? {
    guard question.phase == .first, states.states.allSatisfy(\.hasConnection), rewriting.fields.isEmpty
    else { return nil }
    switch field {
    case .ctReplyIPv4Source: return .ipv4Destination
    case .ctReplyIPv4Destination: return .ipv4Source
    case .ctReplyIPv6Source: return .ipv6Destination
    case .ctReplyIPv6Destination: return .ipv6Source
    case .ctReplySourcePort: return .destinationPort
    case .ctReplyDestinationPort: return .sourcePort
    default: break
    }
    if stages.contains(where: \.isNAT) { return nil }
    switch field {
    case .ctOriginalIPv4Source: return .ipv4Source
    case .ctOriginalIPv4Destination: return .ipv4Destination
    case .ctOriginalIPv6Source: return .ipv6Source
    case .ctOriginalIPv6Destination: return .ipv6Destination
    case .ctOriginalSourcePort: return .sourcePort
    case .ctOriginalDestinationPort: return .destinationPort
    default: return nil
    }
  }

  /// Adds a match on the protocol of the packet's connection: its own, but for ICMP errors about others.
  private func addConnectionProtocolMatch(_ item: RuleItem, _ graph: RuleGraph, stage: PathStage) {
    guard !stage.precedesConntrack, let values = narrowValues(of: item, graph) else {
      box.isNever = true
      return
    }
    let wanted = item.isNegated ? values.complement(upTo: 255) : values.intersection(IntervalSet(Interval(0, 255)))
    let level = PacketLayout.protocolNumber
    let known = store.split(level: level, wanted, inside: DiagramStore.passing, outside: DiagramStore.nothing)
    let icmp = IntervalSet(Interval(UInt32(question.family == .v4 ? IPProtocol.icmp : IPProtocol.icmpv6)))
    let error = store.split(level: level, icmp, inside: DiagramStore.maybe, outside: DiagramStore.nothing)
    let other = store.split(
      level: level, wanted.subtracting(icmp), inside: DiagramStore.passing, outside: DiagramStore.nothing)
    let related = store.union(error, other)
    let cases = states.states.enumerated().map { index, state in
      let diagram = !state.hasConnection ? DiagramStore.nothing : state.conntrack == .related ? related : known
      return (values: Interval(UInt32(index)), diagram: diagram)
    }
    box.sets.append(store.split(level: PacketLayout.state, cases: cases, outside: DiagramStore.nothing))
  }

  /// The values that a match on a narrow field wants, before negation; nil when they are too many to list.
  private func narrowValues(of item: RuleItem, _ graph: RuleGraph) -> IntervalSet<UInt32>? {
    switch item.kind {
    case .range: return item.a <= item.b ? IntervalSet(Interval(item.a, item.b)) : IntervalSet()
    case .set:
      guard case .narrow(let set) = graph.sets[Int(item.a)] else { return IntervalSet() }
      return set
    case .masked: return IntervalSet.masked(mask: item.a, expected: item.b)
    case .anyBit: return IntervalSet.masked(mask: item.a, expected: 0)?.complement()
    case .bits: return IntervalSet((0..<32).filter { item.a >> $0 & 1 == 1 }.map { Interval(UInt32($0)) })
    default: return nil
    }
  }

  private func wideValues(of item: RuleItem, _ graph: RuleGraph) -> IntervalSet<UInt128>? {
    switch item.kind {
    case .wideRange: return IntervalSet(graph.wideRanges[Int(item.a)])
    case .set:
      guard case .wide(let set) = graph.sets[Int(item.a)] else { return IntervalSet() }
      return set
    case .wideMasked:
      let mask = graph.wideMasks[Int(item.a)]
      // Only prefix masks are intervals; others are split word by word.
      let host = ~mask.mask
      guard host & (host &+ 1) == 0 else { return nil }
      guard mask.value & host == 0 else { return IntervalSet() }
      return IntervalSet(Interval(mask.value, mask.value | host))
    default: return nil
    }
  }

  /// Adds a mask that is no prefix: each 32-bit word of the address on its level.
  private func addWideMask(_ item: RuleItem, _ graph: RuleGraph) {
    guard item.kind == .wideMasked else {
      box.isPerhaps = true
      return
    }
    let mask = graph.wideMasks[Int(item.a)]
    let first = item.field == .ipv6Source ? PacketLayout.source : layout.destination
    var set = DiagramStore.passing
    for word in (0..<4).reversed() {
      let shift = UInt128(96 - 32 * word)
      let values = IntervalSet<UInt32>.masked(
        mask: UInt32(truncatingIfNeeded: mask.mask >> shift), expected: UInt32(truncatingIfNeeded: mask.value >> shift))
      guard let values else {
        box.isPerhaps = true
        return
      }
      set = store.split(level: first + word, values, inside: set, outside: DiagramStore.nothing)
    }
    box.sets.append(item.isNegated ? store.mapped(set, .complement) : set)
  }

  /// Adds wanted values of a narrow field; a packet that lacks the field does not match.
  func addNarrow(_ field: Field, _ values: IntervalSet<UInt32>, negated: Bool = false) {
    switch field {
    case .ipv4Source, .ipv4Destination:
      guard question.family == .v4 else {
        box.isNever = true
        return
      }
      let wanted = negated ? values.complement() : values
      let isSource = field == .ipv4Source
      let clipped = clip(wanted, to: isSource ? sourceHull?.narrow : destinationHull?.narrow)
      guard let clipped else { return }
      box.add(level: isSource ? PacketLayout.source : layout.destination, clipped, last: .max)
    case .protocolNumber:
      if !negated, values.intervals.count == 1, values.intervals[0].lower == values.intervals[0].upper {
        box.protocolNumber = values.intervals[0].lower
      }
      box.add(level: PacketLayout.protocolNumber, negated ? values.complement(upTo: 255) : values, last: 255)
    case .sourcePort, .destinationPort:
      addPresence(of: field)
      let level = field == .sourcePort ? layout.sourcePort : PacketLayout.port
      box.add(level: level, negated ? values.complement(upTo: 65535) : values, last: 65535)
    case .icmpType:
      addPresence(of: field)
      let wanted = negated ? values.complement(upTo: 255) : values.intersection(IntervalSet(Interval(0, 255)))
      box.add(
        level: PacketLayout.port,
        IntervalSet(wanted.intervals.map { Interval($0.lower << 8, $0.upper << 8 | 255) }), last: 65535)
    case .icmpCode:
      addPresence(of: field)
      let wanted = negated ? values.complement(upTo: 255) : values.intersection(IntervalSet(Interval(0, 255)))
      let codes = (UInt32(0)..<256).flatMap { type in
        wanted.intervals.map { Interval(type << 8 | $0.lower, type << 8 | $0.upper) }
      }
      box.add(level: PacketLayout.port, IntervalSet(codes), last: 65535)
    default: box.isPerhaps = true
    }
  }

  /// Adds wanted values of a 128-bit field.
  func addWide(_ field: Field, _ values: IntervalSet<UInt128>, negated: Bool = false) {
    guard question.family == .v6 else {
      box.isNever = true
      return
    }
    let isSource = field == .ipv6Source
    let wanted = negated ? values.complement() : values
    let clipped = clip(wanted, to: isSource ? sourceHull?.wide : destinationHull?.wide)
    guard let clipped else { return }
    box.addWide(level: isSource ? PacketLayout.source : layout.destination, clipped)
  }

  /// The part of some values inside a hull; nil when they hold all of it, which is no constraint then.
  private func clip<Bound>(_ values: IntervalSet<Bound>, to hull: IntervalSet<Bound>?) -> IntervalSet<Bound>? {
    guard let hull else { return values.isAll ? nil : values }
    let common = values.intersection(hull)
    return common == hull ? nil : common
  }

  /// Adds that the packet has a field at all, where its protocol decides that.
  func addPresence(of field: Field, stage: PathStage? = nil) {
    switch field {
    case .ipv4Source, .ipv4Destination: if question.family != .v4 { box.isNever = true }
    case .ipv6Source, .ipv6Destination: if question.family != .v6 { box.isNever = true }
    case .sourcePort, .destinationPort:
      if let number = box.protocolNumber, number < 256, IPProtocol.hasPorts(UInt8(number)) { return }
      let numbers = [IPProtocol.tcp, IPProtocol.udp, IPProtocol.dccp, IPProtocol.sctp, IPProtocol.udplite]
      box.add(
        level: PacketLayout.protocolNumber, IntervalSet(numbers.map { Interval(UInt32($0)) }), last: 255)
    case .icmpType, .icmpCode:
      let number = question.family == .v4 ? IPProtocol.icmp : IPProtocol.icmpv6
      box.add(level: PacketLayout.protocolNumber, IntervalSet(Interval(UInt32(number))), last: 255)
    case .ctMark, .ctStatus, .ctDirection:
      if stage?.precedesConntrack ?? false { box.isNever = true }
    default: break
    }
  }

  private func stateValue(of field: Field, _ state: PacketState, stage: PathStage) -> Interval<UInt32>? {
    guard field == .ctDirection else { return state.value(of: field, precedesConntrack: stage.precedesConntrack) }
    guard state.hasConnection, !stage.precedesConntrack else { return nil }
    if state.conntrack == .new { return Interval(0) }
    return question.phase == .reply ? Interval(1) : Interval(0, 1)
  }

  /// Adds a match on a field of the packet's state: an answer for each state that can come about.
  private func addStateMatch(_ item: RuleItem, _ graph: RuleGraph, stage: PathStage) {
    var answers: [Ternary] = []
    for state in states.states {
      guard let value = stateValue(of: item.field, state, stage: stage) else {
        answers.append(.no)
        continue
      }
      let answer =
        item.field == .ctStatus
        ? FieldMatching.decideStatus(item, value, graph, hasNAT: hasNAT) : FieldMatching.decide(item, value, graph)
      answers.append(item.isNegated ? answer.negated : answer)
    }
    addAnswers(answers)
  }

  /// Adds what each state of the packet answers.
  private func addAnswers(_ answers: [Ternary], negated isNegated: Bool = false) {
    let answers = isNegated ? answers.map(\.negated) : answers
    if answers.allSatisfy({ $0 == answers[0] }) { return box.add(answers[0]) }
    let cases = answers.enumerated().map { state, answer in
      let diagram: Diagram =
        switch answer {
        case .no: DiagramStore.nothing
        case .yes: DiagramStore.passing
        case .perhaps: DiagramStore.maybe
        }
      return (values: Interval(UInt32(state)), diagram: diagram)
    }
    box.sets.append(
      store.split(level: PacketLayout.state, cases: cases, outside: DiagramStore.nothing))
  }

  /// Adds a match on the routing type of an address.
  private func addTypeMatch(_ item: RuleItem, _ graph: RuleGraph, stage: PathStage) {
    let knowledge = AddressTypeKnowledge.of(
      item.field, hook: stage.hook, path: question.path, facts: facts, mayTranslate: mayTranslateDestination)
    func answer(_ type: AddressType) -> Ternary {
      let answer = FieldMatching.decide(item, Interval(UInt32(type.rawValue)), graph)
      return item.isNegated ? answer.negated : answer
    }
    let last = question.family.lastAddress
    var matching = IntervalSet<UInt128>()
    var rest = IntervalSet<UInt128>(Interval(0, last))
    for (type, interval) in AddressTypeKnowledge.fixedTypes(question.family) {
      let part = IntervalSet(interval)
      rest = rest.subtracting(part)
      if answer(type) == .yes { matching = matching.union(part) }
    }
    var uncertain = IntervalSet<UInt128>()
    switch knowledge {
    case .constant(let type): if answer(type) == .yes { matching = matching.union(rest) }
    case .local(let local):
      let own = rest.intersection(IntervalSet(local.intervals(question.family)))
      if answer(.local) == .yes { matching = matching.union(own) }
      if answer(.unicast) == .yes { matching = matching.union(rest.subtracting(own)) }
    case .unknown:
      switch (answer(.local), answer(.unicast)) {
      case (.yes, .yes): matching = matching.union(rest)
      case (.no, .no): break
      default: uncertain = rest
      }
    }
    let level = item.field == .sourceAddressType ? PacketLayout.source : layout.destination
    let sure = addressSplit(level, matching, inside: DiagramStore.passing)
    let open = addressSplit(level, uncertain, inside: DiagramStore.maybe)
    box.sets.append(store.union(sure, open))
  }

  private func addressSplit(_ level: Int, _ values: IntervalSet<UInt128>, inside: Diagram) -> Diagram {
    if question.family == .v6 {
      return store.splitWide(firstLevel: level, values.intervals, inside: inside, outside: DiagramStore.nothing)
    }
    let narrow = values.intervals.map {
      Interval(UInt32(truncatingIfNeeded: $0.lower), UInt32(truncatingIfNeeded: $0.upper))
    }
    return store.split(level: level, IntervalSet(narrow), inside: inside, outside: DiagramStore.nothing)
  }

  /// Adds one component of a lookup's element.
  func addComponent(_ field: Field, _ interval: Interval<UInt128>, _ graphIndex: Int, stage: PathStage) {
    if field.isWide {
      if field == .ipv6Source || field == .ipv6Destination {
        addWide(field, IntervalSet(interval))
      } else {
        box.isPerhaps = true
      }
      return
    }
    if field.isInterface {
      let name = UInt32(truncatingIfNeeded: interval.lower)
      let isPrefix = interval.lower & Lookup.wildcard != 0
      add(RuleItem(.interface, field, name, isPrefix ? 1 : 0), graphIndex, stage: stage)
      return
    }
    let item = RuleItem(
      .range, field, UInt32(truncatingIfNeeded: interval.lower), UInt32(truncatingIfNeeded: interval.upper))
    addFieldMatch(item, graphIndex, stage: stage)
  }
}
