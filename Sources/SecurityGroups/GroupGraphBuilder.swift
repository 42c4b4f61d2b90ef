import PacketSets
import RuleGraph
import SourceText

/// Collects the groups of an export with their rules and makes the rule graph of them.
///
/// Each group has a chain a direction; `finish` adds the base chains that call them, as the provider combines them.
struct GroupGraphBuilder {
  /// Where in a packet's way groups stand; all levels must let it through.
  enum Level: Int, Sendable, CaseIterable {
    /// At the subnet: AWS's network ACLs, Azure's groups of subnets.
    case subnet
    /// At the unit's own interface.
    case interface
  }

  /// How the groups of one level act together.
  enum Combination: Sendable {
    /// All that are in force allow what any of them allows.
    case union
    /// Just one of them is in force; which one is not known while there are several.
    case alternatives(String)
    /// All are asked, in their order.
    case sequence
  }

  /// A group and where it stands.
  struct Member {
    var group: Int
    var level: Level
    var combination: Combination
  }

  var graph: RuleGraph
  var diagnostics: [Diagnostic] = []
  /// Groups in the order in which they are called.
  var members: [Member] = []
  /// All groups, those too that cannot be selected.
  private(set) var groups: [SecurityGroup] = []
  private var unlisted: Set<Int> = []
  private var groupIndices: [String: Int] = [:]
  private var referenceIndices: [Reference: UInt32] = [:]

  init(dialect: Dialect, source: SourceFile) {
    graph = RuleGraph(dialect: dialect, source: source)
    let table = Table(name: graph.names.intern(dialect.rawValue), family: .inet)
    graph.tables.append(table)
    addBaseChains(prefix: "", ingressPriority: 0, egressPriority: 0)
  }

  // MARK: Messages

  mutating func error(_ message: String, at range: SourceRange) {
    diagnostics.append(Diagnostic(.error, message, range: range))
  }

  mutating func warning(_ message: String, at range: SourceRange) {
    diagnostics.append(Diagnostic(.warning, message, range: range))
  }

  mutating func note(_ message: String, at range: SourceRange) {
    diagnostics.append(Diagnostic(.note, message, range: range))
  }

  // MARK: Groups

  /// The group of an id, made when it is new.
  ///
  /// - Parameter isListed: whether the group can be selected; others are always in force.
  mutating func group(
    _ id: String, name: String? = nil, level: Level = .interface, combination: Combination = .union,
    isListed: Bool = true, range: SourceRange
  ) -> Int {
    if let index = groupIndices[id] {
      if groups[index].name == nil { groups[index].name = name }
      return index
    }
    let ingress = addChain("\(id) ingress", range: range)
    let egress = addChain("\(id) egress", range: range)
    groups.append(SecurityGroup(id: id, name: name, ingressChain: ingress, egressChain: egress))
    let index = groups.count - 1
    groupIndices[id] = index
    if !isListed { unlisted.insert(index) }
    members.append(Member(group: index, level: level, combination: combination))
    return index
  }

  /// A group of its own for rules whose group is not named.
  mutating func namelessGroup(at range: SourceRange) -> Int {
    group("nameless group \(groups.count + 1)", range: range)
  }

  /// Puts a group at a further level.
  mutating func place(_ group: Int, at level: Level, _ combination: Combination) {
    guard !members.contains(where: { $0.group == group && $0.level == level }) else { return }
    members.append(Member(group: group, level: level, combination: combination))
  }

  /// Names what decides whether rules of a group apply to the unit (a network tag), so that it can be selected.
  mutating func facet(_ id: String, name: String, of group: Int) {
    guard groupIndices[id] == nil else { return }
    let owner = groups[group]
    groupIndices[id] = groups.count
    groups.append(
      SecurityGroup(id: id, name: name, ingressChain: owner.ingressChain, egressChain: owner.egressChain))
  }

  /// The chain of a group for a direction.
  func chain(_ group: Int, _ direction: TrafficDirection) -> Int {
    let group = groups[group]
    return Int(direction == .ingress ? group.ingressChain : group.egressChain)
  }

  private mutating func addChain(_ name: String, range: SourceRange) -> UInt32 {
    graph.chains.append(Chain(name: graph.names.intern(name), table: 0, range: range))
    return UInt32(graph.chains.count - 1)
  }

  private mutating func addBaseChains(prefix: String, ingressPriority: Int32, egressPriority: Int32) {
    for (name, hook, priority) in [("ingress", Hook.input, ingressPriority), ("egress", .output, egressPriority)] {
      graph.chains.append(
        Chain(
          name: graph.names.intern(prefix + name), table: 0,
          base: BaseChain(type: .filter, hook: hook, priority: priority, policy: .drop)))
    }
  }
}

