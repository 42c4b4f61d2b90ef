import SourceText

/// How well a rule was understood.
public enum Understanding: UInt8, Sendable, Hashable, CaseIterable {
  /// The rule is a function of modelled fields, and is modelled as that function; or what it leaves open decides nothing,
  /// as packets meet the same verdict right behind it.
  case exact
  /// Some match or effect is not decidable offline; its reason is among the rule's items.
  case approximated
  /// The rule was not understood: it perhaps matches, with any verdict.
  case unparsed
}

/// A rule: a run of the graph's items, then a verdict.
public struct Rule: Sendable {
  /// First item in `RuleGraph.items`.
  public var firstItem: UInt32
  /// The number of items.
  public var itemCount: UInt32
  /// What happens to packets that pass all matches.
  public var verdict: Verdict
  /// How well it was understood.
  public var understanding: Understanding
  /// The file, as an index into `RuleGraph.sources`.
  public var file: UInt16
  /// Where it stands; empty for rules that a provider or kernel adds by itself.
  public var range: SourceRange

  /// Makes a rule.
  @inlinable
  public init(
    firstItem: UInt32, itemCount: UInt32, verdict: Verdict, understanding: Understanding, file: UInt16 = 0,
    range: SourceRange
  ) {
    self.firstItem = firstItem
    self.itemCount = itemCount
    self.verdict = verdict
    self.understanding = understanding
    self.file = file
    self.range = range
  }

  /// Whether the rule stands in a file, rather than being implied by a provider.
  @inlinable
  public var isWritten: Bool { range.end > range.start }
}
