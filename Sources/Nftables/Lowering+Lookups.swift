import PacketSets
import RuleGraph
import SourceText

extension Lowering {
  private func signature(of operands: [Operand]) -> SetSignature {
    var signature = SetSignature()
    signature.types = operands.map(\.type)
    signature.widths = operands.map(\.bits)
    return signature
  }

  /// `{ ... }` as the right side of a match.
  mutating func anonymousSet(_ operands: [Operand], _ relation: Relation) throws(SyntaxFault) {
    let open = span
    var contents = SetContents()
    let signature = signature(of: operands)
    try elements(signature, into: &contents)
    guard contents.count > 0 else { throw SyntaxFault(message: "the set is empty", span: open) }
    if relation == .implicit, contents.count == 1, operands.count == 1, operands[0].isPlain, signature.isNarrow,
      operands[0].type.isBitmask, let field = operands[0].field, contents.narrow.count == 1,
      contents.narrow[0].lower == contents.narrow[0].upper
    {
      return forkByFlags(field, contents.narrow[0].lower)
    }
    match(operands, signature, contents, isNegated: relation == .notEqual)
  }

  /// `@name` as the right side of a match.
  mutating func namedSet(_ operands: [Operand], isNegated: Bool) throws(SyntaxFault) {
    let place = span
    let index = try setReference()
    try check(operands, against: index, place, wantsMap: false)
    matchNamed(operands, index, isNegated: isNegated)
  }

  /// Whether the operands have the types of a set's keys.
  private func check(
    _ operands: [Operand], against index: Int, _ place: TextSpan, wantsMap: Bool
  ) throws(SyntaxFault) {
    let signature = sets[table][index].signature
    let name = ruleset.tables[table].sets[index].name
    guard sets[table][index].isValid else { return }
    guard operands.count == signature.types.count else {
      throw SyntaxFault(
        message: "the keys of '\(name)' have \(signature.types.count) parts, not \(operands.count)", span: place)
    }
    for (operand, type) in zip(operands, signature.types) where !Self.agree(operand.type, type) {
      throw SyntaxFault(
        message: "the set '\(name)' holds values of type \(type.name), not \(operand.type.name)", span: place)
    }
    if wantsMap, !signature.isVerdictMap {
      throw SyntaxFault(message: "'\(name)' is no verdict map", span: place)
    }
  }

  static func agree(_ left: DataType, _ right: DataType) -> Bool {
    left == right || left == .integer || right == .integer
      || left.isInterface && right.isInterface
  }

  private mutating func matchNamed(_ operands: [Operand], _ index: Int, isNegated: Bool) {
    let set = sets[table][index]
    if let reason = set.unknown {
      for operand in operands { appendPresence(operand.field ?? operand.presence) }
      return appendUndecidable(reason)
    }
    if let unknown = operands.first(where: { $0.field == nil }) {
      for operand in operands { appendPresence(operand.field ?? operand.presence) }
      return appendUndecidable(unknown.reason)
    }
    if operands.count == 1, operands[0].isPlain, let field = operands[0].field, !field.isInterface,
      field != .ctState
    {
      let valueSet: UInt32
      if let known = set.valueSet {
        valueSet = known
      } else {
        valueSet = UInt32(graph.sets.count)
        graph.sets.append(Self.valueSet(set.contents, isNarrow: set.signature.isNarrow, field))
        sets[table][index].valueSet = valueSet
      }
      items.append(RuleItem(.set, field, valueSet, 0, negated: isNegated))
      return
    }
    let fields = operands.compactMap(\.field)
    if operands.allSatisfy(\.isPlain), let known = set.lookups[fields] {
      if !isNegated { settleFork(operands, set.contents) }
      items.append(RuleItem(.lookup, fields[0], known, 0, negated: isNegated))
      return
    }
    match(operands, set.signature, set.contents, isNegated: isNegated)
    if operands.allSatisfy(\.isPlain), let item = items.last, item.kind == .lookup {
      sets[table][index].lookups[fields] = item.a
    }
  }

  /// The elements as values of a field: plain integers are kept with 128 bits though most fields are narrow.
  private static func valueSet(_ contents: SetContents, isNarrow: Bool, _ field: Field) -> ValueSet {
    if isNarrow { return .narrow(IntervalSet(contents.narrow)) }
    if field.isWide { return .wide(IntervalSet(contents.keys)) }
    let values = contents.keys.filter { $0.lower <= UInt32.max }.map {
      Interval(UInt32($0.lower), UInt32(min($0.upper, UInt128(UInt32.max))))
    }
    return .narrow(IntervalSet(values))
  }

