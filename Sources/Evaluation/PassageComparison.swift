import PacketSets
import RuleGraph

/// What two versions of rule sets let through on one path, side by side in one space of packets.
///
/// Packets of every state, with any flags and interfaces count, not only those of some site.
public final class PassageComparison {
  private let evaluator: PathEvaluator
  private let before: Diagram
  private let after: Diagram

  /// What passes after the change and did not before, or surely passes and only perhaps did.
  public let gained: PacketSelection
  /// What passed before the change and no longer does, or only perhaps does.
  public let lost: PacketSelection

  /// Compares two versions of the rule sets of one firewall.
  ///
  /// - Parameter edgeLimit: budget of diagram edges; beyond it `isExhausted` is set and nothing is known.
  public init(
    before old: [RuleGraph], after new: [RuleGraph], facts: SiteFacts, family: IPFamily, path: Packet.Path,
    interfaces: Set<String> = [], edgeLimit: Int = 16_000_000
  ) {
    evaluator = PathEvaluator(
      graphs: old + new, facts: facts,
      question: PathQuestion(family: family, path: path, phase: .any, interfaces: interfaces), edgeLimit: edgeLimit)
    before = evaluator.total(ofGraphs: 0..<old.count)
    after = evaluator.total(ofGraphs: old.count..<(old.count + new.count))
    gained = evaluator.excess(of: after, over: before)
    lost = evaluator.excess(of: before, over: after)
  }

  /// Whether the budget ran out, so that nothing is known.
  public var isExhausted: Bool { evaluator.isExhausted }

  /// Whether every packet meets the same fate in both versions, rewriting of addresses included.
  public var isSame: Bool { before == after }

  /// The packets of a selection that lie in no box; a box holds packets of the given states, of all by default.
  public func rest(of selection: PacketSelection, without boxes: [PacketBox], states: Set<ConntrackState>? = nil)
    -> PacketSelection
  {
    var rest = selection
    for box in boxes where !rest.isEmpty {
      rest = evaluator.difference(rest, PacketSelection(set: evaluator.region(box, states), entry: 0))
    }
    return rest
  }

  /// The packets of a selection that lie in some box.
  public func part(of selection: PacketSelection, inside boxes: [PacketBox]) -> PacketSelection {
    evaluator.difference(selection, rest(of: selection, without: boxes))
  }

  /// A selection in a few boxes, for messages.
  public func boxes(of selection: PacketSelection) -> [PacketBox] { evaluator.boxes(of: selection, limit: 4).boxes }
}

extension PathEvaluator {
  /// What becomes of entering packets in the base chains of some graphs only.
  fileprivate func total(ofGraphs own: Range<Int>) -> Diagram {
    let stages = stages.filter { own.contains($0.graph) }
    let behindHop = question.path == .forward ? stages.firstIndex { $0.hook.isBehindHop } : nil
    var total = DiagramStore.passing
    for (index, stage) in stages.enumerated().reversed() {
      let single = store.mapped(stageSummary(stage), .acceptToPass)
      total = store.then(single, total)
      if index == behindHop { total = store.applied(hop, total) }
    }
    return store.filtered(store.mapped(total, .policyAccept), by: region(PacketBox(), nil))
  }

  /// What surely passes in one summary and not in another, or perhaps passes and not in the other.
  fileprivate func excess(of left: Diagram, over right: Diagram) -> PacketSelection {
    var result = DiagramStore.nothing
    for map in [TerminalMap.surelyAccepted, .possiblyAccepted] {
      result = store.union(result, store.difference(store.mapped(left, map), store.mapped(right, map)))
    }
    return PacketSelection(set: result, entry: 0)
  }

  /// The packets of a box in some of the states in which packets enter.
  fileprivate func region(_ box: PacketBox, _ wanted: Set<ConntrackState>?) -> Diagram {
    var set = DiagramStore.passing
    func narrow(_ values: IntervalSet<UInt32>?, at level: Int) {
      guard let values else { return }
      set = store.split(level: level, values, inside: set, outside: DiagramStore.nothing)
    }
    func addresses(_ values: AddressSet?, at level: Int) {
      guard let values else { return }
      if layout.family == .v4 { return narrow(values.v4, at: level) }
      set = store.splitWide(firstLevel: level, values.v6.intervals, inside: set, outside: DiagramStore.nothing)
    }
    func interface(_ names: Set<String>?, at level: Int) {
      narrow(names.map { IntervalSet($0.map { Interval(interfaces.value(of: $0)) }) }, at: level)
    }
    narrow(box.sourcePorts, at: layout.sourcePort)
    addresses(box.destinations, at: layout.destination)
    addresses(box.sources, at: PacketLayout.source)
    interface(box.outputInterfaces, at: PacketLayout.outputInterface)
    interface(box.inputInterfaces, at: PacketLayout.inputInterface)
    narrow(box.ports, at: PacketLayout.port)
    narrow(box.protocols, at: PacketLayout.protocolNumber)
    let entries = ConntrackState.allCases.enumerated().filter { wanted?.contains($0.element) ?? true }
    narrow(IntervalSet(entries.map { Interval(UInt32($0.offset)) }), at: PacketLayout.state)
    return set
  }
}
