import ConformanceSupport
import IptablesSave
import Nftables
import PacketSets
import RuleGraph
import SourceText

@testable import Evaluation

/// What comparing both frontends on one pair of rules gave.
struct PairComparison {
  /// Errors of either frontend.
  var errors: [String] = []
  /// Diagrams that differ, by path and phase.
  var differences: [String] = []
  /// Packets that the tracers tell different things of.
  var disputed: [Packet] = []
  /// Whether nothing was decided anywhere, by either side.
  var isTrivial = true
  /// Whether the rule has no verdict and changes nothing, by either side.
  var hasNoEffect = true
  /// Whether every packet has an outcome that both sides think possible.
  var isConsistent = true

  var isEqual: Bool { errors.isEmpty && differences.isEmpty && disputed.isEmpty }

  /// Compares what the rules do to all packets, and to single ones with what diagrams do not hold: flags and lengths.
  init(_ pair: TranslationPair) {
    let dump = SourceFile(path: "dump", text: pair.dump())
    let script = SourceFile(path: "script", text: pair.script())
    let (iptables, complaints) = IptablesFrontend.parse(dump, dialect: pair.family == .v4 ? .iptables : .ip6tables)
    let (nftables, diagnostics) = NftablesFrontend.parse(script)
    errors = (complaints + diagnostics).filter { $0.severity == .error }.map(\.message)
    guard errors.isEmpty else { return }
    for path in Packet.Path.allCases {
      for phase in [PathQuestion.Phase.first, .reply, .any] {
        compare(
          [iptables, nftables, Self.states(of: pair)], PathQuestion(family: pair.family, path: path, phase: phase))
      }
    }
    if differences.isEmpty { trace(pair) }
  }

  private mutating func compare(_ graphs: [RuleGraph], _ question: PathQuestion) {
    let evaluator = PathEvaluator(graphs: graphs, question: question)
    let own = evaluator.stages.filter { $0.graph == 0 }
    let other = evaluator.stages.filter { $0.graph == 1 }
    for stage in other {
      guard let twin = own.first(where: { $0.hook == stage.hook }) else {
        differences.append("no chain at \(stage.hook)")
        continue
      }
      // One store for both: equal functions are the same handle.
      let left = evaluator.chainSummary(0, UInt32(twin.chain), stage: twin, depth: 0).diagram
      let right = evaluator.chainSummary(1, UInt32(stage.chain), stage: stage, depth: 0).diagram
      if left != right {
        differences.append("\(question.path) \(question.phase)")
        if !agree(left, right, evaluator) { isConsistent = false }
      }
      if left != DiagramStore.passing || right != DiagramStore.passing { hasNoEffect = false }
      let isDecided = left >= DiagramStore.firstNode || evaluator.store.outcomes(left).count == 1
      if isDecided, left != DiagramStore.passing { isTrivial = false }
      if evaluator.isExhausted || evaluator.states.isCapped { differences.append("too many states") }
    }
  }

  /// Whether no packet is surely passed on by one side and surely not by the other, and the same of accepted ones.
  private func agree(_ left: Diagram, _ right: Diagram, _ evaluator: PathEvaluator) -> Bool {
    for (first, second) in [(left, right), (right, left)] {
      let accepted = evaluator.store.mapped(first, .surelyAccepted)
      let possible = evaluator.store.mapped(second, .possiblyAccepted)
      if evaluator.store.difference(accepted, possible) != DiagramStore.nothing { return false }
      let decided = evaluator.store.mapped(second, .isDeciding)
      let passed = evaluator.store.mapped(evaluator.store.mapped(first, .isDeciding), .complement)
      let acting = evaluator.store.mapped(evaluator.store.mapped(second, .contains(Outcome(.pass))), .complement)
      if evaluator.store.intersection(evaluator.store.intersection(passed, acting), decided) != DiagramStore.nothing {
        return false
      }
    }
    return true
  }

  /// Rules beside the compared ones that bring marks, code points and hop limits into play.
  private static func states(of pair: TranslationPair) -> RuleGraph {
    let words = "\(pair.rule) \(pair.translated.joined(separator: " "))"
    let numbers = ConstantPool(text: words).numbers
    var statements: [String] = []
    let marks = Set(numbers.map { "\($0)" }).union(["0xffffffff", "0x5a5a5a5a"]).sorted()
    let isMark = words.lowercased().contains("mark")
    if isMark { statements += marks.map { "meta mark set \($0)" } }
    if words.lowercased().contains("connmark") || words.contains("ct mark") {
      statements += marks.map { "ct mark set \($0)" }
    }
    let header = pair.family == .v4 ? "ip" : "ip6"
    let small = numbers.filter { $0 < 256 }
    if words.contains("-m ttl") || words.contains("-m hl") {
      statements += small.map { "\(header) \(header == "ip" ? "ttl" : "hoplimit") set \($0)" }
    }
    if words.contains("-m dscp") || words.contains("-m tos") {
      statements += small.filter { $0 < 64 }.map { "\(header) dscp set \($0)" }
    }
    let body = statements.joined(separator: "\n")
    let chains = ["prerouting", "output"].map { hook in
      "chain \(hook) {\ntype filter hook \(hook) priority -400;\n\(body)\n}\n"
    }
    let text = "table \(header) states {\n\(chains.joined())}\n"
    return NftablesFrontend.parse(SourceFile(path: "states", text: text)).graph
  }

  private mutating func trace(_ pair: TranslationPair) {
    guard pair.table != "nat" else { return }
    let left = RuleSet(.legacy, pair.family, pair.dump(isClosed: pair.isAccepting))
    let right = RuleSet(.nft, pair.family, pair.script(isClosed: pair.isAccepting))
    let tracers = [left, right].map { PacketTracer(graphs: Interpreter.fwlint.read($0).graphs) }
    for packet in Self.packets(pair) {
      let verdicts = tracers.map { $0.trace(packet).verdict }
      if verdicts[0] != verdicts[1] { disputed.append(packet) }
    }
  }

  /// Packets at the borders of the rule's constants, and TCP packets with all flags.
  static func packets(_ pair: TranslationPair) -> [Packet] {
    let pool = ConstantPool(text: "\(pair.rule) \(pair.translated.joined(separator: " "))")
    let generator = PacketGenerator(family: pair.family, pool: pool)
    var random = SeededGenerator(seed: 7)
    var packets: [Packet] = []
    for path in Packet.Path.allCases {
      for _ in 0..<60 { packets.append(generator.packet(path, using: &random)) }
    }
    for flags in UInt8.min...UInt8.max {
      let packet = Packet.sample(
        pair.chain == "FORWARD" ? .forward : pair.chain == "OUTPUT" ? .output : .input, pair.family, port: 80,
        flags: flags)
      packets.append(packet)
    }
    return packets
  }
}
