import PacketSets
import RuleGraph
import SourceText

/// A short way for the rules that dumps mostly hold: addresses, interfaces, a protocol, ports, states, a verdict.
///
/// It takes a line only when it understands all of it, gives the same items as the general way, and leaves everything
/// else (mistakes too) to that.
extension RulesetReader {
  /// What a rule says, by argument; 0 where it says nothing, as argument 0 is the command.
  private struct Common {
    var source = 0
    var destination = 0
    var input = 0
    var output = 0
    var negations: UInt8 = 0
    var protocolNumber: UInt32 = 0
    var hasTransport = false
    var sourcePort = 0
    var destinationPort = 0
    /// Which port came first, for the order of items.
    var beginsWithDestination = false
    var states: UInt32 = 0
    var statesBeforeTransport = false
    var target = 0
  }

  /// Reads the line as a common rule; false when it is none, and then nothing has changed.
  mutating func readCommonRule() -> Bool {
    guard argumentCount >= 4, argument(0).equals("-A"), let current, tables[current].kind != nil else { return false }
    var common = Common()
    guard gather(&common), common.target > 0, let chain = findChain(argument(1)) else { return false }
    let base = graph.chains[chain].base
    if let hook = base?.hook {
      if common.input > 0, hook == .output || hook == .postrouting { return false }
      if common.output > 0, hook == .input || hook == .prerouting { return false }
    }
    guard let verdict = commonVerdict(argument(common.target)) else { return false }
    let firstItem = graph.items.count
    guard appendCommon(common) else {
      graph.items.removeLast(graph.items.count - firstItem)
      return false
    }
    let index = UInt32(truncatingIfNeeded: graph.rules.count)
    graph.rules.append(
      Rule(
        firstItem: UInt32(truncatingIfNeeded: firstItem),
        itemCount: UInt32(truncatingIfNeeded: graph.items.count - firstItem), verdict: verdict,
        understanding: .exact, range: range(from: 0, to: argumentCount - 1)))
    graph.chains[chain].rules.append(index)
    return true
  }

  // MARK: Reading

  private func gather(_ common: inout Common) -> Bool {
    var index = 2
    var negated = false
    while index + 1 < argumentCount {
      let word = argument(index)
      if word.count == 1, word[0] == 0x21, !negated, !arguments[index].isQuoted {
        negated = true
        index += 1
        continue
      }
      guard word.count >= 2, word[0] == 0x2D, !arguments[index].isQuoted else { return false }
      let value = index + 1
      if word.count == 2 {
        switch word[1] {
        case 0x73 where common.source == 0:
          common.source = value
          if negated { common.negations |= 1 }
        case 0x64 where common.destination == 0:
          common.destination = value
          if negated { common.negations |= 2 }
        case 0x69 where common.input == 0:
          common.input = value
          if negated { common.negations |= 4 }
        case 0x6F where common.output == 0:
          common.output = value
          if negated { common.negations |= 8 }
        case 0x70 where common.protocolNumber == 0 && !negated:
          let name = argument(value)
          if name.equals("tcp") {
            common.protocolNumber = UInt32(IPProtocol.tcp)
          } else if name.equals("udp") {
            common.protocolNumber = UInt32(IPProtocol.udp)
          } else if family == .v4, name.equals("icmp") {
            common.protocolNumber = UInt32(IPProtocol.icmp)
          } else {
            return false
          }
        case 0x6D where !negated:
          guard gatherMatch(&common, value: value, &index) else { return false }
          continue
        case 0x6A where !negated:
          // Options of targets may follow: those are not common.
          guard value == argumentCount - 1 else { return false }
          common.target = value
        default: return false
        }
        negated = false
        index += 2
        continue
      }
      guard !negated, common.hasTransport else { return false }
      if word.equals("--dport"), common.destinationPort == 0 {
        common.destinationPort = value
        common.beginsWithDestination = common.sourcePort == 0
      } else if word.equals("--sport"), common.sourcePort == 0 {
        common.sourcePort = value
      } else {
        return false
      }
      index += 2
    }
    return index == argumentCount && !negated
  }

