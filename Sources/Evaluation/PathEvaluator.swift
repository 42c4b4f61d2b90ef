import PacketSets
import RuleGraph

/// Summarises what rule sets do to all packets of a path at once.
///
/// One summary answers every flow and the excess: a diagram whose terminals are sets of outcomes. *Surely allowed* is
/// where `accept` is the only verdict, *possibly allowed* where it is one of them.
///
/// **Invariant:** agrees with `PacketTracer` on every packet of the question whose fields are known.
public final class PathEvaluator {
  let graphs: [RuleGraph]
  let facts: SiteFacts
  public let question: PathQuestion
  public let layout: PacketLayout
  let stages: [PathStage]
  let states: StateDomain
  let interfaces: InterfaceDomain
  /// Clipping hulls in the widths of the family; nil for all addresses.
  let sourceHull: AddressHull?
  let destinationHull: AddressHull?
  let mayTranslateDestination: Bool
  var store: DiagramStore
  var summaries: [ChainKey: ChainSummary] = [:]
  var openChains: Set<ChainKey> = []
  var lookupSets: [LookupKey: Diagram] = [:]
  var box = BoxConstraints()
  private var totalSummary: Diagram?
  /// Calls of chains that blaming has followed so far.
  var calls = 0
  /// Calls that blaming may follow before its answers count as not known.
  static let callLimit = 20_000
  /// The summary as selections meet it, by how they enter.
  var outcomes: [UInt32: Diagram] = [:]
  /// The packets that surely or perhaps pass, by how selections enter and which of the two.
  var allowances: [[UInt32]: Diagram] = [:]

  /// Chains may call one another this deep before the answer becomes undecided.
  static let depthLimit = 64

  /// Prepares to answer a question about rule sets that are loaded side by side.
  ///
  /// - Parameter edgeLimit: budget of diagram edges (8 bytes each); beyond it answers become undecided.
  public init(
    graphs: [RuleGraph], facts: SiteFacts = SiteFacts(), question: PathQuestion, edgeLimit: Int = 48_000_000
  ) {
    self.graphs = graphs
    self.facts = facts
    self.question = question
    layout = PacketLayout(family: question.family)
    stages = PathStage.stages(of: graphs, family: question.family, path: question.path)
    let vocabulary = PathVocabulary(
      graphs: graphs, stages: stages, interfaces: question.interfaces, interfacePrefixes: question.interfacePrefixes)
    interfaces = vocabulary.interfaces
    states = StateDomain(
      entries: question.entryStates, effects: vocabulary.orderedEffects,
      translations: question.phase == .reply ? [] : vocabulary.orderedTranslations,
      isForwarded: question.path == .forward)
    mayTranslateDestination = vocabulary.translations.contains(where: \.mapsDestination)
    // Images of packets meet later rules too: hulls must hold the addresses that mappings give.
    sourceHull = AddressHull(
      question.sources, widenedBy: vocabulary.translations.filter { !$0.mapsDestination }, family: question.family)
    destinationHull = AddressHull(
      question.destinations, widenedBy: vocabulary.translations.filter(\.mapsDestination), family: question.family)
    store = DiagramStore(
      lastValues: layout.lastValues(states: states.lastValue, interfaces: interfaces.lastValue),
      edgeLimit: edgeLimit)
  }

  /// Whether the budget ran out, so that answers are undecided.
  public var isExhausted: Bool { store.isExhausted }
  /// The number of diagram nodes made so far.
  public var nodeCount: Int { store.nodeCount }

  /// What becomes of packets on the whole path; terminals hold `accept` and `drop` with rewrites.
  public var summary: Diagram {
    if let totalSummary { return totalSummary }
    var total = DiagramStore.passing
    for (index, stage) in stages.enumerated().reversed() {
      let single = store.mapped(stageSummary(stage), .acceptToPass)
      total = store.then(single, total)
      if index == firstStageBehindHop { total = store.applied(hop, total) }
    }
    total = store.mapped(total, .policyAccept)
    totalSummary = total
    return total
  }

  /// The first stage that sees forwarded packets with their hop taken off; nil on other paths.
  var firstStageBehindHop: Int? {
    question.path == .forward ? stages.firstIndex { $0.hook.isBehindHop } : nil
  }

  /// The hop as a rewriting of the packet's state.
  var hop: UInt32 { store.intern(Rewrite(stateMap: states.map { $0.afterHop() })) }

  /// What one base chain makes of packets, its policy included.
  func stageSummary(_ stage: PathStage) -> Diagram {
    let chain = chainSummary(stage.graph, UInt32(stage.chain), stage: stage, depth: 0)
    let policy = graphs[stage.graph].chains[stage.chain].base?.policy ?? .accept
    let decided = store.mapped(chain.diagram, policy == .drop ? .policyDrop : .policyAccept)
    return store.guarded(stageGuard(stage), decided)
  }

  /// The packets that a base chain is called for.
  func stageGuard(_ stage: PathStage) -> Diagram {
    var set = DiagramStore.passing
    if stage.isNAT {
      let meeting = states.states.indices.filter { states.states[$0].meetsNAT(at: stage.hook) }
      set = store.split(
        level: PacketLayout.state, IntervalSet(meeting.map { Interval(UInt32($0)) }), inside: set,
        outside: DiagramStore.nothing)
    }
    if stage.hook == .ingress || stage.hook == .egress,
      let devices = graphs[stage.graph].chains[stage.chain].base?.devices, !devices.isEmpty
    {
      let values = devices.map { interfaces.values(matching: graphs[stage.graph].names[$0], isPrefix: false) }
      let level = stage.hook == .ingress ? PacketLayout.inputInterface : PacketLayout.outputInterface
      let onDevice = store.split(
        level: level, values.reduce(IntervalSet()) { $0.union($1) }, inside: DiagramStore.passing,
        outside: DiagramStore.nothing)
      set = store.intersection(set, onDevice)
    }
    return set
  }
}

extension Translation {
  /// Whether the destination is what changes.
  public var mapsDestination: Bool {
    switch kind {
    case .destination, .redirect, .destinationPrefix: true
    case .source, .masquerade, .sourcePrefix, .transparentProxy: false
    }
  }
}

extension PathEvaluator {
  /// The path that is summarised.
  public var path: Packet.Path { question.path }
}
