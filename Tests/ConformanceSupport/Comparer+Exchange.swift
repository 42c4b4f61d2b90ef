import Evaluation
import Glibc
import PacketSets
import RuleGraph

/// What comparing whole exchanges gave.
public struct ExchangeTotals: CustomStringConvertible {
  public var ruleSets = 0
  public var exchanges = 0
  /// Exchanges whose first packet was translated.
  public var translated = 0
  public var steps: [ConntrackState: Int] = [:]
  public var undecided = 0
  /// Undecided packets of rule sets that are claimed to be exact and translate nothing: failures, but for what no
  /// question to fwlint can say of a later packet (its direction, the first packet's ends, the connection's mark).
  public var undecidedExact = 0
  public var reasons: [String: Int] = [:]
  public var disagreements: [Disagreement] = []

  /// Nothing counted yet.
  public init() {}

  public var description: String {
    let states = ConntrackState.allCases.map { "\($0) \(steps[$0] ?? 0)" }.joined(separator: ", ")
    let reasonList = reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(12)
    return """
      rule sets \(ruleSets), exchanges \(exchanges), of them translated \(translated)
      packets behind the first: \(states)
      undecided \(undecided), of rule sets that are exact and translate nothing \(undecidedExact)\
      \(reasonList.map { "\n  \($0.value) \($0.key)" }.joined())
      disagreements \(disagreements.count)
      """
  }
}

extension Comparer {
  /// Sends first packets; where one passes, its answer, an error about it and what follows are compared too.
  public func compareExchanges(_ ruleSet: RuleSet, _ packets: [Packet], _ totals: inout ExchangeTotals) throws {
    guard try world.load(ruleSet) == nil else { return }
    totals.ruleSets += 1
    let graphs = interpreter.read(ruleSet).graphs
    let tracer = PacketTracer(graphs: graphs)
    let isExact = Oracle(graphs).isExact && !ruleSet.mayTranslate
    for first in packets where Exchange.isPossible(first) {
      guard tracer.trace(first).verdict == .accept else { continue }
      for isError in [false, true] {
        try world.forgetConnections()
        let wire = WirePacket(first, identity: world.newIdentity())
        guard let fate = try world.fate(of: wire, expected: true) else { break }
        // What comes from a loopback address by wire is dropped before any rule.
        if first.path == .output, fate.destination.isLoopback { break }
        totals.exchanges += 1
        let exchange = Exchange(first: first, fate: fate)
        if exchange.isTranslated { totals.translated += 1 }
        let isTracked = try world.hasConnections()
        if isError, !isTracked { continue }
        var steps = [isError ? exchange.error : exchange.answer(isTracked: isTracked)]
        // The host resets the connection when it gets an answer that it did not ask for.
        if !isError, isTracked, first.tcpFlags == nil || first.path != .output {
          steps += [exchange.next] + (exchange.nonsense.map { [$0] } ?? [])
        }
        for step in steps {
          let trace = tracer.trace(step.packet)
          var wire = WirePacket(step.wire, identity: world.newIdentity(), quoted: step.quoted)
          wire.sequence = step.sequence
          wire.acknowledgement = step.acknowledgement
          let passes = try world.fate(of: wire, expected: trace.verdict == .accept) != nil
          totals.steps[step.packet.state, default: 0] += 1
          if trace.verdict == .undecided {
            totals.undecided += 1
            if isExact, !trace.reasons.contains(where: { $0.hasSuffix("which is not known") }) {
              totals.undecidedExact += 1
            }
            for reason in trace.reasons { totals.reasons[reason, default: 0] += 1 }
          } else if passes != (trace.verdict == .accept) {
            totals.disagreements.append(
              Disagreement(
                ruleSet: ruleSet, packet: step.packet, kernel: passes ? "passed" : "not seen",
                fwlint: "\(trace.verdict.rawValue), after \(first.summary)"))
          }
          // What follows an answer that never arrived is another story.
          if !passes { break }
        }
      }
    }
  }
}

extension FirewallWorld {
  /// Sends one packet into whatever connections there are and tells how it comes out; nil when it does not.
  func fate(of wire: WirePacket, expected: Bool) throws -> ObservedPacket? {
    let packet = wire.packet
    try route(packet.family, route(for: packet))
    send(wire)
    for attempt in 0..<(expected ? 60 : 3) {
      for seen in observed(packet.family) where seen.identity == wire.identity {
        if packet.path == .input ? seen.outputInterface == nil : seen.outputInterface == packet.outputInterface {
          return seen
        }
      }
      usleep(attempt == 0 ? 100 : 500)
    }
    return nil
  }
}