  /// Appends the match of operands with a set's elements.
  private mutating func match(
    _ operands: [Operand], _ signature: SetSignature, _ contents: SetContents, isNegated: Bool
  ) {
    if let reason = contents.unknown {
      for operand in operands { appendPresence(operand.field ?? operand.presence) }
      return appendUndecidable(reason)
    }
    if let unknown = operands.first(where: { $0.field == nil }) {
      for operand in operands { appendPresence(operand.field ?? operand.presence) }
      return appendUndecidable(unknown.reason)
    }
    if operands.count == 1, let field = operands[0].field, !field.isInterface {
      let operand = operands[0]
      if operand.isPlain {
        items.append(
          graph.inSet(field, Self.valueSet(contents, isNarrow: signature.isNarrow, field), negated: isNegated))
        notePorts(operand, contents, isNegated: isNegated)
        return
      }
      let wanted =
        signature.isNarrow
        ? contents.narrow.map { Interval(UInt128($0.lower), UInt128($0.upper)) } : contents.keys
      return emit(operand, wanted, isNegated: isNegated)
    }
    if operands.count == 1, contents.keys.count == 1 {
      return emit(operands[0], contents.keys[0], isNegated: isNegated)
    }
    if !isNegated { settleFork(operands, contents) }
    guard let lookup = lookup(operands, signature, contents) else {
      return appendUndecidable(graph.reasons.intern("bits in a concatenation"))
    }
    graph.lookups.append(lookup)
    items.append(
      RuleItem(.lookup, lookup.fields[0], UInt32(graph.lookups.count - 1), 0, negated: isNegated))
  }

  /// A match with a set of protocols that all have ports lets `th` find them.
  private mutating func notePorts(_ operand: Operand, _ contents: SetContents, isNegated: Bool) {
    guard operand.settles == .transportProtocol, !isNegated else { return }
    context.hasPorts = contents.narrow.allSatisfy { interval in
      interval.upper - interval.lower < 256
        && (interval.lower...interval.upper).allSatisfy { IPProtocol.hasPorts(UInt8(truncatingIfNeeded: $0)) }
    }
  }

  /// The lookup of operands' fields in a set's elements; nil when some part cannot be expressed by intervals.
  func lookup(_ operands: [Operand], _ signature: SetSignature, _ contents: SetContents) -> Lookup? {
    let width = operands.count
    var lookup = Lookup(fields: operands.compactMap(\.field))
    guard lookup.fields.count == width, width > 0 else { return nil }
    let isPlain = operands.allSatisfy(\.isPlain)
    let count = contents.keys.count / width
    lookup.intervals.reserveCapacity(contents.keys.count)
    func add(_ element: Int) -> Bool {
      let start = element * width
      if isPlain {
        lookup.intervals += contents.keys[start..<start + width]
        if signature.isVerdictMap { lookup.verdicts.append(contents.verdicts[element]) }
        if element < contents.ranges.count { lookup.ranges.append(contents.ranges[element]) }
        return true
      }
      var products: [[Interval<UInt128>]] = [[]]
      for (offset, operand) in operands.enumerated() {
        let wanted = contents.keys[start + offset]
        let parts: [Interval<UInt128>]
        if operand.field?.isInterface ?? false {
          parts = [wanted]
        } else {
          guard let preimage = operand.preimage(wanted) else { return false }
          parts = preimage
        }
        products = products.flatMap { product in parts.map { product + [$0] } }
        guard products.count <= 4096 else { return false }
      }
      for product in products {
        lookup.intervals += product
        if signature.isVerdictMap { lookup.verdicts.append(contents.verdicts[element]) }
        if element < contents.ranges.count { lookup.ranges.append(contents.ranges[element]) }
      }
      return true
    }
    for element in 0..<count where element != contents.catchAll {
      guard add(element) else { return nil }
    }
    if let last = contents.catchAll, last < count, !add(last) { return nil }
    return lookup
  }

  // MARK: Concatenations

  /// A match of several values at once.
  mutating func concatenation(_ operands: [Operand]) throws(SyntaxFault) {
    let relation: Relation
    switch token.kind {
    case .equal: relation = .equal
    case .notEqual: relation = .notEqual
    default: relation = .implicit
    }
    if relation != .implicit { advance() }
    unresolved = nil
    try concatenationRight(operands, relation)
  }

  private mutating func concatenationRight(_ operands: [Operand], _ relation: Relation) throws(SyntaxFault) {
    switch token.kind {
    case .dollar: try withVariable { reader throws(SyntaxFault) in try reader.concatenationRight(operands, relation) }
    case .openBrace: try anonymousSet(operands, relation)
    case .at: try namedSet(operands, isNegated: relation == .notEqual)
    default:
      throw fault("several values at once are compared with sets only; write { ... }")
    }
  }

  // MARK: Verdict maps

