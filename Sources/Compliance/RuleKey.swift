import PacketSets
import RuleGraph
import SourceText

/// What identifies a rule in fingerprints: what it means, rather than how or where it is written.
///
/// The same after a change of layout, comments or counters, and after any change elsewhere in the file; another one as
/// soon as the rule matches other packets or does something else with them. Sets count by their elements.
enum RuleKey {
  /// The key of a rule, without its chain.
  static func make(_ index: UInt32, in graph: RuleGraph) -> String {
    let rule = graph.rules[Int(index)]
    // Of what was not understood only the words are known.
    if rule.understanding == .unparsed, rule.isWritten, Int(rule.file) < graph.sources.count {
      return text(graph.sources[Int(rule.file)].text(rule.range))
    }
    var hash = FowlerNollVo()
    for item in graph.items(of: rule) { add(item, graph, &hash) }
    add(rule.verdict, graph, &hash)
    return hash.hexadecimal
  }

  // Names by raw values: asking for the name of a case takes longer than all the rest.
  private static let itemKinds = names(RuleItem.Kind.self)
  private static let fields = names(Field.self)
  private static let verdictKinds = names(Verdict.Kind.self)

  private static func names<Value: RawRepresentable<UInt8>>(_ type: Value.Type) -> [String] {
    (UInt8.min...UInt8.max).map { raw in type.init(rawValue: raw).map { "\($0)" } ?? "" }
  }

  /// A statement's words with single blanks between them.
  static func text(_ statement: String) -> String {
    statement.split { $0.isWhitespace }.joined(separator: " ")
  }

  private static func add(_ item: RuleItem, _ graph: RuleGraph, _ hash: inout FowlerNollVo) {
    hash.add(itemKinds[Int(item.kind.rawValue)])
    hash.add(" ")
    hash.add(fields[Int(item.field.rawValue)])
    hash.add(item.isNegated ? " true" : " false")
    let index = Int(item.a)
    switch item.kind {
    case .wideRange: add(graph.wideRanges[index], &hash)
    case .set:
      switch graph.sets[index] {
      case .narrow(let values):
        for interval in values.intervals { hash.add(UInt64(interval.lower) << 32 | UInt64(interval.upper)) }
      case .wide(let values): for interval in values.intervals { add(interval, &hash) }
      }
    case .wideMasked:
      add(Interval(min(graph.wideMasks[index].mask, .max), .max), &hash)
      hash.add("\(graph.wideMasks[index].value)")
    case .interface:
      hash.add(graph.names[item.a])
      hash.add(UInt64(item.b))
    case .lookup: add(graph.lookups[index], graph, &hash)
    case .reference: hash.add("\(graph.references[index].kind) \(graph.references[index].name)")
    case .undecidable, .setUnknown: hash.add(graph.reasons[item.a])
    case .range, .masked, .anyBit, .bits, .never, .setField, .notrack, .copyMark, .mergeMark, .shiftMark:
      hash.add(UInt64(item.a) << 32 | UInt64(item.b))
    }
  }

  private static func add(_ interval: Interval<UInt128>, _ hash: inout FowlerNollVo) {
    for value in [interval.lower, interval.upper] {
      hash.add(UInt64(truncatingIfNeeded: value >> 64))
      hash.add(UInt64(truncatingIfNeeded: value))
    }
  }

  private static func add(_ lookup: Lookup, _ graph: RuleGraph, _ hash: inout FowlerNollVo) {
    hash.add(lookup.fields.map { fields[Int($0.rawValue)] }.joined(separator: "."))
    let width = lookup.fields.count
    for (position, interval) in lookup.intervals.enumerated() {
      let field = lookup.fields[position % width]
      guard field == .inputInterface || field == .outputInterface else {
        add(interval, &hash)
        continue
      }
      hash.add(graph.names[UInt32(truncatingIfNeeded: interval.lower)])
      hash.add(UInt64(truncatingIfNeeded: (interval.lower & Lookup.wildcard) >> 32))
    }
    for verdict in lookup.verdicts { add(verdict, graph, &hash) }
  }

  private static func add(_ verdict: Verdict, _ graph: RuleGraph, _ hash: inout FowlerNollVo) {
    hash.add(verdictKinds[Int(verdict.kind.rawValue)])
    let index = Int(verdict.target)
    switch verdict.kind {
    case .jump, .goto: hash.add(graph.names[graph.chains[index].name])
    case .translate:
      let translation = graph.translations[index]
      hash.add("\(translation.kind)")
      if let addresses = translation.addresses { add(addresses, &hash) }
      if let ports = translation.ports { hash.add(UInt64(ports.lower) << 32 | UInt64(ports.upper)) }
    case .lookup: add(graph.lookups[index], graph, &hash)
    default: break
    }
  }
}
