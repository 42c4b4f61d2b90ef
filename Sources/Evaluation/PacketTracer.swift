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
  /// Families of which some connection may be translated.
  let translatedFamilies: Set<IPFamily>
  /// Families of which nat chains are loaded.
  let familiesWithNAT: Set<IPFamily>

  /// Makes a tracer for rule sets that are loaded side by side.
  public init(graphs: [RuleGraph], facts: SiteFacts = SiteFacts()) {
    self.graphs = graphs
    self.facts = facts
    translatesDestinations = graphs.contains { graph in
      graph.translations.contains { [.destination, .redirect, .destinationPrefix].contains($0.kind) }
    }
    familiesWithNAT = Set(IPFamily.allCases.filter { PathStage.hasNAT(graphs, $0) })
    translatedFamilies = Set(IPFamily.allCases.filter { PathStage.translates(graphs, $0) })
  }

  /// What becomes of a packet.
  ///
  /// - Parameter recordingSteps: whether the rules that were looked at are listed.
  public func trace(_ packet: Packet, recordingSteps: Bool = false) -> TraceResult {
    let results = PathStage.orders(of: graphs, family: packet.family, path: packet.path).map { stages in
      var walk = PacketWalk(tracer: self, packet: packet, recordsSteps: recordingSteps)
      return walk.run(stages)
    }
    var result = results[0]
    for other in results.dropFirst() where !other.agrees(with: result) {
      result.verdict = .undecided
      result.reasons.append("a chain at the place of NAT, which runs before or behind it")
      result.undecidedAt = result.undecidedAt ?? other.decider ?? result.decider
      result.newSource = nil
      result.newDestination = nil
      result.newSourcePort = nil
      result.newDestinationPort = nil
      break
    }
    return result
  }
}
