import PacketSets
import RuleGraph

/// One concrete packet, as it arrives at a hook; nil fields are not known.
public struct Packet: Sendable, Hashable {
  /// What becomes of the packet at the host: which hooks it passes.
  public enum Path: String, Sendable, Hashable, CaseIterable {
    /// Prerouting, then input; ingress for a security group.
    case input
    /// Prerouting, forward, postrouting.
    case forward
    /// Output, then postrouting; egress for a security group.
    case output
  }

  public var path: Path
  public var source: IPAddress
  public var destination: IPAddress
  public var protocolNumber: UInt8
  /// Nil for protocols without ports.
  public var sourcePort: UInt16?
  public var destinationPort: UInt16?
  public var icmpType: UInt8?
  public var icmpCode: UInt8?
  /// Bits as in `Field.tcpFlags`; nil unless TCP.
  public var tcpFlags: UInt8?
  /// Kinds of the options in the TCP header; nil when unknown.
  public var tcpOptions: [UInt8]?
  /// Name of the interface; nil when unknown (but never loopback), empty when there is none.
  public var inputInterface: String?
  public var outputInterface: String?
  public var state: ConntrackState
  public var mark: UInt32
  public var timeToLive: UInt8?
  public var dscp: UInt8?
  public var length: UInt16?

  /// Makes a packet; interfaces that the path does not have become the empty name.
  public init(
    path: Path, source: IPAddress, destination: IPAddress, protocolNumber: UInt8, sourcePort: UInt16? = nil,
    destinationPort: UInt16? = nil, icmpType: UInt8? = nil, icmpCode: UInt8? = nil, tcpFlags: UInt8? = nil,
    inputInterface: String? = nil, outputInterface: String? = nil, state: ConntrackState = .new, mark: UInt32 = 0,
    timeToLive: UInt8? = nil, dscp: UInt8? = nil, length: UInt16? = nil
  ) {
    self.path = path
    self.source = source
    self.destination = destination
    self.protocolNumber = protocolNumber
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.icmpType = icmpType
    self.icmpCode = icmpCode
    self.tcpFlags = tcpFlags
    self.inputInterface = path == .output ? "" : inputInterface
    self.outputInterface = path == .input ? "" : outputInterface
    self.state = state
    self.mark = mark
    self.timeToLive = timeToLive
    self.dscp = dscp
    self.length = length
  }

  /// The family of both addresses.
  public var family: IPFamily { source.family }
}
