import Evaluation
import IptablesSave
import PacketSets
import RuleGraph
import SourceText
import Testing

/// What the engine makes of inputs that are known to be hard.
///
/// Edges of diagrams are counted, which no other work on the machine changes. Twice the limit is a regression that a
/// user feels.
struct EngineCostTests {
  /// Kinds of rule sets, as in Tests/Benchmarks, and the edges that 1,000 rules and 20 flows may take.
  static let limits: [(kind: Kind, edges: Int)] = [(.random, 400), (.wide, 6000), (.blockList, 18_000)]

  enum Kind: Sendable {
    case random
    case wide
    case blockList
  }

  static let units = AddressSet(["10.0.10.5", "10.0.10.6"].compactMap { IPPrefix($0) })

  static func rules(_ kind: Kind, count: Int) -> RuleGraph {
    var random = SeededGenerator(seed: 1)
    func prefix(_ lengths: ClosedRange<Int>) -> String {
      let length = Int.random(in: lengths, using: &random)
      return IPPrefix(IPAddress(v4: .random(in: 0 ... .max, using: &random)), length: length).description
    }
    var lines = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    for _ in 0..<count {
      let port = Int.random(in: 1...60000, using: &random)
      switch kind {
      case .random:
        lines.append("-A FORWARD -s \(prefix(24...32)) -d \(prefix(32...32)) -p tcp -m tcp --dport \(port) -j ACCEPT")
      case .wide:
        let verdict = Int.random(in: 0..<5, using: &random) == 0 ? "DROP" : "ACCEPT"
        lines.append(
          "-A FORWARD -s \(prefix(1...16)) -d \(prefix(1...16)) -p tcp -m tcp --dport \(port):\(port + 3000) -j \(verdict)"
        )
      case .blockList: lines.append("-A FORWARD -s \(prefix(16...32)) -j DROP")
      }
    }
    for port in [25, 443, 465] {
      lines.append("-A FORWARD -d 10.0.10.5 -p tcp -m tcp --dport \(port) -j ACCEPT")
    }
    lines.append("COMMIT\n")
    return IptablesFrontend.parse(
      SourceFile(path: "rules.v4", text: lines.joined(separator: "\n")), dialect: .iptables
    ).graph
  }

  static func edges(_ kind: Kind, count: Int) -> Int {
    let evaluator = PathEvaluator(
      graphs: [rules(kind, count: count)],
      question: PathQuestion(family: .v4, path: .forward, phase: .first, destinations: units))
    for port in UInt32(1)...20 {
      let flow = evaluator.select(
        PacketBox(
          sources: port % 2 == 0 ? .all : AddressSet([IPPrefix("10.20.0.0/16")].compactMap { $0 }),
          destinations: units, protocols: IntervalSet(Interval(6)), ports: IntervalSet(Interval(port + 20))))
      _ = evaluator.blameDrops(evaluator.difference(flow, evaluator.possiblyAllowed(flow)))
    }
    return evaluator.edgeCount
  }

  @Test(arguments: limits)
  func diagramsStaySmall(kind: Kind, limit: Int) {
    let edges = Self.edges(kind, count: 1000)
    #expect(edges <= limit, "\(edges) edges")
  }

  /// Ten times the rules take little more than ten times the edges; of wide rules more and more meet one another.
  @Test(arguments: [(Kind.wide, 20), (.blockList, 12)])
  func growthIsNearLinear(kind: Kind, times: Int) {
    let small = Self.edges(kind, count: 200)
    let large = Self.edges(kind, count: 2000)
    #expect(large <= times * small, "\(small) edges, then \(large)")
  }

  /// A narrow set meets a node of very many edges without a copy of it.
  @Test func narrowSetsMeetBigNodesInFewSteps() {
    var store = DiagramStore(lastValues: [UInt32.max, 65535])
    let port = store.split(
      level: 1, IntervalSet(Interval(25)), inside: DiagramStore.passing, outside: DiagramStore.nothing)
    let big = store.split(
      level: 0, IntervalSet((0..<50_000).map { Interval(UInt32($0) * 4) }), inside: port, outside: DiagramStore.nothing)
    let narrow = store.split(
      level: 0, IntervalSet(Interval(1000, 1020)), inside: DiagramStore.passing, outside: DiagramStore.nothing)
    let before = store.edgeCount
    let common = store.intersection(big, narrow)
    let rest = store.difference(narrow, big)
    let shares = store.intersects(big, narrow)
    let made = store.edgeCount - before
    #expect(shares)
    #expect(common != DiagramStore.nothing && rest != DiagramStore.nothing)
    #expect(made < 60)
  }
}
