import Evaluation
import PacketSets
import RuleGraph
import Testing

/// The packet-set engine and the tracer share no code that decides; on random rule sets they must agree.
@Suite struct DifferentialTests {
  /// Without the optimiser a graph takes a hundred times as long.
  #if DEBUG
    static let graphCount = 6
  #else
    static let graphCount = 150
  #endif
  /// Budget of diagram edges: a path that needs more is passed over; that must not be most of them.
  static let edgeLimit = 1_000_000
  static let packetsPerGraph = 60

  /// Seeds at which the two once disagreed.
  static let remembered: [UInt64] = [141]

  @Test(arguments: IPFamily.allCases, [false, true])
  func summaryAgreesWithTracer(family: IPFamily, undecidable: Bool) {
    compare(Array(0..<UInt64(Self.graphCount)) + Self.remembered, family, undecidable, rewriting: false)
  }

  /// Where translations meet rewriting the engine may leave open what the tracer knows, never the reverse.
  @Test(arguments: IPFamily.allCases, [false, true])
  func rewritingAgreesWithTracer(family: IPFamily, undecidable: Bool) {
    compare(Array(0..<UInt64(Self.graphCount)), family, undecidable, rewriting: true)
  }

  private func compare(_ seeds: [UInt64], _ family: IPFamily, _ undecidable: Bool, rewriting: Bool) {
    var accepted = 0
    var undecided = 0
    for seed in seeds {
      var random = RandomGraph(
        seed: seed, family: family, allowsUndecidable: undecidable, allowsRewriting: rewriting)
      let graph = random.build()
      let tracer = PacketTracer(graphs: [graph])
      for path in Packet.Path.allCases {
        let evaluator = PathEvaluator(
          graphs: [graph], question: PathQuestion(family: family, path: path, phase: .first),
          edgeLimit: Self.edgeLimit)
        for _ in 0..<Self.packetsPerGraph / 3 {
          let packet = Self.packet(&random, family: family, path: path)
          let expected = tracer.trace(packet).verdict
          let single = evaluator.select(PacketBox(packet))
          let surely = !evaluator.surelyAllowed(single).isEmpty
          let possibly = !evaluator.possiblyAllowed(single).isEmpty
          switch expected {
          case .accept: accepted += 1
          case .undecided: undecided += 1
          default: break
          }
          var answer: [TraceVerdict] = surely ? [.accept] : possibly ? [.undecided] : [.drop, .reject]
          if rewriting, possibly, !surely { answer = [.undecided, .accept, .drop, .reject] }
          if evaluator.isExhausted { continue }
          if !answer.contains(expected) {
            Issue.record("seed \(seed) \(family) \(path): traced \(expected), summarised \(answer) for \(packet)")
            return
          }
        }
      }
    }
    #expect(accepted > Self.graphCount)
    if undecidable { #expect(undecided > 0 || Self.graphCount < 50) } else { #expect(undecided == 0) }
  }

  @Test(arguments: IPFamily.allCases, [false, true])
  func blameAgreesWithTracer(family: IPFamily, undecidable: Bool) {
    var blamed = 0
    var exhausted = 0
    for seed in 0..<UInt64(Self.graphCount) {
      var random = RandomGraph(seed: seed, family: family, allowsUndecidable: undecidable)
      let graph = random.build()
      let tracer = PacketTracer(graphs: [graph])
      for path in Packet.Path.allCases {
        let evaluator = PathEvaluator(
          graphs: [graph],
          question: PathQuestion(family: family, path: path, phase: .first), edgeLimit: Self.edgeLimit)
        let everything = evaluator.select(
          PacketBox(inputInterfaces: Set(RandomGraph.interfaceNames), outputInterfaces: Set(RandomGraph.interfaceNames))
        )
        let dropped = evaluator.difference(everything, evaluator.possiblyAllowed(everything))
        let parts = evaluator.blameDrops(dropped)
        let total = parts.reduce(evaluator.difference(dropped, dropped)) { evaluator.union($0, $1.packets) }
        if evaluator.isExhausted {
          exhausted += 1
          continue
        }
        #expect(total == dropped, "seed \(seed) \(family) \(path): drops not all blamed")
        for part in parts {
          guard let packet = evaluator.witness(of: part.packets) else { continue }
          blamed += 1
          let result = tracer.trace(packet)
          #expect(result.verdict != .accept && result.verdict != .undecided)
          // With undecidable matches several rules may drop the same packet; the tracer names the first.
          if !undecidable { #expect(result.decider == part.decider, "seed \(seed) \(family) \(path) \(packet)") }
        }
        let open = evaluator.surelyAllowed(everything)
        let accepts = evaluator.blameAccepts(open)
        let covered = accepts.reduce(evaluator.difference(open, open)) { evaluator.union($0, $1.packets) }
        if evaluator.isExhausted {
          exhausted += 1
          continue
        }
        #expect(covered == open, "seed \(seed) \(family) \(path): accepts not all blamed")
        for part in accepts {
          guard let packet = evaluator.witness(of: part.packets) else { continue }
          let result = tracer.trace(packet)
          #expect(result.verdict == .accept)
          if !undecidable { #expect(result.decider == part.decider, "seed \(seed) \(family) \(path) \(packet)") }
        }
      }
    }
    #expect(blamed > Self.graphCount)
    #expect(exhausted < Self.graphCount, "\(exhausted) paths of \(Self.graphCount * 3) ran out of their budget")
  }

  static func packet(_ random: inout RandomGraph, family: IPFamily, path: Packet.Path) -> Packet {
    let number: UInt8 = random.pick([6, 6, 6, 17, 1, 58, 132])
    var packet = Packet(
      path: path, source: IPAddress(family, random.address()), destination: IPAddress(family, random.address()),
      protocolNumber: number,
      inputInterface: random.pick(RandomGraph.interfaceNames + ["eth9"]),
      outputInterface: random.pick(RandomGraph.interfaceNames + ["eth9"]))
    if IPProtocol.hasPorts(number) {
      packet.sourcePort = 40000
      packet.destinationPort = UInt16(random.pick(RandomGraph.ports)) + random.pick([0, 1, 59, 60])
    }
    if number == (family == .v4 ? IPProtocol.icmp : IPProtocol.icmpv6) {
      packet.icmpType = 8
      packet.icmpCode = 0
    }
    if number == IPProtocol.tcp { packet.tcpFlags = 2 }
    return packet
  }
}
