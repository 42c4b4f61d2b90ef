import Evaluation
import PacketSets
import RuleGraph

/// Header fields that whoever sends a packet fills in at will: time to live, DSCP and length.
///
/// A rule that looks at them is an opening like any other, as a sender just has to choose what the rule asks for. A
/// packet that leaves them open is undecided; one that makes the choice is not.
struct SenderChoice {
  let firewall: LoadedFirewall
  let facts: SiteFacts

  /// The packet with values for which it is accepted for sure; nil when no choice of them is enough.
  func accepted(_ packet: Packet, by decider: TraceResult.Decider?) -> Packet? {
    guard let decider, let rule = decider.rule else { return nil }
    let graph = firewall.graphs[decider.graph]
    let items = graph.items(of: graph.rules[Int(rule)])
    func values(_ field: Field, from least: UInt32, to most: UInt32) -> [UInt32]? {
      let own = items.filter { $0.field == field && !$0.isEffect && Self.isTest($0.kind) }
      if own.isEmpty { return nil }
      return Self.first(in: least...most) { value in own.allSatisfy { Self.holds($0, value, graph) } }.map { [$0] }
        ?? []
    }
    let lives = values(.timeToLive, from: 1, to: 254)
    let codePoints = values(.dscp, from: 0, to: 63)
    let lengths = values(.length, from: 40, to: 1500)
    if lives == nil, codePoints == nil, lengths == nil { return nil }
    let tracer = PacketTracer(graphs: firewall.graphs, facts: facts)
    // A router takes one off the time to live before its forward hook looks.
    for life in (lives?.flatMap { [$0, $0 + 1] }).map({ $0.map(Optional.init) }) ?? [nil] {
      for code in codePoints.map({ $0.map(Optional.init) }) ?? [nil] {
        for length in lengths.map({ $0.map(Optional.init) }) ?? [nil] {
          var chosen = packet
          chosen.timeToLive = life.map { UInt8(truncatingIfNeeded: $0) }
          chosen.dscp = code.map { UInt8(truncatingIfNeeded: $0) }
          chosen.length = length.map { UInt16(truncatingIfNeeded: $0) }
          if tracer.trace(chosen).verdict == .accept { return chosen }
        }
      }
    }
    return nil
  }

  private static func first(in range: ClosedRange<UInt32>, where holds: (UInt32) -> Bool) -> UInt32? {
    range.first(where: holds)
  }

  private static func isTest(_ kind: RuleItem.Kind) -> Bool {
    switch kind {
    case .range, .set, .masked, .anyBit, .bits: true
    default: false
    }
  }

  /// Whether a test of a narrow field holds for a value.
  private static func holds(_ item: RuleItem, _ value: UInt32, _ graph: RuleGraph) -> Bool {
    let holds: Bool
    switch item.kind {
    case .range: holds = item.a <= value && value <= item.b
    case .set:
      if case .narrow(let values) = graph.sets[Int(item.a)] { holds = values.contains(value) } else { holds = false }
    case .masked: holds = value & item.a == item.b
    case .anyBit: holds = value & item.a != 0
    case .bits: holds = value < 32 && item.a >> value & 1 == 1
    default: holds = false
    }
    return holds != item.isNegated
  }
}
