import PacketSets
import RuleGraph
import SourceText

extension Lowering {
  /// A match that begins with a value of the packet, or another statement that does.
  mutating func expressionStatement() throws(SyntaxFault) {
    defer { endFork() }
    let start = token.start
    let first = try operand()
    switch token.keyword {
    case .set, .vmap, .map: break
    default:
      // The common case takes no array.
      if token.kind != .dot { return try relation(first) }
    }
    var operands = [first]
    while token.kind == .dot {
      advance()
      if isConstantToken {
        // Listings show a part of the key that never changes as its value.
        advance()
        operands.append(unknown(.integer, "a constant in a concatenation", bits: 128))
        continue
      }
      operands.append(try operand())
    }
    switch token.keyword {
    case .set:
      guard operands.count == 1 else { throw expected("a relation") }
      return try assignment(first, start)
    case .vmap: return try verdictMap(operands)
    case .map:
      // A value that a map gives, compared in turn.
      advance()
      let data = try skipMap(operands)
      operands = [unknown(data, "a map's value")]
    default: break
    }
    if operands.count > 1 { return try concatenation(operands) }
    try relation(operands[0])
  }

  private mutating func readRelation() -> Relation {
    relationSpan = span
    let relation: Relation
    switch token.kind {
    case .equal: relation = .equal
    case .notEqual: relation = .notEqual
    case .less: relation = .less
    case .greater: relation = .greater
    case .lessOrEqual: relation = .lessOrEqual
    case .greaterOrEqual: relation = .greaterOrEqual
    case .not: relation = .negation
    default: return .implicit
    }
    advance()
    return relation
  }

  /// The relation and the right side of a match of one value.
  private mutating func relation(_ operand: Operand) throws(SyntaxFault) {
    let relation = readRelation()
    unresolved = nil
    if token.kind == .dollar {
      switch firstToken(of: try binding().binding) {
      case .openBrace, .at:
        let variable = operand
        return try withVariable { reader throws(SyntaxFault) in try reader.rightSide(variable, relation) }
      default: break
      }
    }
    try rightSide(operand, relation)
  }

  private mutating func rightSide(_ operand: Operand, _ relation: Relation) throws(SyntaxFault) {
    switch token.kind {
    case .dollar where [.openBrace, .at].contains(firstToken(of: try binding().binding)):
      return try withVariable { reader throws(SyntaxFault) in try reader.rightSide(operand, relation) }
    case .openBrace:
      try checkSetRelation(relation)
      return try anonymousSet([operand], relation)
    case .at:
      var copy = lexer
      let name = copy.next()
      if !(["ll", "nh", "th", "ih"].contains(text(name)) && copy.next().kind == .comma) {
        try checkSetRelation(relation)
        return try namedSet([operand], isNegated: relation == .notEqual)
      }
      throw expected("a constant")
    default: break
    }
    if token.kind == .assign {
      throw fault("expected \(Self.article(operand.type)), found '=' (did you mean '=='?)")
    }
    guard token.kind != .end else { throw expected(Self.article(operand.type)) }
    if operand.type.isBitmask { return try flags(operand, relation) }
    let value = try component(operand.type, bits: operand.bits)
    if token.kind == .comma { throw fault("a list without braces is for flags only; write { ... }") }
    if token.kind == .dot { throw fault("one value was compared, so one is expected") }
    try compare(operand, relation, value)
  }

  private func checkSetRelation(_ relation: Relation) throws(SyntaxFault) {
    switch relation {
    case .implicit, .equal, .notEqual: break
    default: throw fault("a set can be compared with == and != only")
    }
  }

  // MARK: One value

  private mutating func compare(
    _ operand: Operand, _ relation: Relation, _ value: Interval<UInt128>
  ) throws(SyntaxFault) {
    if relation == .negation {
      throw SyntaxFault(message: "'!' is for flags only; write !=", span: relationSpan)
    }
    var wanted = value
    switch relation {
    case .less, .greater, .lessOrEqual, .greaterOrEqual:
      guard value.lower == value.upper else { throw fault("a range can be compared with == and != only") }
      switch relation {
      case .less:
        guard value.lower > 0 else { return appendNever(operand) }
        wanted = Interval(0, value.lower - 1)
      case .lessOrEqual: wanted = Interval(0, value.lower)
      case .greater:
        guard value.lower < operand.last else { return appendNever(operand) }
        wanted = Interval(value.lower + 1, operand.last)
      default: wanted = Interval(value.lower, max(value.lower, operand.last))
      }
    default: break
    }
    let isNegated = relation == .notEqual
    if operand.field == nil, operand.type == .etherType, operand.settles == .networkProtocol, !isNegated,
      wanted.lower == wanted.upper, ![0x0800, 0x86DD, 0x8100, 0x88A8].contains(wanted.lower)
    {
      // Frames of other protocols carry no packets of IPv4 or IPv6.
      context.network = .other
      return appendNever(operand)
    }
    if let interface = operand.loopback, !operand.isComputed, !isNegated, wanted == Interval(Self.loopbackType) {
      items.append(RuleItem(.interface, interface, graph.names.intern("lo")))
      return
    }
    settle(operand, wanted, isNegated: isNegated)
    emit(operand, wanted, isNegated: isNegated)
  }

