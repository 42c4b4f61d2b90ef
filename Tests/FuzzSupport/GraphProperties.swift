import PacketSets
import RuleGraph
import SourceText

/// What holds of every rule graph, whatever it was read from.
enum GraphProperties {
  /// Checks indices, ranges, canonical sets and that nothing was lost in silence.
  static func check(_ graph: RuleGraph, _ diagnostics: [Diagnostic]) throws(Violation) {
    for diagnostic in diagnostics {
      try require(diagnostic.file < graph.sources.count, "a diagnostic is about a file that was not read")
      try checkRange(diagnostic.range, in: graph.sources[diagnostic.file], "'\(diagnostic.message)'")
      try require(!diagnostic.message.isEmpty, "a diagnostic says nothing")
    }
    for table in graph.tables { try require(Int(table.name) < graph.names.count, "a table has no name") }
    for chain in graph.chains {
      try require(Int(chain.table) < graph.tables.count, "a chain has no table")
      try require(Int(chain.name) < graph.names.count, "a chain has no name")
      try require(Int(chain.file) < graph.sources.count, "a chain has no file")
      try checkRange(chain.range, in: graph.sources[Int(chain.file)], "a chain")
      if let base = chain.base { try checkRange(base.policyRange, in: graph.sources[Int(chain.file)], "a policy") }
      for rule in chain.rules { try require(Int(rule) < graph.rules.count, "a chain has a rule that is not there") }
    }
    for rule in graph.rules { try check(rule, graph) }
    let counts = graph.counts
    try require(counts.exact + counts.approximated + counts.unparsed == counts.rules, "rules are not counted once")
    try require(
      counts.unparsed == 0 || diagnostics.contains { $0.severity == .error }, "a rule was not understood in silence")
    for set in graph.sets { try check(set) }
    for interval in graph.wideRanges { try require(interval.lower <= interval.upper, "an interval is reversed") }
    for lookup in graph.lookups { try check(lookup, graph) }
  }

  /// That a range lies inside of its file and is not reversed.
  static func checkRange(_ range: SourceRange, in source: SourceFile, _ what: String) throws(Violation) {
    try require(range.start <= range.end, "the range of \(what) is reversed")
    try require(Int(range.end) <= source.bytes.count, "the range of \(what) passes the end of the file")
  }

  private static func check(_ rule: Rule, _ graph: RuleGraph) throws(Violation) {
    try require(Int(rule.file) < graph.sources.count, "a rule has no file")
    try checkRange(rule.range, in: graph.sources[Int(rule.file)], "a rule")
    try require(
      Int(rule.firstItem) + Int(rule.itemCount) <= graph.items.count, "a rule has an item that is not there")
    try check(rule.verdict, graph)
    var isDecidable = true
    for item in graph.items(of: rule) {
      try check(item, graph)
      if item.kind == .undecidable || item.kind == .setUnknown { isDecidable = false }
      // One part that excludes every packet settles it, whatever the others say.
      if item.kind == .never, rule.understanding == .unparsed { isDecidable = false }
    }
    if rule.understanding == .unparsed {
      try require(!isDecidable || rule.verdict.kind == .unknown, "a rule that was not understood is decided")
    }
    if rule.understanding == .exact {
      try require(rule.verdict.kind != .unknown, "a rule is called exact whose verdict is not known")
    }
  }

  private static func check(_ verdict: Verdict, _ graph: RuleGraph) throws(Violation) {
    let count =
      switch verdict.kind {
      case .jump, .goto: graph.chains.count
      case .lookup: graph.lookups.count
      case .translate: graph.translations.count
      default: Int.max
      }
    try require(Int(verdict.target) < count, "a verdict \(verdict.kind) leads nowhere")
  }

  private static func check(_ item: RuleItem, _ graph: RuleGraph) throws(Violation) {
    let count =
      switch item.kind {
      case .wideRange: graph.wideRanges.count
      case .set: graph.sets.count
      case .wideMasked: graph.wideMasks.count
      case .interface: graph.names.count
      case .lookup: graph.lookups.count
      case .reference: graph.references.count
      case .undecidable, .setUnknown: graph.reasons.count
      case .setField where item.field.isWide: graph.wideMasks.count
      case .range, .masked, .anyBit, .bits, .never, .setField, .notrack, .copyMark, .mergeMark, .shiftMark: Int.max
      }
    try require(Int(item.a) < count, "an item \(item.kind) has no operand")
    if item.kind == .range { try require(item.a <= item.b, "a range is reversed") }
  }

  private static func check(_ set: ValueSet) throws(Violation) {
    switch set {
    case .narrow(let values): try check(values)
    case .wide(let values): try check(values)
    }
  }

  /// Ascending, disjoint, with a missing value between neighbours.
  private static func check<Bound>(_ set: IntervalSet<Bound>) throws(Violation) {
    for (index, interval) in set.intervals.enumerated() {
      try require(interval.lower <= interval.upper, "a set holds a reversed interval")
      guard index > 0 else { continue }
      let before = set.intervals[index - 1].upper
      try require(before < interval.lower && before + 1 < interval.lower, "a set is not canonical")
    }
  }

  private static func check(_ lookup: Lookup, _ graph: RuleGraph) throws(Violation) {
    try require(!lookup.fields.isEmpty, "a lookup has no fields")
    try require(lookup.intervals.count % lookup.fields.count == 0, "a lookup has half an element")
    try require(lookup.verdicts.isEmpty || lookup.verdicts.count == lookup.count, "a lookup's verdicts do not add up")
    try require(lookup.ranges.isEmpty || lookup.ranges.count == lookup.count, "a lookup's places do not add up")
    for verdict in lookup.verdicts { try check(verdict, graph) }
    for (index, interval) in lookup.intervals.enumerated() {
      try require(interval.lower <= interval.upper, "a lookup holds a reversed interval")
      guard lookup.fields[index % lookup.fields.count].isInterface else { continue }
      let name = UInt32(truncatingIfNeeded: interval.lower)
      try require(Int(name) < graph.names.count, "a lookup names no interface")
    }
  }
}
