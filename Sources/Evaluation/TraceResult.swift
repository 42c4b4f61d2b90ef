import PacketSets
import RuleGraph
import SourceText

/// The final answer on a traced packet.
public enum TraceVerdict: String, Sendable, Hashable {
  case accept
  case drop
  case reject
  case undecided
}

/// What became of a traced packet.
public struct TraceResult: Sendable {

  /// Who decided.
  public struct Decider: Sendable, Hashable {
    /// The graph, as an index into the tracer's graphs.
    public var graph: Int
    /// The rule; nil when a policy decided.
    public var rule: UInt32?
    /// The base chain whose policy decided, or the chain that holds the rule.
    public var chain: UInt32

    /// Makes a decider.
    public init(graph: Int, rule: UInt32?, chain: UInt32) {
      self.graph = graph
      self.rule = rule
      self.chain = chain
    }
  }

  /// One rule that was looked at.
  public struct Step: Sendable, Hashable {
    public var graph: Int
    public var hook: Hook
    public var chain: UInt32
    /// The rule; nil for the chain's policy.
    public var rule: UInt32?
    public var match: Ternary
    public var verdict: Verdict
    /// Depth of jumps, from 0.
    public var depth: Int
  }

  /// Whether another answer says the same of the packet's fate.
  func agrees(with other: TraceResult) -> Bool {
    func fate(_ verdict: TraceVerdict) -> TraceVerdict { verdict == .reject ? .drop : verdict }
    return fate(verdict) == fate(other.verdict) && newSource == other.newSource
      && newDestination == other.newDestination && newSourcePort == other.newSourcePort
      && newDestinationPort == other.newDestinationPort
  }

  public var verdict: TraceVerdict
  /// Nil when no chain is on the path: the packet passes, or an implicit deny.
  public var decider: Decider?
  /// Rewritten values where NAT changed them and they are known.
  public var newSource: IPAddress?
  public var newDestination: IPAddress?
  public var newSourcePort: UInt16?
  public var newDestinationPort: UInt16?
  /// Why the answer is undecided: the constructs in the order in which they were met.
  public var reasons: [String]
  /// The first rule that could not be decided; nil when the verdict is not undecided.
  public var undecidedAt: Decider?
  /// The walk, when it was asked for.
  public var steps: [Step]
}
