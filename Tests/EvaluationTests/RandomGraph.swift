import PacketSets
import RuleGraph
import SourceText

/// A repeatable source of random numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Random rule graphs over a small world of addresses, ports, interfaces and marks, so that rules overlap often.
struct RandomGraph {
  var generator: SeededGenerator
  let family: IPFamily
  var allowsUndecidable = false
  /// Whether rules write addresses and ports without translation.
  var allowsRewriting = false
  var graph = RuleGraph(dialect: .nftables, source: SourceFile(path: "random.nft", text: ""))

  static let interfaceNames = ["eth0", "eth1", "wan0"]
  static let ports: [UInt32] = [22, 25, 80, 443]

  init(seed: UInt64, family: IPFamily, allowsUndecidable: Bool = false, allowsRewriting: Bool = false) {
    self.allowsRewriting = allowsRewriting
    generator = SeededGenerator(seed: seed)
    self.family = family
    self.allowsUndecidable = allowsUndecidable
  }

  mutating func pick<Element>(_ values: [Element]) -> Element {
    values[Int.random(in: 0..<values.count, using: &generator)]
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

  /// An address of the small world: 16 values spread over the first and last bits.
  mutating func address() -> UInt128 {
    let low = UInt128(UInt8.random(in: 0..<8, using: &generator))
    guard family == .v6 else { return 0x0A00_0000 | low }
    return (chance(50) ? UInt128(0x2001_0db8) : UInt128(0xfd00_0000)) << 96 | low << (chance(50) ? 64 : 0)
  }

  mutating func build() -> RuleGraph {
    let table = UInt32(graph.tables.count)
    graph.tables.append(Table(name: graph.names.intern("t"), family: .inet))
    let hooks: [(Hook, ChainType, Int32)] = [
      (.prerouting, .filter, -300), (.prerouting, .filter, -150), (.prerouting, .nat, -100), (.input, .filter, 0),
      (.forward, .filter, 0), (.forward, .filter, 10), (.output, .filter, 0), (.output, .nat, -100),
      (.postrouting, .filter, 0), (.postrouting, .nat, 100),
    ]
    for (hook, type, priority) in hooks where chance(70) {
      graph.chains.append(
        Chain(
          name: graph.names.intern("base\(graph.chains.count)"), table: table,
          base: BaseChain(type: type, hook: hook, priority: priority, policy: chance(40) ? .drop : .accept)))
    }
    let baseCount = graph.chains.count
    for index in 0..<3 {
      graph.chains.append(Chain(name: graph.names.intern("chain\(index)"), table: table))
    }
    for chain in graph.chains.indices {
      for _ in 0..<Int.random(in: 0..<7, using: &generator) { addRule(to: chain, callsFrom: max(baseCount, chain + 1)) }
      if chance(20) { addRun(to: chain) }
    }
    return graph
  }

  /// One chain at the forward hook, of rules that look at packets and decide or do nothing.
  mutating func buildChain(ruleCount: Int) -> RuleGraph {
    graph.tables.append(Table(name: graph.names.intern("t"), family: .inet))
    graph.chains.append(
      Chain(
        name: graph.names.intern("forward"), table: 0,
        base: BaseChain(type: .filter, hook: .forward, priority: 0, policy: chance(50) ? .drop : .accept)))
    let verdicts: [Verdict] = chance(80) ? [.accept, .accept, .drop] : [.accept, .drop, .reject, .returning, .none]
    for _ in 0..<ruleCount {
      var items: [RuleItem] = []
      for _ in 0..<Int.random(in: 1..<4, using: &generator) { items += match() }
      graph.appendRule(
        to: 0, items: items, verdict: pick(verdicts), understanding: .exact, range: SourceRange(0, 1))
    }
    return graph
  }

  private mutating func addRun(to chain: Int) {
    let verdict: Verdict = chance(70) ? .drop : .accept
    for _ in 0..<10 {
      let match = addressMatch(isSource: true)
      graph.appendRule(
        to: chain, items: [match], verdict: verdict, understanding: .exact, range: SourceRange(0, 1))
    }
  }

  private mutating func addRule(to chain: Int, callsFrom firstCallable: Int) {
    var items: [RuleItem] = []
    for _ in 0..<Int.random(in: 0..<4, using: &generator) { items += match() }
    if chance(15) { items.append(effect()) }
    if allowsRewriting, chance(20) { items.append(rewriting()) }
    if chance(10) { items += match() }
    let verdict = verdict(chain: chain, callsFrom: firstCallable)
    graph.appendRule(to: chain, items: items, verdict: verdict, understanding: .exact, range: SourceRange(0, 1))
  }

  private mutating func effect() -> RuleItem {
    let field: Field = chance(70) ? .mark : .ctMark
    switch Int.random(in: 0..<10, using: &generator) {
    case 0: return RuleItem(.notrack, .ctState)
    case 1 where allowsUndecidable: return RuleItem(.setUnknown, field, graph.reasons.intern("random"))
    case 2...5: return RuleItem(.setField, field, .max, UInt32.random(in: 0..<4, using: &generator))
    default:
      return RuleItem(.setField, field, pick([1, 2, 3]), UInt32.random(in: 0..<4, using: &generator))
    }
  }

  private mutating func rewriting() -> RuleItem {
    if chance(50) {
      return RuleItem(.setField, chance(70) ? .destinationPort : .sourcePort, .max, pick(Self.ports))
    }
    let isSource = chance(50)
    if allowsUndecidable, chance(20) {
      return RuleItem(.setUnknown, family == .v4 ? .ipv4Source : .ipv6Source, graph.reasons.intern("random"))
    }
    if family == .v4 {
      return RuleItem(
        .setField, isSource ? .ipv4Source : .ipv4Destination, .max, UInt32(truncatingIfNeeded: address()))
    }
    graph.wideMasks.append(WideMask(mask: .max, value: address()))
    return RuleItem(.setField, isSource ? .ipv6Source : .ipv6Destination, UInt32(graph.wideMasks.count - 1))
  }

  private mutating func verdict(chain: Int, callsFrom first: Int) -> Verdict {
    let callable = first < graph.chains.count
    let isNAT = graph.chains[chain].base?.type == .nat
    switch Int.random(in: 0..<12, using: &generator) {
    case 0...1: return .accept
    case 2: return .drop
    case 3: return .reject
    case 4: return .returning
    case 5...6 where callable:
      return Verdict(.jump, UInt32.random(in: UInt32(first)..<UInt32(graph.chains.count), using: &generator))
    case 7 where callable:
      return Verdict(.goto, UInt32.random(in: UInt32(first)..<UInt32(graph.chains.count), using: &generator))
    case 8: return verdictMap(chain: chain, callsFrom: first)
    case 9...10 where isNAT: return translation(graph.chains[chain].base?.hook ?? .prerouting)
    default: return .none
    }
  }

  private mutating func translation(_ hook: Hook) -> Verdict {
    let isDestination = hook == .prerouting || hook == .output
    let ports: Interval<UInt32>? = chance(40) ? Interval(pick(Self.ports)) : nil
    var translation = Translation(
      isDestination ? .destination : .source, family: family, addresses: Interval(address()),
      ports: isDestination ? ports : nil)
    if allowsUndecidable, chance(20) { translation = Translation(isDestination ? .redirect : .masquerade) }
    graph.translations.append(translation)
    return Verdict(.translate, UInt32(graph.translations.count - 1))
  }

  private mutating func verdictMap(chain: Int, callsFrom first: Int) -> Verdict {
    var lookup = Lookup(fields: [.protocolNumber, .destinationPort])
    for port in Self.ports where chance(60) {
      lookup.intervals += [Interval(6), Interval(UInt128(port))]
      let callable = first < graph.chains.count
      lookup.verdicts.append(
        callable && chance(40)
          ? Verdict(
            chance(50) ? .jump : .goto, UInt32.random(in: UInt32(first)..<UInt32(graph.chains.count), using: &generator)
          )
          : pick([.accept, .drop, .returning]))
    }
    graph.lookups.append(lookup)
    return Verdict(.lookup, UInt32(graph.lookups.count - 1))
  }

  private mutating func match() -> [RuleItem] {
    let negated = chance(25)
    switch Int.random(in: 0..<15, using: &generator) {
    case 0...1: return [addressMatch(isSource: true, negated: negated)]
    case 2...3: return [addressMatch(isSource: false, negated: negated)]
    case 4...5:
      let port = pick(Self.ports)
      return [
        RuleItem(.range, .protocolNumber, 6, 6),
        RuleItem(.range, .destinationPort, port, port + UInt32.random(in: 0..<60, using: &generator), negated: negated),
      ]
    case 6: return [RuleItem(.range, .destinationPort, 0, pick(Self.ports), negated: negated)]
    case 7:
      return [
        RuleItem(
          .interface, chance(50) ? .inputInterface : .outputInterface, graph.names.intern(pick(Self.interfaceNames)), 0,
          negated: negated)
      ]
    case 8:
      return [
        RuleItem(
          .interface, chance(50) ? .inputInterface : .outputInterface, graph.names.intern("eth"), 1, negated: negated)
      ]
    case 9: return [RuleItem(.bits, .ctState, pick([1, 2, 3, 8, 16, 24]), negated: negated)]
    case 10:
      return [
        RuleItem(
          .masked, chance(70) ? .mark : .ctMark, pick([1, 2, 3]), UInt32.random(in: 0..<4, using: &generator),
          negated: negated)
      ]
    case 11: return [RuleItem(pick([.masked, .anyBit]), .tcpFlags, 2, 2, negated: negated)]
    case 12: return [setMatch(negated: negated)]
    case 13: return [connectionMatch(negated: negated)]
    default:
      if allowsUndecidable, chance(50) { return [graph.undecidable("limit rate")] }
      return [RuleItem(.range, .protocolNumber, pick([6, 17]), 17, negated: negated)]
    }
  }

  private mutating func connectionMatch(negated: Bool) -> RuleItem {
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: RuleItem(.range, .ctDirection, 0, 0, negated: negated)
    case 1: RuleItem(.anyBit, .ctStatus, pick([16, 32, 48]), negated: negated)
    default: RuleItem(.range, .ctDirection, 0, 1, negated: negated)
    }
  }

