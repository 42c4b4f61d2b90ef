import PacketSets
import RuleGraph

/// A box of packets to ask about; nil fields are unrestricted.
public struct PacketBox: Sendable, Hashable {
  public var sources: AddressSet?
  public var destinations: AddressSet?
  public var protocols: IntervalSet<UInt32>?
  /// Destination ports; for ICMP the type times 256 plus the code.
  public var ports: IntervalSet<UInt32>?
  public var sourcePorts: IntervalSet<UInt32>?
  /// Names of interfaces that packets come in by; nil when it is not known which.
  public var inputInterfaces: Set<String>?
  public var outputInterfaces: Set<String>?

  /// Makes a box.
  public init(
    sources: AddressSet? = nil, destinations: AddressSet? = nil, protocols: IntervalSet<UInt32>? = nil,
    ports: IntervalSet<UInt32>? = nil, sourcePorts: IntervalSet<UInt32>? = nil,
    inputInterfaces: Set<String>? = nil, outputInterfaces: Set<String>? = nil
  ) {
    self.sources = sources
    self.destinations = destinations
    self.protocols = protocols
    self.ports = ports
    self.sourcePorts = sourcePorts
    self.inputInterfaces = inputInterfaces
    self.outputInterfaces = outputInterfaces
  }

  /// Makes the box of what is known of one packet.
  public init(_ packet: Packet) {
    func only(_ value: some BinaryInteger) -> IntervalSet<UInt32> { IntervalSet(Interval(UInt32(value))) }
    self.init(
      sources: AddressSet(packet.source), destinations: AddressSet(packet.destination),
      protocols: only(packet.protocolNumber), inputInterfaces: packet.inputInterface.map { [$0] },
      outputInterfaces: packet.outputInterface.map { [$0] })
    if IPProtocol.hasPorts(packet.protocolNumber) {
      sourcePorts = packet.sourcePort.map(only)
      ports = packet.destinationPort.map(only)
    } else if let type = packet.icmpType {
      ports = only(UInt32(type) << 8 | UInt32(packet.icmpCode ?? 0))
    }
  }
}

/// A set of packets of one evaluator, and which of their interfaces are known.
public struct PacketSelection: Hashable {
  /// The packets.
  public var set: Diagram
  /// Rewrite that stands for interfaces that are not known: any but loopback.
  var entry: UInt32

  /// Whether no packet is selected.
  public var isEmpty: Bool { self.set == DiagramStore.nothing }

  /// No packets, of the evaluator of another selection.
  public static func none(like other: PacketSelection) -> PacketSelection {
    PacketSelection(set: DiagramStore.nothing, entry: other.entry)
  }
}

extension PathEvaluator {
  /// The packets of a box in their entry state.
  public func select(_ query: PacketBox) -> PacketSelection {
    let output = interfaceValues(query.outputInterfaces, isAbsent: question.path == .input)
    let input = interfaceValues(query.inputInterfaces, isAbsent: question.path == .output)
    let only = interfaces.unknown.lower == interfaces.unknown.upper ? IntervalSet(interfaces.unknown) : nil
    let set = packets(of: query, input: input ?? only, output: output ?? only, states: IntervalSet(Interval(0)))
    return PacketSelection(set: set, entry: entryRewrite(input: input == nil, output: output == nil))
  }

  /// The packets of a box by the values of their interfaces and states; nil for all values.
  func packets(
    of query: PacketBox, input: IntervalSet<UInt32>?, output: IntervalSet<UInt32>?, states entries: IntervalSet<UInt32>
  ) -> Diagram {
    var set = DiagramStore.passing
    func narrow(_ values: IntervalSet<UInt32>?, at level: Int) {
      guard let values else { return }
      set = store.split(level: level, values, inside: set, outside: DiagramStore.nothing)
    }
    func addresses(_ values: AddressSet?, at level: Int) {
      guard let values else { return }
      if layout.family == .v4 {
        narrow(values.v4, at: level)
      } else {
        set = store.splitWide(firstLevel: level, values.v6.intervals, inside: set, outside: DiagramStore.nothing)
      }
    }
    narrow(query.sourcePorts, at: layout.sourcePort)
    addresses(query.destinations, at: layout.destination)
    addresses(query.sources, at: PacketLayout.source)
    narrow(output, at: PacketLayout.outputInterface)
    narrow(input, at: PacketLayout.inputInterface)
    narrow(query.ports, at: PacketLayout.port)
    narrow(query.protocols, at: PacketLayout.protocolNumber)
    if states.states.count > 1 { narrow(entries, at: PacketLayout.state) }
    return set
  }

  /// Values of known interfaces; nil when they are not known.
  private func interfaceValues(_ names: Set<String>?, isAbsent: Bool) -> IntervalSet<UInt32>? {
    if isAbsent { return IntervalSet(Interval(InterfaceDomain.absent)) }
    return names.map { names in IntervalSet(names.map { Interval(interfaces.value(of: $0)) }) }
  }

  private func entryRewrite(input: Bool, output: Bool) -> UInt32 {
    // Loopback and "no interface" come first, so that the others are one interval.
    let others = interfaces.unknown
    // No rule tells interfaces apart: the one value that is left needs no rewriting.
    if others.lower == others.upper { return 0 }
    let place = (input ? 1 : 0) + (output ? 2 : 0)
    if let known = entryRewrites[place] { return known }
    var assignments: [Rewrite.Assignment] = []
    if input { assignments.append(Rewrite.Assignment(level: PacketLayout.inputInterface, values: others)) }
    if output { assignments.append(Rewrite.Assignment(level: PacketLayout.outputInterface, values: others)) }
    let rewrite = store.intern(Rewrite(assignments: assignments))
    entryRewrites[place] = rewrite
    return rewrite
  }

