import Evaluation
import PacketSets
import RuleGraph

/// What the packet-set engine says of single packets.
struct Summary {
  let graph: RuleGraph
  let references: [String: AddressSet]
  private var evaluators: [PathQuestion: PathEvaluator] = [:]

  init(graph: RuleGraph, references: [String: AddressSet]) {
    self.graph = graph
    self.references = references
  }

  /// Whether a first packet is let through; nil when that is undecided.
  mutating func isAllowed(_ packet: Packet) -> Bool? {
    let question = PathQuestion(family: packet.family, path: packet.path, phase: .first)
    let evaluator =
      evaluators[question]
      ?? PathEvaluator(graphs: [graph], facts: SiteFacts(references: references), question: question)
    evaluators[question] = evaluator
    var box = PacketBox(
      sources: AddressSet(packet.source), destinations: AddressSet(packet.destination),
      protocols: IntervalSet(Interval(UInt32(packet.protocolNumber))))
    if let port = packet.destinationPort { box.ports = IntervalSet(Interval(UInt32(port))) }
    if let type = packet.icmpType, let code = packet.icmpCode {
      box.ports = IntervalSet(Interval(UInt32(type) << 8 | UInt32(code)))
    }
    let single = evaluator.select(box)
    if evaluator.possiblyAllowed(single).isEmpty { return false }
    return evaluator.difference(single, evaluator.surelyAllowed(single)).isEmpty ? true : nil
  }
}