  /// Reads `-m tcp`, `-m udp`, `-m state --state LIST`, `-m conntrack --ctstate LIST`, `-m comment --comment TEXT`.
  private func gatherMatch(_ common: inout Common, value: Int, _ index: inout Int) -> Bool {
    let name = argument(value)
    if name.equals("tcp") || name.equals("udp") {
      let number = name[0] == 0x74 ? IPProtocol.tcp : IPProtocol.udp
      guard !common.hasTransport, common.protocolNumber == UInt32(number) else { return false }
      common.hasTransport = true
      index += 2
      return true
    }
    guard value + 2 < argumentCount else { return false }
    let option = argument(value + 1)
    if name.equals("state") && option.equals("--state") || name.equals("conntrack") && option.equals("--ctstate") {
      guard common.states == 0, let states = commonStates(argument(value + 2)) else { return false }
      // A further option of conntrack belongs to the same match.
      if value + 3 < argumentCount, argument(value + 3).hasPrefix("--") { return false }
      common.states = states
      common.statesBeforeTransport = !common.hasTransport
      index += 4
      return true
    }
    if name.equals("comment"), option.equals("--comment"), argument(value + 2).count <= 255 {
      if argument(value + 2).equals("!") { return false }
      index += 4
      return true
    }
    return false
  }

  private func commonStates(_ list: ByteText) -> UInt32? {
    var states: UInt32 = 0
    var isGood = true
    list.forEachPart { part in
      if part.equals("NEW") {
        states |= ConntrackState.new.bit
      } else if part.equals("ESTABLISHED") {
        states |= ConntrackState.established.bit
      } else if part.equals("RELATED") {
        states |= ConntrackState.related.bit
      } else if part.equals("INVALID") {
        states |= ConntrackState.invalid.bit
      } else {
        isGood = false
      }
    }
    return isGood ? states : nil
  }

  private func commonVerdict(_ name: ByteText) -> Verdict? {
    if name.equals("ACCEPT") { return .accept }
    if name.equals("DROP") { return current.flatMap({ tables[$0].kind }) == .nat ? nil : .drop }
    if name.equals("RETURN") { return .returning }
    guard let chain = findTargetChain(name), graph.chains[chain].base == nil else { return nil }
    return Verdict(.jump, UInt32(truncatingIfNeeded: chain))
  }

  // MARK: Items

  private mutating func appendCommon(_ common: Common) -> Bool {
    if common.protocolNumber != 0 {
      graph.items.append(RuleItem(.range, .protocolNumber, common.protocolNumber, common.protocolNumber))
    }
    if common.source > 0 {
      guard appendCommonAddress(common.source, isSource: true, negated: common.negations & 1 != 0) else { return false }
    }
    if common.destination > 0 {
      guard appendCommonAddress(common.destination, isSource: false, negated: common.negations & 2 != 0) else {
        return false
      }
    }
    if common.input > 0 {
      guard appendCommonInterface(common.input, .inputInterface, negated: common.negations & 4 != 0) else {
        return false
      }
    }
    if common.output > 0 {
      guard appendCommonInterface(common.output, .outputInterface, negated: common.negations & 8 != 0) else {
        return false
      }
    }
    if common.statesBeforeTransport, common.states != 0 {
      graph.items.append(RuleItem(.bits, .ctState, common.states))
    }
    if common.hasTransport {
      guard appendCommonPorts(common) else { return false }
    }
    if !common.statesBeforeTransport, common.states != 0 {
      graph.items.append(RuleItem(.bits, .ctState, common.states))
    }
    return true
  }

  private mutating func appendCommonPorts(_ common: Common) -> Bool {
    if common.sourcePort == 0, common.destinationPort == 0 {
      graph.items.append(RuleItem(.range, .fragment, 0, 0))
      return true
    }
    for turn in 0...1 {
      let isDestination = (turn == 0) == common.beginsWithDestination
      let index = isDestination ? common.destinationPort : common.sourcePort
      guard index > 0 else { continue }
      guard let ports = Self.plainPorts(argument(index)) else { return false }
      graph.items.append(
        RuleItem(.range, isDestination ? .destinationPort : .sourcePort, ports.lower, ports.upper))
    }
    return true
  }

  private mutating func appendCommonInterface(_ index: Int, _ field: Field, negated: Bool) -> Bool {
    let name = argument(index)
    guard !name.isEmpty, name.count <= 15, name.last != 0x2B, !name.equals("!") else { return false }
    let id: UInt32
    if let last = lastInterface, isSame(last.name, name) {
      id = last.id
    } else {
      id = graph.names.intern(name.string)
      lastInterface = (name, id)
    }
    graph.items.append(RuleItem(.interface, field, id, 0, negated: negated))
    return true
  }

  private mutating func appendCommonAddress(_ index: Int, isSource: Bool, negated: Bool) -> Bool {
    let text = argument(index)
    guard let network = family == .v4 ? Self.plainV4(text) : Self.plainV6(text) else { return false }
    appendNetwork(network, isSource: isSource, negated: negated)
    return true
  }
}
