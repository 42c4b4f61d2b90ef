import Compliance
import Evaluation
import Requirements
import SourceText

/// `diff` as people read it: what is let in, blocked and undecided, with the rule on either side.
public struct DifferenceText {
  private let report: ChangeReport
  private let style: TextStyle
  private let failOn: Severity

  /// Makes a report.
  public init(_ report: ChangeReport, failOn: Severity, style: TextStyle = TextStyle()) {
    self.report = report
    self.failOn = failOn
    self.style = style
  }

  /// The whole report, ending with the line that says whether the change made anything worse.
  public func render() -> String {
    var blocks = report.differences.map(block)
    blocks += report.droppedFirewalls.map {
      style.paint("\(Harmless.line($0)): is no longer listed; nobody looks at it any more\n", .error)
    }
    if !report.newFindings.isEmpty { blocks.append(findings("new findings", report.newFindings)) }
    if !report.fixedFindings.isEmpty { blocks.append(findings("fixed findings", report.fixedFindings)) }
    blocks += report.remarks.map { style.paint("note", .note) + ": " + Harmless.line($0) + "\n" }
    blocks.append(summary() + "\n")
    return blocks.joined(separator: "\n")
  }

  private func block(_ difference: TrafficDifference) -> String {
    let name = style.paint(Harmless.line(difference.firewall), .bold)
    var lines = ["\(name): \(TrafficWords.headline(difference))"]
    for flow in difference.flows {
      let words = TrafficWords.change(flow)
      let mark = flow.isWorse ? style.paint(words, severity: flow.change == .undecided ? .warning : .error) : words
      let phrases = TrafficRegion.phrases(flow.regions)
      let rows = flow.rows.isEmpty ? "" : " (\(TrafficWords.list(flow.rows)))"
      let first = (phrases.first ?? "") + (phrases.count == 1 ? rows : "")
      lines.append("  \(mark) \(TrafficWords.who(flow)): \(Harmless.line(first))")
      for (index, phrase) in phrases.dropFirst().prefix(6).enumerated() {
        let isLast = index + 2 == phrases.count
        lines.append("      and \(Harmless.line(phrase))\(isLast ? rows : "")")
      }
      if phrases.count > 7 { lines.append("      and \(phrases.count - 7) more\(rows)") }
      if !flow.isComplete { lines.append("      and more that is not listed") }
      lines.append("    now: \(decision(flow.decider, flow.after))")
      lines.append("    was: \(decision(flow.formerDecider, flow.before))")
      if !flow.reasons.isEmpty {
        lines.append("    depends on: \(Harmless.line(flow.reasons.joined(separator: ", ")))")
      }
      if let packet = flow.packet { lines.append("    packet: \(PacketText.line(packet))") }
    }
    lines += TrafficWords.undecided(difference).map { "  \($0)" }
    lines += difference.remarks.map { "  note: \(Harmless.line($0))" }
    return lines.joined(separator: "\n") + "\n"
  }

  private func decision(_ decider: TrafficFlow.Decider?, _ fate: PathComparison.Fate) -> String {
    let word = TrafficWords.fate(fate)
    guard let decider else { return "\(word): no chain looks at it" }
    let place = decider.location.map { "\(Harmless.line($0.path)):\($0.line):\($0.column): " } ?? ""
    return "\(word) by \(place)\(Harmless.line(decider.text))"
  }

