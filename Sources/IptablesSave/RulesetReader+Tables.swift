import PacketSets
import RuleGraph
import SourceText

/// Tables, chains and their policies.
extension RulesetReader {
  // MARK: Lines of a dump

  /// `*table`: begins a table, which replaces what an earlier section of the file put into it.
  mutating func openTable() {
    let word = argument(0)
    let name: ByteText
    if word.count == 1, argumentCount > 1 {
      name = argument(1)
    } else {
      name = word.dropFirst(1)
    }
    if let current, tables[current].isOpen {
      report(.error, "table \(tableName(current)) ends without COMMIT", tables[current].range)
      tables[current].isOpen = false
    }
    let range = range(0)
    let kind = TableKind.named(name)
    if kind == nil {
      let hint = Suggestion.hint(for: name.string, among: TableKind.allCases.map(\.name))
      report(.error, "there is no table '\(name.string)'\(hint)", range)
    }
    if let earlier = tables.lastIndex(where: { $0.family == family && $0.kind == kind && kind != nil }) {
      graph.tables[tables[earlier].index].isDormant = true
      report(
        .warning, "table \(tableName(earlier)) begins again: iptables-restore drops what stood in it before", range)
    }
    addTable(name.string, kind, range: range, isOpen: true)
  }

  /// `COMMIT`.
  mutating func commit() {
    guard let current, tables[current].isOpen else {
      return report(.error, "COMMIT without a table", range(0))
    }
    tables[current].isOpen = false
    if argumentCount > 1 { report(.error, "unexpected words behind COMMIT", range(from: 1, to: argumentCount - 1)) }
    self.current = nil
    lastChain = nil
  }

  /// `:CHAIN POLICY [packets:bytes]`.
  mutating func declareChain() {
    guard let current else { return report(.error, "a chain is declared outside of any table", range(0)) }
    let word = argument(0)
    var next = 1
    var nameArgument = 0
    var name = word.dropFirst(1)
    if name.isEmpty, argumentCount > 1 {
      name = argument(1)
      nameArgument = 1
      next = 2
    }
    let nameRange =
      nameArgument == 0
      ? SourceRange(arguments[0].sourceStart &+ 1, arguments[0].sourceEnd) : range(nameArgument)
    if let problem = nameProblem(name) { return report(.error, problem, nameRange) }
    if isVerdictName(name) { return report(.error, "'\(name.string)' is the name of a target", nameRange) }
    guard next < argumentCount else {
      return report(.error, "chain \(name.string) is declared without a policy", range(0))
    }
    let isBuiltIn = tables[current].kind?.hook(name) != nil
    let chain: Int
    if let known = findChain(name) {
      chain = known
      if !graph.chains[chain].rules.isEmpty {
        report(.warning, "chain \(name.string) is declared again: its rules so far are dropped", nameRange)
        graph.chains[chain].rules = []
      }
    } else {
      chain = addChain(name, range: nameRange)
    }
    let policy = argument(next)
    if isBuiltIn {
      setPolicy(next, of: chain, mayKeep: true)
    } else if !policy.equals("-") {
      report(
        .warning, "chain \(name.string) is none of the table's own, so that it has no policy", range(next))
    }
    next += 1
    if next < argumentCount, !isCounters(argument(next)) {
      report(.error, "expected counters like [0:0]", range(next))
    }
  }

  /// Sets the policy that an argument names.
  mutating func setPolicy(_ index: Int, of chain: Int, mayKeep: Bool) {
    let policy = argument(index)
    if policy.equals("ACCEPT") {
      graph.chains[chain].base?.policy = .accept
    } else if policy.equals("DROP") {
      if current.flatMap({ tables[$0].kind }) == .nat {
        report(.error, "table nat is not for filtering, so that iptables refuses the policy DROP there", range(index))
      }
      graph.chains[chain].base?.policy = .drop
    } else if mayKeep, policy.equals("-") {
      return
    } else {
      report(.error, "a policy is ACCEPT or DROP, not '\(policy.string)'", range(index))
      return
    }
    let place = range(index)
    graph.chains[chain].base?.policyRange = place
  }

  // MARK: Tables and chains

  func tableName(_ state: Int) -> String { graph.names[graph.tables[tables[state].index].name] }

  mutating func addTable(_ name: String, _ kind: TableKind?, range: SourceRange, isOpen: Bool) {
    let id = graph.names.intern(name)
    graph.tables.append(Table(name: id, family: family == .v4 ? .ip : .ip6, range: range))
    tables.append(
      TableState(index: graph.tables.count - 1, family: family, kind: kind, range: range, isOpen: isOpen))
    current = tables.count - 1
    lastChain = nil
  }

  /// Makes the table of a command current, creating it when it is not there yet.
  mutating func useTable(_ kind: TableKind, range: SourceRange) {
    if let known = tables.lastIndex(where: { $0.family == family && $0.kind == kind }) {
      if current != known { lastChain = nil }
      current = known
    } else {
      addTable(kind.name, kind, range: range, isOpen: false)
    }
  }

  /// The chain of a name in the current table; the table's own chains exist without being declared.
  mutating func findChain(_ name: ByteText) -> Int? {
    guard let current else { return nil }
    if let last = lastChain, last.table == current, isSame(last.name, name) { return last.chain }
    if let chain = tables[current].chains.value(of: name) {
      lastChain = (current, name, chain)
      return chain
    }
    guard tables[current].kind?.hook(name) != nil else { return nil }
    return addChain(name, range: SourceRange(0, 0))
  }

  /// A chain that may be jumped to; looking it up does not disturb the cache of the chain that grows.
  func findTargetChain(_ name: ByteText) -> Int? {
    guard let current else { return nil }
    return tables[current].chains.value(of: name)
  }

  @inline(__always)
  func isSame(_ left: ByteText, _ right: ByteText) -> Bool {
    guard left.count == right.count else { return false }
    for offset in 0..<left.count where left[offset] != right[offset] { return false }
    return true
  }

  @discardableResult
  mutating func addChain(_ name: ByteText, range: SourceRange) -> Int {
    guard let current else { return 0 }
    let kind = tables[current].kind
    let base = kind.flatMap { kind in kind.hook(name).map { kind.baseChain($0) } }
    let id = graph.names.intern(name.string)
    graph.chains.append(Chain(name: id, table: UInt32(tables[current].index), base: base, range: range))
    let chain = graph.chains.count - 1
    tables[current].chains.set(name, chain)
    return chain
  }

  /// What is wrong with the name of a chain.
  ///
  /// Source: iptables' `parse_chain` and XT_EXTENSION_MAXNAMELEN.
  func nameProblem(_ name: ByteText) -> String? {
    if name.isEmpty { return "a chain needs a name" }
    if name.count > 28 { return "the name of a chain has at most 28 characters" }
    if name[0] == 0x2D || name[0] == 0x21 { return "the name of a chain must not begin with '-' or '!'" }
    return nil
  }

  /// Whether an argument is `[packets:bytes]`.
  func isCounters(_ text: ByteText) -> Bool {
    // What stands between the brackets is not looked at closely: sscanf takes what it can.
    !text.isEmpty && text[0] == 0x5B && text.firstIndex(of: 0x3A) != nil
  }
}
