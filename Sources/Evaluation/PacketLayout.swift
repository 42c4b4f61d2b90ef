import PacketSets
import RuleGraph

/// The levels of the diagrams of one family: which packet field stands where.
///
/// **Rationale:** protocol and port first, source port last; that order is what keeps diagrams of real rule sets small.
public struct PacketLayout: Sendable {
  public let family: IPFamily

  /// The packet's state, see `StateDomain`.
  public static let state = 0
  public static let protocolNumber = 1
  /// The destination port; for ICMP the type times 256 plus the code.
  public static let port = 2
  public static let inputInterface = 3
  public static let outputInterface = 4
  /// First level of the source address.
  public static let source = 5

  /// The number of levels of an address.
  public var words: Int { family == .v4 ? 1 : 4 }
  /// First level of the destination address.
  public var destination: Int { Self.source + words }
  /// The source port, the last level.
  public var sourcePort: Int { Self.source + 2 * words }

  /// Last value of each level.
  func lastValues(states: UInt32, interfaces: UInt32) -> [UInt32] {
    [states, 255, 65535, interfaces, interfaces] + [UInt32](repeating: .max, count: 2 * words) + [65535]
  }
}
