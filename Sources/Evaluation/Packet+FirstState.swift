import PacketSets
import RuleGraph

extension ConntrackState {
  /// What connection tracking says of a packet that belongs to no connection yet.
  ///
  /// **Source:** nf_conntrack_proto_tcp.c (`tcp_valid_flags`, `tcp_new`; loose pick-up is on),
  /// nf_conntrack_proto_icmp.c and nf_conntrack_proto_icmpv6.c (`valid_new`, `noct_valid_new`).
  ///
  /// - Parameters:
  ///   - tcpFlags: bits as in `Field.tcpFlags`; a pure SYN when nil.
  ///   - icmpType: an echo request when nil.
  public static func ofFirstPacket(
    family: IPFamily, protocolNumber: UInt8, tcpFlags: UInt8? = nil, icmpType: UInt8? = nil
  ) -> ConntrackState {
    switch protocolNumber {
    case IPProtocol.tcp:
      // PSH, ECE and CWR say nothing; URG may go with SYN or ACK.
      switch (tcpFlags ?? 0x02) & 0x37 {
      case 0x02, 0x22, 0x10, 0x30: return .new
      default: return .invalid
      }
    case IPProtocol.icmp:
      guard family == .v4 else { return .invalid }
      return [8, 13, 15, 17].contains(icmpType ?? 8) ? .new : .invalid
    case IPProtocol.icmpv6:
      guard family == .v6 else { return .invalid }
      switch icmpType ?? 128 {
      case 128, 139: return .new
      case 130...137, 143: return .untracked
      default: return .invalid
      }
    default: return .new
    }
  }
}
