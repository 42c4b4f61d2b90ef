import Evaluation
import PacketSets
import RuleGraph
import SourceText

/// A packet of which fwlint and the kernel tell different things.
public struct Disagreement: Sendable, CustomStringConvertible {
  public var ruleSet: RuleSet
  public var packet: Packet
  public var kernel: String
  public var fwlint: String

  public var description: String {
    """
    kernel: \(kernel); fwlint: \(fwlint)
    packet: \(packet.summary)
    rules (\(ruleSet.loader), \(ruleSet.family)):
    \(ruleSet.ipsets)\(ruleSet.text)
    """
  }
}

/// What comparing packets of one rule set gave.
public struct Comparison: Sendable {
  /// The complaint of the tool when the kernel did not take the rule set.
  public var refusal: String?
  /// What fwlint could not read; a rule set that the kernel takes should have none.
  public var errors: [String] = []
  public var packets = 0
  /// Whether the kernel let each packet through.
  public var fates: [Bool] = []
  /// Packets that the kernel let through.
  public var passed = 0
  /// Packets whose new addresses were compared.
  public var rewritten = 0
  /// Packets that the packet-set engine was asked about as well.
  public var summarised = 0
  public var undecided = 0
  /// Undecided packets although every rule is claimed to be exact: failures.
  public var undecidedExact = 0
  /// Whether every rule is claimed to be exact.
  public var isExact = false
  /// Why answers were undecided, with how many packets each.
  public var reasons: [String: Int] = [:]
  /// Why rules are not claimed to be exact, with how many rules each.
  public var approximations: [String: Int] = [:]
  /// Answers that differed once and agreed when the packet was sent again.
  public var unsteady = 0
  public var disagreements: [Disagreement] = []
  /// What the rules that are claimed to be exact are made of.
  public var coverage = Coverage()
}

/// Compares fwlint with the kernel.
public final class Comparer {
  public let world: FirewallWorld
  public let interpreter: Interpreter

  /// Makes a comparer.
  public init(_ world: FirewallWorld, _ interpreter: Interpreter = .fwlint) {
    self.world = world
    self.interpreter = interpreter
  }

  /// Loads a rule set and compares the fates of packets.
  ///
  /// - Parameter summarised: of how many packets the packet-set engine is asked as well, from the first.
  public func compare(_ ruleSet: RuleSet, _ packets: [Packet], summarised: Int = 0) throws -> Comparison {
    var comparison = Comparison()
    if let refusal = try world.load(ruleSet) {
      comparison.refusal = refusal
      return comparison
    }
    let (graphs, diagnostics) = interpreter.read(ruleSet)
    comparison.errors = diagnostics.filter { $0.severity == .error }.map {
      "\($0.message): \(SourceFile(path: "", text: ruleSet.text).text($0.range))"
    }
    let oracle = Oracle(graphs)
    comparison.isExact = oracle.isExact
    comparison.coverage.add(graphs)
    for graph in graphs {
      for rule in graph.rules where rule.understanding != .exact {
        let reasons = graph.items(of: rule).filter { [.undecidable, .setUnknown, .reference].contains($0.kind) }
        let text = reasons.isEmpty ? "\(rule.understanding)" : reasons.map(graph.reason(of:)).joined(separator: "; ")
        comparison.approximations[text, default: 0] += 1
      }
    }
    let predictions = packets.enumerated().map { oracle.predict($1, summarising: $0 < summarised) }
    let separately = ruleSet.mayTranslate
    let fates = try world.fates(
      of: packets, expected: predictions.map { $0.trace.verdict == .accept }, separately: separately)
    comparison.fates = fates.map { $0 != nil }
    for (index, packet) in packets.enumerated() {
      let prediction = predictions[index]
      comparison.packets += 1
      if fates[index] != nil { comparison.passed += 1 }
      if prediction.summary != nil { comparison.summarised += 1 }
      if prediction.trace.verdict == .undecided {
        comparison.undecided += 1
        if oracle.isExact { comparison.undecidedExact += 1 }
        for reason in prediction.trace.reasons { comparison.reasons[reason, default: 0] += 1 }
      }
      if let fate = fates[index], prediction.trace.verdict == .accept,
        fate.source != packet.source || fate.destination != packet.destination
      {
        comparison.rewritten += 1
      }
      guard difference(packet, prediction, fates[index]) != nil else { continue }
      // A packet that the machine was late with looks like one that was dropped: ask again, alone and with patience.
      var steady: (kernel: String, fwlint: String)?
      for _ in 0..<2 {
        let again = try world.fates(
          of: [packet], expected: [prediction.trace.verdict == .accept], separately: true, patience: 100)
        steady = difference(packet, prediction, again[0])
        if steady == nil { break }
      }
      if let steady {
        comparison.disagreements.append(
          Disagreement(ruleSet: ruleSet, packet: packet, kernel: steady.kernel, fwlint: steady.fwlint))
      } else {
        comparison.unsteady += 1
      }
    }
    return comparison
  }

  /// How the two answers differ; nil when they do not.
  private func difference(
    _ packet: Packet, _ prediction: Prediction, _ fate: ObservedPacket?
  ) -> (kernel: String, fwlint: String)? {
    let kernel = fate == nil ? "not seen" : "passed"
    let verdict = prediction.trace.verdict
    if let summary = prediction.summary {
      if summary.surely, fate == nil { return (kernel, "surely allowed by the packet-set engine") }
      if !summary.possibly, fate != nil { return (kernel, "surely blocked by the packet-set engine") }
    }
    guard verdict != .undecided else { return nil }
    if (verdict == .accept) != (fate != nil) { return (kernel, verdict.rawValue) }
    guard let fate else { return nil }
    let expected = prediction.expected
    func differs<Value: Equatable>(_ expected: Value?, _ seen: Value?) -> Bool { expected != nil && expected != seen }
    if differs(expected.source, fate.source) || differs(expected.destination, fate.destination)
      || differs(expected.sourcePort, fate.sourcePort) || differs(expected.destinationPort, fate.destinationPort)
    {
      func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "?" }
      return (
        "\(fate.source) \(text(fate.sourcePort)) to \(fate.destination) \(text(fate.destinationPort))",
        "\(text(expected.source)) \(text(expected.sourcePort)) to \(text(expected.destination)) "
          + "\(text(expected.destinationPort))"
      )
    }
    return nil
  }
}

extension Packet {
  /// The fields in one line.
  public var summary: String {
    var parts = ["\(path.rawValue)", "\(source)", "to", "\(destination)", IPProtocol.name(protocolNumber)]
    if let sourcePort { parts.append("sport \(sourcePort)") }
    if let destinationPort { parts.append("dport \(destinationPort)") }
    if let tcpFlags { parts.append("flags 0x\(String(tcpFlags, radix: 16))") }
    if let icmpType { parts.append("type \(icmpType) code \(icmpCode ?? 0)") }
    if let inputInterface, !inputInterface.isEmpty { parts.append("iif \(inputInterface)") }
    if let outputInterface, !outputInterface.isEmpty { parts.append("oif \(outputInterface)") }
    parts.append("state \(state)")
    if mark != 0 { parts.append("mark \(mark)") }
    if let timeToLive { parts.append("ttl \(timeToLive)") }
    if let dscp, dscp != 0 { parts.append("dscp \(dscp)") }
    if let length { parts.append("length \(length)") }
    return parts.joined(separator: " ")
  }
}
