import PacketSets
import RuleGraph
import SourceText

/// The option loop of iptables: getopt_long with options that extensions add as they are loaded.
extension RulesetReader {
  /// What an option's name stands for.
  private enum Option {
    case global(GlobalOption)
    case own(instance: Int, option: Int)
    /// An option of an extension that nobody knows.
    case foreign(instance: Int)
  }

  /// Reads the words of a command into the draft.
  mutating func readDraft(from start: Int) throws(Complaint) {
    draft.reset()
    var index = start
    var negation = -1
    // Values of `--option=value` are appended behind the words that were written.
    let end = argumentCount
    while index < end {
      let word = argument(index)
      if word.count == 1, word[0] == 0x21, !arguments[index].isQuoted {
        if negation >= 0 { throw Complaint("'!' stands twice", range(index)) }
        negation = index
        index += 1
        continue
      }
      guard word.count >= 2, word[0] == 0x2D, !arguments[index].isQuoted else {
        if word.count > 1, word[0] == 0x21, !arguments[index].isQuoted {
          throw Complaint("a space is missing between '!' and what it inverts", range(index))
        }
        throw Complaint("unexpected word '\(word.string)'", range(index))
      }
      if word[1] == 0x2D {
        try readLong(&index, end: end, negation: &negation)
      } else {
        try readShort(&index, end: end, negation: &negation)
      }
    }
    if negation >= 0 { throw Complaint("'!' inverts nothing", range(negation)) }
  }

  // MARK: Short options

  private mutating func readShort(_ index: inout Int, end: Int, negation: inout Int) throws(Complaint) {
    let word = argument(index)
    guard let option = GlobalOption.short(word[1]) else {
      throw Complaint("there is no option '\(word.string)'", range(index))
    }
    let position = index
    index += 1
    var value = -1
    if option.takesValue {
      if word.count > 2 {
        value = appendArgument(
          from: position, start: Int(arguments[position].start) + 2, end: Int(arguments[position].end))
        if option != .match, option != .append { warnAttached(position) }
      } else {
        try skipInnerNegation(&index, end: end, negation: &negation)
        guard index < end else { throw Complaint("'\(word.string)' needs a value", range(position)) }
        value = index
        index += 1
      }
    } else if word.count > 2 {
      // Flags may be written together: -nv, -w5.
      if option != .optionalNumber {
        for offset in 2..<word.count where GlobalOption.short(word[offset])?.isFlag != true {
          throw Complaint("there is no option '\(word.string)'", range(position))
        }
      }
    }
    try apply(option, position: position, value: value, &index, end: end, negation: &negation)
  }

  // MARK: Long options

  private mutating func readLong(_ index: inout Int, end: Int, negation: inout Int) throws(Complaint) {
    let position = index
    let whole = argument(index).dropFirst(2)
    var name = whole
    var attached = -1
    if let equals = whole.firstIndex(of: 0x3D) {
      name = whole.prefix(equals)
      attached = appendArgument(
        from: position, start: whole.start + equals + 1, end: whole.end)
    }
    guard !name.isEmpty else { throw Complaint("an option needs a name", range(position)) }
    index += 1
    switch try resolve(name, position: position) {
    case .global(let option):
      var value = -1
      if option.takesValue {
        value = attached
        if value >= 0, option != .match { warnAttached(position) }
        if value < 0 {
          try skipInnerNegation(&index, end: end, negation: &negation)
          guard index < end else { throw Complaint("'--\(name.string)' needs a value", range(position)) }
          value = index
          index += 1
        }
      }
      try apply(option, position: position, value: value, &index, end: end, negation: &negation)
    case .own(let instance, let option):
      try use(
        option, of: instance, position: position, attached: attached, &index, end: end, negation: &negation)
    case .foreign(let instance):
      // Whatever follows up to the next option is taken for its values.
      while index < end, !startsOption(index) { index += 1 }
      draft.uses.append(
        RuleDraft.Use(
          instance: Int32(instance), option: -1, isNegated: negation >= 0, argument: Int32(position), value: -1))
      negation = -1
    }
  }

  /// iptables 1.8.9 looks for the values of its own options only in the word behind them.
  private mutating func warnAttached(_ position: Int) {
    report(.warning, "some versions of iptables want a space between the option and its value", range(position))
  }

