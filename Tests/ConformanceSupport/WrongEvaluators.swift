import PacketSets
import RuleGraph

/// Mistakes that the suite must notice; each turns a right graph into one that is evaluated wrongly.
public enum WrongEvaluator: String, CaseIterable, Sendable {
  /// goto comes back behind its rule, as jump does.
  case gotoAsJump
  /// accept ends all base chains of the hook, not only its own.
  case acceptEndsHook
  /// A test of bits of the TCP flags asks for equality.
  case flagBitsAsEquality
  /// Every policy is accept.
  case ignoresPolicies
  /// The first rule of every base chain, where established connections are let through, is missing.
  case losesFirstRules
  /// Sets of addresses and ranges of them end one later.
  case widensPrefixes

  /// The frontends with this mistake behind them.
  public var interpreter: Interpreter {
    Interpreter { ruleSet in
      let (graphs, diagnostics) = Interpreter.fwlint.read(ruleSet)
      return (graphs.map(spoil), diagnostics)
    }
  }

  private func spoil(_ graph: RuleGraph) -> RuleGraph {
    var graph = graph
    switch self {
    case .gotoAsJump:
      func jump(_ verdict: inout Verdict) { if verdict.kind == .goto { verdict.kind = .jump } }
      for index in graph.rules.indices { jump(&graph.rules[index].verdict) }
      for index in graph.lookups.indices {
        for element in graph.lookups[index].verdicts.indices { jump(&graph.lookups[index].verdicts[element]) }
      }
    case .flagBitsAsEquality:
      for index in graph.items.indices where graph.items[index].field == .tcpFlags {
        let item = graph.items[index]
        switch item.kind {
        case .anyBit: graph.items[index] = RuleItem(.range, .tcpFlags, item.a, item.a, negated: item.isNegated)
        case .masked: graph.items[index] = RuleItem(.range, .tcpFlags, item.b, item.b, negated: item.isNegated)
        default: break
        }
      }
    case .acceptEndsHook: joinBaseChains(&graph)
    case .ignoresPolicies:
      for index in graph.chains.indices { graph.chains[index].base?.policy = .accept }
    case .losesFirstRules:
      for index in graph.chains.indices where graph.chains[index].base != nil && !graph.chains[index].rules.isEmpty {
        graph.chains[index].rules.removeFirst()
      }
    case .widensPrefixes:
      for index in graph.items.indices where graph.items[index].kind == .range {
        let field = graph.items[index].field
        if field == .ipv4Source || field == .ipv4Destination, graph.items[index].b < .max { graph.items[index].b += 1 }
      }
      graph.wideRanges = graph.wideRanges.map { Interval($0.lower, $0.upper == .max ? .max : $0.upper + 1) }
      graph.sets = graph.sets.map { set in
        guard case .narrow(let values) = set, values.intervals.contains(where: { $0.lower > 65535 }) else { return set }
        return .narrow(IntervalSet(values.intervals.map { Interval($0.lower, $0.upper == .max ? .max : $0.upper + 1) }))
      }
    }
    return graph
  }

  /// Replaces the base chains of a hook by one that calls them in turn.
  private func joinBaseChains(_ graph: inout RuleGraph) {
    let places = graph.chains.indices.filter { graph.chains[$0].base.map { $0.type != .nat } ?? false }
    let groups = Dictionary(grouping: places) { index in
      [
        UInt8(graph.chains[index].base?.hook.rawValue ?? 0),
        graph.tables[Int(graph.chains[index].table)].family.rawValue,
      ]
    }
    for members in groups.values.sorted(by: { $0[0] < $1[0] }) where members.count > 1 {
      let ordered = members.sorted { (graph.chains[$0].base?.priority ?? 0) < (graph.chains[$1].base?.priority ?? 0) }
      guard var base = graph.chains[ordered[0]].base else { continue }
      base.policy = .accept
      let joined = graph.chains.count
      let first = graph.chains[ordered[0]]
      graph.chains.append(Chain(name: first.name, table: first.table, base: base))
      for member in ordered {
        let policy = graph.chains[member].base?.policy
        graph.appendRule(
          to: joined, items: [], verdict: Verdict(.jump, UInt32(member)), understanding: .exact, range: first.range)
        if policy == .drop {
          graph.appendRule(to: joined, items: [], verdict: .drop, understanding: .exact, range: first.range)
        }
        graph.chains[member].base = nil
      }
    }
  }
}
