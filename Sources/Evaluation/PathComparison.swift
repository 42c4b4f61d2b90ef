import PacketSets
import RuleGraph

/// What two versions of a rule set do to the packets of one path, packet by packet.
///
/// Both versions are summarised over the same interfaces, and a packet's interfaces count as fields of it, known ones:
/// a rule that moves from one interface to another is a change, although neither version is decided without them.
///
/// **Invariant:** selections that this type hands out belong to the evaluator of the later version.
public final class PathComparison {
  public let before: PathEvaluator
  public let after: PathEvaluator
  /// Which tracking states count, as indices of the question's entry states.
  private let states: IntervalSet<UInt32>

  /// Prepares to compare.
  ///
  /// - Parameter question: of phase `any`, only packets that neither open a connection nor answer within one count:
  ///   related, invalid and untracked ones.
  public init(
    before: [RuleGraph], after: [RuleGraph], beforeFacts: SiteFacts = SiteFacts(), afterFacts: SiteFacts = SiteFacts(),
    question: PathQuestion, edgeLimit: Int = 48_000_000
  ) {
    var shared = question
    for graphs in [before, after] {
      let stages = PathStage.stages(of: graphs, family: question.family, path: question.path)
      let vocabulary = PathVocabulary(graphs: graphs, stages: stages)
      shared.interfaces.formUnion(vocabulary.exactNames)
      shared.interfacePrefixes.formUnion(vocabulary.namePrefixes)
    }
    self.before = PathEvaluator(graphs: before, facts: beforeFacts, question: shared, edgeLimit: edgeLimit)
    self.after = PathEvaluator(graphs: after, facts: afterFacts, question: shared, edgeLimit: edgeLimit)
    states = question.phase == .any ? IntervalSet(Interval(2, 4)) : IntervalSet(Interval(0))
  }

  /// Whether the budget ran out, so that nothing is known.
  public var isExhausted: Bool { before.isExhausted || after.isExhausted }

  // MARK: Selections

  /// The packets of some boxes, on every interface that the path can have; interfaces of the boxes are left out.
  ///
  /// - Parameter untracked: only packets that connection tracking was told to leave alone.
  public func select(_ boxes: some Sequence<PacketBox>, untracked: Bool = false) -> PacketSelection {
    select(boxes, in: after, states: untracked ? IntervalSet(Interval(4)) : states)
  }

  private func select(
    _ boxes: some Sequence<PacketBox>, in evaluator: PathEvaluator, states: IntervalSet<UInt32>
  ) -> PacketSelection {
    let others = IntervalSet(evaluator.interfaces.unknown)
    let absent = IntervalSet<UInt32>(Interval(InterfaceDomain.absent))
    let withLoopback = others.union(IntervalSet(Interval(InterfaceDomain.loopback)))
    let input = evaluator.path == .input ? withLoopback : evaluator.path == .output ? absent : others
    let output = evaluator.path == .output ? withLoopback : evaluator.path == .input ? absent : others
    var set = DiagramStore.nothing
    for box in boxes {
      set = evaluator.store.union(set, evaluator.packets(of: box, input: input, output: output, states: states))
    }
    return PacketSelection(set: set, entry: 0)
  }

  /// The packets of the other selection that this comparison is about: those alike in all but their state.
  public func adopt(_ selection: PacketSelection, from other: PathComparison) -> PacketSelection {
    let set = other.after.store.forgetting([PacketLayout.state], in: selection.set)
    let copy = after.store.copying(set, from: other.after.store)
    return PacketSelection(set: after.store.intersection(copy, select([PacketBox()]).set), entry: 0)
  }

  /// A selection of one evaluator in the other, within the packets that count.
  private func carry(_ selection: PacketSelection, _ from: PathEvaluator, _ to: PathEvaluator) -> PacketSelection {
    let copy = to.store.copying(selection.set, from: from.store)
    let all = select([PacketBox()], in: to, states: states)
    return PacketSelection(set: to.store.intersection(copy, all.set), entry: 0)
  }

  // MARK: Changes

  /// What becomes of packets.
  public enum Fate: String, Sendable, Hashable {
    case blocked
    case undecided
    case open
  }

  /// Packets that fare differently in the two versions.
  public struct Change {
    public var before: Fate
    public var after: Fate
    public var packets: PacketSelection

    /// Whether the packets pass in both versions, and are rewritten in different ways.
    public var isRewriting: Bool { before == .open && after == .open }
  }

  /// What the comparison found.
  public struct Result {
    /// Disjoint, none of them empty.
    public var changes: [Change]
    /// Packets of which neither version is decided.
    public var undecided: PacketSelection
  }

  /// Packets of some boxes that either version gives a destination among some addresses which they did not have.
  public func translated(_ boxes: [PacketBox], into addresses: AddressSet) -> PacketSelection {
    let earlier = before.translations(of: select(boxes, in: before, states: states), into: addresses)
    let later = after.translations(of: select(boxes), into: addresses)
    let nothing = PacketSelection(set: DiagramStore.nothing, entry: 0)
    return (later.map(\.packets) + earlier.map { carry($0.packets, before, after) })
      .reduce(nothing) { after.union($0, $1) }
  }