  /// Whether an argument is an option or `!`.
  private func startsOption(_ index: Int) -> Bool {
    let word = argument(index)
    guard !arguments[index].isQuoted, let first = word.isEmpty ? nil : word[0] else { return false }
    return first == 0x2D && word.count > 1 && !(word[1] >= 0x30 && word[1] <= 0x39)
      || first == 0x21 && word.count == 1
  }

  private func resolve(_ name: ByteText, position: Int) throws(Complaint) -> Option {
    // Extensions that were loaded last come first, and exact names before abbreviations.
    var instance = draft.instances.count - 1
    while instance >= 0 {
      let syntax = Int(draft.instances[instance].syntax)
      if syntax >= 0 {
        let options = catalog.syntaxes[syntax].options
        for option in options.indices where name.equals(options[option].name) {
          return .own(instance: instance, option: option)
        }
      }
      instance -= 1
    }
    for (candidate, option) in GlobalOption.long where name.equals(candidate) { return .global(option) }
    if let found = try abbreviation(name, position: position) { return found }
    if let implicit = implicitInstance {
      let options = catalog.syntaxes[implicit].options
      if options.contains(where: { name.isPrefix(of: $0.name) }) {
        return .own(instance: -1 - implicit, option: 0)
      }
    }
    if let foreign = draft.instances.lastIndex(where: { $0.syntax < 0 }) { return .foreign(instance: foreign) }
    throw Complaint("there is no option '--\(name.string)'\(hint(for: name))", range(position))
  }

  /// The match that iptables would load for the rule's protocol, unless it is loaded already.
  private var implicitInstance: Int? {
    guard draft.protocolNumber != 0,
      let syntax = catalog.implicitMatch(ofProtocol: draft.protocolNumber, family),
      !draft.instances.contains(where: { Int($0.syntax) == syntax })
    else { return nil }
    return syntax
  }

  private func abbreviation(_ name: ByteText, position: Int) throws(Complaint) -> Option? {
    var found: Option?
    var key: Int?
    func offer(_ option: Option, key candidate: Int) throws(Complaint) {
      if let key, key != candidate {
        throw Complaint("'--\(name.string)' is short for more than one option", range(position))
      }
      key = candidate
      found = option
    }
    for (candidate, option) in GlobalOption.long where name.isPrefix(of: candidate) {
      try offer(.global(option), key: Int(option.rawValue))
    }
    for instance in draft.instances.indices.reversed() where draft.instances[instance].syntax >= 0 {
      let options = catalog.syntaxes[Int(draft.instances[instance].syntax)].options
      for option in options.indices where name.isPrefix(of: options[option].name) {
        try offer(
          .own(instance: instance, option: option),
          key: 1000 + Int(draft.instances[instance].syntax) * 64 + Int(options[option].id))
      }
    }
    return found
  }

  private func hint(for name: ByteText) -> String {
    guard givesHints else { return "" }
    var names = GlobalOption.long.map { $0.name.description }
    for instance in draft.instances where instance.syntax >= 0 {
      names += catalog.syntaxes[Int(instance.syntax)].options.map { $0.name.description }
    }
    if let implicit = implicitInstance { names += catalog.syntaxes[implicit].options.map { $0.name.description } }
    return Suggestion.nearest(to: name.string, among: names).map { " (did you mean '--\($0)'?)" } ?? ""
  }

