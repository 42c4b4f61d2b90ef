import RuleGraph

/// What the expressions of a rule so far have settled about packets that still match.
struct RuleContext {
  /// The network protocol of packets that still match.
  enum Network: UInt8 {
    case unknown
    case ipv4
    case ipv6
    /// Something else, such as ARP.
    case other
  }

  var network = Network.unknown
  /// Whether `network` comes from `meta protocol`, which nft lets later matches contradict.
  var isNetworkFromEtherType = false
  /// What `meta protocol` said, which reject may not contradict.
  var etherNetwork = Network.unknown
  /// The transport protocol; nil when it is not settled.
  var transport: UInt8?
  /// Whether packets that still match have ports.
  var hasPorts = false
  /// The mark that packets have by now, where the rule itself says it.
  var mark: UInt32?
  var connectionMark: UInt32?
}

/// A verdict map and what a packet must pass to reach it.
struct PendingMap {
  var items: [RuleItem]
  var verdict: Verdict
  var isApproximated: Bool
  /// The map in `RuleGraph.lookups`; nil when its verdicts are not known.
  var lookup: UInt32?
  /// Whether the last element stands for all keys that the others do not have.
  var hasCatchAll: Bool
  /// Whether statements follow.
  var isContinued = false
  /// Whether some element lets packets go on to them.
  var isReached = true
}

/// Items of a rule that do not say what happens to some packets, and what stands in their place for those.
struct Fork {
  var start: Int
  var end: Int
  var replacement: [RuleItem]
  /// Whether matches of ports behind it are unknown as well.
  var dropsPorts = false
}