  /// `ARPHRD_LOOPBACK` of if_arp.h.
  private static let loopbackType: UInt128 = 772

  /// Appends a match that only needs the value to exist, negated: it never holds.
  mutating func appendNever(_ operand: Operand) { items.append(RuleItem(.never, .family)) }

  /// Notes what a match says about the protocols of packets that pass it.
  mutating func settle(_ operand: Operand, _ wanted: Interval<UInt128>, isNegated: Bool) {
    guard !isNegated, unresolved == nil else { return }
    switch operand.settles {
    case .nothing:
      if operand.field == .mark, operand.isPlain, wanted.lower == wanted.upper {
        context.mark = UInt32(truncatingIfNeeded: wanted.lower)
      }
      if operand.field == .ctMark, operand.isPlain, wanted.lower == wanted.upper {
        context.connectionMark = UInt32(truncatingIfNeeded: wanted.lower)
      }
    case .networkProtocol:
      guard wanted.lower == wanted.upper else { return }
      switch wanted.lower {
      case 2: context.network = .ipv4
      case 10: context.network = .ipv6
      case 0x0800, 0x86DD:
        context.network = wanted.lower == 0x0800 ? .ipv4 : .ipv6
        context.isNetworkFromEtherType = true
        context.etherNetwork = context.network
      case 0x8100, 0x88A8: break
      default: context.network = .other
      }
    case .transportProtocol:
      guard wanted.lower == wanted.upper else { return }
      let number = UInt8(truncatingIfNeeded: wanted.lower)
      context.transport = number
      context.hasPorts = IPProtocol.hasPorts(number)
    }
  }

  /// Appends the match of an operand with an interval.
  mutating func emit(_ operand: Operand, _ wanted: Interval<UInt128>, isNegated: Bool) {
    if let unresolved {
      // What no value is known of needs no other reason.
      appendPresence(operand.field ?? operand.presence)
      appendUndecidable(operand.field == nil && operand.optionKind == nil ? operand.reason : unresolved)
      self.unresolved = nil
      return
    }
    if let kind = operand.optionKind, wanted.lower == wanted.upper {
      items.append(RuleItem(.range, .tcpOption, kind, kind, negated: isNegated != (wanted.lower == 0)))
      return
    }
    guard let field = operand.field else {
      appendPresence(operand.presence)
      return appendUndecidable(operand.reason)
    }
    if field.isInterface {
      let id = UInt32(truncatingIfNeeded: wanted.lower)
      let isPattern = wanted.lower & Lookup.wildcard != 0
      // No device can bear such a name (dev_valid_name); iptables-translate writes one for what never matches.
      if graph.names[id].utf8.contains(where: { $0 == 0x2F || $0 == 0x3A }) {
        items.append(RuleItem(.never, field, negated: isNegated))
        return
      }
      items.append(RuleItem(.interface, field, id, isPattern ? 1 : 0, negated: isNegated))
      return
    }
    if operand.isPlain {
      if field.isWide {
        items.append(graph.wideRange(field, wanted, negated: isNegated))
      } else {
        items.append(
          RuleItem(
            .range, field, UInt32(truncatingIfNeeded: wanted.lower),
            UInt32(truncatingIfNeeded: min(wanted.upper, UInt128(UInt32.max))), negated: isNegated))
      }
      return
    }
    if operand.domain == .same, operand.isComputed, wanted.lower == wanted.upper, operand.fieldLast > 255 {
      return emitMasked(operand, field, wanted.lower, isNegated: isNegated)
    }
    emit(operand, [wanted], isNegated: isNegated)
  }

  private mutating func emitMasked(_ operand: Operand, _ field: Field, _ value: UInt128, isNegated: Bool) {
    let dropped: UInt128 = operand.shift == 0 ? 0 : (UInt128(1) << UInt128(min(operand.shift, 127))) - 1
    let fieldMask = operand.fieldLast
    let keep = operand.keep & ~dropped & fieldMask
    let wanted = (value << UInt128(operand.shift)) ^ (operand.flip & ~dropped)
    if operand.shift >= 128 || wanted & ~keep != 0 {
      // Some bit can never be as it is wanted.
      if isNegated { appendPresence(field) } else { items.append(RuleItem(.never, .family)) }
      return
    }
    if field.isWide {
      items.append(graph.wideMasked(field, mask: keep, value: wanted, negated: isNegated))
    } else {
      items.append(
        RuleItem(
          .masked, field, UInt32(truncatingIfNeeded: keep), UInt32(truncatingIfNeeded: wanted), negated: isNegated))
    }
  }

