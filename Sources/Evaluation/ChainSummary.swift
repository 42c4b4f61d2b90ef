import PacketSets
import RuleGraph

/// A chain as called at some stage: what its matches mean may depend on the hook.
struct ChainKey: Hashable {
  var graph: Int
  var chain: UInt32
  var hook: Hook
  var precedesConntrack: Bool
}

/// A lookup as used at some stage.
struct LookupKey: Hashable {
  var graph: Int
  var lookup: UInt32
  var hook: Hook
  var precedesConntrack: Bool
  var isVerdictMap: Bool
}

/// What a chain makes of packets, kept as the balanced tree that it was folded from so that blame can walk it.
struct ChainSummary {
  /// A run of the chain's rules; leaves hold one rule, or several that differ in one field.
  struct Segment {
    var diagram: Diagram
    /// Child segments, or -1 in leaves.
    var left: Int32 = -1
    var right: Int32 = -1
    /// A leaf's rules, as a range of `rules`.
    var first: Int32 = 0
    var count: Int32 = 0
  }

  /// The rules that meet the hull, in order.
  var rules: [UInt32] = []
  var segments: [Segment] = []
  /// The whole chain; -1 when no rule meets the hull.
  var root: Int32 = -1

  /// Outcomes of the chain: pass where it runs out of rules.
  var diagram: Diagram { root < 0 ? DiagramStore.passing : segments[Int(root)].diagram }
}
