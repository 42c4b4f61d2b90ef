import PacketSets
import RuleGraph

/// What rules do to packets of every kind: which never match, which are shadowed, which are redundant.
///
/// A chain is judged in each context in which it is called (family, hook, before or after connection tracking); a rule
/// counts as shadowed or redundant only when it is so in all contexts in which it can match at all. What cannot be
/// decided offline is never taken for coverage, so there is no false alarm.
public struct RuleAnalysis: Sendable {
  /// What is known of one rule.
  public struct Judgement: Sendable, Hashable {
    /// Contexts in which its matches were looked at, and those in which they exclude every packet.
    var examined = 0
    var neverMatches = 0
    /// Contexts in which it matches something and its verdict was judged.
    var judged = 0
    var shadowed = 0
    var redundant = 0

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

  /// Every rule that was judged.
  public private(set) var judgements: [RuleID: Judgement] = [:]
  /// The rules that together shadow a shadowed one, in the order of the chain; at most `causeLimit` of them.
  public private(set) var causes: [RuleID: [UInt32]] = [:]
  /// Chains that were too large to be judged, by graph and chain.
  public private(set) var skipped: Set<[UInt32]> = []

  /// Chains of more rules are not judged: their diagrams would not be small.
  public static let chainLimit = 4096
  /// Diagram edges that the analysis of one family and path may take.
  static let edgeLimit = 6_000_000
  static let causeLimit = 8

  /// Judges the rules of some graphs that are loaded side by side.
  ///
  /// - Parameter edgeLimit: budget of diagram edges for one family and path, if it is lower than the usual one.
  public init(graphs: [RuleGraph], facts: SiteFacts = SiteFacts(), edgeLimit: Int = .max) {
    for family in IPFamily.allCases {
      var done: Set<ChainKey> = []
      for path in Packet.Path.allCases {
        let stages = PathStage.stages(of: graphs, family: family, path: path)
        guard !stages.isEmpty else { continue }
        let evaluator = PathEvaluator(
          graphs: graphs, facts: facts, question: PathQuestion(family: family, path: path, phase: .any),
          edgeLimit: min(Self.edgeLimit, edgeLimit))
        for stage in stages {
          evaluator.judge(UInt32(stage.chain), stage: stage, depth: 0, into: &self, done: &done)
        }
      }
    }
  }

  mutating func skip(_ graph: Int, _ chain: UInt32) { skipped.insert([UInt32(graph), chain]) }

  mutating func add(_ id: RuleID, _ change: (inout Judgement) -> Void) { change(&judgements[id, default: Judgement()]) }

  mutating func addCauses(_ id: RuleID, _ rules: [UInt32]) {
    for rule in rules {
      guard causes[id, default: []].count < Self.causeLimit else { return }
      if !causes[id, default: []].contains(rule) { causes[id, default: []].append(rule) }
    }
  }
}
