import PacketSets
import RuleGraph
import SourceText
import YAMLDocument

/// Protocol, ports and ICMP types as AWS writes them.
///
/// **Source:** EC2 API reference, IpPermission and SecurityGroupRule: `-1` and every protocol but TCP, UDP, ICMP and
/// ICMPv6 stand for all ports whatever range is given; for ICMP the first number is the type and the second the code,
/// -1 stands for all.
struct AWSTransport {
  /// The protocol; nil for all, an error has been reported when `isUnparsed`.
  static func read(
    ipProtocol: NodeValue, from: NodeValue, to: NodeValue, at range: SourceRange, _ builder: inout GroupGraphBuilder
  ) -> TransportMatch {
    var match = TransportMatch()
    switch ipProtocol {
    case .absent:
      builder.error("the rule has no IpProtocol", at: range)
      match.isUnparsed = true
    case .collection(let node):
      builder.error("IpProtocol is a name or a number", at: node.range)
      match.isUnparsed = true
    case .unresolved(let reason): match.undecidable = reason
    case .text(let text, let node):
      if ScalarText.integer(text) == -1 { return match }
      guard let number = protocolNumber(text) else {
        builder.error("\(ScalarText.shown(text)) is not a protocol", at: node.range)
        match.isUnparsed = true
        return match
      }
      match.protocolNumber = number
      switch number {
      case IPProtocol.tcp, IPProtocol.udp: readPorts(from, to, at: range, &match, &builder)
      case IPProtocol.icmp, IPProtocol.icmpv6: readICMP(from, to, &match, &builder)
      default: break
      }
    }
    return match
  }

  private static func protocolNumber(_ text: String) -> UInt8? {
    // The three that occur come first: a lookup by name costs more than all the rest of a rule.
    switch text {
    case "tcp": IPProtocol.tcp
    case "udp": IPProtocol.udp
    case "icmp": IPProtocol.icmp
    default: GroupGraphBuilder.protocolNumber(text) ?? IPProtocol.number(named: text)
    }
  }

  private enum Bound {
    case all
    case number(Int, SourceRange)
    case unresolved(String)
    case bad
  }

  private static func bound(
    _ value: NodeValue, last: Int, _ word: String, _ builder: inout GroupGraphBuilder
  ) -> Bound {
    switch value {
    case .absent: return .all
    case .unresolved(let reason): return .unresolved(reason)
    case .collection(let node):
      builder.error("a \(word) is a number", at: node.range)
      return .bad
    case .text(let text, let node):
      guard let number = ScalarText.integer(text), number >= -1, number <= last else {
        builder.error("\(ScalarText.shown(text)) is not a \(word)", at: node.range)
        return .bad
      }
      return number == -1 ? .all : .number(number, node.range)
    }
  }

  private static func readPorts(
    _ from: NodeValue, _ to: NodeValue, at range: SourceRange, _ match: inout TransportMatch,
    _ builder: inout GroupGraphBuilder
  ) {
    switch (bound(from, last: 65535, "port", &builder), bound(to, last: 65535, "port", &builder)) {
    case (.bad, _), (_, .bad): match.isUnparsed = true
    case (.unresolved(let reason), _), (_, .unresolved(let reason)): match.undecidable = reason
    case (.number(let lower, _), .number(let upper, let place)):
      guard lower <= upper else {
        builder.error("the range of ports ends at \(upper), before it begins at \(lower)", at: place)
        match.isUnparsed = true
        return
      }
      match.destinationPorts = IntervalSet(Interval(UInt32(lower), UInt32(upper)))
    case (.all, .all):
      builder.warning("AWS takes no TCP or UDP rule without FromPort and ToPort; read as all ports", at: range)
    case (.number, .all):
      builder.error("the range of ports has no ToPort", at: range)
      match.isUnparsed = true
    case (.all, .number):
      builder.error("the range of ports has no FromPort", at: range)
      match.isUnparsed = true
    }
  }

  private static func readICMP(
    _ type: NodeValue, _ code: NodeValue, _ match: inout TransportMatch, _ builder: inout GroupGraphBuilder
  ) {
    switch (bound(type, last: 255, "ICMP type", &builder), bound(code, last: 255, "ICMP code", &builder)) {
    case (.bad, _), (_, .bad): match.isUnparsed = true
    case (.unresolved(let reason), _), (_, .unresolved(let reason)): match.undecidable = reason
    case (.all, .all): break
    case (.number(let type, _), .all): match.icmpType = UInt8(type)
    case (.number(let type, _), .number(let code, _)):
      match.icmpType = UInt8(type)
      match.icmpCode = UInt8(code)
    case (.all, .number(_, let place)):
      builder.error("an ICMP code needs a type: with type -1 the code is -1 too", at: place)
      match.isUnparsed = true
    }
  }
}
