import PacketSets
import RuleGraph
import SourceText

extension Lowering {
  /// Reads the type and the elements of a named set or map.
  mutating func lowerSet(_ table: Int, _ index: Int) {
    let model = ruleset.tables[table].sets[index]
    graph.namedSetCount += 1
    var set = LoweredSet()
    if let key = model.key {
      startRule()
      open(key, environment: model.keyEnvironment)
      do throws(SyntaxFault) {
        set.signature = try signature(of: model)
        guard token.kind == .end else { throw expected("the end of the type") }
        set.isValid = true
      } catch {
        report(.error, error.message, error.span)
      }
    }
    if set.isValid {
      for text in model.elements { readElements(text, into: &set, of: model) }
    } else {
      set.unknown = graph.reasons.intern("set \(model.name), whose type was not understood")
    }
    checkIntervals(&set, model)
    if set.signature.isNarrow {
      graph.namedElementCount += set.contents.count
    } else if !set.signature.types.isEmpty {
      graph.namedElementCount += set.contents.keys.count / set.signature.types.count
    }
    if ruleset.tables[table].updatedSets.contains(model.name) {
      set.unknown = graph.reasons.intern("set \(model.name) is filled at run time")
    }
    let isEmpty = set.signature.isNarrow ? set.contents.count == 0 : set.contents.keys.isEmpty
    if model.isDynamic, isEmpty {
      // The packet path, or a person, fills it; a listing without elements says nothing of them.
      set.unknown = set.unknown ?? graph.reasons.intern("set \(model.name) is filled at run time")
    }
    set.unknown = set.unknown ?? set.contents.unknown
    sets[table][index] = set
  }

  private mutating func readElements(_ text: ElementText, into set: inout LoweredSet, of model: SetModel) {
    startRule()
    open(text.span, environment: text.environment)
    isDeleting = text.isDeletion
    defer { isDeleting = false }
    var contents = SetContents()
    if !text.isDeletion { swap(&contents, &set.contents) }
    do throws(SyntaxFault) {
      if token.kind == .dollar {
        let signature = set.signature
        var inner = contents
        try withVariable { reader throws(SyntaxFault) in
          try reader.elements(signature, into: &inner)
        }
        contents = inner
      } else if isEmptyBraces {
        // Only a variable may hold no elements at all.
        report(.error, "there are no elements between these braces", span)
        advance()
        advance()
      } else {
        try elements(set.signature, into: &contents)
      }
      guard token.kind == .end else { throw expected("the end of the elements") }
    } catch {
      report(.error, error.message, error.span)
      contents.unknown = graph.reasons.intern("set \(model.name), some elements of which were not understood")
    }
    if text.isDeletion {
      remove(contents, from: &set)
    } else {
      swap(&contents, &set.contents)
    }
  }

  /// Reports elements that overlap where the declaration does not merge them, and intervals that it does not allow.
  private mutating func checkIntervals(_ set: inout LoweredSet, _ model: SetModel) {
    guard set.isValid else { return }
    if let second = set.contents.conflictingElement(width: set.signature.types.count),
      second < set.contents.ranges.count
    {
      let range = set.contents.ranges[second]
      // Elements of variables stand elsewhere.
      let text = model.elements.first { $0.span.start <= range.start && range.end <= $0.span.end }
      let place = text.map { TextSpan(file: $0.span.file, start: range.start, end: range.end) }
      report(.error, SetContents.conflict, place ?? model.span)
    }
    guard set.signature.types.count == 1 else { return }
    if set.signature.types[0].isInterface {
      guard !model.isInterval else { return }
      let pattern = set.contents.keys.indices.first {
        $0 != set.contents.catchAll && set.contents.keys[$0].lower & Lookup.wildcard != 0
      }
      if let pattern {
        reportElement(
          set.contents.keys[pattern], set, model, "patterns of names need 'flags interval' in the set's declaration")
      }
      return
    }
    if set.signature.isNarrow {
      if !Self.isAscending(set.contents.narrow) { set.contents.narrow.sort { $0.lower < $1.lower } }
      var last: Interval<UInt32>?
      for interval in set.contents.narrow {
        if !model.isInterval, interval.lower != interval.upper, set.contents.catchAll == nil {
          return reportElement(
            Interval(UInt128(interval.lower), UInt128(interval.upper)), set, model,
            "ranges and prefixes need 'flags interval' in the set's declaration")
        }
        if let last, !model.mergesOverlaps, interval.lower <= last.upper, interval != last,
          set.contents.catchAll == nil
        {
          return reportElement(
            Interval(UInt128(interval.lower), UInt128(interval.upper)), set, model,
            "this element overlaps another one, and the set has no auto-merge")
        }
        last = interval
      }
      return
    }
    if !model.mergesOverlaps, let overlap = Self.overlap(set.contents) {
      reportElement(overlap, set, model, "this element overlaps another one")
    }
  }

  private static func isAscending(_ intervals: [Interval<UInt32>]) -> Bool {
    for index in intervals.indices.dropFirst() where intervals[index].lower < intervals[index - 1].lower {
      return false
    }
    return true
  }

  /// An element of a single key that overlaps another one without being equal to it.
  static func overlap(_ contents: SetContents) -> Interval<UInt128>? {
    var keys = contents.keys
    if let catchAll = contents.catchAll, catchAll < keys.count { keys.remove(at: catchAll) }
    keys.sort { ($0.lower, $0.upper) < ($1.lower, $1.upper) }
    for index in keys.indices.dropFirst()
    where keys[index].lower <= keys[index - 1].upper && keys[index] != keys[index - 1] {
      return keys[index]
    }
    return nil
  }

