import Compliance
import Evaluation
import PacketSets
import RuleGraph
import SourceText

/// What became of one packet, ready to be reported.
public struct TracedPacketReport: Sendable {
  /// The packet as it was asked about.
  public var packet: Packet
  public var result: TraceResult
  /// The rule or policy that decided, or the first rule that could not be decided; nil for an implicit deny.
  public var rule: Location?
  /// The walk: one line for each rule that was looked at, when it was asked for.
  public var walk: [WalkStep]

  /// Makes a report.
  public init(packet: Packet, result: TraceResult, rule: Location?, walk: [WalkStep] = []) {
    self.packet = packet
    self.result = result
    self.rule = rule
    self.walk = walk
  }
}

/// A rule or policy that a packet met on its way.
public struct WalkStep: Sendable {
  public var hook: String
  /// Table and chain, such as `inet filter input`.
  public var chain: String
  /// Depth of jumps.
  public var depth: Int
  public var match: Ternary
  /// What the rule does, such as `accept` or `jump lan`.
  public var verdict: String
  public var location: Location?
  /// The text of the rule; empty for policies.
  public var text: String

  /// Makes a step.
  public init(
    hook: String, chain: String, depth: Int, match: Ternary, verdict: String, location: Location?, text: String
  ) {
    self.hook = hook
    self.chain = chain
    self.depth = depth
    self.match = match
    self.verdict = verdict
    self.location = location
    self.text = text
  }
}

/// `trace` as text and as JSON.
public enum TraceReport {
  /// The array that was asked about, each packet with its verdict.
  public static func json(_ packets: [TracedPacketReport]) -> String { JSONText.pretty(packets.map(Entry.init)) }

  /// Each packet with its verdict and the way there.
  ///
  /// - Parameter showsAll: whether every rule that does not match has a line of its own, in runs of many, too.
  public static func text(_ packets: [TracedPacketReport], style: TextStyle, showsAll: Bool = false) -> String {
    packets.map { traced in
      var lines = [style.paint(PacketText.line(traced.packet), .bold)]
      lines += steps(traced.walk, style, showsAll: showsAll)
      var verdict = style.paint(traced.result.verdict.rawValue, role(traced.result.verdict))
      if let rule = traced.rule { verdict += " by \(Harmless.line(rule.path)):\(rule.line)" }
      let changes = changes(traced.result)
      if !changes.isEmpty { verdict += "; leaves with \(changes)" }
      if traced.result.verdict == .undecided, !traced.result.reasons.isEmpty {
        verdict += "; it depends on \(Harmless.line(traced.result.reasons.joined(separator: ", ")))"
      }
      lines.append("  = " + verdict)
      return lines.joined(separator: "\n") + "\n"
    }.joined(separator: "\n")
  }

  /// Rules in a row that do not match, beyond which they are counted only.
  private static let runLimit = 3

  private static func steps(_ walk: [WalkStep], _ style: TextStyle, showsAll: Bool) -> [String] {
    var lines: [String] = []
    var heading = ""
    var turn = TurnFinder()
    var index = 0
    while index < walk.count {
      let step = walk[index]
      if turn.isBack(at: step) {
        lines.append("  " + style.paint("or, if what is undecided above goes the other way:", .warning))
        heading = ""
      }
      let next = "\(step.hook): \(Harmless.line(step.chain))"
      if next != heading {
        lines.append("  \(style.paint(next, .frame))")
        heading = next
      }
      let indent = String(repeating: "  ", count: step.depth)
      let run = walk[index...].prefix { $0.match == .no && $0.chain == step.chain && $0.depth == step.depth }
      if !showsAll, run.count > runLimit {
        let places = run.compactMap { $0.location?.line }
        let range = places.min().flatMap { first in places.max().map { " (lines \(first) to \($0))" } } ?? ""
        lines.append("    \(style.paint("-      ", .faint)) \(indent)\(run.count) rules do not match\(range)")
        index += run.count
        continue
      }
      let mark =
        switch step.match {
        case .yes: style.paint("match  ", .good)
        case .perhaps: style.paint("perhaps", .warning)
        case .no: style.paint("-      ", .faint)
        }
      let place = step.location.map { "\($0.line): " } ?? ""
      let text = step.text.isEmpty ? step.verdict : step.text
      lines.append("    \(mark) \(indent)\(place)\(Harmless.line(text))")
      index += 1
    }
    return lines
  }

  /// Finds where a walk goes back, as it follows a packet that may be rewritten in two ways.
  private struct TurnFinder {
    private var chain = ""
    private var line = 0
    private var hasEnded = false

    /// Whether a base chain begins again.
    mutating func isBack(at step: WalkStep) -> Bool {
      guard step.depth == 0 else { return false }
      let name = "\(step.hook) \(step.chain)"
      let place = step.location?.line ?? 0
      let isPolicy = step.text.hasPrefix("policy ")
      let isBack = name == chain && (hasEnded || !isPolicy && place <= line)
      chain = name
      hasEnded = isPolicy
      if !isPolicy { line = place }
      return isBack
    }
  }

  private static func role(_ verdict: TraceVerdict) -> TextStyle.Role {
    switch verdict {
    case .accept: .good
    case .drop, .reject: .error
    case .undecided: .warning
    }
  }

  private static func changes(_ result: TraceResult) -> String {
    [
      result.newSource.map { "source \($0)" }, result.newSourcePort.map { "source port \($0)" },
      result.newDestination.map { "destination \($0)" }, result.newDestinationPort.map { "port \($0)" },
    ].compactMap { $0 }.joined(separator: ", ")
  }

  private struct Entry: Encodable {
    let traced: TracedPacketReport

    init(_ traced: TracedPacketReport) { self.traced = traced }

    private enum CodingKeys: String, CodingKey {
      case verdict, rule, reasons
      case outSource = "out_src"
      case outDestination = "out_dst"
      case outSourcePort = "out_sport"
      case outDestinationPort = "out_dport"
    }

    private struct Rule: Encodable {
      var path: String
      var line: Int
    }

    func encode(to encoder: any Encoder) throws {
      try PacketJSON(traced.packet).encode(to: encoder)
      var values = encoder.container(keyedBy: CodingKeys.self)
      let result = traced.result
      try values.encode(result.verdict.rawValue, forKey: .verdict)
      try values.encode(traced.rule.map { Rule(path: $0.path, line: $0.line) }, forKey: .rule)
      try values.encodeIfPresent(result.newSource.map { "\($0)" }, forKey: .outSource)
      try values.encodeIfPresent(result.newDestination.map { "\($0)" }, forKey: .outDestination)
      try values.encodeIfPresent(result.newSourcePort, forKey: .outSourcePort)
      try values.encodeIfPresent(result.newDestinationPort, forKey: .outDestinationPort)
      if result.verdict == .undecided { try values.encode(result.reasons, forKey: .reasons) }
    }
  }
}
