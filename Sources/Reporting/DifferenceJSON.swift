import Compliance
import SourceText

/// `diff` for other programs; fields are added, never changed.
public enum DifferenceJSON {
  /// The whole report as one object.
  public static func render(_ report: ChangeReport, failOn: Severity) -> String {
    JSONText.pretty(
      Document(
        base: report.base, head: report.head, worse: report.isWorse(failOn: failOn),
        summary: TrafficWords.summary(report, failOn: failOn),
        traffic: report.differences.map(Difference.init), dropped: report.droppedFirewalls,
        findings: Findings(
          new: report.newFindings.map(FindingJSON.init), fixed: report.fixedFindings.map(FindingJSON.init),
          unchanged: report.unchangedFindings.count),
        remarks: report.remarks))
  }

  private struct Document: Encodable {
    var version = 1
    var base: String
    var head: String
    var worse: Bool
    var summary: String
    var traffic: [Difference]
    var dropped: [String]
    var findings: Findings
    var remarks: [String]
  }

  private struct Findings: Encodable {
    var new: [FindingJSON]
    var fixed: [FindingJSON]
    var unchanged: Int
  }

  private struct Difference: Encodable {
    var firewall: String
    /// `none`, `changed` or `unknown`.
    var change: String
    var flows: [Flow]
    var undecided: [Undecided]
    var remarks: [String]

    init(_ difference: TrafficDifference) {
      firewall = difference.firewall
      change = difference.isExhausted ? "unknown" : difference.isEmpty ? "none" : "changed"
      flows = difference.flows.map(Flow.init)
      undecided = difference.undecided.map(Undecided.init)
      remarks = difference.remarks
    }
  }

  private struct Flow: Encodable {
    var change: String
    var before: String
    var after: String
    var packets: String
    var unit: String?
    var direction: String?
    var hook: String
    var rows: [String]
    var standing: String
    var worse: Bool
    var ruleBefore: Rule?
    var ruleAfter: Rule?
    var region: [Box]
    var complete: Bool
    var dependsOn: [String]
    var packet: PacketJSON?

    init(_ flow: TrafficFlow) {
      change = flow.change.rawValue
      before = flow.before.rawValue
      after = flow.after.rawValue
      packets = flow.packets.rawValue
      unit = flow.unit
      direction = flow.direction?.rawValue
      hook = flow.path.rawValue
      rows = flow.rows
      standing = flow.standing.rawValue
      worse = flow.isWorse
      ruleBefore = flow.formerDecider.map(Rule.init)
      ruleAfter = flow.decider.map(Rule.init)
      region = flow.regions.map(Box.init)
      complete = flow.isComplete
      dependsOn = flow.reasons
      packet = flow.packet.map(PacketJSON.init)
    }
  }

  private struct Rule: Encodable {
    var location: LocationJSON?
    var text: String

    init(_ decider: TrafficFlow.Decider) {
      location = decider.location.map(LocationJSON.init)
      text = decider.text
    }
  }

  private struct Box: Encodable {
    var family: String
    var source: String
    var destination: String
    var `protocol`: String
    var ports: String
    var sourcePorts: String?
    var iif: [String]?
    var oif: [String]?

    init(_ region: TrafficRegion) {
      family = region.family == .v4 ? "ip" : "ip6"
      source = region.region.source
      destination = region.region.destination
      self.protocol = region.region.protocolName
      ports = region.region.ports
      sourcePorts = region.sourcePorts
      iif = region.inputInterfaces
      oif = region.outputInterfaces
    }
  }

  private struct Undecided: Encodable {
    var packets: String
    var unit: String?
    var direction: String?
    var hook: String
    var region: [Box]
    var dependedOn: [String]
    var dependsOn: [String]

    init(_ traffic: UndecidedTraffic) {
      packets = traffic.packets.rawValue
      unit = traffic.unit
      direction = traffic.direction?.rawValue
      hook = traffic.path.rawValue
      region = traffic.regions.map(Box.init)
      dependedOn = traffic.formerReasons
      dependsOn = traffic.reasons
    }
  }
}
