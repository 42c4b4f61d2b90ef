import PacketSets
import RuleGraph

/// What rules do to packets of every kind: which never match, which are shadowed, which are redundant.
///
/// A chain is judged in each context in which it is called (family, hook, before or after connection tracking); a rule
/// counts as shadowed or redundant only when it is so in all contexts in which it can match at all. What cannot be
/// decided offline is never taken for coverage, so there is no false alarm.
///
/// Rules that are unions of a few boxes are compared with one another as boxes, however many they are. Where a chain
/// calls others, or a rule is no union of boxes, whole-chain diagrams are made while they stay small.
public struct RuleAnalysis: Sendable {
  /// What is known of one rule.
  public struct Judgement: Sendable, Hashable {
    /// Contexts in which its matches were looked at, and those in which they exclude every packet.
    var examined: UInt8 = 0
    var neverMatches: UInt8 = 0
    /// Contexts in which it matches something and its verdict was judged.
    var judged: UInt8 = 0
    var shadowed: UInt8 = 0
    var redundant: UInt8 = 0

    /// Whether the rule matches no packet anywhere.
    public var isNeverTrue: Bool { examined > 0 && neverMatches == examined }
    /// Whether earlier rules decide all that it matches.
    public var isShadowed: Bool { judged > 0 && shadowed == judged }
    /// Whether every packet would meet the same fate without it.
    public var isRedundant: Bool { redundant > 0 && redundant + shadowed == judged }
  }

  /// A rule by graph and index.
  public struct RuleID: Sendable, Hashable, Comparable {
    public var graph: Int
    public var chain: UInt32
    public var rule: UInt32

    public static func < (left: RuleID, right: RuleID) -> Bool {
      (left.graph, left.chain, left.rule) < (right.graph, right.chain, right.rule)
    }
  }

  /// A chain by graph and index.
  struct ChainID: Sendable, Hashable, Comparable {
    var graph: Int
    var chain: UInt32

    static func < (left: ChainID, right: ChainID) -> Bool { (left.graph, left.chain) < (right.graph, right.chain) }
  }

  /// One judgement a rule, in the order of the chain.
  private var judgements: [ChainID: [Judgement]] = [:]
  /// The rules that together shadow a shadowed one, where diagrams told.
  private var knownCauses: [RuleID: [UInt32]] = [:]
  /// Rules that shadow others, by graph.
  private var causing: [Int: Set<UInt32>] = [:]
  /// What tells the causes in chains with very many shadowed rules, a judge for each context.
  private var judges: [ChainID: [BoxJudge]] = [:]
  /// Chains of which a part could not be judged, by graph and chain.
  public private(set) var skipped: Set<[UInt32]> = []

  /// Chains that lead to more rules are judged as boxes only: their diagrams would not be small.
  public static let chainLimit = 4096
  /// Diagram edges that the analysis of one family and path may take.
  static let edgeLimit = 6_000_000
  static let causeLimit = 8
  /// Shadowed rules of a chain whose causes are all looked for; of more, when they are asked for.
  static let knownCauseLimit = 1000

  /// How chains are judged; one way or the other is for tests, which hold them against each other.
  public enum Method: Sendable {
    case automatic
    case boxes
    case diagrams
  }

  let method: Method

  /// Judges the rules of some graphs that are loaded side by side.
  ///
  /// - Parameter edgeLimit: budget of diagram edges for one family and path, if it is lower than the usual one.
  public init(
    graphs: [RuleGraph], facts: SiteFacts = SiteFacts(), edgeLimit: Int = .max, method: Method = .automatic
  ) {
    self.method = method
    for family in IPFamily.allCases {
      var done: Set<ChainKey> = []
      for path in Packet.Path.allCases {
        let stages = PathStage.stages(of: graphs, family: family, path: path)
        guard !stages.isEmpty else { continue }
        var question = PathQuestion(family: family, path: path, phase: .any)
        question.distinguishesTCPFlags = true
        let evaluator = PathEvaluator(
          graphs: graphs, facts: facts, question: question,
          edgeLimit: min(Self.edgeLimit, edgeLimit))
        for stage in stages {
          evaluator.judge(UInt32(stage.chain), stage: stage, depth: 0, into: &self, done: &done)
        }
      }
    }
  }

  /// Every rule that was judged, in the order of graphs, chains and rules.
  public func forEach(of graphs: [RuleGraph], _ visit: (RuleID, Judgement) -> Void) {
    for (id, judgements) in judgements.sorted(by: { $0.key < $1.key }) {
      let rules = graphs[id.graph].chains[Int(id.chain)].rules
      for (place, judgement) in judgements.enumerated() where judgement.examined > 0 || judgement.judged > 0 {
        visit(RuleID(graph: id.graph, chain: id.chain, rule: rules[place]), judgement)
      }
    }
  }

  /// The rules that together shadow a shadowed one, in the order of the chain; at most `causeLimit` of them.
  public func causes(of id: RuleID, in graphs: [RuleGraph]) -> [UInt32] {
    var causes = knownCauses[id] ?? []
    let rules = graphs[id.graph].chains[Int(id.chain)].rules
    guard let place = rules.firstIndex(of: id.rule) else { return causes }
    for judge in judges[ChainID(graph: id.graph, chain: id.chain)] ?? [] where judge.chain.rules[place].isJudged {
      for cause in judge.causes(of: place, limit: Self.causeLimit) where causes.count < Self.causeLimit {
        if !causes.contains(rules[cause]) { causes.append(rules[cause]) }
      }
    }
    return causes
  }

  /// Whether a rule shadows another one, or may do so where very many are shadowed.
  public func isCause(_ id: RuleID) -> Bool { causing[id.graph]?.contains(id.rule) ?? false }

  mutating func skip(_ graph: Int, _ chain: UInt32) { skipped.insert([UInt32(graph), chain]) }

  /// Adds what a context says of a chain's rules, by their places.
  mutating func add(_ id: ChainID, _ found: [Judgement], judge: BoxJudge? = nil, causing rules: [UInt32] = []) {
    if let judge { judges[id, default: []].append(judge) }
    if !rules.isEmpty { causing[id.graph, default: []].formUnion(rules) }
    guard var known = judgements[id] else {
      judgements[id] = found
      return
    }
    judgements[id] = nil
    for place in found.indices {
      known[place].examined &+= found[place].examined
      known[place].neverMatches &+= found[place].neverMatches
      known[place].judged &+= found[place].judged
      known[place].shadowed &+= found[place].shadowed
      known[place].redundant &+= found[place].redundant
    }
    judgements[id] = known
  }

  mutating func addCauses(_ id: RuleID, _ rules: [UInt32]) {
    if !rules.isEmpty { causing[id.graph, default: []].formUnion(rules) }
    for rule in rules {
      guard knownCauses[id, default: []].count < Self.causeLimit else { return }
      if !knownCauses[id, default: []].contains(rule) { knownCauses[id, default: []].append(rule) }
    }
  }
}
