import PacketSets
import RuleGraph
import SourceText

/// Commands: what a line does to chains and rules.
extension RulesetReader {
  /// Reads a command from an argument on: `-A INPUT ...`, counters before it allowed.
  mutating func readCommandLine(from start: Int) {
    var start = start
    if start < argumentCount, !arguments[start].isQuoted, isCounters(argument(start)) { start += 1 }
    guard start < argumentCount else { return report(.error, "counters without a rule", range(0)) }
    do throws(Complaint) {
      try readDraft(from: start)
      try perform(from: start)
    } catch {
      // Scripts clean up what may not be there.
      if isScript, [.delete, .deleteChain, .flush, .newChain].contains(draft.command) { return }
      report(.error, error.message, error.range)
      keepPlace(from: start)
    }
  }

  /// Records a rule that was not understood in the chain that it names.
  mutating func keepPlace(from start: Int) {
    var command = draft.command
    var chainArgument = Int(draft.chain)
    if command == .none {
      // The mistake came before the command was read.
      for index in start..<max(start, argumentCount - 1) {
        let word = argument(index)
        guard word.equals("-A") || word.equals("--append") || word.equals("-I") || word.equals("--insert") else {
          continue
        }
        command = word.equals("-A") || word.equals("--append") ? .append : .insert
        chainArgument = index + 1
        break
      }
    }
    guard command == .append || command == .insert || command == .replace, chainArgument >= 0,
      let chain = findChain(argument(chainArgument))
    else { return }
    let rule = graph.addRule(
      items: [], verdict: Verdict(.unknown), understanding: .unparsed,
      range: range(from: start, to: argumentCount - 1))
    place(rule, chain: chain, command: command)
  }

  // MARK: Performing

  private mutating func perform(from start: Int) throws(Complaint) {
    if draft.table >= 0, !isScript {
      throw Complaint("the table is chosen by a line '*table' here, not by -t", range(draft.table))
    }
    if let only = draft.onlyFamily, only != family {
      // iptables-restore leaves out what is meant for the other family.
      return
    }
    if isConditional, [.delete, .deleteChain, .renameChain, .policy, .flush, .replace].contains(draft.command) {
      report(
        .warning, "the command is not followed, as it is up to the shell whether it runs",
        range(from: start, to: argumentCount - 1))
      return
    }
    if draft.listingArgument >= 0, draft.command != .list, draft.command != .none {
      throw Complaint("'\(argument(draft.listingArgument).string)' is for listings only", range(draft.listingArgument))
    }
    switch draft.command {
    case .append, .insert, .replace: try performRule(from: start)
    case .delete: try performDelete(from: start)
    case .newChain, .deleteChain, .renameChain: try performChain()
    case .policy: try performPolicy()
    case .flush: try performFlush()
    case .zero, .list, .check: break
    case .none:
      throw Complaint("a command such as -A is missing", range(from: start, to: argumentCount - 1))
    }
  }

  private mutating func currentTable() throws(Complaint) -> Int {
    guard let current else {
      throw Complaint("a command outside of any table", range(draft.commandArgument))
    }
    return current
  }

  private mutating func existingChain(_ argument: Int32) throws(Complaint) -> Int {
    _ = try currentTable()
    let name = self.argument(argument)
    if let chain = findChain(name) { return chain }
    if let problem = nameProblem(name) { throw Complaint(problem, range(argument)) }
    let known = current.map { tables[$0].chains.names } ?? []
    throw Complaint(
      "there is no chain '\(name.string)' in table \(tableName(current ?? 0))"
        + Suggestion.hint(for: name.string, among: known), range(argument))
  }

  private mutating func performRule(from start: Int) throws(Complaint) {
    let chain = try existingChain(draft.chain)
    let firstItem = graph.items.count
    let range = range(from: start, to: argumentCount - 1)
    isApproximated = false
    let verdict: Verdict
    do throws(Complaint) {
      if isConditional { appendUndecidable("condition of the shell script") }
      verdict = try lower(chain: chain)
    } catch {
      graph.items.removeLast(graph.items.count - firstItem)
      throw error
    }
    let index = UInt32(truncatingIfNeeded: graph.rules.count)
    graph.rules.append(
      Rule(
        firstItem: UInt32(truncatingIfNeeded: firstItem),
        itemCount: UInt32(truncatingIfNeeded: graph.items.count - firstItem), verdict: verdict,
        understanding: isApproximated ? .approximated : .exact, range: range))
    if let jump = pendingJump {
      pending.append(
        PendingJump(
          rule: index, table: current ?? 0, name: argument(jump).string, range: self.range(jump),
          isGoto: draft.isGoto))
      pendingJump = nil
    }
    if draft.command == .append {
      graph.chains[chain].rules.append(index)
    } else {
      place(index, chain: chain, command: draft.command)
    }
  }

  /// Puts a rule where its command says: at the end, at a number, or in the place of another.
  private mutating func place(_ rule: UInt32, chain: Int, command: RuleDraft.Command) {
    let count = graph.chains[chain].rules.count
    var number: Int?
    if draft.operand >= 0 {
      let text = argument(draft.operand)
      number = text.number(upTo: 0xFFFF_FFFF).map(Int.init)
      if number == nil || number == 0 {
        report(.error, "'\(text.string)' is no number of a rule", range(draft.operand))
        number = nil
      }
    }
    switch command {
    case .insert:
      let position = number ?? 1
      if position > count + 1 {
        report(.error, "chain \(graph.names[graph.chains[chain].name]) has only \(count) rules", range(draft.operand))
      }
      graph.chains[chain].rules.insert(rule, at: min(max(position, 1), count + 1) - 1)
    case .replace:
      if let number, number <= count {
        graph.chains[chain].rules[number - 1] = rule
      } else {
        let place = draft.operand >= 0 ? range(draft.operand) : range(draft.commandArgument)
        report(.error, "there is no rule to replace", place)
        graph.chains[chain].rules.append(rule)
      }
    default: graph.chains[chain].rules.append(rule)
    }
  }

