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
  /// Other orders in which the stages may stand; mostly none.
  let otherOrders: [[PathStage]]
  /// Whether some connection may be translated.
  let isTranslating: Bool
  /// Whether nat chains of the family are loaded.
  let hasNAT: Bool
  let states: StateDomain
  let interfaces: InterfaceDomain
  /// Clipping hulls in the widths of the family; nil for all addresses.
  let sourceHull: AddressHull?
  let destinationHull: AddressHull?
  let mayTranslateDestination: Bool
  let rewriting: HeaderRewriting
  /// What rules ask about original tuples behind address translation.
  let originals: OriginalQuestions
  /// The classes of TCP flags that rules tell apart, where the question does so.
  let flagClasses: TCPFlagClasses
  /// Whether some rule changes a packet's state without deciding it.
  let hasEffects: Bool
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
  /// Everything made until then is kept: summaries refer to it.
  private var kept = DiagramStore.Mark()
  /// Edges of results below which forgetting them gains nothing.
  private static let smallResults = 400_000
  /// Rewrites for selections whose input or output interface is not known, or neither.
  var entryRewrites: [UInt32?] = [nil, nil, nil, nil]
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
    let orders = PathStage.orders(of: graphs, family: question.family, path: question.path)
    stages = orders[0]
    otherOrders = Array(orders.dropFirst())
    hasNAT = PathStage.hasNAT(graphs, question.family)
    isTranslating = PathStage.translates(graphs, question.family)
    let vocabulary = PathVocabulary(
      graphs: graphs, stages: stages, interfaces: question.interfaces, interfacePrefixes: question.interfacePrefixes)
    interfaces = vocabulary.interfaces
    var entries = question.entryStates
    let isRewritten = !vocabulary.rewriting.fields.isEmpty
    // What answers a packet that was rewritten without translation is not of its connection.
    if question.phase == .reply, isRewritten {
      for index in entries.indices { entries[index].isOpaque = true }
    }
    // Where nothing is mapped, packets are their own originals.
    let asksOriginals = question.phase == .first && !isRewritten && stages.contains(where: \.isNAT)
    originals = asksOriginals ? OriginalQuestions(graphs, stages) : OriginalQuestions()
    if asksOriginals { entries = entries.flatMap(originals.entries) }
    flagClasses = question.distinguishesTCPFlags ? TCPFlagClasses(graphs) : TCPFlagClasses()
    entries = entries.flatMap(flagClasses.entries)
    states = StateDomain(
      entries: entries, effects: vocabulary.orderedEffects,
      translations: question.phase == .reply ? [] : vocabulary.orderedTranslations,
      isForwarded: question.path == .forward, isRewritten: isRewritten)
    hasEffects = !vocabulary.effects.isEmpty
    mayTranslateDestination = vocabulary.translations.contains(where: \.mapsDestination)
    // Images of packets meet later rules too: hulls must hold the addresses that mappings give.
    sourceHull = AddressHull(
      question.sources, widenedBy: vocabulary.translations.filter { !$0.mapsDestination },
      rewritten: vocabulary.rewriting.addresses(destination: false), family: question.family)
    destinationHull = AddressHull(
      question.destinations, widenedBy: vocabulary.translations.filter(\.mapsDestination),
      rewritten: vocabulary.rewriting.addresses(destination: true), family: question.family)
    rewriting = vocabulary.rewriting
    store = DiagramStore(
      lastValues: layout.lastValues(states: states.lastValue, interfaces: interfaces.lastValue),
      edgeLimit: edgeLimit)
  }

  /// Whether the budget ran out, so that answers are undecided.
  public var isExhausted: Bool { store.isExhausted }
  /// The number of diagram nodes made so far.
  public var nodeCount: Int { store.nodeCount }
  /// The number of diagram edges made so far.
  public var edgeCount: Int { store.edgeCount }

  /// What becomes of packets on the whole path; terminals hold `accept` and `drop` with rewrites.
  public var summary: Diagram {
    if let totalSummary { return totalSummary }
    let orders = [stages] + otherOrders
    var total = DiagramStore.nothing
    for order in orders {
      let one = summary(of: order)
      total = store.union(total, one)
    }
    total = classified(total)
    totalSummary = total
    keepAll()
    return total
  }

  /// Keeps what has been made so far when results are forgotten.
  func keepAll() { kept = store.mark }

  /// The present moment, for `forgetResults(since:)`.
  public var moment: DiagramStore.Mark { store.mark }

  /// Forgets results that were made since a moment, if they are large: selections made since then are void.
  public func forgetResults(since moment: DiagramStore.Mark = DiagramStore.Mark()) {
    let mark = moment.nodes > kept.nodes ? moment : kept
    if store.edgeCount - mark.edges > Self.smallResults { store.release(to: mark) }
  }

  private func summary(of stages: [PathStage]) -> Diagram {
    let place = hopPlace
    let endsWithHop = place == stages.count
    var total = endsWithHop ? behindHop(DiagramStore.accepting) : DiagramStore.accepting
    for (index, stage) in stages.enumerated().reversed() {
      // Who passes a base chain goes on to the next one; the last one's verdict is the path's.
      let isLast = index == stages.count - 1 && !endsWithHop
      let single = stageSummary(stage, isLast: isLast)
      total = isLast ? single : store.then(single, total)
      if index == place { total = behindHop(total) }
    }
    return total
  }

  /// The first stage that sees forwarded packets with their hop taken off, by index; nil on other paths.
  var hopPlace: Int? {
    question.path == .forward ? stages.firstIndex { $0.hook.isBehindHop } ?? stages.count : nil
  }

  /// The hop as a rewriting of the packet's state.
  var hop: UInt32 { store.intern(Rewrite(stateMap: states.map { $0.afterHop() })) }

  /// What becomes of packets at the router's hop, and behind it.
  private func behindHop(_ next: Diagram) -> Diagram {
    let ending = endingAtHop(inside: DiagramStore.dropping, perhaps: DiagramStore.dropping | DiagramStore.passing)
    return store.then(ending, store.applied(hop, next))
  }

  /// The packets that end at the router's hop; pass for others.
  func endingAtHop(inside: Diagram, perhaps: Diagram, outside: Diagram = DiagramStore.passing) -> Diagram {
    split(
      byState: { state in
        switch state.endsAtHop {
        case .no: outside
        case .yes: inside
        case .perhaps: perhaps
        }
      })
  }

  /// A terminal for each state.
  func split(byState terminal: (PacketState) -> Diagram) -> Diagram {
    let cases = states.states.enumerated().map { state, value in
      (values: Interval(UInt32(state)), diagram: terminal(value))
    }
    if cases.allSatisfy({ $0.diagram == cases[0].diagram }) { return cases[0].diagram }
    return store.split(level: PacketLayout.state, cases: cases, outside: DiagramStore.nothing)
  }

  /// What one base chain makes of packets, its policy included: accept, or pass where another chain follows.
  private func stageSummary(_ stage: PathStage, isLast: Bool) -> Diagram {
    let chain = chainSummary(stage.graph, UInt32(stage.chain), stage: stage, depth: 0)
    let policy = graphs[stage.graph].chains[stage.chain].base?.policy ?? .accept
    // One map for the policy and for what acceptance means: nodes of big sets are made once.
    let map: TerminalMap =
      isLast ? policy == .drop ? .policyDrop : .policyAccept : policy == .drop ? .stageDrop : .stageAccept
    let decided = store.mapped(chain.diagram, map)
    let guarding = stageGuard(stage)
    let seen = blurred(decided, at: stage)
    if guarding == DiagramStore.passing { return seen }
    let result = store.guarded(guarding, seen)
    return isLast ? store.mapped(result, .policyAccept) : result
  }

  /// A stage as packets of connections meet it that show other ends there than where rules filter.
  private func blurred(_ diagram: Diagram, at stage: PathStage) -> Diagram {
    guard isTranslating, stage.facesWire, question.phase != .first else { return diagram }
    let first = stage.hook.blursDestination ? layout.destination : PacketLayout.source
    let port = stage.hook.blursDestination ? PacketLayout.port : layout.sourcePort
    var rewrite = Rewrite(
      assignments: (0..<layout.words).map { Rewrite.Assignment(level: first + $0, values: .all) })
    rewrite.isTransient = true
    let addresses = store.applied(store.intern(rewrite), diagram)
    rewrite.assignments.append(Rewrite.Assignment(level: port, values: Interval(0, 65535)))
    rewrite.assignments.sort { $0.level < $1.level }
    let both = store.applied(store.intern(rewrite), diagram)
    let having = protocolsWithPorts
    let blurred = store.union(
      store.filtered(both, by: having), store.filtered(addresses, by: store.mapped(having, .complement)))
    func isMember(_ state: PacketState) -> Bool { state.hasConnection && state.conntrack != .new }
    let members = split(byState: { isMember($0) ? DiagramStore.passing : DiagramStore.nothing })
    return store.union(
      store.filtered(blurred, by: members), store.filtered(diagram, by: store.mapped(members, .complement)))
  }

  /// The packets that a base chain is called for.
  func stageGuard(_ stage: PathStage) -> Diagram {
    var set = DiagramStore.passing
    if stage.isNAT {
      set = split(byState: { state in
        switch state.meetsNAT(at: stage.hook) {
        case .no: DiagramStore.nothing
        case .yes: DiagramStore.passing
        case .perhaps: DiagramStore.maybe
        }
      })
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
