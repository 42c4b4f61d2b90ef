import Evaluation
import PacketSets
import RuleGraph

/// A small generator with a seed, so that a failure can be repeated.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }

  mutating func pick<Element>(_ choices: [Element]) -> Element {
    choices[Int.random(in: 0..<choices.count, using: &self)]
  }
}

/// What a provider's documentation says of one rule, as plain values for the reference evaluators.
struct PlainRule {
  var isIngress: Bool
  var isAllow = true
  var priority = 0
  /// A block as address, length and family; nil for every address.
  var peer: IPPrefix?
  /// The family that the rule is about; nil for both.
  var family: IPFamily?
  /// Nil for every protocol.
  var protocolNumber: UInt8?
  /// Nil for all ports.
  var ports: ClosedRange<Int>?
  var icmpType: Int?
  var icmpCode: Int?

  /// Whether a packet is what the rule is about, checked one property after the other.
  func matches(_ packet: Packet) -> Bool {
    let address = packet.path == .input ? packet.source : packet.destination
    if isIngress != (packet.path == .input) { return false }
    if let family, family != address.family { return false }
    if let peer {
      if peer.base.family != address.family { return false }
      let width = address.family == .v4 ? 32 : 128
      for bit in 0..<peer.length where (peer.base.bits ^ address.bits) >> UInt128(width - 1 - bit) & 1 == 1 {
        return false
      }
    }
    if let protocolNumber, protocolNumber != packet.protocolNumber { return false }
    // Azure's template reference: '*' is the same as all ports, for protocols without ports too.
    if let ports, ports != 0...65535 {
      guard let port = packet.destinationPort, ports.contains(Int(port)) else { return false }
    }
    if let icmpType, packet.icmpType.map(Int.init) != icmpType { return false }
    if let icmpCode, packet.icmpCode.map(Int.init) != icmpCode { return false }
    return true
  }
}

/// Random rules and packets at their borders.
struct RandomExport {
  var random: SeededRandom
  var rules: [PlainRule] = []

  static let blocks = [
    "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32", "::/0",
    "2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::5/128",
  ].compactMap { IPPrefix($0) }
  static let interestingPorts = [0, 1, 22, 25, 26, 443, 587, 1024, 32768, 65534, 65535]

  /// - Parameters:
  ///   - isOrdered: whether rules deny too and have priorities.
  ///   - portsOfAny: whether ports may stand without a protocol.
  ///   - opens: whether it ends with rules that allow much, so that something passes a second filter too.
  init(
    seed: UInt64, isOrdered: Bool, priorities: ClosedRange<Int>, portsOfAny: Bool, icmpTypes: Bool,
    opens: Bool = false
  ) {
    random = SeededRandom(seed: seed)
    var used: Set<Int> = []
    for _ in 0..<Int.random(in: 1...12, using: &random) {
      var rule = PlainRule(isIngress: Bool.random(using: &random))
      rule.peer = random.pick(Self.blocks)
      if isOrdered {
        rule.isAllow = Int.random(in: 0..<4, using: &random) > 0
        rule.priority = Int.random(in: priorities, using: &random)
        if priorities.count > 100, !used.insert(rule.priority).inserted { continue }
      }
      rule.protocolNumber = random.pick([nil, 6, 6, 6, 17, rule.peer?.base.family == .v6 ? 58 : 1, 50])
      let hasPorts = rule.protocolNumber == 6 || rule.protocolNumber == 17 || portsOfAny && rule.protocolNumber == nil
      if hasPorts, !portsOfAny || Bool.random(using: &random) {
        let bounds = [random.pick(Self.interestingPorts), random.pick(Self.interestingPorts)].sorted()
        rule.ports = bounds[0]...bounds[1]
      }
      if icmpTypes, rule.protocolNumber == 1 || rule.protocolNumber == 58, Bool.random(using: &random) {
        rule.icmpType = random.pick([0, 3, 8, 128])
        if Bool.random(using: &random) { rule.icmpCode = random.pick([0, 1, 4]) }
      }
      rules.append(rule)
    }
    guard opens else { return }
    for (index, isIngress) in [true, false].enumerated() {
      for (offset, block) in ["0.0.0.0/1", "2001:db8:1::/48"].enumerated() {
        var rule = PlainRule(isIngress: isIngress)
        rule.peer = IPPrefix(block)
        rule.priority = isOrdered ? priorities.upperBound - 2 * index - offset : 0
        if used.insert(rule.priority).inserted || !isOrdered { rules.append(rule) }
      }
    }
  }

  /// A packet whose peer, protocol and port lie at or just beyond a border of some rule.
  mutating func packet() -> Packet {
    let path: Packet.Path = Bool.random(using: &random) ? .input : .output
    let block = random.pick(Self.blocks)
    let family = block.base.family
    var bits = Bool.random(using: &random) ? block.base.bits : block.last.bits
    switch Int.random(in: 0..<4, using: &random) {
    case 0: bits &+= 1
    case 1: bits &-= 1
    default: break
    }
    let peer = IPAddress(family, bits)
    let local = family == .v4 ? IPAddress(v4: 0x0A63_0001) : IPAddress(.v6, UInt128(0xFD00) << 112 | 5)
    let number = random.pick([6, 6, 17, family == .v4 ? 1 : 58, 50, 132] as [UInt8])
    let port = UInt16(clamping: random.pick(Self.interestingPorts) + Int.random(in: -1...1, using: &random))
    let hasPorts = IPProtocol.hasPorts(number)
    let isICMP = number == 1 || number == 58
    let isReply = Int.random(in: 0..<5, using: &random) == 0
    return Packet(
      path: path, source: path == .input ? peer : local, destination: path == .input ? local : peer,
      protocolNumber: number, sourcePort: hasPorts ? 40000 : nil, destinationPort: hasPorts ? port : nil,
      icmpType: isICMP ? random.pick([0, 3, 8, 128, 9]) : nil, icmpCode: isICMP ? random.pick([0, 1, 4, 5]) : nil,
      tcpFlags: number == 6 ? (isReply ? 18 : 2) : nil, state: isReply ? .established : .new)
  }
}
