import PacketSets
import RuleGraph

/// Follows single packets through rule sets, rule by rule, as the kernel would.
///
/// Where a match cannot be decided both ways are followed; packets that have become equal are followed once, so that
/// the cost is the number of rules times the number of distinct rewrites, never the number of paths.
///
/// Independent of the packet-set engine on purpose: each is the other's oracle.
public struct PacketTracer: Sendable {
  let graphs: [RuleGraph]
  let facts: SiteFacts
  /// Whether any rule maps destinations, by graph.
  let translatesDestinations: Bool

  /// Makes a tracer for rule sets that are loaded side by side.
  public init(graphs: [RuleGraph], facts: SiteFacts = SiteFacts()) {
    self.graphs = graphs
    self.facts = facts
    translatesDestinations = graphs.contains { graph in
      graph.translations.contains { [.destination, .redirect, .destinationPrefix].contains($0.kind) }
    }
  }

  /// What becomes of a packet.
  ///
  /// - Parameter recordingSteps: whether the rules that were looked at are listed.
  public func trace(_ packet: Packet, recordingSteps: Bool = false) -> TraceResult {
    var walk = PacketWalk(tracer: self, packet: packet, recordsSteps: recordingSteps)
    return walk.run()
  }
}