  private func findings(_ title: String, _ findings: [Finding]) -> String {
    var lines = ["\(title): \(findings.count)"]
    for finding in findings {
      let place = finding.location.map { "\(Harmless.line($0.path)):\($0.line):\($0.column): " } ?? ""
      let code = style.paint("\(finding.severity.rawValue) \(finding.code)", severity: finding.severity)
      lines.append("  \(place)\(code) \(Harmless.line(finding.message))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func summary() -> String {
    let text = TrafficWords.summary(report, failOn: failOn)
    return report.isWorse(failOn: failOn) ? style.paint(text, .error) : style.paint(text, .good)
  }
}

/// Words that all formats of `diff` share.
enum TrafficWords {
  /// What is said of a firewall as a whole.
  static func headline(_ difference: TrafficDifference) -> String {
    if difference.isExhausted { return "unknown: the evaluation budget ran out" }
    if !difference.flows.isEmpty { return "traffic changes" }
    return difference.undecided.isEmpty ? "no change in traffic" : "no change in traffic, as far as it can be decided"
  }

  /// What happens to the packets of a flow.
  static func change(_ flow: TrafficFlow) -> String {
    switch flow.change {
    case .letIn: flow.direction == .outgoing ? "newly let out" : "newly let in"
    case .blocked: "newly blocked"
    case .undecided: "newly undecided"
    case .rewritten: "newly translated"
    }
  }

  /// Whose packets they are.
  static func who(_ flow: TrafficFlow) -> String { who(flow.unit, flow.direction, flow.path, flow.packets) }

  static func who(_ unit: String?, _ direction: Direction?, _ path: Packet.Path, _ packets: PacketKind) -> String {
    let place =
      unit.map { "\(direction == .outgoing ? "from" : "to") \(Harmless.line($0))" } ?? "at \(path.rawValue)"
    switch packets {
    case .first: return place
    case .reply: return "\(place), answers"
    case .other: return "\(place), related, invalid or untracked"
    }
  }

  /// What becomes of packets.
  static func fate(_ fate: PathComparison.Fate) -> String {
    switch fate {
    case .open: "let through"
    case .blocked: "blocked"
    case .undecided: "undecided"
    }
  }

  /// Some names, and how many more there are.
  static func list(_ names: [String]) -> String {
    names.prefix(6).joined(separator: ", ") + (names.count > 6 ? " and \(names.count - 6) more" : "")
  }

  /// What is undecided in both versions, a line each.
  static func undecided(_ difference: TrafficDifference) -> [String] {
    var seen: Set<String> = []
    return difference.undecided.compactMap { traffic in
      let phrases = TrafficRegion.phrases(traffic.regions)
      let more = phrases.count > 1 ? " and more" : ""
      var reasons = traffic.reasons
      for reason in traffic.formerReasons where !reasons.contains(reason) { reasons.append(reason) }
      let line =
        "undecided in both \(who(traffic.unit, traffic.direction, traffic.path, traffic.packets)): "
        + "\(phrases.first ?? "")\(more), which depends on \(list(reasons))"
      return seen.insert(line).inserted ? Harmless.line(line) : nil
    }
  }

  /// The last line of a report.
  static func summary(_ report: ChangeReport, failOn: Severity) -> String {
    var parts: [String] = []
    func count(_ number: Int, _ one: String, _ many: String) {
      if number > 0 { parts.append("\(number) \(number == 1 ? one : many)") }
    }
    let flows = report.differences.flatMap(\.flows).filter(\.isWorse)
    let gained = flows.count { $0.change == .letIn }
    let isJudged = !flows.contains { $0.standing == .unknown }
    count(
      gained, isJudged ? "flow let in that is not declared" : "flow let in",
      isJudged ? "flows let in that are not declared" : "flows let in")
    count(
      flows.count { $0.change == .blocked }, isJudged ? "needed flow blocked" : "flow blocked",
      isJudged ? "needed flows blocked" : "flows blocked")
    count(flows.count { $0.change == .undecided }, "flow made undecided", "flows made undecided")
    count(flows.count { $0.change == .rewritten }, "flow translated differently", "flows translated differently")
    count(report.newFindings.count { $0.severity >= failOn }, "new finding", "new findings")
    count(report.droppedFirewalls.count, "firewall no longer listed", "firewalls no longer listed")
    count(report.differences.count(where: \.isExhausted), "firewall not decided", "firewalls not decided")
    let findings =
      "findings: \(report.newFindings.count) new, \(report.fixedFindings.count) fixed, "
      + "\(report.unchangedFindings.count) unchanged"
    let traffic = report.isWithoutChange ? "no change in traffic; " : ""
    return parts.isEmpty
      ? "\(traffic)nothing is worse; \(findings)" : "worse: \(parts.joined(separator: ", ")); \(findings)"
  }
}
