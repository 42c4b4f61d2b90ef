import PacketSets
import RuleGraph
import SourceText

extension Lowering {
  /// Statements that begin with `ct`: objects, counts, assignments and matches.
  mutating func conntrackStatement() throws(SyntaxFault) {
    var copy = lexer
    let key = copy.next().keyword
    switch key {
    case .count:
      advance()
      try connectionCount()
    case .helper, .timeout, .expectation:
      guard copy.next().keyword == .set else { return try expressionStatement() }
      advance()
      advance()
      advance()
      try objectReferenceValue("ct \(key.spelling)")
    default: try expressionStatement()
    }
  }

  private mutating func objectReferenceValue(_ kind: String) throws(SyntaxFault) {
    if token.kind == .dollar {
      return try withVariable { reader throws(SyntaxFault) in try reader.objectReferenceValue(kind) }
    }
    if token.kind == .quoted {
      let name = text(token)
      guard ruleset.tables[table].objects.contains("\(kind) \(name)") else {
        throw fault("there is no \(kind) '\(name)' in table '\(ruleset.tables[table].name)'")
      }
      advance()
      return
    }
    try anyValue(.string)
  }

  /// `EXPRESSION set VALUE`.
  mutating func assignment(_ target: Operand, _ start: UInt32) throws(SyntaxFault) {
    let place = span(from: start)
    advance()
    guard !target.isComputed else {
      throw SyntaxFault(message: "an expression with operators cannot be set", span: place)
    }
    guard !target.isInner else {
      throw SyntaxFault(message: "a header inside of a tunnel cannot be set", span: place)
    }
    switch target.field {
    case .mark?, .ctMark?: return try assignMark(target, isConnection: target.field == .ctMark)
    case .dscp?, .timeToLive?, .packetType?: return try assignField(target)
    case .ipv4Source?, .ipv4Destination?, .ipv6Source?, .ipv6Destination?, .sourcePort?, .destinationPort?:
      return try assignEnd(target)
    case .family?, .ctState?, .ctStatus?, .ctDirection?, .inputInterface?, .outputInterface?,
      .sourceAddressType?, .destinationAddressType?:
      throw SyntaxFault(message: "this value cannot be set", span: place)
    case nil: return try assignUnknown(target)
    default:
      try assignedValue(target)
      hasEffect = true
      appendSetUnknown(target.field ?? .protocolNumber, "a header field that is rewritten")
    }
  }

  /// Fields that the model does not hold: setting most of them decides nothing.
  private mutating func assignUnknown(_ target: Operand) throws(SyntaxFault) {
    try assignedValue(target)
    guard target.isStructural else { return }
    hasEffect = true
    appendSetUnknown(.protocolNumber, "header bytes that are rewritten")
  }

  /// Addresses and ports, rewritten in the packet while the connection keeps its own (nft_payload.c).
  private mutating func assignEnd(_ target: Operand) throws(SyntaxFault) {
    guard let field = target.field else { return }
    hasEffect = true
    if token.kind == .dollar, !startsExpression {
      return try withVariable { reader throws(SyntaxFault) in try reader.assignEnd(target) }
    }
    if token.kind == .openBrace || token.kind == .at { throw expected(Self.article(target.type)) }
    appendPresence(field)
    if startsExpression {
      let operands = try concatenation(after: operand())
      if token.keyword == .map {
        advance()
        try assignMapped(field, operands, target.type)
      } else {
        for operand in operands { appendPresence(operand.field) }
        appendSetUnknown(field, "\(field.words) from another value")
      }
    } else {
      let value = try component(target.type, bits: target.bits)
      guard value.lower == value.upper else { throw fault("\(field.words) is one value") }
      unresolved = nil
      appendSet(field, keep: 0, value: value.lower)
    }
    // Where tracking checks them later it finds the packet invalid.
    if target.lacksChecksum { appendSetUnknown(.ctState, "a checksum that is not kept up to date") }
  }

  private mutating func assignedValue(_ target: Operand) throws(SyntaxFault) {
    if token.kind == .openBrace || token.kind == .at { throw expected(Self.article(target.type)) }
    if startsExpression { return try anyValue(target.type) }
    if token.kind == .quoted, target.type == .integer { return advance() }
    _ = try component(target.type, bits: target.bits)
    while token.kind == .comma {
      advance()
      _ = try component(target.type, bits: target.bits)
    }
    unresolved = nil
  }

  private mutating func assignField(_ target: Operand) throws(SyntaxFault) {
    guard let field = target.field else { return }
    hasEffect = true
    if startsExpression {
      let source = try operand()
      if source.field == field, source.offset == 0, source.shift == 0, source.domain == .same {
        return appendSet(field, keep: source.keep & source.fieldLast, value: source.flip)
      }
      if token.keyword == .map {
        advance()
        _ = try skipMap([source])
      }
      return appendSetUnknown(field, "\(field.words) from a value that is not known")
    }
    let value = try component(target.type, bits: target.bits)
    appendSet(field, keep: 0, value: value.lower)
  }