  /// Reports one element of a set at its place, which is looked for only now.
  private mutating func reportElement(
    _ wanted: Interval<UInt128>, _ set: LoweredSet, _ model: SetModel, _ message: String
  ) {
    for text in model.elements where !text.isDeletion {
      startRule()
      open(text.span, environment: text.environment)
      var braces = 0
      while token.kind != .end {
        if token.kind == .openBrace { braces += 1 }
        let isStart = [.address4, .address6, .number, .word, .quoted].contains(token.kind)
        let place = span
        guard isStart else {
          advance()
          continue
        }
        let saved = (lexer, token, lastEnd)
        if let value = try? component(set.signature.types[0], bits: set.signature.widths[0]), value == wanted {
          return report(.error, message, TextSpan(file: place.file, start: place.start, end: lastEnd))
        }
        (lexer, token, lastEnd) = saved
        advance()
      }
    }
    report(.error, message, model.span)
  }

  /// Whether `{ }` follows.
  private var isEmptyBraces: Bool {
    guard token.kind == .openBrace else { return false }
    var copy = lexer
    return copy.next().kind == .closeBrace
  }

  private func remove(_ removed: SetContents, from set: inout LoweredSet) {
    if set.signature.isNarrow {
      let rest = IntervalSet(set.contents.narrow).subtracting(IntervalSet(removed.narrow))
      set.contents.narrow = rest.intervals
      set.contents.count = rest.intervals.count
      return
    }
    let width = set.signature.types.count
    guard width > 0 else { return }
    var gone: Set<[Interval<UInt128>]> = []
    for start in stride(from: 0, to: removed.keys.count - width + 1, by: width) {
      gone.insert(Array(removed.keys[start..<start + width]))
    }
    var rest = SetContents()
    rest.unknown = set.contents.unknown
    let dataWidth = set.signature.data.count
    for element in 0..<set.contents.keys.count / width {
      let key = Array(set.contents.keys[element * width..<(element + 1) * width])
      if gone.contains(key) { continue }
      if set.contents.catchAll == element { rest.catchAll = rest.count }
      rest.keys += key
      if element < set.contents.verdicts.count { rest.verdicts.append(set.contents.verdicts[element]) }
      if dataWidth > 0, (element + 1) * dataWidth <= set.contents.data.count {
        rest.data += set.contents.data[element * dataWidth..<(element + 1) * dataWidth]
      }
      if element < set.contents.ranges.count { rest.ranges.append(set.contents.ranges[element]) }
      rest.count += 1
    }
    set.contents = rest
  }

  // MARK: Types

  private mutating func signature(of model: SetModel) throws(SyntaxFault) -> SetSignature {
    var signature = SetSignature()
    try components(model.isTypeof) { (reader, type, bits) in
      signature.types.append(type)
      signature.widths.append(bits)
    }
    guard model.isMap else { return signature }
    try expect(.colon, "':' and the type of the values")
    if token.keyword == .interval { advance() }
    switch token.keyword {
    case .counter, .quota, .limit, .secmark, .synproxy:
      advance()
      signature.isObjectMap = true
      return signature
    case .ct where isConntrackObject:
      advance()
      advance()
      signature.isObjectMap = true
      return signature
    default: break
    }
    if text(token) == "verdict" {
      advance()
      signature.isVerdictMap = true
      return signature
    }
    try components(model.isTypeof) { (reader, type, bits) in signature.data.append(type) }
    return signature
  }

  private var isConntrackObject: Bool {
    var copy = lexer
    return [.helper, .timeout, .expectation].contains(copy.next().keyword)
  }

  /// Types, or expressions behind `typeof`, with dots between.
  private mutating func components(
    _ isTypeof: Bool, _ add: (inout Lowering, DataType, Int) -> Void
  ) throws(SyntaxFault) {
    while true {
      if isTypeof {
        self.isTypeof = true
        defer { self.isTypeof = false }
        let operand = try operand()
        add(&self, operand.type, operand.bits)
      } else {
        guard token.kind == .word else { throw expected("a type") }
        let name = text(token)
        guard let type = DataType(named: name) else {
          throw fault("there is no type '\(name)'" + Hint.text(for: name, among: DataType.names))
        }
        guard type != .integer, type != .string else {
          throw fault("the type \(name) has no fixed size; use typeof with an expression")
        }
        advance()
        add(&self, type, type.bits)
      }
      guard token.kind == .dot else { return }
      advance()
    }
  }

  // MARK: References

  /// The set of the current table that `@name` stands for; the current token is the `@`.
  mutating func setReference() throws(SyntaxFault) -> Int {
    if token.kind == .dollar {
      return try withVariable { reader throws(SyntaxFault) in try reader.setReference() }
    }
    try expect(.at, "'@'")
    guard token.kind == .word || token.kind == .quoted else { throw expected("the name of a set") }
    let name = text(token)
    guard let index = ruleset.tables[table].setIndex[name] else {
      let hint = Suggestion.hint(for: name, among: ruleset.tables[table].setIndex.keys.sorted())
      throw fault("there is no set '\(name)' in table '\(ruleset.tables[table].name)'\(hint)")
    }
    advance()
    return index
  }
}
