import PacketSets
import RuleGraph

extension PathEvaluator {
  /// Whether rules may change packets beyond following.
  var hasOpaqueStates: Bool { states.hasOpaqueStates }

  /// What becomes of packets behind an effect, as a function of the packets before it.
  func effectDiagram(_ item: RuleItem, _ graph: Int, rest: Diagram, stage: PathStage) -> Diagram {
    guard HeaderRewriting.concerns(item.field) else {
      let map = states.map(item, precedesConntrack: stage.precedesConntrack)
      return store.applied(store.intern(Rewrite(stateMap: map)), rest)
    }
    let isKnown = item.kind == .setField
    switch item.field {
    case .ipv4Source, .ipv4Destination:
      guard question.family == .v4 else { return rest }
      let level = item.field == .ipv4Source ? PacketLayout.source : layout.destination
      return applied([Rewrite.Assignment(level: level, values: isKnown ? Interval(item.b) : .all)], rest)
    case .ipv6Source, .ipv6Destination:
      guard question.family == .v6 else { return rest }
      let first = item.field == .ipv6Source ? PacketLayout.source : layout.destination
      let value = isKnown ? graphs[graph].wideMasks[Int(item.a)].value : 0
      let words = (0..<4).map { word in
        let bits = UInt32(truncatingIfNeeded: value >> UInt128(96 - 32 * word))
        return Rewrite.Assignment(level: first + word, values: isKnown ? Interval(bits) : .all)
      }
      return applied(words, rest)
    default:
      // Other protocols have no ports, or something else on the level.
      let level = item.field == .sourcePort ? layout.sourcePort : PacketLayout.port
      let values = isKnown ? Interval(item.b & 65535) : Interval(0, 65535)
      let having = protocolsWithPorts
      let lacking = store.mapped(having, .complement)
      let changed = applied([Rewrite.Assignment(level: level, values: values)], rest)
      return store.union(store.filtered(changed, by: having), store.filtered(rest, by: lacking))
    }
  }

  /// The packets of protocols that have ports.
  var protocolsWithPorts: Diagram {
    let numbers = IntervalSet((0...255).filter { IPProtocol.hasPorts($0) }.map { Interval(UInt32($0)) })
    return store.split(
      level: PacketLayout.protocolNumber, numbers, inside: DiagramStore.passing, outside: DiagramStore.nothing)
  }

  private func applied(_ assignments: [Rewrite.Assignment], _ diagram: Diagram) -> Diagram {
    store.applied(store.intern(Rewrite(assignments: assignments)), diagram)
  }
}
