import PacketSets
import RuleGraph

/// Packets of a selection whose destination is rewritten alike.
public struct TranslatedPackets {
  /// The packets, as they are before the rewriting.
  public var packets: PacketSelection
  /// The new destination port; nil: it stays.
  public var port: Interval<UInt32>?
  /// Whether some of them are accepted in the end.
  public var isAccepted: Bool
}

extension PathEvaluator {
  /// The packets of a selection that get a destination among some addresses which they did not have, by rewriting.
  ///
  /// Whatever becomes of them in the end; a destination that is not known offline does not count.
  public func translations(of selection: PacketSelection, into addresses: AddressSet) -> [TranslatedPackets] {
    let diagram = store.filtered(outcome(of: selection), by: selection.set)
    var outcomes: Set<Outcome> = []
    for terminal in store.terminals(of: diagram, inside: DiagramStore.passing) {
      outcomes.formUnion(store.outcomes(terminal))
    }
    return outcomes.sorted().compactMap { outcome in
      guard outcome.rewrite != 0, let target = destination(of: store.rewrite(outcome.rewrite)),
        addresses.contains(target)
      else { return nil }
      let set = store.mapped(diagram, .contains(outcome))
      guard set != DiagramStore.nothing else { return nil }
      let port = store.rewrite(outcome.rewrite).assignments.first { $0.level == PacketLayout.port }?.values
      return TranslatedPackets(
        packets: PacketSelection(set: set, entry: selection.entry), port: port,
        isAccepted: outcome.verdict == .accept)
    }
  }

  /// The packets of a selection that are perhaps accepted and leave no connection behind by which their answers are
  /// known: tracking was switched off for them.
  public func lackingConnection(_ selection: PacketSelection) -> PacketSelection {
    if states.states.allSatisfy(\.hasConnection) { return .none(like: selection) }
    let diagram = store.filtered(outcome(of: selection), by: selection.set)
    var outcomes: Set<Outcome> = []
    for terminal in store.terminals(of: diagram, inside: DiagramStore.passing) {
      outcomes.formUnion(store.outcomes(terminal))
    }
    var set = DiagramStore.nothing
    for outcome in outcomes.sorted() where outcome.verdict == .accept {
      let map = store.rewrite(outcome.rewrite).stateMap
      guard !states.states[map.first.map { Int($0) } ?? 0].hasConnection else { continue }
      set = store.union(set, store.mapped(diagram, .contains(outcome)))
    }
    return PacketSelection(set: set, entry: selection.entry)
  }

  /// The one new destination of a rewrite; nil when it stays or is not known.
  private func destination(of rewrite: Rewrite) -> IPAddress? {
    var bits: UInt128 = 0
    for word in 0..<layout.words {
      guard let values = rewrite.assignments.first(where: { $0.level == layout.destination + word })?.values,
        values.lower == values.upper
      else { return nil }
      bits = bits << 32 | UInt128(values.lower)
    }
    return IPAddress(layout.family, bits)
  }
}