// MARK: Rules

extension GroupGraphBuilder {
  /// Adds a rule of a group.
  mutating func add(_ draft: RuleDraft, to group: Int, _ direction: TrafficDirection) {
    add(draft, toChain: chain(group, direction))
  }

  /// Adds a rule to the end of a chain: one rule of the graph, or one a family where the ends demand it.
  mutating func add(_ draft: RuleDraft, toChain chain: Int) {
    let isUnparsed =
      draft.isUnparsed || draft.transport.isUnparsed || draft.source == .unparsed || draft.destination == .unparsed
    var count = 0
    for family in families(of: draft) {
      guard let items = items(of: draft, family, isUnparsed: isUnparsed) else { continue }
      count += 1
      append(items, draft, isUnparsed: isUnparsed, to: chain)
    }
    // Ends of different families, or an empty list: the rule is there but matches nothing.
    if count == 0 { append([RuleItem(.never, .family)], draft, isUnparsed: isUnparsed, to: chain) }
  }

  private mutating func append(_ items: [RuleItem], _ draft: RuleDraft, isUnparsed: Bool, to chain: Int) {
    let isApproximated = items.contains { $0.kind == .undecidable || $0.kind == .reference }
    graph.appendRule(
      to: chain, items: items, verdict: draft.verdict,
      understanding: isUnparsed ? .unparsed : isApproximated ? .approximated : .exact, range: draft.range)
  }

  /// The families that need a rule of their own; nil stands for one rule of both.
  private func families(of draft: RuleDraft) -> [IPFamily?] {
    func families(_ match: AddressMatch) -> [IPFamily?] {
      switch match {
      case .any, .undecidable, .unparsed: [nil]
      case .prefix(let prefix): [prefix.base.family]
      case .set, .reference: [.v4, .v6]
      }
    }
    var result = families(draft.source)
    if result == [nil] { result = families(draft.destination) }
    if let only = draft.family ?? (result == [nil] ? nil : draft.transport.family) {
      result = result == [nil] || result.contains(only) ? [only] : []
    }
    return result
  }

  /// The matches of a rule for a family; nil when nothing of that family can match.
  private mutating func items(of draft: RuleDraft, _ family: IPFamily?, isUnparsed: Bool) -> [RuleItem]? {
    if draft.isNever { return nil }
    var items: [RuleItem] = []
    items.reserveCapacity(4)
    var namesFamily = false
    for (match, narrow, wide) in [
      (draft.source, Field.ipv4Source, Field.ipv6Source),
      (draft.destination, .ipv4Destination, .ipv6Destination),
    ] {
      switch item(match, family, narrow: narrow, wide: wide, namesFamily: &namesFamily) {
      case .impossible: return nil
      case .always: break
      case .item(let item): items.append(item)
      }
    }
    if let family, !namesFamily {
      items.insert(RuleItem(.range, .family, UInt32(family.rawValue), UInt32(family.rawValue)), at: 0)
    }
    append(draft.transport, to: &items)
    for reason in draft.undecidable { items.append(graph.undecidable(reason)) }
    if isUnparsed { items.append(graph.undecidable("a rule that was not understood")) }
    return items
  }

  /// What one end asks of packets of a family.
  private enum EndMatch {
    case impossible
    case always
    case item(RuleItem)
  }

  private mutating func item(
    _ match: AddressMatch, _ family: IPFamily?, narrow: Field, wide: Field, namesFamily: inout Bool
  ) -> EndMatch {
    switch match {
    case .any, .unparsed: return .always
    case .undecidable(let reason): return .item(graph.undecidable(reason))
    case .prefix(let prefix):
      guard prefix.base.family == family else { return .impossible }
      if prefix.length == 0 { return .always }
      namesFamily = true
      if family == .v6 { return .item(graph.wideRange(wide, prefix.interval)) }
      let interval = prefix.interval
      return .item(
        RuleItem(
          .range, narrow, UInt32(truncatingIfNeeded: interval.lower), UInt32(truncatingIfNeeded: interval.upper)))
    case .set(let set):
      namesFamily = true
      if family == .v6 { return set.v6.isEmpty ? .impossible : .item(graph.inSet(wide, .wide(set.v6))) }
      return set.v4.isEmpty ? .impossible : .item(graph.inSet(narrow, .narrow(set.v4)))
    case .reference(let kind, let name):
      namesFamily = true
      return .item(reference(family == .v6 ? wide : narrow, kind: kind, name: name))
    }
  }

