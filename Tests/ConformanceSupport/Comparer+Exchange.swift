import Evaluation
import Glibc
import PacketSets
import RuleGraph

/// What comparing whole exchanges gave.
public struct ExchangeTotals: CustomStringConvertible {
  public var ruleSets = 0
  public var exchanges = 0
  public var steps: [ConntrackState: Int] = [:]
  public var undecided = 0
  public var disagreements: [Disagreement] = []

  /// Nothing counted yet.
  public init() {}

  public var description: String {
    "rule sets \(ruleSets), exchanges \(exchanges), established packets \(steps[.established] ?? 0), "
      + "related packets \(steps[.related] ?? 0), undecided \(undecided), disagreements \(disagreements.count)"
  }
}

extension Comparer {
  /// Sends first packets; where one passes, its answer, an error about it and what follows are compared too.
  public func compareExchanges(_ ruleSet: RuleSet, _ packets: [Packet], _ totals: inout ExchangeTotals) throws {
    guard try world.load(ruleSet) == nil else { return }
    totals.ruleSets += 1
    let tracer = PacketTracer(graphs: interpreter.read(ruleSet).graphs)
    for first in packets where Exchange.isPossible(first) {
      guard tracer.trace(first).verdict == .accept else { continue }
      for isError in [false, true] {
        try world.forgetConnections()
        let wire = WirePacket(first, identity: world.newIdentity())
        guard try world.passes(wire, expected: true) else { break }
        totals.exchanges += 1
        var steps = isError ? [Exchange.error(about: wire)] : [Exchange.answer(to: first), Exchange.next(after: first)]
        // The host resets the connection when it gets an answer that it did not ask for.
        if first.tcpFlags != nil, first.path == .output { steps.removeSubrange(1...) }
        for step in steps {
          let verdict = tracer.trace(step.packet).verdict
          var wire = WirePacket(step.packet, identity: world.newIdentity(), quoted: step.quoted)
          wire.sequence = step.sequence
          wire.acknowledgement = step.acknowledgement
          let passes = try world.passes(wire, expected: verdict == .accept)
          totals.steps[step.packet.state, default: 0] += 1
          if verdict == .undecided {
            totals.undecided += 1
          } else if passes != (verdict == .accept) {
            totals.disagreements.append(
              Disagreement(
                ruleSet: ruleSet, packet: step.packet, kernel: passes ? "passed" : "not seen", fwlint: verdict.rawValue)
            )
          }
          // What follows an answer that never arrived is another story.
          if !passes { break }
        }
      }
    }
  }
}

extension FirewallWorld {
  /// Sends one packet into whatever connections there are and tells whether it comes out.
  func passes(_ wire: WirePacket, expected: Bool) throws -> Bool {
    let packet = wire.packet
    try route(packet.family, route(for: packet))
    send(wire)
    for attempt in 0..<(expected ? 60 : 3) {
      for seen in observed(packet.family) where seen.identity == wire.identity {
        if packet.path == .input ? seen.outputInterface == nil : seen.outputInterface == packet.outputInterface {
          return true
        }
      }
      usleep(attempt == 0 ? 100 : 500)
    }
    return false
  }
}