  private mutating func performDelete(from start: Int) throws(Complaint) {
    let chain = try existingChain(draft.chain)
    if draft.operand >= 0 {
      guard let number = argument(draft.operand).number(upTo: 0xFFFF_FFFF), number >= 1,
        number <= graph.chains[chain].rules.count
      else { throw Complaint("there is no rule of this number to delete", range(draft.operand)) }
      graph.chains[chain].rules.remove(at: Int(number) - 1)
      return
    }
    let firstItem = graph.items.count
    isApproximated = false
    let verdict = try lower(chain: chain)
    let items = Array(graph.items[firstItem...])
    graph.items.removeLast(items.count)
    let wantsPending = pendingJump != nil
    pendingJump = nil
    let found = graph.chains[chain].rules.firstIndex { index in
      let rule = graph.rules[Int(index)]
      guard !wantsPending, rule.understanding != .unparsed, rule.itemCount == items.count else { return false }
      return isSameVerdict(rule.verdict, verdict)
        && zip(graph.items(of: rule), items).allSatisfy { isSameItem($0, $1) }
    }
    guard let found else {
      throw Complaint("there is no such rule to delete", range(from: start, to: argumentCount - 1))
    }
    graph.chains[chain].rules.remove(at: found)
  }

  private func isSameVerdict(_ left: Verdict, _ right: Verdict) -> Bool {
    if left.kind == .translate, right.kind == .translate {
      return graph.translations[Int(left.target)] == graph.translations[Int(right.target)]
    }
    return left == right
  }

  /// Whether two items mean the same, with operands that live in side tables compared by value.
  private func isSameItem(_ left: RuleItem, _ right: RuleItem) -> Bool {
    guard left.kind == right.kind, left.field == right.field, left.isNegated == right.isNegated else { return false }
    switch left.kind {
    case .wideRange: return graph.wideRanges[Int(left.a)] == graph.wideRanges[Int(right.a)]
    case .wideMasked: return graph.wideMasks[Int(left.a)] == graph.wideMasks[Int(right.a)]
    case .set: return graph.sets[Int(left.a)] == graph.sets[Int(right.a)]
    case .lookup:
      let (first, second) = (graph.lookups[Int(left.a)], graph.lookups[Int(right.a)])
      return first.fields == second.fields && first.intervals == second.intervals
    default: return left == right
    }
  }

  private mutating func performChain() throws(Complaint) {
    let table = try currentTable()
    if draft.command == .deleteChain, draft.chain < 0 {
      return
    }
    let name = argument(draft.chain)
    if let problem = nameProblem(name) { throw Complaint(problem, range(draft.chain)) }
    switch draft.command {
    case .newChain:
      if findChain(name) != nil {
        throw Complaint("chain '\(name.string)' exists already", range(draft.chain))
      }
      if isVerdictName(name) || catalog.target(name, family) != nil {
        throw Complaint("'\(name.string)' is the name of a target", range(draft.chain))
      }
      addChain(name, range: range(draft.chain))
    case .deleteChain:
      let chain = try existingChain(draft.chain)
      if graph.chains[chain].base != nil {
        throw Complaint("chain \(name.string) is one of the table's own and stays", range(draft.chain))
      }
      if !graph.chains[chain].rules.isEmpty {
        throw Complaint("chain \(name.string) is not empty and cannot be deleted", range(draft.chain))
      }
      tables[table].chains.set(name, -1)
      lastChain = nil
    default:
      guard draft.operand >= 0 else {
        throw Complaint("a new name is missing", range(draft.commandArgument))
      }
      let chain = try existingChain(draft.chain)
      if graph.chains[chain].base != nil {
        throw Complaint("chain \(name.string) is one of the table's own and keeps its name", range(draft.chain))
      }
      let newName = argument(draft.operand)
      if let problem = nameProblem(newName) { throw Complaint(problem, range(draft.operand)) }
      if findChain(newName) != nil {
        throw Complaint("chain '\(newName.string)' exists already", range(draft.operand))
      }
      graph.chains[chain].name = graph.names.intern(newName.string)
      tables[table].chains.set(name, -1)
      tables[table].chains.set(newName, chain)
      lastChain = nil
    }
  }

  private mutating func performPolicy() throws(Complaint) {
    let chain = try existingChain(draft.chain)
    guard graph.chains[chain].base != nil else {
      throw Complaint("only the table's own chains have a policy", range(draft.chain))
    }
    guard draft.operand >= 0 else { throw Complaint("a policy is missing", range(draft.commandArgument)) }
    setPolicy(Int(draft.operand), of: chain, mayKeep: false)
  }

  private mutating func performFlush() throws(Complaint) {
    let table = try currentTable()
    if draft.chain >= 0 {
      graph.chains[try existingChain(draft.chain)].rules = []
      return
    }
    for chain in graph.chains.indices where Int(graph.chains[chain].table) == tables[table].index {
      graph.chains[chain].rules = []
    }
  }
}
