import Evaluation
import PacketSets
import RuleGraph
import SourceText
import Testing

/// What the Linux kernel was seen to do where one would think otherwise; both ways of evaluation must know it.
@Suite struct KernelFactsTests {
  /// A rule set of one-rule base chains, all of them accepting what their rule lets be.
  static func graph(
    _ chains: [(Hook, ChainType, Int32, [RuleItem], Verdict)], _ prepare: (inout RuleGraph) -> Void = { _ in }
  ) -> RuleGraph {
    var graph = RuleGraph(dialect: .nftables, source: SourceFile(path: "facts.nft", text: ""))
    graph.tables.append(Table(name: graph.names.intern("t"), family: .inet))
    prepare(&graph)
    for (hook, type, priority, items, verdict) in chains {
      let base = BaseChain(type: type, hook: hook, priority: priority)
      graph.chains.append(Chain(name: graph.names.intern("c\(graph.chains.count)"), table: 0, base: base))
      graph.appendRule(
        to: graph.chains.count - 1, items: items, verdict: verdict, understanding: .exact, range: SourceRange(0, 1))
    }
    return graph
  }

  static func packet(_ path: Packet.Path, _ family: IPFamily = .v4) -> Packet {
    let base: UInt128 = family == .v4 ? 0x0A00_0000 : 0x2001_0DB8 << 96
    return Packet(
      path: path, source: IPAddress(family, base | 1), destination: IPAddress(family, base | 2), protocolNumber: 6,
      sourcePort: 40000, destinationPort: 22, tcpFlags: 2, inputInterface: "eth0", outputInterface: "eth1",
      timeToLive: 64)
  }

  /// The tracer's verdict, and what the packet-set engine says of the same packet without its time to live.
  static func expect(
    _ graph: RuleGraph, _ packet: Packet, _ verdict: TraceVerdict, isDecided: Bool = true,
    location: SourceLocation = #_sourceLocation
  ) {
    #expect(PacketTracer(graphs: [graph]).trace(packet).verdict == verdict, sourceLocation: location)
    let evaluator = PathEvaluator(
      graphs: [graph], question: PathQuestion(family: packet.family, path: packet.path, phase: .first))
    let selection = evaluator.select(PacketBox(packet))
    let surely = !evaluator.surelyAllowed(selection).isEmpty
    let possibly = !evaluator.possiblyAllowed(selection).isEmpty
    #expect(surely == (isDecided && verdict == .accept), sourceLocation: location)
    #expect(possibly == (!isDecided || verdict == .accept), sourceLocation: location)
  }

  @Test func hopIsTakenBetweenPreroutingAndForward() {
    let test = RuleItem(.range, .timeToLive, 64, 64)
    let forward = Self.graph([(.forward, .filter, 0, [test], .drop)])
    Self.expect(forward, Self.packet(.forward), .accept, isDecided: false)
    let prerouting = Self.graph([(.prerouting, .filter, 0, [test], .drop)])
    Self.expect(prerouting, Self.packet(.forward), .drop, isDecided: false)
    let set = RuleItem(.setField, .timeToLive, .max, 64)
    let both = Self.graph([(.prerouting, .filter, 0, [set], .none), (.postrouting, .filter, 0, [test], .drop)])
    Self.expect(both, Self.packet(.forward), .accept)
    let late = Self.graph([(.forward, .filter, 0, [set], .none), (.postrouting, .filter, 0, [test], .drop)])
    Self.expect(late, Self.packet(.forward), .drop)
  }

  @Test func preroutingKnowsNoOutgoingInterface() {
    func graph(_ hook: Hook) -> RuleGraph {
      Self.graph([(hook, .filter, 0, [RuleItem(.interface, .outputInterface, 1, 0)], .drop)]) {
        _ = $0.names.intern("eth1")
      }
    }
    Self.expect(graph(.prerouting), Self.packet(.forward), .accept)
    Self.expect(graph(.forward), Self.packet(.forward), .drop)
  }

  @Test func trackingIsSwitchedOffOnlyBeforeIt() {
    let untracked = RuleItem(.bits, .ctState, ConntrackState.untracked.bit)
    func graph(_ priority: Int32) -> RuleGraph {
      Self.graph([
        (.prerouting, .filter, priority, [RuleItem(.notrack, .ctState)], .none),
        (.input, .filter, 0, [untracked], .drop),
      ])
    }
    Self.expect(graph(-300), Self.packet(.input), .drop)
    Self.expect(graph(0), Self.packet(.input), .accept)
  }

  @Test(arguments: IPFamily.allCases)
  func noOriginalTupleBeforeTracking(family: IPFamily) {
    func graph(_ priority: Int32) -> RuleGraph {
      Self.graph([(.output, .filter, priority, [RuleItem(.wideRange, .ctOriginalIPv6Source, 0, 0)], .drop)]) {
        $0.wideRanges = [.all]
      }
    }
    Self.expect(graph(-300), Self.packet(.output, family), .accept)
    Self.expect(graph(0), Self.packet(.output, family), family == .v6 ? .drop : .accept)
  }

  @Test(arguments: [UInt128(2), 3])
  func mappingOntoTheSameAddressIsNoTranslation(last: UInt128) {
    let graph = Self.graph([
      (.output, .nat, -100, [], Verdict(.translate, 0)),
      (.output, .filter, 0, [RuleItem(.anyBit, .ctStatus, 32)], .drop),
    ]) {
      $0.translations = [Translation(.destination, family: .v4, addresses: Interval(0x0A00_0000 | last))]
    }
    Self.expect(graph, Self.packet(.output), last == 2 ? .accept : .drop)
  }
}
