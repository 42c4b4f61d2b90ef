import Evaluation
import PacketSets
import RuleGraph
import Testing

/// Rules are judged as boxes or by diagrams: two ways that share no code that decides, and a third is to leave the rule
/// out and follow packets.
struct RuleAnalysisTests {
  #if DEBUG
    static let chainCount: UInt64 = 24
  #else
    static let chainCount: UInt64 = 400
  #endif

  private struct Verdicts: Equatable {
    var never: [UInt32] = []
    var shadowed: [UInt32: [UInt32]] = [:]
    var redundant: [UInt32] = []
    var causes: [UInt32] = []

    init(_ graph: RuleGraph, _ method: RuleAnalysis.Method) {
      let analysis = RuleAnalysis(graphs: [graph], method: method)
      var found: (never: [UInt32], shadowed: [UInt32: [UInt32]], redundant: [UInt32], causes: [UInt32]) = (
        [], [:], [], []
      )
      analysis.forEach(of: [graph]) { id, judgement in
        if judgement.isNeverTrue { found.never.append(id.rule) }
        if judgement.isShadowed { found.shadowed[id.rule] = analysis.causes(of: id, in: [graph]) }
        if judgement.isRedundant { found.redundant.append(id.rule) }
        if analysis.isCause(id) { found.causes.append(id.rule) }
      }
      (never, shadowed, redundant, causes) = found
    }
  }

  @Test(arguments: IPFamily.allCases, [false, true])
  func boxesAndDiagramsAgree(family: IPFamily, undecidable: Bool) {
    var found = 0
    for seed in 0..<Self.chainCount {
      var random = RandomGraph(seed: seed, family: family, allowsUndecidable: undecidable)
      let graph = random.buildChain(ruleCount: 14)
      let boxes = Verdicts(graph, .boxes)
      let diagrams = Verdicts(graph, .diagrams)
      #expect(boxes.never == diagrams.never, "seed \(seed) \(family)")
      found += boxes.shadowed.count + boxes.redundant.count
      if RuleAnalysis(graphs: [graph], method: .boxes).skipped.isEmpty {
        #expect(boxes == diagrams, "seed \(seed) \(family)")
      } else {
        // What boxes do not tell they leave out.
        #expect(Set(boxes.shadowed.keys).isSubset(of: diagrams.shadowed.keys), "seed \(seed) \(family)")
        #expect(
          Set(boxes.redundant).isSubset(of: diagrams.redundant + diagrams.shadowed.keys), "seed \(seed) \(family)")
      }
    }
    #expect(found > Int(Self.chainCount))
  }

  @Test(arguments: IPFamily.allCases)
  func boxesLeaveOutWhatTheyDoNotKnow(family: IPFamily) {
    for seed in 0..<Self.chainCount / 4 {
      var random = RandomGraph(seed: seed, family: family, allowsUndecidable: true)
      let graph = random.build()
      let boxes = Verdicts(graph, .boxes)
      let diagrams = Verdicts(graph, .diagrams)
      if !RuleAnalysis(graphs: [graph], method: .diagrams).skipped.isEmpty { continue }
      #expect(Set(boxes.shadowed.keys).isSubset(of: diagrams.shadowed.keys), "seed \(seed) \(family)")
      // Boxes may know more, as masks of very many pieces are left open in diagrams.
      for rule in Set(boxes.redundant).subtracting(diagrams.redundant).subtracting(diagrams.shadowed.keys) {
        #expect(isIdle(rule, graph, family), "seed \(seed) \(family) rule \(rule)")
      }
    }
  }

  /// Whether no packet's fate changes when a rule is taken away.
  private func isIdle(_ rule: UInt32, _ graph: RuleGraph, _ family: IPFamily) -> Bool {
    var without = graph
    for chain in without.chains.indices { without.chains[chain].rules.removeAll { $0 == rule } }
    return Packet.Path.allCases.allSatisfy { path in
      let comparison = PathComparison(
        before: [graph], after: [without], question: PathQuestion(family: family, path: path, phase: .any))
      return comparison.compare(comparison.select([PacketBox()])).changes.isEmpty && !comparison.isExhausted
    }
  }

  /// Without a shadowed or redundant rule every packet meets the same fate.
  @Test(arguments: IPFamily.allCases)
  func suchRulesChangeNothing(family: IPFamily) {
    var asked = 0
    for seed in 0..<Self.chainCount {
      var random = RandomGraph(seed: seed &+ 1000, family: family)
      let graph = random.buildChain(ruleCount: 14)
      let boxes = Verdicts(graph, .automatic)
      for rule in Array(boxes.shadowed.keys).sorted() + boxes.redundant {
        var without = graph
        without.chains[0].rules.removeAll { $0 == rule }
        let with = PacketTracer(graphs: [graph])
        let other = PacketTracer(graphs: [without])
        for _ in 0..<12 {
          let packet = DifferentialTests.packet(&random, family: family, path: .forward)
          asked += 1
          #expect(with.trace(packet).verdict == other.trace(packet).verdict, "seed \(seed) rule \(rule)")
        }
      }
    }
    #expect(asked > 100)
  }
}
