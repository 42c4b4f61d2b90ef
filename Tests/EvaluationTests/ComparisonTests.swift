import Evaluation
import PacketSets
import RuleGraph
import Testing

/// What is said of two random rule sets is what the tracer says of each.
@Suite struct ComparisonTests {
  #if DEBUG
    static let pairCount = 3
  #else
    static let pairCount = 60
  #endif

  @Test(arguments: IPFamily.allCases, [false, true])
  func changesAgreeWithTracer(family: IPFamily, undecidable: Bool) {
    var shown = 0
    for seed in 0..<UInt64(Self.pairCount) {
      var random = RandomGraph(seed: 2 * seed, family: family, allowsUndecidable: undecidable)
      let old = random.build()
      random = RandomGraph(seed: 2 * seed + 1, family: family, allowsUndecidable: undecidable)
      let new = random.build()
      let tracers = (PacketTracer(graphs: [old]), PacketTracer(graphs: [new]))
      for path in Packet.Path.allCases {
        let comparison = PathComparison(
          before: [old], after: [new], question: PathQuestion(family: family, path: path, phase: .first),
          edgeLimit: 1_000_000)
        let result = comparison.compare(comparison.select([PacketBox()]))
        if comparison.isExhausted { continue }
        for change in result.changes {
          guard let packet = comparison.after.witness(of: change.packets) else { continue }
          shown += 1
          #expect(Self.fate(tracers.0.trace(packet)) == change.before, "seed \(seed) \(path) \(packet)")
          #expect(Self.fate(tracers.1.trace(packet)) == change.after, "seed \(seed) \(path) \(packet)")
          let parts = comparison.blame(change).map(\.packets)
          let whole = parts.reduce(comparison.select([])) { comparison.after.union($0, $1) }
          if !comparison.isExhausted { #expect(whole == change.packets, "seed \(seed) \(path): not all blamed") }
        }
        // Packets of no change fare alike.
        for _ in 0..<20 {
          let packet = DifferentialTests.packet(&random, family: family, path: path)
          let single = comparison.after.select(PacketBox(packet))
          let fates = (Self.fate(tracers.0.trace(packet)), Self.fate(tracers.1.trace(packet)))
          let isListed = result.changes.contains {
            !$0.isRewriting && !comparison.after.intersection($0.packets, single).isEmpty
          }
          #expect(isListed == (fates.0 != fates.1), "seed \(seed) \(path) \(packet): \(fates)")
        }
      }
    }
    #expect(shown > Self.pairCount)
  }

  private static func fate(_ result: TraceResult) -> PathComparison.Fate {
    switch result.verdict {
    case .accept: .open
    case .drop, .reject: .blocked
    case .undecided: .undecided
    }
  }
}
