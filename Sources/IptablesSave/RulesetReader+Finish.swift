import PacketSets
import RuleGraph
import SourceText

/// What can be said only when the whole file was read.
extension RulesetReader {
  mutating func finish() {
    for state in tables where state.isOpen {
      report(
        .error, "table \(graph.names[graph.tables[state.index].name]) has no COMMIT", state.range)
    }
    resolveJumps()
    markFilledSets()
    breakLoops()
    settlePrefixRules()
  }

  /// Binds jumps to chains that were declared behind them; others go nowhere, and iptables refuses them.
  private mutating func resolveJumps() {
    for jump in pending {
      let bytes = Array(jump.name.utf8)
      let chain = bytes.withUnsafeBufferPointer { buffer in
        tables[jump.table].chains.value(of: ByteText(buffer, 0, buffer.count))
      }
      let index = Int(jump.rule)
      if let chain {
        graph.rules[index].verdict = Verdict(jump.isGoto ? .goto : .jump, UInt32(chain))
        let isUndecided = graph.items(of: graph.rules[index]).contains {
          $0.kind == .undecidable || $0.kind == .reference || $0.kind == .setUnknown
        }
        graph.rules[index].understanding = isUndecided ? .approximated : .exact
      } else {
        let names =
          givesHints
          ? ["ACCEPT", "DROP", "RETURN"] + tables[jump.table].chains.names
            + catalog.targetNames(tables[jump.table].family) : []
        report(
          .error, "there is no chain and no target '\(jump.name)'\(Suggestion.hint(for: jump.name, among: names))",
          jump.range)
        graph.rules[index].understanding = .unparsed
      }
    }
  }

  /// Sets that rules fill hold what the traffic puts there.
  private mutating func markFilledSets() {
    for (name, item, rule) in setItems where filledSets.contains(name) {
      graph.items[item] = graph.undecidable("set \(name) is filled at run time")
      if graph.rules[Int(rule)].understanding == .exact { graph.rules[Int(rule)].understanding = .approximated }
    }
  }

  /// Jumps that lead back to a chain that is being run: the kernel refuses the table.
  private mutating func breakLoops() {
    var state = [UInt8](repeating: 0, count: graph.chains.count)
    for root in graph.chains.indices where state[root] == 0 {
      var stack: [(chain: Int, next: Int)] = [(root, 0)]
      state[root] = 1
      while let (chain, next) = stack.last {
        guard next < graph.chains[chain].rules.count else {
          state[chain] = 2
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let index = Int(graph.chains[chain].rules[next])
        let verdict = graph.rules[index].verdict
        guard verdict.kind == .jump || verdict.kind == .goto else { continue }
        let target = Int(verdict.target)
        if state[target] == 1 {
          report(
            .error, "the jump to chain \(graph.names[graph.chains[target].name]) makes a loop",
            graph.rules[index].range)
          graph.rules[index].verdict = Verdict(.unknown)
          graph.rules[index].understanding = .unparsed
        } else if state[target] == 0 {
          state[target] = 1
          stack.append((target, 0))
        }
      }
    }
  }

  /// NETMAP rewrites the end that its hook is about; in a user chain that depends on who calls it.
  private mutating func settlePrefixRules() {
    guard !prefixRules.isEmpty else { return }
    var hooks = [UInt8](repeating: 0, count: graph.chains.count)
    for (index, chain) in graph.chains.enumerated() {
      guard let base = chain.base else { continue }
      let bit: UInt8 = Self.prefixKind(at: base.hook) == .destinationPrefix ? 1 : 2
      var stack = [index]
      while let chain = stack.popLast() {
        guard hooks[chain] & bit == 0 else { continue }
        hooks[chain] |= bit
        for rule in graph.chains[chain].rules {
          let verdict = graph.rules[Int(rule)].verdict
          if verdict.kind == .jump || verdict.kind == .goto { stack.append(Int(verdict.target)) }
        }
      }
    }
    for (rule, chain) in prefixRules {
      let index = Int(rule)
      guard graph.rules[index].verdict.kind == .translate else { continue }
      let translation = Int(graph.rules[index].verdict.target)
      switch hooks[chain] {
      case 2: graph.translations[translation].kind = .sourcePrefix
      case 3:
        graph.rules[index].verdict = Verdict(.unknown)
        graph.rules[index].understanding = .approximated
      default: break
      }
    }
  }
}