  /// Records an option of an extension with its values.
  private mutating func use(
    _ optionIndex: Int, of instanceIndex: Int, position: Int, attached: Int, _ index: inout Int, end: Int,
    negation: inout Int
  ) throws(Complaint) {
    var instanceIndex = instanceIndex
    var optionIndex = optionIndex
    if instanceIndex < 0 {
      // The match of the rule's protocol is loaded now.
      draft.instances.append(RuleDraft.Instance(syntax: Int32(-1 - instanceIndex), argument: -1))
      let name = attached >= 0 ? argument(position).dropFirst(2).cut(at: 0x3D).before : argument(position).dropFirst(2)
      guard case .own(let instance, let option) = try resolve(name, position: position), instance >= 0 else {
        throw Complaint("there is no option '--\(name.string)'", range(position))
      }
      instanceIndex = instance
      optionIndex = option
    }
    let option = catalog.syntaxes[Int(draft.instances[instanceIndex].syntax)].options[optionIndex]
    var value = -1
    var count = option.argument.count
    if attached >= 0 {
      guard count == 1 else {
        throw Complaint("'--\(option.name)' cannot be written with '='", range(position))
      }
      value = attached
    } else if count > 0 {
      try skipInnerNegation(&index, end: end, negation: &negation)
      guard index + count <= end else {
        throw Complaint("'--\(option.name)' needs \(count == 1 ? "a value" : "\(count) values")", range(position))
      }
      value = index
      index += count
    } else if case .optionalText = option.argument, index < end, !startsOption(index) {
      value = index
      count = 1
      index += 1
    }
    if negation >= 0, !option.traits.contains(.invertible) {
      throw Complaint("'--\(option.name)' cannot be inverted", range(negation))
    }
    let bit = UInt32(1) << UInt32(option.id)
    let seen = draft.instances[instanceIndex].seen
    if seen & bit != 0, !option.traits.contains(.repeatable) {
      throw Complaint("'--\(option.name)' is given twice", range(position))
    }
    if seen & option.excludes != 0 {
      throw Complaint("'--\(option.name)' cannot stand beside what was given before", range(position))
    }
    draft.instances[instanceIndex].seen = seen | bit
    draft.uses.append(
      RuleDraft.Use(
        instance: Int32(instanceIndex), option: Int32(optionIndex), isNegated: negation >= 0,
        argument: Int32(position), value: Int32(value)))
    negation = -1
  }

  /// The old place of `!`: between an option and its value.
  private mutating func skipInnerNegation(_ index: inout Int, end: Int, negation: inout Int) throws(Complaint) {
    guard index < end, !arguments[index].isQuoted else { return }
    let word = argument(index)
    guard word.count == 1, word[0] == 0x21 else { return }
    if negation >= 0 { throw Complaint("'!' stands twice", range(index)) }
    report(.warning, "'!' belongs before the option: iptables refuses it here since 1.4.3", range(index))
    negation = index
    index += 1
  }