  private mutating func appendSet(_ field: Field, keep: UInt128, value: UInt128) {
    if field.isWide {
      graph.wideMasks.append(WideMask(mask: .max, value: value))
      return items.append(RuleItem(.setField, field, UInt32(graph.wideMasks.count - 1)))
    }
    let clear = ~UInt32(truncatingIfNeeded: keep)
    items.append(RuleItem(.setField, field, clear, UInt32(truncatingIfNeeded: value)))
  }

  private mutating func appendSetUnknown(_ field: Field, _ reason: String) {
    let mayExpire: UInt32 = field == .timeToLive ? 1 : 0
    items.append(RuleItem(.setUnknown, field, graph.reasons.intern(reason), mayExpire))
    isApproximated = true
    if field == .mark { context.mark = nil }
    if field == .ctMark { context.connectionMark = nil }
  }

  private mutating func setMark(_ value: UInt32?, isConnection: Bool) {
    if isConnection { context.connectionMark = value } else { context.mark = value }
  }

  /// `meta mark set ...` and `ct mark set ...`, with arithmetic on the old value.
  private mutating func assignMark(_ target: Operand, isConnection: Bool) throws(SyntaxFault) {
    guard let field = target.field else { return }
    hasEffect = true
    if token.kind == .dollar {
      let inner = target
      return try withVariable { reader throws(SyntaxFault) in
        try reader.assignMark(inner, isConnection: isConnection)
      }
    }
    if token.kind == .openBrace || token.kind == .at { throw expected("a mark") }
    guard startsExpression || token.kind == .openParenthesis && parenthesisHoldsExpression else {
      let value = try component(.mark, bits: 32)
      guard value.lower == value.upper else { throw fault("a mark is one value") }
      setMark(UInt32(truncatingIfNeeded: value.lower), isConnection: isConnection)
      return appendSet(field, keep: 0, value: value.lower)
    }
    isAssigning = true
    defer { isAssigning = false }
    let source = try operand()
    isAssigning = false
    let operands = try concatenation(after: source)
    if token.keyword == .map {
      advance()
      return try assignMapped(field, operands, .mark)
    }
    guard operands.count == 1 else { throw expected("map") }
    if let sourceField = source.field, source.shift == 0, source.domain == .same, source.offset == 0 {
      let keep = UInt32(truncatingIfNeeded: source.keep)
      let flip = UInt32(truncatingIfNeeded: source.flip)
      if sourceField == field {
        let old = isConnection ? context.connectionMark : context.mark
        setMark(old.map { ($0 & keep) ^ flip }, isConnection: isConnection)
        return appendSet(field, keep: UInt128(keep), value: UInt128(flip))
      }
      if keep == 0 {
        setMark(flip, isConnection: isConnection)
        return appendSet(field, keep: 0, value: UInt128(flip))
      }
      // Copied from the other mark, which this rule may have set or matched.
      let known = sourceField == .mark ? context.mark : sourceField == .ctMark ? context.connectionMark : nil
      if let known {
        setMark((known & keep) ^ flip, isConnection: isConnection)
        return appendSet(field, keep: 0, value: UInt128((known & keep) ^ flip))
      }
      if sourceField == .mark || sourceField == .ctMark {
        appendPresence(source.field)
        setMark(nil, isConnection: isConnection)
        items.append(RuleItem(.copyMark, field, ~keep, flip))
        return
      }
    }
    appendPresence(source.field)
    let name = isConnection ? "ct mark" : "the mark"
    appendSetUnknown(field, "\(name) from another value")
  }

  private var parenthesisHoldsExpression: Bool {
    var copy = self
    while copy.token.kind == .openParenthesis { copy.advance() }
    return copy.startsExpression
  }

  /// A value from a map: a packet whose key is not in the map leaves the rule.
  private mutating func assignMapped(
    _ field: Field, _ operands: [Operand], _ type: DataType
  ) throws(SyntaxFault) {
    let (signature, contents, unknown) = try dataMap(operands, [type])
    if let reason = unknown ?? operands.first(where: { $0.field == nil })?.reason {
      appendUndecidable(reason)
    } else if let lookup = lookup(operands, signature, contents), lookup.count > 0 {
      graph.lookups.append(lookup)
      items.append(RuleItem(.lookup, lookup.fields[0], UInt32(graph.lookups.count - 1)))
      let values = Set(contents.data)
      if values.count == 1, let only = values.first, only.lower == only.upper {
        if type == .mark { setMark(UInt32(truncatingIfNeeded: only.lower), isConnection: field == .ctMark) }
        return appendSet(field, keep: 0, value: only.lower)
      }
    }
    appendSetUnknown(field, type == .mark ? "a mark from a map" : "\(field.words) from a map")
  }
}