  /// What becomes of the packets of a selection: the summary with unknown interfaces taken into account.
  public func outcome(of selection: PacketSelection) -> Diagram {
    if let known = outcomes[selection.entry] { return known }
    let outcome = store.applied(selection.entry, summary)
    outcomes[selection.entry] = outcome
    keepAll()
    return outcome
  }

  /// The packets of a selection that surely pass.
  public func surelyAllowed(_ selection: PacketSelection) -> PacketSelection {
    within(selection, .surelyAccepted)
  }

  /// The packets of a selection that surely or perhaps pass.
  public func possiblyAllowed(_ selection: PacketSelection) -> PacketSelection {
    within(selection, .possiblyAccepted)
  }

  private func within(_ selection: PacketSelection, _ map: TerminalMap) -> PacketSelection {
    let outcome = outcome(of: selection)
    // Where every packet has one verdict, what perhaps passes is what surely passes.
    let map = store.isMixed(outcome) ? map : .possiblyAccepted
    let key = [selection.entry, map.code]
    let allowed: Diagram
    if let known = allowances[key] {
      allowed = known
    } else {
      allowed = store.mapped(outcome, map)
      allowances[key] = allowed
      keepAll()
    }
    var result = selection
    result.set = store.intersection(allowed, selection.set)
    return result
  }

  /// Whether two selections share a packet; they must agree in which interfaces are known.
  public func intersects(_ left: PacketSelection, _ right: PacketSelection) -> Bool {
    store.intersects(left.set, right.set)
  }

  /// The packets of both selections; they must agree in which interfaces are known.
  public func intersection(_ left: PacketSelection, _ right: PacketSelection) -> PacketSelection {
    PacketSelection(set: store.intersection(left.set, right.set), entry: left.entry)
  }

  /// The packets of the first selection that are not in the second.
  public func difference(_ left: PacketSelection, _ right: PacketSelection) -> PacketSelection {
    PacketSelection(set: store.difference(left.set, right.set), entry: left.entry)
  }

  /// The packets of either selection.
  public func union(_ left: PacketSelection, _ right: PacketSelection) -> PacketSelection {
    PacketSelection(set: store.union(left.set, right.set), entry: left.entry)
  }

  /// The packets of any of some selections, joined pairwise; none when there are none.
  public func union(of selections: [PacketSelection]) -> PacketSelection {
    guard let first = selections.first else { return PacketSelection(set: DiagramStore.nothing, entry: 0) }
    var level = selections.map(\.set)
    while level.count > 1 {
      level = stride(from: 0, to: level.count, by: 2).map { index in
        index + 1 < level.count ? store.union(level[index], level[index + 1]) : level[index]
      }
    }
    return PacketSelection(set: level[0], entry: first.entry)
  }

  /// The packets of a selection that lie in a box, whatever interfaces the box names.
  public func restrict(_ selection: PacketSelection, to query: PacketBox) -> PacketSelection {
    restrict(selection, to: select(query))
  }

  /// The packets of a selection that are in another one, whatever interfaces that one knows.
  public func restrict(_ selection: PacketSelection, to other: PacketSelection) -> PacketSelection {
    PacketSelection(set: store.intersection(selection.set, other.set), entry: selection.entry)
  }

  /// A packet of a selection, ordinary where the selection allows it; nil of the empty one.
  public func witness(of selection: PacketSelection) -> Packet? {
    let preferred: [UInt32?] =
      [0, UInt32(IPProtocol.tcp), nil, nil, nil] + [UInt32?](repeating: nil, count: 2 * layout.words) + [40000]
    // No router takes packets from or to 0.0.0.0/8; below 2000::/3 are the addresses of few ordinary packets.
    var least = [UInt32](repeating: 0, count: layout.sourcePort + 1)
    for level in [PacketLayout.source, layout.destination] {
      least[level] = question.family == .v4 ? 0x0100_0000 : 0x2000_0000
    }
    guard let values = store.witness(selection.set, preferring: preferred, from: least) else { return nil }
    return packet(of: values, entry: selection.entry)
  }

  private func packet(of values: [UInt32], entry: UInt32) -> Packet {
    func address(at level: Int) -> IPAddress {
      let bits = (0..<layout.words).reduce(UInt128(0)) { $0 << 32 | UInt128(values[level + $1]) }
      return IPAddress(layout.family, bits)
    }
    let number = UInt8(truncatingIfNeeded: values[PacketLayout.protocolNumber])
    let unknown = store.rewrite(entry).assignments.map(\.level)
    func interface(_ level: Int) -> String? {
      unknown.contains(level) || interfaces.isAnyOther(values[level]) ? nil : interfaces.names[Int(values[level])]
    }
    var packet = Packet(
      path: question.path, source: address(at: PacketLayout.source), destination: address(at: layout.destination),
      protocolNumber: number, inputInterface: interface(PacketLayout.inputInterface),
      outputInterface: interface(PacketLayout.outputInterface),
      state: states.states[Int(values[PacketLayout.state])].conntrack)
    if IPProtocol.hasPorts(number) {
      packet.sourcePort = UInt16(truncatingIfNeeded: values[layout.sourcePort])
      packet.destinationPort = UInt16(truncatingIfNeeded: values[PacketLayout.port])
    }
    if number == (layout.family == .v4 ? IPProtocol.icmp : IPProtocol.icmpv6) {
      packet.icmpType = UInt8(truncatingIfNeeded: values[PacketLayout.port] >> 8)
      packet.icmpCode = UInt8(truncatingIfNeeded: values[PacketLayout.port])
    }
    if number == IPProtocol.tcp { packet.tcpFlags = UInt8(truncatingIfNeeded: question.tcpFlags.lower) }
    return packet
  }
}