  /// Adds an argument that is a part of a written one.
  private mutating func appendArgument(from position: Int, start: Int, end: Int) -> Int {
    let whole = arguments[position]
    let isVerbatim = whole.sourceEnd - whole.sourceStart == whole.end - whole.start
    let shift = UInt32(truncatingIfNeeded: start) &- whole.start
    arguments.append(
      Argument(
        start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end),
        sourceStart: isVerbatim ? whole.sourceStart &+ shift : whole.sourceStart, sourceEnd: whole.sourceEnd))
    return arguments.count - 1
  }

  // MARK: Options of every command

  private mutating func apply(
    _ option: GlobalOption, position: Int, value: Int, _ index: inout Int, end: Int, negation: inout Int
  ) throws(Complaint) {
    let isNegated = negation >= 0
    if isNegated, !option.isInvertible {
      throw Complaint("'\(argument(position).string)' cannot be inverted", range(negation))
    }
    negation = -1
    let operand = RuleDraft.Operand(argument: Int32(value), isNegated: isNegated)
    switch option {
    case .source:
      try checkUnset(draft.source, position)
      draft.source = operand
    case .destination:
      try checkUnset(draft.destination, position)
      draft.destination = operand
    case .inputInterface:
      try checkUnset(draft.inputInterface, position)
      draft.inputInterface = operand
    case .outputInterface:
      try checkUnset(draft.outputInterface, position)
      draft.outputInterface = operand
    case .fragment:
      guard family == .v4 else { throw Complaint("ip6tables has no option '-f'", range(position)) }
      try checkUnset(draft.fragment, position)
      draft.fragment = RuleDraft.Operand(argument: Int32(position), isNegated: isNegated)
    case .protocolNumber:
      try checkUnset(draft.protocolOperand, position)
      draft.protocolOperand = operand
      draft.protocolNumber = try readProtocol(value)
      if isNegated, draft.protocolNumber == 0 {
        throw Complaint("'!' before all protocols would never match", range(value))
      }
    case .match: try load(value)
    case .jump, .goto:
      try checkUnset(draft.target, position)
      draft.target = operand
      draft.isGoto = option == .goto
      try loadTarget(value)
    case .table: draft.table = Int32(value)
    case .setCounters:
      index += try countersLength(index, end: end, position)
    case .onlyIPv4: draft.onlyFamily = .v4
    case .onlyIPv6: draft.onlyFamily = .v6
    case .flag, .modprobe: break
    case .listingFlag: draft.listingArgument = Int32(position)
    case .optionalNumber:
      if !isScript { report(.error, "'\(argument(position).string)' is not for iptables-restore", range(position)) }
      if index < end, !startsOption(index) { index += 1 }
    default: try setCommand(option, position: position, value: value, &index, end: end)
    }
  }

  /// The number of words that hold packets and bytes: `2 3` or `2,3`.
  private func countersLength(_ index: Int, end: Int, _ position: Int) throws(Complaint) -> Int {
    if index < end {
      let (packets, octets) = argument(index).cut(at: 0x2C)
      if packets.number() != nil, octets?.number() != nil { return 1 }
      if octets == nil, packets.number() != nil, index + 1 < end, argument(index + 1).number() != nil { return 2 }
    }
    throw Complaint("'\(argument(position).string)' needs packets and bytes", range(position))
  }

  @inline(__always)
  private func checkUnset(_ operand: RuleDraft.Operand, _ position: Int) throws(Complaint) {
    if operand.isGiven { throw Complaint("'\(argument(position).string)' is given twice", range(position)) }
  }

  private mutating func setCommand(
    _ option: GlobalOption, position: Int, value: Int, _ index: inout Int, end: Int
  ) throws(Complaint) {
    if draft.command != .none {
      throw Complaint("a line holds one command, and '\(argument(position).string)' is a second one", range(position))
    }
    draft.commandArgument = Int32(position)
    draft.chain = Int32(value)
    func optionalOperand() {
      guard index < end, !startsOption(index) else { return }
      draft.operand = Int32(index)
      index += 1
    }
    switch option {
    case .append: draft.command = .append
    case .check: draft.command = .check
    case .insert, .delete, .replace:
      draft.command = option == .insert ? .insert : option == .delete ? .delete : .replace
      optionalOperand()
    case .newChain: draft.command = .newChain
    case .policy, .renameChain:
      draft.command = option == .policy ? .policy : .renameChain
      optionalOperand()
    case .deleteChain, .flush, .zero, .list:
      draft.command =
        option == .deleteChain ? .deleteChain : option == .flush ? .flush : option == .zero ? .zero : .list
      if index < end, !startsOption(index) {
        draft.chain = Int32(index)
        index += 1
        if index < end, !startsOption(index) { index += 1 }
      }
    default: break
    }
  }

  private func readProtocol(_ index: Int) throws(Complaint) -> UInt8 {
    let name = argument(index)
    if name.equals("tcp") { return IPProtocol.tcp }
    if name.equals("udp") { return IPProtocol.udp }
    if name.equals("icmp") { return IPProtocol.icmp }
    if let number = ProtocolNames.number(name) { return number }
    let hint = givesHints ? Suggestion.hint(for: name.string, among: ProtocolNames.ordinary) : ""
    throw Complaint("there is no protocol '\(name.string)'\(hint)", range(index))
  }

  // MARK: Extensions

  private mutating func load(_ index: Int) throws(Complaint) {
    let name = argument(index)
    if name.isEmpty { throw Complaint("a match needs a name", range(index)) }
    let syntax = catalog.match(name, family)
    if syntax == nil, catalog.match(name, family == .v4 ? .v6 : .v4) != nil {
      throw Complaint("match '\(name.string)' is one of \(family == .v4 ? "ip6tables" : "iptables") only", range(index))
    }
    draft.instances.append(
      RuleDraft.Instance(syntax: syntax.map { Int32(truncatingIfNeeded: $0) } ?? -1, argument: Int32(index)))
  }

  private mutating func loadTarget(_ index: Int) throws(Complaint) {
    let name = argument(index)
    if name.isEmpty { throw Complaint("a target needs a name", range(index)) }
    if isVerdictName(name) || findTargetChain(name) != nil { return }
    if let syntax = catalog.target(name, family) {
      draft.instances.append(
        RuleDraft.Instance(
          syntax: Int32(truncatingIfNeeded: syntax), argument: Int32(index), isTarget: true))
    } else if catalog.target(name, family == .v4 ? .v6 : .v4) != nil {
      throw Complaint(
        "target '\(name.string)' is one of \(family == .v4 ? "ip6tables" : "iptables") only", range(index))
    } else {
      draft.instances.append(RuleDraft.Instance(syntax: -1, argument: Int32(index), isTarget: true))
    }
  }

  func isVerdictName(_ name: ByteText) -> Bool {
    name.equals("ACCEPT") || name.equals("DROP") || name.equals("RETURN") || name.equals("QUEUE")
  }
}
