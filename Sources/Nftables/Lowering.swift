import PacketSets
import RuleGraph
import SourceText

/// Parses the rules of a finished rule set and lowers them to a rule graph, one after the other.
///
/// Rules become items straight from their tokens; what one rule needs lives in buffers that the next one uses again.
struct Lowering {
  var ruleset: Ruleset
  var graph: RuleGraph
  let limits: NftablesLimits
  let buffers: [UnsafeBufferPointer<UInt8>]
  var diagnostics: [Diagnostic]

  // The text that is being read.
  var lexer: Lexer
  var token = Token.none
  /// Just past the token before this one.
  var lastEnd: UInt32 = 0
  var file = 0
  var environment: UInt32 = 0
  var depth = 0
  /// Elements that variables have expanded to.
  var expansion = 0

  // Where rules stand.
  /// The table of the model.
  var table = 0
  /// The same table of the graph.
  var graphTable: UInt32 = 0
  var family = TableFamily.inet
  var base: BaseChain?
  /// Graph chains of the current table by name.
  var chainIndices: [String: UInt32] = [:]
  /// Lowered sets by table, then set.
  var sets: [[LoweredSet]] = []
  var anonymousChains = 0
  /// The set of protocols with ports in `RuleGraph.sets`, once it is needed.
  var portProtocols: UInt32?
  /// Chains without names that are being read, one in the other.
  var chainDepth = 0
  /// The largest value of the generated or hashed number that was read last.
  var lastModulusEnd: UInt64 = 0
  /// Whether an expression is a new value, in which constants may be wider than the old one.
  var isAssigning = false
  /// Whether expressions only name types.
  var isTypeof = false
  /// Whether expressions become an element's key, which no constant is compared with.
  var isElementKey = false
  /// Whether the elements that are read are to be deleted.
  var isDeleting = false

  // The rule that is being read.
  var items: [RuleItem] = []
  var verdict = Verdict.none
  var isTerminated = false
  var isApproximated = false
  var hasEffect = false
  var context = RuleContext()
  /// The verdict map that the rule has passed.
  var pendingMap: PendingMap?
  /// The part of the rule that some packets read otherwise.
  var fork: Fork?
  /// Where the operator of the last match stands.
  var relationSpan = TextSpan.none
  /// What a port that is read translates.
  var portKind = Translation.Kind.destination
  /// Demands of the rule on the base chains that lead to it.
  var needs: [PlaceNeed] = []
  /// The same of all rules that stand in other chains, with the chain of the graph.
  var chainNeeds: [(chain: Int, need: PlaceNeed)] = []
  /// Set when a constant cannot be known offline, as a host name.
  var unresolved: UInt32?

  /// Lowers a rule set.
  static func lower(_ ruleset: Ruleset, limits: NftablesLimits) -> (RuleGraph, [Diagnostic]) {
    withBuffers(ruleset.sources, from: 0, []) { buffers in
      var lowering = Lowering(ruleset, limits: limits, buffers: buffers)
      lowering.lowerAll()
      return (lowering.graph, lowering.diagnostics)
    }
  }

  private static func withBuffers<Result>(
    _ sources: [SourceFile], from index: Int, _ buffers: [UnsafeBufferPointer<UInt8>],
    _ body: ([UnsafeBufferPointer<UInt8>]) -> Result
  ) -> Result {
    guard index < sources.count else { return body(buffers) }
    return sources[index].bytes.withUnsafeBufferPointer { buffer in
      withBuffers(sources, from: index + 1, buffers + [buffer], body)
    }
  }

  private init(_ ruleset: Ruleset, limits: NftablesLimits, buffers: [UnsafeBufferPointer<UInt8>]) {
    self.ruleset = ruleset
    self.limits = limits
    self.buffers = buffers
    diagnostics = ruleset.diagnostics
    graph = RuleGraph(dialect: .nftables, source: ruleset.sources[0])
    graph.sources = ruleset.sources
    lexer = Lexer(buffers.first ?? UnsafeBufferPointer(start: nil, count: 0))
  }

  private mutating func lowerAll() {
    var chains: [[(model: Int, graph: Int)]] = []
    for index in ruleset.tables.indices { chains.append(ruleset.tables[index].isDeleted ? [] : declare(index)) }
    sets = ruleset.tables.map { table in table.sets.map { _ in LoweredSet() } }
    for index in ruleset.tables.indices where !ruleset.tables[index].isDeleted {
      enter(index, chains[index])
      for set in ruleset.tables[index].sets.indices where !ruleset.tables[index].sets[set].isDeleted {
        lowerSet(index, set)
      }
    }
    let count = ruleset.tables.reduce(0) { $1.isDeleted ? $0 : $1.chains.reduce($0) { $0 + $1.rules.count } }
    graph.rules.reserveCapacity(count)
    graph.items.reserveCapacity(count * 4)
    for index in ruleset.tables.indices where !ruleset.tables[index].isDeleted {
      enter(index, chains[index])
      for chain in chains[index] { lowerRules(chain.model, into: chain.graph) }
    }
    graph.settleIndifferentRules()
    checkCalls()
    sortDiagnostics()
  }

  /// Puts diagnostics into the order of the text, each once: what a variable holds is read wherever it is used.
  private mutating func sortDiagnostics() {
    func key(_ diagnostic: Diagnostic) -> (Int, UInt32, UInt32, String) {
      (diagnostic.file, diagnostic.range.start, diagnostic.range.end, diagnostic.message)
    }
    diagnostics.sort { key($0) < key($1) }
    var last: Diagnostic?
    diagnostics.removeAll { diagnostic in
      defer { last = diagnostic }
      return diagnostic == last
    }
  }

  /// Declares a table and its chains in the graph.
  private mutating func declare(_ index: Int) -> [(model: Int, graph: Int)] {
    let table = ruleset.tables[index]
    let graphTable = UInt32(graph.tables.count)
    graph.tables.append(
      Table(
        name: graph.names.intern(table.name), family: table.family, isDormant: table.isDormant, file: table.span.file,
        range: table.span.range))
    var chains: [(model: Int, graph: Int)] = []
    for (model, chain) in table.chains.enumerated() where !chain.isDeleted {
      var base = chain.base
      base?.devices = chain.devices.map { graph.names.intern($0) }
      chains.append((model, graph.chains.count))
      graph.chains.append(
        Chain(
          name: graph.names.intern(chain.name), table: graphTable, base: base, file: chain.span.file,
          range: chain.span.range))
      if chain.base == nil, !chain.hasFaultyHook, let policy = chain.pendingPolicy {
        report(.error, "a chain without a hook has no policy", policy.span)
      }
    }
    return chains
  }

  /// Makes a table the current one.
  private mutating func enter(_ index: Int, _ chains: [(model: Int, graph: Int)]) {
    table = index
    family = ruleset.tables[index].family
    chainIndices = [:]
    for chain in chains {
      graphTable = graph.chains[chain.graph].table
      chainIndices[ruleset.tables[index].chains[chain.model].name] = UInt32(chain.graph)
    }
  }

  private mutating func lowerRules(_ model: Int, into chain: Int) {
    base = graph.chains[chain].base
    let rules = ruleset.tables[table].chains[model].rules
    graph.chains[chain].rules.reserveCapacity(rules.count)
    for rule in rules { lowerRule(rule, into: chain) }
  }

  // MARK: Reports

  mutating func report(_ severity: Severity, _ message: String, _ span: TextSpan) {
    guard diagnostics.count < limits.diagnostics else { return }
    diagnostics.append(Diagnostic(severity, message, file: Int(span.file), range: span.range))
  }
}
