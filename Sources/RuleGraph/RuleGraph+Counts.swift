/// How much of a rule set was understood; `exact + approximated + unparsed == rules`.
public struct RuleCounts: Sendable, Hashable {
  public var tables = 0
  public var chains = 0
  public var rules = 0
  public var exact = 0
  public var approximated = 0
  public var unparsed = 0
  public var sets = 0
  public var elements = 0

  /// Counts nothing.
  public init() {}
}

extension RuleGraph {
  /// Counts what is written in the file; rules that a provider implies do not count.
  public var counts: RuleCounts {
    var counts = RuleCounts()
    counts.tables = tables.count
    counts.chains = chains.count
    counts.sets = namedSetCount
    counts.elements = namedElementCount
    for rule in rules where rule.isWritten {
      counts.rules += 1
      switch rule.understanding {
      case .exact: counts.exact += 1
      case .approximated: counts.approximated += 1
      case .unparsed: counts.unparsed += 1
      }
    }
    return counts
  }
}

extension RuleGraph {
  /// Why a match is undecidable, as a noun phrase.
  public func reason(of item: RuleItem) -> String {
    switch item.kind {
    case .undecidable, .setUnknown: return reasons[item.a]
    case .reference:
      let reference = references[Int(item.a)]
      return "contents of \(reference.kind) \(reference.name) are not given"
    case .interface: return "an interface that is not known"
    default: return "the packet's \(item.field.words), which is not known"
    }
  }
}
