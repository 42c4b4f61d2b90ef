import Evaluation
import PacketSets
import RuleGraph

/// What holds when packets are put through whatever was read.
enum EvaluationProperties {
  /// Budget of diagram edges: small, so that running out of it is met as well.
  static let edgeLimit = 60_000

  /// That evaluation ends, that nothing decided is contradicted, and that rules are judged without falling over.
  static func check(_ graph: RuleGraph, _ numbers: inout InputNumbers) throws(Violation) {
    guard graph.chains.contains(where: { $0.base != nil }) else { return }
    let family = numbers.pick(IPFamily.allCases, or: .v4)
    let path = numbers.pick(Packet.Path.allCases, or: .input)
    let tracer = PacketTracer(graphs: [graph])
    let evaluator = PathEvaluator(
      graphs: [graph], question: PathQuestion(family: family, path: path, phase: .first), edgeLimit: edgeLimit)
    let constants = Constants(graph, family)
    for _ in 0..<4 {
      let packet = constants.packet(path, &numbers)
      try compare(tracer.trace(packet), with: evaluator, packet)
    }
    try checkBlame(evaluator)
    if graph.rules.count <= 30, numbers.below(4) == 0 {
      try checkJudgements(graph, (0..<6).map { _ in constants.packet(path, &numbers) }, tracer)
    }
  }

  private static func compare(
    _ traced: TraceResult, with evaluator: PathEvaluator, _ packet: Packet
  ) throws(Violation) {
    try require(traced.verdict != .undecided || !traced.reasons.isEmpty, "undecided, and nobody says why: \(packet)")
    let single = evaluator.select(PacketBox(packet))
    let isSurely = !evaluator.surelyAllowed(single).isEmpty
    let isPossibly = !evaluator.possiblyAllowed(single).isEmpty
    try require(!isSurely || isPossibly || evaluator.isExhausted, "surely allowed but not possibly: \(packet)")
    switch traced.verdict {
    case .accept: try require(isPossibly, "accepted when traced, blocked in the summary: \(packet)")
    case .drop, .reject:
      try require(!isSurely || evaluator.isExhausted, "dropped when traced, open in the summary: \(packet)")
    case .undecided: break
    }
    if evaluator.isExhausted {
      try require(isPossibly && !isSurely, "decided although the budget had run out: \(packet)")
    }
  }

  /// Everything that is dropped is dropped by somebody.
  private static func checkBlame(_ evaluator: PathEvaluator) throws(Violation) {
    let everything = evaluator.select(PacketBox())
    let dropped = evaluator.difference(everything, evaluator.possiblyAllowed(everything))
    let parts = evaluator.blameDrops(dropped)
    let total = parts.reduce(evaluator.difference(dropped, dropped)) { evaluator.union($0, $1.packets) }
    if !evaluator.isExhausted { try require(total == dropped, "drops are not all blamed") }
  }

  /// A rule that is said never to match, or never to be reached by what it matches, is not matched on any walk.
  private static func checkJudgements(
    _ graph: RuleGraph, _ packets: [Packet], _ tracer: PacketTracer
  ) throws(Violation) {
    var byPlace: [[UInt32]: RuleAnalysis.Judgement] = [:]
    RuleAnalysis(graphs: [graph]).forEach(of: [graph]) { id, judgement in byPlace[[id.chain, id.rule]] = judgement }
    for place in byPlace.keys {
      try require(Int(place[1]) < graph.rules.count, "a rule was judged that is not there")
    }
    for packet in packets {
      for step in tracer.trace(packet, recordingSteps: true).steps where step.match == .yes {
        guard let rule = step.rule, let judgement = byPlace[[step.chain, rule]] else { continue }
        try require(!judgement.isNeverTrue, "a rule is called never true, and matches \(packet)")
      }
    }
  }
}

/// Values that a rule set speaks of, so that packets meet its rules.
private struct Constants {
  private let family: IPFamily
  private var addresses: [UInt128] = [0x0A00_0005, 0]
  private var ports: [UInt32] = [25, 80, 65535]
  private var interfaces: [String] = ["eth9", "lo"]

  init(_ graph: RuleGraph, _ family: IPFamily) {
    self.family = family
    for item in graph.items.prefix(500) {
      switch item.kind {
      case .range, .masked:
        switch item.field {
        case .ipv4Source, .ipv4Destination: addresses += [UInt128(item.a), UInt128(item.b)]
        case .sourcePort, .destinationPort: ports += [item.a, item.b, item.b &+ 1]
        default: break
        }
      case .wideRange: addresses += [graph.wideRanges[Int(item.a)].lower, graph.wideRanges[Int(item.a)].upper]
      case .interface: interfaces.append(graph.names[item.a])
      default: break
      }
    }
  }

  func packet(_ path: Packet.Path, _ numbers: inout InputNumbers) -> Packet {
    func address() -> IPAddress {
      let bits = numbers.pick(addresses, or: 0)
      return IPAddress(family, family == .v4 ? bits & UInt128(UInt32.max) : bits)
    }
    let number = numbers.pick([6, 6, 17, family == .v4 ? 1 : 58, 47], or: UInt8(6))
    var packet = Packet(
      path: path, source: address(), destination: address(), protocolNumber: number,
      inputInterface: numbers.pick(interfaces, or: "eth9"), outputInterface: numbers.pick(interfaces, or: "eth9"))
    if IPProtocol.hasPorts(number) {
      packet.sourcePort = UInt16(truncatingIfNeeded: numbers.pick(ports + [40000, 40000, 40000], or: 40000))
      packet.destinationPort = UInt16(truncatingIfNeeded: numbers.pick(ports, or: 25))
    }
    if number == (family == .v4 ? IPProtocol.icmp : IPProtocol.icmpv6) {
      packet.icmpType = number == IPProtocol.icmp ? 8 : 128
      packet.icmpCode = 0
    }
    if number == IPProtocol.tcp { packet.tcpFlags = 2 }
    return packet
  }
}
