import PacketSets
import SourceText

extension RuleGraph {
  /// Adds a rule made of items to the end of a chain and returns its index.
  @inlinable
  @discardableResult
  public mutating func appendRule(
    to chain: Int, items newItems: [RuleItem], verdict: Verdict, understanding: Understanding, file: UInt16 = 0,
    range: SourceRange
  ) -> UInt32 {
    let index = addRule(
      items: newItems, verdict: verdict, understanding: understanding, file: file, range: range)
    chains[chain].rules.append(index)
    return index
  }

  /// Adds a rule that is not yet in any chain and returns its index.
  @inlinable
  public mutating func addRule(
    items newItems: [RuleItem], verdict: Verdict, understanding: Understanding, file: UInt16 = 0, range: SourceRange
  ) -> UInt32 {
    let rule = Rule(
      firstItem: UInt32(items.count), itemCount: UInt32(newItems.count), verdict: verdict,
      understanding: understanding, file: file, range: range)
    items.append(contentsOf: newItems)
    rules.append(rule)
    return UInt32(rules.count - 1)
  }

  /// A match of an interval of IPv6 addresses.
  public mutating func wideRange(_ field: Field, _ interval: Interval<UInt128>, negated: Bool = false) -> RuleItem {
    wideRanges.append(interval)
    return RuleItem(.wideRange, field, UInt32(wideRanges.count - 1), 0, negated: negated)
  }

  /// A match of masked IPv6 address bits.
  public mutating func wideMasked(
    _ field: Field, mask: UInt128, value: UInt128, negated: Bool = false
  ) -> RuleItem {
    wideMasks.append(WideMask(mask: mask, value: value))
    return RuleItem(.wideMasked, field, UInt32(wideMasks.count - 1), 0, negated: negated)
  }

  /// A match of a set of values; single intervals become ranges.
  public mutating func inSet(_ field: Field, _ set: ValueSet, negated: Bool = false) -> RuleItem {
    switch set {
    case .narrow(let values) where values.intervals.count == 1:
      return RuleItem(.range, field, values.intervals[0].lower, values.intervals[0].upper, negated: negated)
    case .wide(let values) where values.intervals.count == 1:
      return wideRange(field, values.intervals[0], negated: negated)
    default:
      sets.append(set)
      return RuleItem(.set, field, UInt32(sets.count - 1), 0, negated: negated)
    }
  }

  /// A match that cannot be decided, with the reason why (a short noun phrase).
  public mutating func undecidable(_ reason: String) -> RuleItem {
    .undecidable(reason: reasons.intern(reason))
  }

  /// A match against contents that are kept elsewhere.
  public mutating func reference(
    _ field: Field, kind: String, name: String, negated: Bool = false
  ) -> RuleItem {
    let reference = Reference(kind: kind, name: name)
    let index = references.firstIndex(of: reference) ?? references.count
    if index == references.count { references.append(reference) }
    return RuleItem(.reference, field, UInt32(index), 0, negated: negated)
  }
}
