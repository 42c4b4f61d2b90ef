import Evaluation
import PacketSets
import RuleGraph

/// What fwlint says of one packet, by its two ways of evaluation.
public struct Prediction: Sendable {
  /// The answer of the tracer.
  public var trace: TraceResult
  /// The answer of the packet-set engine; nil where it was not asked.
  public var summary: (surely: Bool, possibly: Bool)?

  /// The headers of the packet as it should come out; nil where that is not known.
  public var expected: (source: IPAddress?, destination: IPAddress?, sourcePort: UInt16?, destinationPort: UInt16?)
}

/// Answers for the packets of one rule set.
public final class Oracle {
  private let graphs: [RuleGraph]
  private let tracer: PacketTracer
  private var evaluators: [Packet.Path: PathEvaluator] = [:]
  /// Whether every rule is claimed to be understood exactly and every new address is known.
  public let isExact: Bool
  private let isTranslating: Bool
  private let knowsSource: Bool
  private let knowsDestination: Bool

  /// Prepares to answer.
  public init(_ graphs: [RuleGraph]) {
    self.graphs = graphs
    tracer = PacketTracer(graphs: graphs)
    func isKnown(_ translation: Translation) -> Bool {
      guard translation.unknown == nil else { return false }
      if translation.kind == .masquerade || translation.kind == .redirect { return false }
      let isOneAddress = translation.addresses.map { $0.lower == $0.upper } ?? true
      let isOnePort = translation.ports.map { $0.lower == $0.upper } ?? true
      return isOneAddress && isOnePort
    }
    let translations = graphs.flatMap(\.translations)
    isTranslating = !translations.isEmpty
    // Where rules perhaps match, a packet may have been rewritten in several ways.
    let areRulesExact = graphs.allSatisfy { $0.rules.allSatisfy { $0.understanding == .exact } }
    knowsSource = areRulesExact && translations.filter { !$0.mapsDestination }.allSatisfy(isKnown)
    knowsDestination = areRulesExact && translations.filter(\.mapsDestination).allSatisfy(isKnown)
    isExact = knowsSource && knowsDestination
  }

  /// What fwlint says of a packet.
  ///
  /// - Parameter summarising: whether the packet-set engine is asked too, where its question fits the packet.
  public func predict(_ packet: Packet, summarising: Bool) -> Prediction {
    let trace = tracer.trace(packet, recordingSteps: isTranslating)
    // Where a rule perhaps matched, the packet may have been rewritten in several ways.
    let isOneWay = trace.steps.allSatisfy { $0.match != .perhaps }
    let knowsSource = knowsSource && isOneWay
    let knowsDestination = knowsDestination && isOneWay
    var prediction = Prediction(trace: trace, summary: nil, expected: (nil, nil, nil, nil))
    prediction.expected.source = trace.newSource ?? (knowsSource ? packet.source : nil)
    prediction.expected.destination = trace.newDestination ?? (knowsDestination ? packet.destination : nil)
    if IPProtocol.hasPorts(packet.protocolNumber) {
      prediction.expected.sourcePort = trace.newSourcePort ?? (knowsSource ? packet.sourcePort : nil)
      prediction.expected.destinationPort =
        trace.newDestinationPort ?? (knowsDestination ? packet.destinationPort : nil)
    }
    if summarising { prediction.summary = summarise(packet) }
    return prediction
  }

  private func summarise(_ packet: Packet) -> (surely: Bool, possibly: Bool)? {
    guard packet.state == .new, packet.mark == 0, packet.tcpFlags ?? 2 == 2 else { return nil }
    let evaluator =
      evaluators[packet.path]
      ?? PathEvaluator(
        graphs: graphs,
        question: PathQuestion(
          family: packet.family, path: packet.path, phase: .first, interfaces: Set(FirewallWorld.interfaces)))
    evaluators[packet.path] = evaluator
    let selection = evaluator.select(PacketBox(packet))
    return (!evaluator.surelyAllowed(selection).isEmpty, !evaluator.possiblyAllowed(selection).isEmpty)
  }
}