  private mutating func setMatch(negated: Bool) -> RuleItem {
    if chance(50) {
      var lookup = Lookup(fields: [family == .v4 ? .ipv4Source : .ipv6Source, .destinationPort])
      for _ in 0..<3 { lookup.intervals += [Interval(address()), Interval(UInt128(pick(Self.ports)), 1000)] }
      graph.lookups.append(lookup)
      return RuleItem(.lookup, .family, UInt32(graph.lookups.count - 1), 0, negated: negated)
    }
    let isSource = chance(50)
    if family == .v4 {
      let values = (0..<3).map { _ in Interval(UInt32(truncatingIfNeeded: address())) }
      return graph.inSet(isSource ? .ipv4Source : .ipv4Destination, .narrow(IntervalSet(values)), negated: negated)
    }
    let values = (0..<3).map { _ in Interval(address()) }
    return graph.inSet(isSource ? .ipv6Source : .ipv6Destination, .wide(IntervalSet(values)), negated: negated)
  }

  private mutating func addressMatch(isSource: Bool, negated: Bool = false) -> RuleItem {
    let one = address()
    let two = chance(50) ? one : address()
    if family == .v4 {
      let field: Field = isSource ? .ipv4Source : .ipv4Destination
      if chance(15) {
        return RuleItem(
          .masked, field, 0xFFFF_FF05, UInt32(truncatingIfNeeded: one) & 0xFFFF_FF05, negated: negated)
      }
      return RuleItem(
        .range, field, UInt32(truncatingIfNeeded: min(one, two)), UInt32(truncatingIfNeeded: max(one, two)),
        negated: negated)
    }
    if chance(15) {
      let mask = chance(50) ? UInt128(UInt64.max) : UInt128(0xFFFF_FFFF) << 96 | 0xFFFF_FF05
      return graph.wideMasked(
        isSource ? .ipv6Source : .ipv6Destination, mask: mask, value: one & mask, negated: negated)
    }
    return graph.wideRange(
      isSource ? .ipv6Source : .ipv6Destination, Interval(min(one, two), max(one, two)), negated: negated)
  }
}
