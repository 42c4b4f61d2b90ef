import PacketSets
import RuleGraph

extension Lowering {
  /// Tells protocols with ports from others, whose first bytes `th` reads as if they were ports.
  mutating func forkByPorts() {
    if portProtocols == nil {
      portProtocols = UInt32(graph.sets.count)
      let numbers = (0...255).filter { IPProtocol.hasPorts(UInt8($0)) }.map { Interval(UInt32($0)) }
      graph.sets.append(.narrow(IntervalSet(numbers)))
    }
    guard let portProtocols else { return }
    fork = Fork(
      start: items.count, end: items.count,
      replacement: [
        RuleItem(.set, .protocolNumber, portProtocols, 0, negated: true),
        .undecidable(reason: graph.reasons.intern("th of protocols without ports")),
      ], dropsPorts: true)
    items.append(RuleItem(.set, .protocolNumber, portProtocols))
    context.hasPorts = true
  }

  /// Ends the part of the rule that a fork replaces, behind the statement that made it.
  mutating func endFork() {
    guard let fork, fork.end == fork.start else { return }
    self.fork?.end = items.count
  }

  /// Forgets the fork of a concatenation whose elements name protocols with ports only.
  mutating func settleFork(_ operands: [Operand], _ contents: SetContents) {
    guard let fork, fork.dropsPorts, fork.end == fork.start,
      let place = operands.firstIndex(where: { $0.field == .protocolNumber && $0.isPlain }),
      contents.catchAll == nil
    else { return }
    let width = operands.count
    let havePorts = stride(from: place, to: contents.keys.count, by: width).allSatisfy { index in
      let interval = contents.keys[index]
      return interval.upper < 256
        && (interval.lower...interval.upper).allSatisfy { IPProtocol.hasPorts(UInt8(truncatingIfNeeded: $0)) }
    }
    if havePorts { self.fork = nil }
  }

  /// A set of one flag, which releases of nft before 1.0.9 read as any of the flags and later ones as exactly it.
  mutating func forkByFlags(_ field: Field, _ value: UInt32) {
    let start = items.count
    items.append(RuleItem(.range, field, value, value))
    guard fork == nil, pendingMap == nil else {
      isApproximated = true
      return
    }
    fork = Fork(
      start: start, end: items.count,
      replacement: [
        RuleItem(.anyBit, field, value), RuleItem(.range, field, value, value, negated: true),
        .undecidable(reason: graph.reasons.intern("a set of one flag, which releases of nft read differently")),
      ])
  }
}