  /// As `RuleGraph.reference`, in constant time.
  private mutating func reference(_ field: Field, kind: String, name: String) -> RuleItem {
    let reference = Reference(kind: kind, name: name)
    if let index = referenceIndices[reference] { return RuleItem(.reference, field, index) }
    let index = UInt32(graph.references.count)
    referenceIndices[reference] = index
    graph.references.append(reference)
    return RuleItem(.reference, field, index)
  }

  private mutating func append(_ transport: TransportMatch, to items: inout [RuleItem]) {
    if let number = transport.protocolNumber {
      items.append(RuleItem(.range, .protocolNumber, UInt32(number), UInt32(number)))
    }
    for (ports, field) in [
      (transport.sourcePorts, Field.sourcePort), (transport.destinationPorts, .destinationPort),
    ] {
      guard let ports else { continue }
      items.append(ports.isEmpty ? RuleItem(.never, .family) : graph.inSet(field, .narrow(ports)))
    }
    for (value, field) in [(transport.icmpType, Field.icmpType), (transport.icmpCode, .icmpCode)] {
      guard let value else { continue }
      items.append(RuleItem(.range, field, UInt32(value), UInt32(value)))
    }
    if let reason = transport.undecidable { items.append(graph.undecidable(reason)) }
  }
}

// MARK: Finishing

extension GroupGraphBuilder {
  /// What a provider does by itself, whatever the groups say.
  struct Surroundings {
    /// Whether replies of allowed connections pass.
    var isStateful = true
    /// Peers whose traffic is never filtered on its way out.
    var unfiltered = AddressSet()
    /// Whether they are not filtered on the way in either, for filters without memory.
    var unfilteredIngress = false
    /// Why `unfiltered` is perhaps filtered after all.
    var unfilteredReason: String?
    /// Whether what no rule decides may leave.
    var allowsEgress = false
    /// Parts of the file that were not understood: they perhaps hold rules.
    var unread: [SourceRange] = []
    /// The verdict that such a part may have.
    var unreadVerdict = Verdict(.unknown)
  }

  /// Adds the base chains' rules and returns the graph.
  mutating func finish(_ surroundings: [Level: Surroundings]) -> RuleGraph {
    let levels = Level.allCases.filter { level in members.contains { $0.level == level } }
    if levels.count > 1 { addBaseChains(prefix: "subnet ", ingressPriority: -100, egressPriority: 100) }
    for (position, level) in (levels.isEmpty ? [.interface] : levels).enumerated() {
      // The interface's level, or the only one, has the chains `ingress` and `egress`.
      let first = levels.count > 1 && position == 0 ? graph.chains.count - 2 : 0
      let surroundings = surroundings[level] ?? Surroundings()
      addCalls(level, direction: .ingress, chain: first, surroundings)
      addCalls(level, direction: .egress, chain: first + 1, surroundings)
    }
    graph.groups = groups.indices.filter { !unlisted.contains($0) }.map { groups[$0] }
    return graph
  }

  private mutating func addCalls(
    _ level: Level, direction: TrafficDirection, chain: Int, _ surroundings: Surroundings
  ) {
    let unwritten = SourceRange(0, 0)
    if surroundings.isStateful { addEstablished(to: chain) }
    if direction == .egress || surroundings.unfilteredIngress {
      if !surroundings.unfiltered.isEmpty {
        var draft = RuleDraft(.accept, range: unwritten)
        draft.setPeer(.set(surroundings.unfiltered), direction)
        if let reason = surroundings.unfilteredReason { draft.undecidable = [reason] }
        add(draft, toChain: chain)
      }
    }
    for range in surroundings.unread {
      var draft = RuleDraft(surroundings.unreadVerdict, range: range)
      draft.isUnparsed = true
      add(draft, toChain: chain)
    }
    let called = members.filter { $0.level == level }
    for (position, member) in called.enumerated() {
      var items: [RuleItem] = []
      if case .alternatives(let reason) = member.combination {
        let isLast = !called[(position + 1)...].contains { if case .alternatives = $0.combination { true } else { false } }
        if !isLast { items = [graph.undecidable(reason)] }
      }
      let target = UInt32(self.chain(member.group, direction))
      graph.appendRule(
        to: chain, items: items, verdict: Verdict(.jump, target),
        understanding: items.isEmpty ? .exact : .approximated, range: unwritten)
    }
    if direction == .egress, surroundings.allowsEgress {
      graph.appendRule(to: chain, items: [], verdict: .accept, understanding: .exact, range: unwritten)
    }
  }

  /// Lets replies of allowed connections, and ICMP errors about them, pass.
  mutating func addEstablished(to chain: Int) {
    let states = ConntrackState.established.bit | ConntrackState.related.bit
    graph.appendRule(
      to: chain, items: [RuleItem(.bits, .ctState, states)], verdict: .accept, understanding: .exact,
      range: SourceRange(0, 0))
  }
}
