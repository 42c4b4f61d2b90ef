import Evaluation
import PacketSets

/// A comparison over real rule sets, counted by corpus.
public struct CorpusRun {
  public var totals: [String: Campaign.Totals] = [:]
  public var disagreements: [(path: String, Disagreement)] = []

  /// Compares every entry that the kernel takes.
  public init(
    _ comparer: Comparer, _ entries: [Corpus.Entry], packetsEach: Int, seed: UInt64, report: (String) -> Void
  ) throws {
    for entry in entries {
      guard !LoaderFault.isMet(by: entry.ruleSet) else {
        totals[entry.corpus, default: Campaign.Totals()].faulty += 1
        continue
      }
      let packets = Campaign.packets(for: entry.ruleSet, count: packetsEach, seed: seed)
      let comparison = try comparer.compare(entry.ruleSet, packets)
      totals[entry.corpus, default: Campaign.Totals()].add(comparison, entry.ruleSet)
      let name = "\(entry.path) (\(entry.ruleSet.loader), \(entry.ruleSet.family))"
      for error in comparison.errors.prefix(3) { report("\(name): the kernel takes what was not read: \(error)") }
      if let first = comparison.disagreements.first {
        report("\(name): \(comparison.disagreements.count) of \(packets.count) packets differ")
        disagreements.append((entry.path, first))
      }
    }
  }

  /// Why packets were undecided and rule sets refused, by corpus.
  public var details: String {
    totals.sorted { $0.key < $1.key }.map { name, totals in
      let reasons = totals.reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(12)
      return "\(name), undecided:\(reasons.map { "\n  \($0.value) \($0.key)" }.joined())"
    }.joined(separator: "\n")
  }

  /// The counts by corpus, one line each.
  public var summary: String {
    totals.sorted { $0.key < $1.key }.map { name, totals in
      let loaded = totals.ruleSets.values.reduce(0, +)
      let refused = totals.refused.values.reduce(0, +)
      let share = totals.packets == 0 ? 0 : 1000 * totals.undecided / totals.packets
      return "\(name): \(loaded) rule sets (\(refused) refused by the kernel, \(totals.faulty) left out), "
        + "\(totals.packets) packets, passed \(totals.passed), undecided \(share / 10).\(share % 10)%, "
        + "not read \(totals.unread), disagreements \(totals.disagreements)"
    }.joined(separator: "\n")
  }
}