  /// `vmap { ... }` or `vmap @name` behind its key.
  mutating func verdictMap(_ operands: [Operand]) throws(SyntaxFault) {
    try expect(.vmap)
    try verdictMapRight(operands)
  }

  private mutating func verdictMapRight(_ operands: [Operand]) throws(SyntaxFault) {
    switch token.kind {
    case .dollar: return try withVariable { reader throws(SyntaxFault) in try reader.verdictMapRight(operands) }
    case .at:
      let place = span
      let index = try setReference()
      try check(operands, against: index, place, wantsMap: true)
      let set = sets[table][index]
      try setVerdict(operands, set.signature, set.contents, unknown: set.unknown, named: index)
    case .openBrace:
      var signature = signature(of: operands)
      signature.isVerdictMap = true
      var contents = SetContents()
      let open = span
      unresolved = nil
      try elements(signature, into: &contents)
      guard contents.count > 0 else { throw SyntaxFault(message: "the map is empty", span: open) }
      if operands.count == 1, !signature.types[0].isInterface, Self.overlap(contents) != nil {
        throw SyntaxFault(message: "keys of the map overlap one another", span: open)
      }
      if let second = contents.conflictingElement(width: operands.count), second < contents.ranges.count {
        let range = contents.ranges[second]
        // Elements of variables stand elsewhere.
        let isHere = open.start <= range.start && range.end <= lastEnd
        throw SyntaxFault(
          message: SetContents.conflict,
          span: isHere ? TextSpan(file: open.file, start: range.start, end: range.end) : open)
      }
      try setVerdict(operands, signature, contents, unknown: contents.unknown, named: nil)
    default: throw expected("'{' or a map")
    }
  }

  private mutating func setVerdict(
    _ operands: [Operand], _ signature: SetSignature, _ contents: SetContents, unknown: UInt32?, named: Int?
  ) throws(SyntaxFault) {
    let unknownOperand = operands.first { $0.field == nil }
    if let reason = unknown ?? unknownOperand?.reason {
      for operand in operands { appendPresence(operand.field ?? operand.presence) }
      return setUnknownVerdict(reason)
    }
    settleFork(operands, contents)
    let fields = operands.compactMap(\.field)
    if let named, operands.allSatisfy(\.isPlain), let known = sets[table][named].lookups[fields] {
      verdict = Verdict(.lookup, known)
      return noteMap(known, hasCatchAll: contents.catchAll != nil)
    }
    guard let lookup = lookup(operands, signature, contents) else {
      return setUnknownVerdict(graph.reasons.intern("bits as the key of a map"))
    }
    let index = UInt32(graph.lookups.count)
    graph.lookups.append(lookup)
    if let named, operands.allSatisfy(\.isPlain) { sets[table][named].lookups[fields] = index }
    verdict = Verdict(.lookup, index)
    noteMap(index, hasCatchAll: contents.catchAll != nil)
  }

  private mutating func setUnknownVerdict(_ reason: UInt32) {
    appendUndecidable(reason)
    verdict = Verdict(.unknown)
    noteMap(nil, hasCatchAll: false)
  }

  // MARK: Other maps

  /// A map behind its key whose values are of no use offline; gives the type of the values.
  mutating func skipMap(_ operands: [Operand]) throws(SyntaxFault) -> DataType {
    if token.kind == .dollar {
      return try withVariable { reader throws(SyntaxFault) in try reader.skipMap(operands) }
    }
    if token.kind == .at { return sets[table][try setReference()].signature.data.first ?? .integer }
    guard token.kind == .openBrace else { throw expected("'{' or a map") }
    var nesting = 0
    while token.kind != .end {
      if token.kind == .openBrace { nesting += 1 }
      if token.kind == .closeBrace { nesting -= 1 }
      advance()
      if nesting == 0 { break }
    }
    return .integer
  }

  /// A map of data behind its key: its elements where they are known.
  mutating func dataMap(
    _ operands: [Operand], _ data: [DataType]
  ) throws(SyntaxFault) -> (signature: SetSignature, contents: SetContents, unknown: UInt32?) {
    if token.kind == .dollar {
      return try withVariable { reader throws(SyntaxFault) in try reader.dataMap(operands, data) }
    }
    if token.kind == .at {
      let place = span
      let index = try setReference()
      try check(operands, against: index, place, wantsMap: false)
      let set = sets[table][index]
      guard !set.isValid || !set.signature.data.isEmpty else {
        throw SyntaxFault(message: "'\(ruleset.tables[table].sets[index].name)' is no map of such values", span: place)
      }
      return (set.signature, set.contents, set.unknown)
    }
    var signature = signature(of: operands)
    signature.data = data
    var contents = SetContents()
    unresolved = nil
    try elements(signature, into: &contents)
    return (signature, contents, contents.unknown)
  }
}
