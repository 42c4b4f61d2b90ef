import PacketSets
import RuleGraph
import SourceText

/// Lowering of a rule: from options to items and a verdict.
extension RulesetReader {
  /// Appends the items of the draft and returns its verdict.
  mutating func lower(chain: Int) throws(Complaint) -> Verdict {
    if draft.protocolOperand.isGiven { lowerProtocol() }
    if draft.source.isGiven { try lowerAddress(draft.source, isSource: true) }
    if draft.destination.isGiven { try lowerAddress(draft.destination, isSource: false) }
    if draft.inputInterface.isGiven { try lowerInterface(draft.inputInterface, .inputInterface, chain: chain) }
    if draft.outputInterface.isGiven { try lowerInterface(draft.outputInterface, .outputInterface, chain: chain) }
    if draft.fragment.isGiven {
      let value: UInt32 = draft.fragment.isNegated ? 0 : 1
      graph.items.append(RuleItem(.range, .fragment, value, value))
    }
    for instance in draft.instances.indices {
      try check(instance)
      if !draft.instances[instance].isTarget { try lowerMatch(instance, hook: graph.chains[chain].base?.hook) }
    }
    return try lowerTarget(chain: chain)
  }

  // MARK: Addresses, interfaces, protocol

  private mutating func lowerProtocol() {
    guard draft.protocolNumber != 0 else { return }
    if family == .v6, Self.extensionHeaders.contains(draft.protocolNumber) {
      report(
        .warning, "ip6tables looks behind this extension header, so that -p never finds it",
        range(draft.protocolOperand.argument))
      if !draft.protocolOperand.isNegated { graph.items.append(RuleItem(.never, .protocolNumber)) }
      return
    }
    let number = UInt32(draft.protocolNumber)
    graph.items.append(
      RuleItem(.range, .protocolNumber, number, number, negated: draft.protocolOperand.isNegated))
  }

  /// Routing, fragment, authentication and destination options headers (`is_exthdr` of ip6tables, ipv6_find_hdr).
  private static let extensionHeaders: [UInt8] = [43, 44, 51, 60]

  private mutating func lowerInterface(
    _ operand: RuleDraft.Operand, _ field: Field, chain: Int
  ) throws(Complaint) {
    let name = argument(operand.argument)
    let place = range(operand.argument)
    if name.isEmpty { throw Complaint("an interface needs a name", place) }
    if name.count > 15 { throw Complaint("the name of an interface has at most 15 characters", place) }
    if let hook = graph.chains[chain].base?.hook {
      let isInput = field == .inputInterface
      if isInput, hook == .output || hook == .postrouting {
        throw Complaint("packets in this chain have no incoming interface", place)
      }
      if !isInput, hook == .input || hook == .prerouting {
        throw Complaint("packets in this chain have no outgoing interface", place)
      }
    }
    let isPrefix = name.last == 0x2B
    if isPrefix, name.count == 1 {
      // A lone + is any interface; even none at all.
      if operand.isNegated { graph.items.append(RuleItem(.never, field)) }
      return
    }
    let id: UInt32
    if let last = lastInterface, isSame(last.name, name) {
      id = last.id
    } else {
      id = graph.names.intern((isPrefix ? name.prefix(name.count - 1) : name).string)
      lastInterface = (name, id)
    }
    graph.items.append(RuleItem(.interface, field, id, isPrefix ? 1 : 0, negated: operand.isNegated))
  }

  /// Appends the match of `-s` or `-d`, which may list several networks.
  private mutating func lowerAddress(_ operand: RuleDraft.Operand, isSource: Bool) throws(Complaint) {
    let list = argument(operand.argument)
    let place = range(operand.argument)
    if list.firstIndex(of: 0x2C) == nil {
      let network = try readNetwork(list, place)
      noteName(network, place)
      appendNetwork(network, isSource: isSource, negated: operand.isNegated)
      return
    }
    if draft.source.isNegated || draft.destination.isNegated {
      throw Complaint("several addresses cannot stand beside an inverted address", place)
    }
    var networks: [Network] = []
    try list.forEachPart { (part) throws(Complaint) in
      let start = place.start &+ UInt32(truncatingIfNeeded: part.start - list.start)
      let partRange = SourceRange(start, start &+ UInt32(truncatingIfNeeded: part.count))
      let network = try readNetwork(part, partRange)
      noteName(network, partRange)
      networks.append(network)
    }
    appendUnion(networks, isSource: isSource)
  }

  /// Says that a name is looked up only when the rule is loaded.
  private mutating func noteName(_ network: Network, _ range: SourceRange) {
    guard case .name(let name) = network else { return }
    report(.note, "the addresses of host \(name) are looked up when the rule is loaded", range)
  }

  // MARK: Common parts of matches

  /// Whether an extension has the options and the protocol that it needs.
  private func check(_ index: Int) throws(Complaint) {
    let instance = draft.instances[index]
    guard instance.syntax >= 0 else { return }
    let syntax = catalog.syntaxes[Int(instance.syntax)]
    let place = instance.argument >= 0 ? range(instance.argument) : range(draft.commandArgument)
    if !syntax.protocols.isEmpty, draft.protocolOperand.isNegated || !syntax.protocols.contains(draft.protocolNumber) {
      let names = syntax.protocols.map { IPProtocol.name($0) }.joined(separator: ", ")
      throw Complaint("'\(syntax.name)' needs -p \(names)", place)
    }
    if syntax.oneOf != 0, instance.seen & syntax.oneOf == 0 {
      throw Complaint("'\(syntax.name)' needs one of its options", place)
    }
    for option in syntax.options {
      let bit = UInt32(1) << UInt32(option.id)
      if option.traits.contains(.mandatory), instance.seen & bit == 0 {
        throw Complaint("'\(syntax.name)' needs --\(option.name)", place)
      }
      if option.needs != 0, instance.seen & bit != 0, instance.seen & option.needs == 0 {
        throw Complaint("'--\(option.name)' of '\(syntax.name)' needs another option beside it", place)
      }
    }
  }

  /// Adds a match that cannot be decided offline.
  mutating func appendUndecidable(_ reason: String) {
    graph.items.append(graph.undecidable(reason))
    isApproximated = true
  }

  /// Adds an effect whose value is not known offline.
  mutating func appendUnknown(_ field: Field, _ reason: String) {
    graph.items.append(RuleItem(.setUnknown, field, graph.reasons.intern(reason)))
    isApproximated = true
  }

  /// The value of an option.
  func value(_ use: RuleDraft.Use) -> ByteText { argument(use.value) }

  /// The options of one instance that were given.
  func uses(of instance: Int) -> [RuleDraft.Use] { draft.uses.filter { $0.instance == Int32(instance) } }

  func option(_ use: RuleDraft.Use) -> OptionSyntax {
    catalog.syntaxes[Int(draft.instances[Int(use.instance)].syntax)].options[Int(use.option)]
  }
}
