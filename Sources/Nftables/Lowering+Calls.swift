import RuleGraph
import SourceText

extension Lowering {
  /// Base chains and the chains below them that may be in the middle of one another (`NFT_JUMP_STACK_SIZE` of
  /// nf_tables.h); the kernel refuses rule sets that could go deeper, circles among them.
  static let callDepth = 16
  /// Chains that are reported for being called in a wrong way.
  private static let callReportLimit = 20

  /// Reports what the kernel refuses when it follows all jumps, gotos and verdict maps from the base chains: circles,
  /// too many levels, and rules that are reached from a base chain where they cannot work.
  ///
  /// Chains that no base chain leads to may do as they like (`nf_tables_validate`).
  mutating func checkCalls() {
    var calls: [[(target: UInt32, rule: UInt32)]] = []
    calls.reserveCapacity(graph.chains.count)
    for chain in graph.chains {
      var seen: Set<UInt32> = []
      var found: [(target: UInt32, rule: UInt32)] = []
      for rule in chain.rules where graph.rules[Int(rule)].verdict.mayCall {
        for call in graph.calls(of: graph.rules[Int(rule)]) where seen.insert(call.target).inserted {
          found.append((call.target, rule))
        }
      }
      calls.append(found)
    }
    guard calls.contains(where: { !$0.isEmpty }) else { return }
    checkDepth(calls)
    checkPlaces(calls)
  }

  // MARK: Depth

  /// Goes down level by level, each chain once a level, so that many ways to one chain cost nothing.
  private mutating func checkDepth(_ calls: [[(target: UInt32, rule: UInt32)]]) {
    typealias Step = (caller: UInt32, rule: UInt32)
    var levels: [[UInt32: Step]] = []
    var current = graph.chains.indices.filter { graph.chains[$0].base != nil }.map { UInt32($0) }
    for _ in 0..<Self.callDepth where !current.isEmpty {
      var reached: [UInt32: Step] = [:]
      var next: [UInt32] = []
      for chain in current {
        for call in calls[Int(chain)] where reached[call.target] == nil {
          reached[call.target] = (chain, call.rule)
          next.append(call.target)
        }
      }
      levels.append(reached)
      current = next
    }
    var reported: Set<UInt32> = []
    for deepest in current where levels.count == Self.callDepth {
      var path = [deepest]
      var rules: [UInt32] = []
      for level in levels.reversed() {
        guard let last = path.last, let step = level[last] else { break }
        path.append(step.caller)
        rules.append(step.rule)
      }
      reportDepth(Array(path.reversed()), Array(rules.reversed()), &reported)
    }
  }

  /// Reports a way that is too long: the circle in it if there is one.
  ///
  /// - Parameters:
  ///   - path: the chains, from a base chain on.
  ///   - rules: the rules that lead from each to the next.
  private mutating func reportDepth(_ path: [UInt32], _ rules: [UInt32], _ reported: inout Set<UInt32>) {
    guard path.count == rules.count + 1, let first = path.first, let lastRule = rules.last else { return }
    func name(_ chain: UInt32) -> String { graph.names[graph.chains[Int(chain)].name] }
    var places: [UInt32: Int] = [:]
    for (index, chain) in path.enumerated() {
      guard let start = places[chain] else {
        places[chain] = index
        continue
      }
      // A circle is told from the chain that comes first, wherever it was entered.
      let members = path[start..<index]
      let lead = members.indices.min { path[$0] < path[$1] } ?? start
      let circle = Array(path[lead..<index]) + Array(path[start..<lead])
      let closing = lead == start ? rules[index - 1] : rules[lead - 1]
      guard reported.count < Self.callReportLimit, reported.insert(closing).inserted else { return }
      let names = (circle + circle.prefix(1)).map(name).joined(separator: " → ")
      return report(.error, "chains call one another in a circle: \(names)", span(of: closing))
    }
    guard reported.count < Self.callReportLimit, reported.insert(lastRule).inserted else { return }
    report(
      .error,
      "chains call one another \(Self.callDepth) levels deep from base chain '\(name(first))' on, "
        + "and the kernel takes \(Self.callDepth - 1)", span(of: lastRule))
  }

  private func span(of rule: UInt32) -> TextSpan {
    let rule = graph.rules[Int(rule)]
    return TextSpan(file: rule.file, start: rule.range.start, end: rule.range.end)
  }
}