  /// The packets of a selection whose fate changes.
  public func compare(_ universe: PacketSelection) -> Result {
    let earlier = carry(universe, after, before)
    let surely = after.surelyAllowed(universe)
    let possibly = after.possiblyAllowed(universe)
    let wasSurely = carry(before.surelyAllowed(earlier), before, after)
    let wasPossibly = carry(before.possiblyAllowed(earlier), before, after)
    let perhaps = after.difference(possibly, surely)
    let wasPerhaps = after.difference(wasPossibly, wasSurely)
    var changes = [
      Change(before: .blocked, after: .open, packets: after.difference(surely, wasPossibly)),
      Change(before: .undecided, after: .open, packets: after.intersection(surely, wasPerhaps)),
      Change(before: .open, after: .blocked, packets: after.difference(wasSurely, possibly)),
      Change(before: .undecided, after: .blocked, packets: after.difference(wasPerhaps, possibly)),
      Change(before: .blocked, after: .undecided, packets: after.difference(perhaps, wasPossibly)),
      Change(before: .open, after: .undecided, packets: after.intersection(perhaps, wasSurely)),
    ]
    let both = after.intersection(surely, wasSurely)
    changes.append(Change(before: .open, after: .open, packets: rewrittenDifferently(both)))
    return Result(
      changes: isExhausted ? [] : changes.filter { !$0.packets.isEmpty },
      undecided: after.intersection(perhaps, wasPerhaps))
  }

  /// Of packets that pass in both versions, those that leave with other addresses or ports.
  private func rewrittenDifferently(_ both: PacketSelection) -> PacketSelection {
    let news = after.rewritings(of: both)
    let olds = before.rewritings(of: carry(both, after, before))
    var changed = PacketSelection(set: DiagramStore.nothing, entry: 0)
    for key in Set(news.keys).union(olds.keys) {
      let new = PacketSelection(set: news[key] ?? DiagramStore.nothing, entry: 0)
      let old = carry(PacketSelection(set: olds[key] ?? DiagramStore.nothing, entry: 0), before, after)
      changed = after.union(changed, after.difference(new, old))
      changed = after.union(changed, after.difference(old, new))
    }
    return after.intersection(changed, both)
  }

  // MARK: Blame

  /// A part of a change, and who decides it in either version.
  public struct Blamed {
    public var packets: PacketSelection
    /// Nil where no chain looks at the packets.
    public var before: TraceResult.Decider?
    public var after: TraceResult.Decider?
    /// What an undecided side depends on.
    public var reasons: [String]
  }

  /// Parts beyond these are not told apart by who decided before.
  private static let partLimit = 128

  /// Splits a change by the rules and policies that decide its packets.
  public func blame(_ change: Change) -> [Blamed] {
    var parts: [Blamed] = []
    for (packets, decider, reasons) in deciders(of: change.packets, change.after, after) {
      let earlier = carry(packets, after, before)
      for (part, formerDecider, formerReasons) in deciders(of: earlier, change.before, before) {
        let own = carry(part, before, after)
        let reasons = reasons + formerReasons.filter { !reasons.contains($0) }
        if let index = parts.firstIndex(where: { $0.before == formerDecider && $0.after == decider }) {
          parts[index].packets = after.union(parts[index].packets, own)
          parts[index].reasons += reasons.filter { !parts[index].reasons.contains($0) }
        } else {
          parts.append(Blamed(packets: own, before: formerDecider, after: decider, reasons: reasons))
        }
      }
      if parts.count > Self.partLimit { break }
    }
    let named = parts.reduce(PacketSelection(set: DiagramStore.nothing, entry: 0)) { after.union($0, $1.packets) }
    let rest = after.difference(change.packets, named)
    if !rest.isEmpty { parts.append(Blamed(packets: rest, before: nil, after: nil, reasons: [])) }
    return parts
  }

  /// Splits packets of one fate by who decides it.
  private func deciders(
    of packets: PacketSelection, _ fate: Fate, _ evaluator: PathEvaluator
  ) -> [(packets: PacketSelection, decider: TraceResult.Decider?, reasons: [String])] {
    let blames = fate == .blocked ? evaluator.blameDrops(packets) : evaluator.blameAccepts(packets)
    let tracer = PacketTracer(graphs: evaluator.graphs, facts: evaluator.facts)
    var rest = packets
    var result: [(packets: PacketSelection, decider: TraceResult.Decider?, reasons: [String])] = []
    // What is perhaps dropped by one rule and surely by another is named at both: the first one counts.
    for blame in blames {
      let own = evaluator.intersection(blame.packets, rest)
      guard !own.isEmpty else { continue }
      rest = evaluator.difference(rest, own)
      var decider = blame.decider
      var reasons: [String] = []
      if fate == .undecided, let packet = evaluator.witness(of: own) {
        let trace = tracer.trace(packet)
        decider = trace.undecidedAt ?? decider
        reasons = trace.reasons
      }
      result.append((own, decider, reasons))
    }
    if !rest.isEmpty { result.append((rest, nil, [])) }
    return result
  }
}

extension PathEvaluator {
  /// The accepted packets of a selection by what is rewritten of their addresses and ports.
  func rewritings(of selection: PacketSelection) -> [[Rewrite.Assignment]: Diagram] {
    let diagram = store.filtered(outcome(of: selection), by: selection.set)
    var outcomes: Set<Outcome> = []
    for terminal in store.terminals(of: diagram, inside: DiagramStore.passing) {
      outcomes.formUnion(store.outcomes(terminal))
    }
    var result: [[Rewrite.Assignment]: Diagram] = [:]
    for outcome in outcomes where outcome.verdict == .accept {
      // What becomes of marks shows in the verdict, or nowhere.
      let key = store.rewrite(outcome.rewrite).assignments
      let set = store.mapped(diagram, .contains(outcome))
      result[key] = store.union(result[key] ?? DiagramStore.nothing, set)
    }
    return result
  }
}
