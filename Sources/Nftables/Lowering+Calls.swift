import RuleGraph
import SourceText

extension Lowering {
  /// Base chains and the chains below them that may be in the middle of one another (`NFT_JUMP_STACK_SIZE` of
  /// nf_tables.h); the kernel refuses rule sets that could go deeper, circles among them.
  static let callDepth = 16
  /// Chains that are reported for being called in a wrong way.
  private static let callReportLimit = 20

  /// Reports what the kernel refuses when it follows all jumps, gotos and verdict maps from the base chains: circles,
  /// too many levels, and translations that are reached from a base chain where they cannot work.
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
      if let start = places[chain] {
        let rule = rules[index - 1]
        guard reported.count < Self.callReportLimit, reported.insert(rule).inserted else { return }
        let circle = path[start...index].map(name).joined(separator: " → ")
        return report(.error, "chains call one another in a circle: \(circle)", span(of: rule))
      }
      places[chain] = index
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

  // MARK: Places

  /// Base chains by what matters to translations: type and hook.
  private static func place(_ base: BaseChain) -> UInt32 {
    1 << (UInt32(base.hook.rawValue) + (base.type == .nat ? 0 : 16))
  }

  /// Whether a translation works where a base chain stands.
  private static func works(_ kind: Translation.Kind, at place: UInt32) -> Bool {
    let hooks: [Hook]
    switch kind {
    case .destination, .destinationPrefix, .redirect: hooks = [.prerouting, .output]
    case .source, .sourcePrefix: hooks = [.postrouting, .input]
    case .masquerade: hooks = [.postrouting]
    case .transparentProxy: return true
    }
    return hooks.contains { place == 1 << UInt32($0.rawValue) }
  }

  /// Reports translations in chains that base chains of another type or hook lead to; those in base chains themselves
  /// are reported as they are read.
  private mutating func checkPlaces(_ calls: [[(target: UInt32, rule: UInt32)]]) {
    var translating: [(chain: Int, rule: UInt32, kind: Translation.Kind)] = []
    for (index, chain) in graph.chains.enumerated() where chain.base == nil {
      for rule in chain.rules {
        guard let kind = translation(graph.rules[Int(rule)].verdict) else { continue }
        translating.append((index, rule, kind))
      }
    }
    guard !translating.isEmpty else { return }
    var places = graph.chains.map { $0.base.map(Self.place) ?? 0 }
    var pending = graph.chains.indices.filter { places[$0] != 0 }
    while let chain = pending.popLast() {
      for call in calls[chain] where places[chain] & ~places[Int(call.target)] != 0 {
        places[Int(call.target)] |= places[chain]
        pending.append(Int(call.target))
      }
    }
    for (chain, rule, kind) in translating.prefix(10_000) {
      let wrong = (0..<32).first { bit in
        places[chain] >> UInt32(bit) & 1 == 1 && !Self.works(kind, at: 1 << UInt32(bit))
      }
      guard let wrong else { continue }
      let hook = Hook(rawValue: UInt8(wrong & 15)).map(\.keyword) ?? ""
      report(
        .error,
        "a base chain of \(wrong < 16 ? "type nat" : "another type than nat") at hook \(hook) leads to this "
          + "translation, which cannot work there", span(of: rule))
    }
  }

  private func translation(_ verdict: Verdict) -> Translation.Kind? {
    switch verdict.kind {
    case .translate: return graph.translations[Int(verdict.target)].kind
    case .lookup:
      guard let first = graph.lookups[Int(verdict.target)].verdicts.first, first.kind == .translate else { return nil }
      return graph.translations[Int(first.target)].kind
    default: return nil
    }
  }
}
