import Evaluation
import PacketSets

/// Small evaluators of each provider's semantics, written from the documentation and without the rule graph.
enum ReferenceEvaluator {
  /// AWS and OpenStack: what any rule allows, and replies.
  static func union(_ rules: [PlainRule], _ packet: Packet) -> Bool {
    if packet.state == .established { return true }
    return rules.contains { $0.matches(packet) }
  }

  /// The lowest number that matches decides; replies are like other packets.
  static func networkACL(_ rules: [PlainRule], _ packet: Packet) -> Bool {
    var best: PlainRule?
    for rule in rules where rule.matches(packet) {
      if best.map({ rule.priority < $0.priority }) ?? true { best = rule }
    }
    return best?.isAllow ?? false
  }

  /// The lowest priority that matches decides, a denial before an allowance; egress is open, ingress closed.
  static func googleCloud(_ rules: [PlainRule], _ packet: Packet) -> Bool {
    if packet.state == .established { return true }
    for priority in Set(rules.map(\.priority)).sorted() {
      let matching = rules.filter { $0.priority == priority && $0.matches(packet) }
      if matching.contains(where: { !$0.isAllow }) { return false }
      if !matching.isEmpty { return true }
    }
    return packet.path == .output
  }

  /// The lowest priority that matches decides; then the default rules, with 10.0.0.0/8 as the virtual network and
  /// 128.0.0.0/1 as the Internet.
  static func azure(_ rules: [PlainRule], _ packet: Packet) -> Bool {
    if packet.state == .established { return true }
    for rule in rules.sorted(by: { $0.priority < $1.priority }) where rule.matches(packet) { return rule.isAllow }
    let peer = packet.path == .input ? packet.source : packet.destination
    guard peer.family == .v4 else { return false }
    if peer.bits >> 24 == 10 { return true }
    return packet.path == .output && peer.bits >> 31 == 1
  }
}
