import PacketSets
import RuleGraph

/// Which packets a path is to be summarised for.
public struct PathQuestion: Sendable, Hashable {
  /// The packets of a connection that matter.
  public enum Phase: Sendable, Hashable {
    /// Ordinary first packets: state new, TCP a pure SYN.
    case first
    /// The answers to them: state established, TCP a SYN+ACK.
    case reply
    /// What answers them where they left no connection behind (`notrack`): a TCP SYN+ACK in the state of a first packet.
    case unsolicited(ConntrackState)
    /// Packets of any state and with any flags: for what rules do whoever sends.
    case any
  }

  public var family: IPFamily
  public var path: Packet.Path
  public var phase: Phase
  /// Only packets with these source addresses matter; nil for all.
  ///
  /// The summary is meaningless for others.
  public var sources: AddressSet?
  /// Only packets with these destination addresses matter; nil for all.
  public var destinations: AddressSet?
  /// Interface names that will be asked for besides those of the rules.
  public var interfaces: Set<String>
  /// Beginnings of interface names that are to be told apart besides those of the rules.
  public var interfacePrefixes: Set<String> = []
  /// Whether packets are told apart by their TCP flags as far as rules do, in the phase of any packets.
  var distinguishesTCPFlags = false

  /// Makes a question.
  public init(
    family: IPFamily, path: Packet.Path, phase: Phase, sources: AddressSet? = nil, destinations: AddressSet? = nil,
    interfaces: Set<String> = []
  ) {
    self.family = family
    self.path = path
    self.phase = phase
    self.sources = sources
    self.destinations = destinations
    self.interfaces = interfaces
  }

  /// TCP flags of the packets in question.
  var tcpFlags: Interval<UInt32> {
    switch phase {
    case .first: Interval(2)
    case .reply, .unsolicited: Interval(18)
    case .any: Interval(0, 255)
    }
  }

  /// The states in which packets enter the path.
  var entryStates: [PacketState] {
    switch phase {
    case .first: [PacketState(.new)]
    case .reply: [PacketState(.established)]
    case .unsolicited(let state): [PacketState(state)]
    case .any: ConntrackState.allCases.map { PacketState($0) }
    }
  }
}
