import Evaluation
import PacketSets
import RuleGraph

/// Header fields that whoever sends a packet fills in at will: time to live, DSCP and length.
///
/// A rule that looks at them is an opening like any other, and one that drops by them is no obstacle: a sender just has
/// to choose what the rules ask for. A packet that leaves the fields open is undecided; one that makes the choice is not.
final class SenderChoice {
  private let firewall: LoadedFirewall
  private let tracer: PacketTracer
  /// Values of each field at which some rule's answer changes; nil when no rule looks at the field.
  private let candidates: [Field: [UInt32]]
  /// Packets that may still be traced.
  private var budget: Int

  private static let limits: [Field: ClosedRange<UInt32>] = [
    .timeToLive: 1...255, .dscp: 0...63, .length: 40...1500,
  ]
  /// Values of one field that are tried.
  private static let valueLimit = 6

  /// Looks once at every rule of a firewall.
  init(firewall: LoadedFirewall, facts: SiteFacts) {
    self.firewall = firewall
    tracer = PacketTracer(graphs: firewall.graphs, facts: facts)
    var edges: [Field: Set<UInt32>] = [:]
    var rules = 1
    for graph in firewall.graphs {
      rules += graph.rules.count
      for item in graph.items where Self.isTest(item) {
        guard let limits = Self.limits[item.field], edges[item.field, default: []].count < 256 else { continue }
        for value in Self.edges(of: item, graph) where limits.contains(value) {
          edges[item.field, default: []].insert(value)
        }
      }
    }
    candidates = edges.mapValues { $0.sorted() }
    budget = max(64, 2_000_000 / rules)
  }

  /// The packet with values for which it is accepted for sure; nil when no choice of them is enough.
  func accepted(_ packet: Packet, by decider: TraceResult.Decider?) -> Packet? {
    if candidates.isEmpty { return nil }
    let lives = values(.timeToLive, decider)
    let codePoints = values(.dscp, decider)
    let lengths = values(.length, decider)
    for life in lives {
      for codePoint in codePoints {
        for length in lengths {
          guard budget > 0 else { return nil }
          budget -= 1
          var chosen = packet
          chosen.timeToLive = life.map { UInt8(truncatingIfNeeded: $0) }
          chosen.dscp = codePoint.map { UInt8(truncatingIfNeeded: $0) }
          chosen.length = length.map { UInt16(truncatingIfNeeded: $0) }
          if tracer.trace(chosen).verdict == .accept { return chosen }
        }
      }
    }
    return nil
  }

  /// Values of a field to try, those first that the deciding rule asks for; nil for a field that no rule looks at.
  private func values(_ field: Field, _ decider: TraceResult.Decider?) -> [UInt32?] {
    guard let all = candidates[field], let limits = Self.limits[field] else { return [nil] }
    var wanted = all
    if let decider, let rule = decider.rule {
      let graph = firewall.graphs[decider.graph]
      let own = graph.items(of: graph.rules[Int(rule)]).filter { $0.field == field && Self.isTest($0) }
      if !own.isEmpty { wanted = all.filter { value in own.allSatisfy { Self.holds($0, value, graph) } } }
    }
    var values: [UInt32] = []
    for value in wanted.reversed() {
      // A router takes one off the time to live before its forward hook looks.
      for tried in field == .timeToLive ? [value + 1, value] : [value] where limits.contains(tried) {
        if !values.contains(tried) { values.append(tried) }
      }
    }
    return values.isEmpty ? [nil] : values.prefix(Self.valueLimit).map { $0 }
  }

  private static func isTest(_ item: RuleItem) -> Bool {
    switch item.kind {
    case .range, .set, .masked, .anyBit, .bits:
      item.field == .timeToLive || item.field == .dscp || item.field == .length
    default: false
    }
  }

  /// Values just inside and just outside of what a test asks for.
  private static func edges(of item: RuleItem, _ graph: RuleGraph) -> [UInt32] {
    func around(_ lower: UInt32, _ upper: UInt32) -> [UInt32] { [lower &- 1, lower, upper, upper &+ 1] }
    switch item.kind {
    case .range: return around(item.a, item.b)
    case .set:
      guard case .narrow(let values) = graph.sets[Int(item.a)] else { return [] }
      return values.intervals.prefix(8).flatMap { around($0.lower, $0.upper) }
    case .masked: return [item.b, item.b | ~item.a & 63, 0, 63]
    case .anyBit: return [item.a & (~item.a &+ 1), 0]
    case .bits: return (0..<32).filter { item.a >> $0 & 1 == 1 }.prefix(2) + [0, 31]
    default: return []
    }
  }

  /// Whether a test holds for a value.
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
