import Evaluation
import FoundationEssentials
import IptablesSave
import PacketSets
import RuleGraph
import SourceText
import Testing

/// What a tool that compares rules two by two calls shadowed, and what becomes of each such rule here.
struct ShadowingTests {
  /// Why a rule that an earlier one seems to cover is not reported as shadowed.
  private enum Reason: String {
    case reported = "reported as shadowed"
    case neverTrue = "reported as never true"
    case unreachable = "its chain is reported as unreachable"
    case continues = "the earlier rule only logs or counts"
    case returns = "the earlier rule jumps to a chain that may come back"
    case perhaps = "whether the earlier rule matches is not known offline"
    case vague = "whether the rule itself matches is not known offline"
    case jumps = "the rule itself is a jump, whose chain is judged in its own right"
    case logs = "the rule itself decides nothing"
    case unexplained
  }

  /// The largest dump of net-network: 5,529 rules.
  @Test func largestRealDumpIsExplained() throws {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    let path =
      "\(repository)/../shared/corpora/net-network/configs_chair_for_Network_Architectures_and_Services/"
      + "iptables-save-2016-06-27_16-29-01"
    guard let data = FileManager.default.contents(atPath: path) else { return print("skipped: no net-network corpus") }
    let graph = IptablesFrontend.parse(SourceFile(path: "dump", bytes: [UInt8](data)), dialect: .iptables).graph
    var shadowed: Set<UInt32> = []
    var never: Set<UInt32> = []
    let analysis = RuleAnalysis(graphs: [graph])
    analysis.forEach(of: [graph]) { id, judgement in
      if judgement.isShadowed { shadowed.insert(id.rule) }
      if judgement.isNeverTrue { never.insert(id.rule) }
    }
    let reachable = graph.reachableChains
    var counts: [Reason: Int] = [:]
    for (rule, cover, chain) in pairwise(graph) {
      let reason: Reason
      let verdict = graph.rules[Int(rule)].verdict
      if shadowed.contains(rule) {
        reason = .reported
      } else if never.contains(rule) {
        reason = .neverTrue
      } else if !reachable.contains(chain) {
        reason = .unreachable
      } else if graph.rules[Int(cover)].verdict.kind == .none {
        reason = .continues
      } else if graph.rules[Int(cover)].verdict.mayCall {
        reason = .returns
      } else if graph.rules[Int(cover)].understanding != .exact {
        reason = .perhaps
      } else if verdict.mayCall {
        reason = .jumps
      } else if graph.rules[Int(rule)].understanding != .exact {
        reason = .vague
      } else if verdict.kind == .none {
        reason = .logs
      } else {
        reason = .unexplained
        let texts = [cover, rule].map { graph.sources[0].text(graph.rules[Int($0)].range) }
        if counts[.unexplained, default: 0] < 5 { print("unexplained: \(texts)") }
      }
      counts[reason, default: 0] += 1
    }
    print("pairwise: \(counts.map { "\($0.key.rawValue) \($0.value)" }.sorted()), shadowed here \(shadowed.count)")
    #expect(counts[.unexplained] == nil && counts[.reported] == 82 && counts.values.reduce(0, +) == 222)
  }

  /// Rules whose matches an earlier rule of the chain covers field by field, with the first such rule.
  private func pairwise(_ graph: RuleGraph) -> [(rule: UInt32, cover: UInt32, chain: UInt32)] {
    var found: [(rule: UInt32, cover: UInt32, chain: UInt32)] = []
    for (chainIndex, chain) in graph.chains.enumerated() {
      let items = chain.rules.map { Array(graph.items(of: graph.rules[Int($0)])).filter { !$0.isEffect } }
      for later in chain.rules.indices where graph.rules[Int(chain.rules[later])].isWritten {
        let cover = chain.rules.indices.prefix(later).first { earlier in
          graph.rules[Int(chain.rules[earlier])].isWritten
            && items[earlier].allSatisfy { wide in items[later].contains { covers(wide, $0, graph) } }
        }
        if let cover { found.append((chain.rules[later], chain.rules[cover], UInt32(chainIndex))) }
      }
    }
    return found
  }

  /// Whether one match holds for all packets for which another does.
  private func covers(_ wide: RuleItem, _ narrow: RuleItem, _ graph: RuleGraph) -> Bool {
    if wide == narrow { return true }
    guard wide.field == narrow.field, !wide.isNegated, !narrow.isNegated, wide.kind == .range, narrow.kind == .range
    else {
      return false
    }
    return wide.a <= narrow.a && narrow.b <= wide.b
  }

  /// Leaving a reported rule out changes nothing; leaving another one out is shown to matter by a packet, or nowhere.
  @Test(arguments: IPFamily.allCases)
  func removalShowsWhatRulesDo(family: IPFamily) {
    var reported = 0
    var shown = 0
    var silent = 0
    for seed in 0..<UInt64(6) {
      var random = RandomGraph(seed: seed &+ 500, family: family)
      let graph = random.build()
      var idle: Set<UInt32> = []
      let analysis = RuleAnalysis(graphs: [graph])
      analysis.forEach(of: [graph]) { id, judgement in
        if judgement.isShadowed || judgement.isNeverTrue || judgement.isRedundant, !analysis.isCause(id) {
          idle.insert(id.rule)
        }
      }
      for (chainIndex, chain) in graph.chains.enumerated() {
        for rule in chain.rules where [.accept, .drop].contains(graph.rules[Int(rule)].verdict.kind) {
          guard chain.base?.type != .nat, shown < 60 || idle.contains(rule) else { continue }
          var without = graph
          without.chains[chainIndex].rules.removeAll { $0 == rule }
          let packet = difference(graph, without, family)
          if idle.contains(rule) {
            reported += 1
            #expect(packet == nil, "seed \(seed) rule \(rule): \(String(describing: packet))")
          } else if let packet {
            shown += 1
            let verdicts = [graph, without].map { PacketTracer(graphs: [$0]).trace(packet).verdict }
            #expect(verdicts[0] != verdicts[1], "seed \(seed) rule \(rule): \(packet)")
          } else {
            silent += 1
          }
        }
      }
    }
    print("removal, \(family): \(reported) reported, \(shown) shown to matter, \(silent) matter nowhere")
    #expect(shown > 3 && reported > 30)
  }

  /// A packet that passes one rule set and not the other.
  private func difference(_ left: RuleGraph, _ right: RuleGraph, _ family: IPFamily) -> Packet? {
    for path in Packet.Path.allCases {
      let comparison = PathComparison(
        before: [left], after: [right], question: PathQuestion(family: family, path: path, phase: .first),
        edgeLimit: 1_000_000)
      let changes = comparison.compare(comparison.select([PacketBox()])).changes.filter { !$0.isRewriting }
      if let first = changes.first { return comparison.after.witness(of: first.packets) }
    }
    return nil
  }
}