  /// Appends the match of an operand with several intervals.
  mutating func emit(_ operand: Operand, _ wanted: [Interval<UInt128>], isNegated: Bool) {
    guard let field = operand.field else {
      appendPresence(operand.presence)
      return appendUndecidable(operand.reason)
    }
    var intervals: [Interval<UInt128>] = []
    for interval in wanted {
      guard let part = operand.preimage(interval) else {
        appendPresence(field)
        return appendUndecidable(graph.reasons.intern("bits of \(field) compared with a range or set"))
      }
      intervals += part
    }
    if field == .ctState { return emitStates(intervals, isNegated: isNegated) }
    if intervals.isEmpty {
      if isNegated { appendPresence(field) } else { items.append(RuleItem(.never, .family)) }
      return
    }
    if field.isWide {
      items.append(graph.inSet(field, .wide(IntervalSet(intervals)), negated: isNegated))
    } else {
      let narrow = IntervalSet(
        intervals.map {
          Interval(
            UInt32(truncatingIfNeeded: $0.lower), UInt32(truncatingIfNeeded: min($0.upper, UInt128(UInt32.max))))
        })
      items.append(graph.inSet(field, .narrow(narrow), negated: isNegated))
    }
  }

  private mutating func emitStates(_ states: [Interval<UInt128>], isNegated: Bool) {
    var mask: UInt32 = 0
    for state in states where state.lower < 32 { mask |= 1 << UInt32(truncatingIfNeeded: state.lower) }
    emitStates(mask: isNegated ? ~mask & 31 : mask)
  }

  private mutating func emitStates(mask: UInt32) {
    switch mask {
    case 0: items.append(RuleItem(.never, .family))
    case 31: break
    default: items.append(RuleItem(.bits, .ctState, mask))
    }
  }

  /// Appends a match that holds for every packet that has a field.
  mutating func appendPresence(_ field: Field?) {
    guard let field, !field.isInterface else { return }
    if field.isWide {
      items.append(graph.wideRange(field, .all))
    } else {
      items.append(RuleItem(.range, field, 0, .max))
    }
  }

  mutating func appendUndecidable(_ reason: UInt32) {
    items.append(.undecidable(reason: reason))
    isApproximated = true
  }

  // MARK: Flags

  /// The right side of a match of flags: one value, a list, or `value / mask`.
  private mutating func flags(_ operand: Operand, _ relation: Relation) throws(SyntaxFault) {
    let first = try constant(operand.type, bits: operand.bits)
    var value = first
    var isList = false
    while token.kind == .comma {
      advance()
      value |= try constant(operand.type, bits: operand.bits)
      isList = true
    }
    if token.kind == .slash {
      advance()
      var mask = try constant(operand.type, bits: operand.bits)
      while token.kind == .comma {
        advance()
        mask |= try constant(operand.type, bits: operand.bits)
      }
      guard relation != .negation else { throw fault("'!' takes no mask") }
      var masked = operand
      masked.keep &= mask
      masked.flip &= mask
      masked.isComputed = true
      return try compare(masked, relation == .implicit ? .equal : relation, Interval(value))
    }
    if relation == .negation {
      guard !operand.isComputed else { throw fault("'!' cannot follow an operator") }
      return emitFlags(operand, mask: value, any: false)
    }
    if token.kind == .dash, !isList {
      advance()
      let upper = try constant(operand.type, bits: operand.bits)
      guard first <= upper else { throw fault("the range is empty") }
      return try compare(operand, relation, Interval(first, upper))
    }
    if relation == .implicit, !operand.isComputed { return emitFlags(operand, mask: value, any: true) }
    try compare(operand, relation, Interval(value))
  }

  /// Any of some flags, or none of them.
  private mutating func emitFlags(_ operand: Operand, mask: UInt128, any: Bool) {
    guard let field = operand.field else {
      appendPresence(operand.presence)
      return appendUndecidable(operand.reason)
    }
    if field == .ctState {
      let states = ConntrackState.allCases.filter { (UInt128($0.netfilterBit) & mask != 0) == any }
      return emitStates(mask: states.reduce(0) { $0 | $1.bit })
    }
    let narrow = UInt32(truncatingIfNeeded: mask)
    if any {
      items.append(narrow == 0 ? RuleItem(.never, .family) : RuleItem(.anyBit, field, narrow))
    } else {
      items.append(RuleItem(.masked, field, narrow, 0))
    }
  }
}
