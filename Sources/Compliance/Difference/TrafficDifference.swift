import Evaluation
import PacketSets
import Requirements
import RuleGraph

/// What a change of one firewall does to traffic: plain data, ready for any report.
///
/// **Source of exactness:** both versions are summarised over all packets, so that no sampling is involved. What is not
/// listed fares alike in both; what neither version decides is in `undecided`.
public struct TrafficDifference: Sendable {
  /// The firewall, as the site file or the command line names it.
  public var firewall: String
  /// What changes, most harmful first.
  public var flows: [TrafficFlow]
  /// Packets of which neither version is decided, and what that depends on; empty when the files are the same.
  public var undecided: [UndecidedTraffic]
  /// Remarks on what was not compared.
  public var remarks: [String]
  /// Whether the evaluation budget ran out: nothing is known then.
  public var isExhausted: Bool

  /// Makes a difference.
  public init(
    firewall: String, flows: [TrafficFlow] = [], undecided: [UndecidedTraffic] = [], remarks: [String] = [],
    isExhausted: Bool = false
  ) {
    self.firewall = firewall
    self.flows = flows
    self.undecided = undecided
    self.remarks = remarks
    self.isExhausted = isExhausted
  }

  /// Whether no packet fares differently; what neither version decides is left out of the account.
  public var isEmpty: Bool { flows.isEmpty && !isExhausted }

  /// Whether something that a site needs is lost, or something that it did not declare is gained.
  public var isWorse: Bool { isExhausted || flows.contains(where: \.isWorse) }
}

/// Which packets of a connection a flow is about.
public enum PacketKind: String, Sendable, Hashable, CaseIterable {
  /// Packets that open a connection.
  case first
  /// The answers to them.
  case reply
  /// Packets that connection tracking calls related, invalid or untracked.
  case other
}

/// What happens to traffic.
public enum TrafficChange: String, Sendable, Hashable, CaseIterable {
  case letIn = "let-in"
  case undecided
  case blocked
  /// It passes before and after, and leaves with other addresses or ports.
  case rewritten
}

/// Packets that fare differently in two versions, decided by one rule before and one after.
public struct TrafficFlow: Sendable {
  public var change: TrafficChange
  /// What became of the packets before.
  public var before: PathComparison.Fate
  /// What becomes of them now.
  public var after: PathComparison.Fate
  public var packets: PacketKind
  /// The unit that the packets go to or come from; nil where no site says what the units are.
  public var unit: String?
  /// Towards the unit (`incoming`) or away from it; nil without a unit.
  public var direction: Direction?
  public var path: Packet.Path
  /// Who decided before; nil where no chain looked at the packets.
  public var formerDecider: Decider?
  /// Who decides now.
  public var decider: Decider?
  /// The packets in few boxes.
  public var regions: [TrafficRegion]
  /// Whether `regions` is all of it.
  public var isComplete: Bool
  /// Rows of the policy whose ports the packets use, such as `IN-06`.
  public var rows: [String]
  /// What an undecided side depends on.
  public var reasons: [String]
  /// A packet that shows it: traced through each version, it has the two fates.
  public var packet: Packet?
  public var standing: Standing

  /// The rule or policy that decides.
  public struct Decider: Sendable, Hashable {
    public var decider: TraceResult.Decider
    public var location: Location?
    /// The rule as it is written, on one line, or the policy in words.
    public var text: String

    /// Makes a decider.
    public init(decider: TraceResult.Decider, location: Location?, text: String) {
      self.decider = decider
      self.location = location
      self.text = text
    }
  }

  /// How a change of traffic agrees with what the site declares.
  public enum Standing: String, Sendable, Hashable {
    /// No site says what is wanted.
    case unknown
    /// It is let in, or perhaps let in, and nothing declares it.
    case excess
    /// It is lost, or perhaps lost, and a declared feature needs it.
    case needed
    /// The site declares what is let in, needs nothing of what is lost, or the packets are no first ones.
    case harmless
  }

  /// Whether the change is for the worse; without a site every change counts.
  public var isWorse: Bool { standing != .harmless }
}

/// A box of packets that reports print.
public struct TrafficRegion: Sendable, Hashable {
  public var family: IPFamily
  public var region: Region
  /// Source ports where they matter, such as `1024-65535`.
  public var sourcePorts: String?
  /// Incoming interfaces where they matter, such as `eth0` or `ppp*`.
  public var inputInterfaces: [String]?
  /// Outgoing interfaces where they matter.
  public var outputInterfaces: [String]?

  /// The boxes of a flow in sentences: what holds of both families is said once, and what might be taken for both but
  /// holds of one is marked.
  public static func phrases(_ regions: [TrafficRegion]) -> [String] {
    let spoken = Dictionary(grouping: regions, by: \.phrase).mapValues { Set($0.map(\.family)) }
    var seen: Set<String> = []
    return regions.compactMap { region in
      let phrase = region.phrase
      guard seen.insert(phrase).inserted else { return nil }
      let saysFamily = [region.region.source, region.region.destination].contains { $0 != "any" }
      guard !saysFamily, spoken[phrase]?.count == 1 else { return phrase }
      return "\(phrase) (\(region.family == .v4 ? "IPv4" : "IPv6"))"
    }
  }

  /// The box in a sentence.
  public var phrase: String {
    var phrase = region.phrase
    if let sourcePorts { phrase += ", source port \(sourcePorts)" }
    if let inputInterfaces { phrase += ", in by \(inputInterfaces.joined(separator: ", "))" }
    if let outputInterfaces { phrase += ", out by \(outputInterfaces.joined(separator: ", "))" }
    return phrase
  }
}

/// Packets of which neither version is decided.
public struct UndecidedTraffic: Sendable, Hashable {
  public var path: Packet.Path
  public var packets: PacketKind
  public var unit: String?
  public var direction: Direction?
  /// The first few boxes.
  public var regions: [TrafficRegion]
  /// What the earlier version depends on at the first packet, and what the later one does.
  public var formerReasons: [String]
  public var reasons: [String]
  public var packet: Packet?
}
