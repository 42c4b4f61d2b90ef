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
  private(set) var unlisted: Set<Int> = []
  private var groupIndices: [String: Int] = [:]
  /// Combinations of lists that rules of the file may still make; aliases can repeat long lists cheaply.
  private var combinationsLeft = 500_000
  /// More combinations than one rule of any provider has.
  private static let combinationLimit = 20_000
  var referenceIndices: [Reference: UInt32] = [:]

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

  /// Whether a rule with lists of some lengths may become a rule a combination; false after an error.
  mutating func allowsCombinations(_ counts: [Int], at range: SourceRange) -> Bool {
    var product = 1
    for count in counts {
      let (next, overflow) = product.multipliedReportingOverflow(by: max(count, 1))
      product = overflow ? Int.max : next
    }
    guard product <= Self.combinationLimit else {
      error("the rule has more than \(Self.combinationLimit) combinations of its lists", at: range)
      return false
    }
    combinationsLeft -= product
    guard combinationsLeft >= 0 else {
      combinationsLeft = 0
      error("the rules of this file have too many combinations of their lists", at: range)
      return false
    }
    return true
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

  mutating func addChain(_ name: String, range: SourceRange) -> UInt32 {
    graph.chains.append(Chain(name: graph.names.intern(name), table: 0, range: range))
    return UInt32(graph.chains.count - 1)
  }

  mutating func addBaseChains(prefix: String, ingressPriority: Int32, egressPriority: Int32) {
    for (name, hook, priority) in [("ingress", Hook.input, ingressPriority), ("egress", .output, egressPriority)] {
      graph.chains.append(
        Chain(
          name: graph.names.intern(prefix + name), table: 0,
          base: BaseChain(type: .filter, hook: hook, priority: priority, policy: .drop)))
    }
  }
}
