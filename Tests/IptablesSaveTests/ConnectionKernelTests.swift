import ConformanceSupport
import PacketSets
import Testing

/// Connection marks and tuples: what fwlint computes is what the Linux kernel does.
@Suite(.serialized, .enabled(if: TranslationTests.isKernelThere)) struct ConnectionKernelTests {
  private static let values = ["0x0", "0x1", "0x5a", "0xff", "0xa5f0", "0xffffffff"]
  private static let masks = ["0xffffffff", "0xff", "0xf0", "0x3", "0x0"]

  private func markRule(_ random: inout SeededGenerator) -> String {
    let value = random.pick(Self.values)
    let mask = random.pick(Self.masks)
    let masks = random.chance(70) ? " --nfmask \(mask) --ctmask \(random.pick(Self.masks))" : ""
    let shift = " --\(random.pick(["left", "right"]))-shift-mark \(random.number(0...31))"
    let targets = [
      "MARK --set-xmark \(value)/\(mask)", "MARK --set-mark \(value)/\(mask)", "MARK --and-mark \(value)",
      "MARK --or-mark \(value)", "MARK --xor-mark \(value)", "CONNMARK --set-xmark \(value)/\(mask)",
      "CONNMARK --set-mark \(value)/\(mask)", "CONNMARK --set-mark \(value)\(shift)", "CONNMARK --save-mark\(masks)",
      "CONNMARK --restore-mark\(masks)", "CONNMARK --save-mark\(shift)", "CONNMARK --restore-mark\(shift)",
    ]
    return "\(random.pick(["", "-p tcp ", "-p udp ", "-s 10.0.0.0/9 ", "-s 10.1.0.0/16 "]))-j \(random.pick(targets))\n"
  }

  /// Rules that set, save and restore marks, and a filter that looks at one bit of either.
  private func marks(seed: UInt64, _ loader: RuleSet.Loader) -> RuleSet {
    var random = SeededGenerator(seed: seed)
    var text = "*raw\n"
    for _ in 0..<2 { text += "-A PREROUTING \(markRule(&random))" }
    text += "COMMIT\n*mangle\n"
    for _ in 0..<random.number(3...6) { text += "-A PREROUTING \(markRule(&random))" }
    text += "COMMIT\n*filter\n"
    for _ in 0..<3 {
      let bit = "0x\(String(UInt32(1) << UInt32(random.number(0...9)), radix: 16))"
      text += "-A FORWARD -m \(random.pick(["mark", "connmark"])) --mark \(bit)/\(bit) -j DROP\n"
    }
    return RuleSet(loader, .v4, text + "-A FORWARD -d 10.1.0.0/16 -j ACCEPT\nCOMMIT\n")
  }

  /// A mapping before filters on what the connection's tuples are.
  private func tuples(seed: UInt64, _ loader: RuleSet.Loader) -> RuleSet {
    var random = SeededGenerator(seed: seed)
    let blocks = ["10.0.0.0/8", "10.0.0.2", "10.0.0.1", "192.168.1.0/24", "10.9.0.0/16", "10.9.0.7"]
    var text = "*nat\n-A PREROUTING -d 10.0.0.2 -p tcp -j DNAT --to-destination 10.9.0.7\n"
    text += "-A PREROUTING -p udp --dport 53 -j DNAT --to-destination 192.168.1.5:5353\n"
    text += "-A POSTROUTING -s 10.0.0.1 -j SNAT --to-source 10.9.0.9\nCOMMIT\n*filter\n"
    for _ in 0..<3 {
      let sign = random.chance(30) ? "! " : ""
      let ports = random.pick(["22", "53", "5353", "1:1023", "1024:65535"])
      let match = random.pick([
        "\(sign)--ctorigsrc \(random.pick(blocks))", "\(sign)--ctorigdst \(random.pick(blocks))",
        "\(sign)--ctreplsrc \(random.pick(blocks))", "\(sign)--ctrepldst \(random.pick(blocks))",
        "\(sign)--ctproto \(random.pick(["tcp", "udp", "icmp", "47"]))",
        "--ctproto udp \(sign)--ctorigdstport \(ports)",
        "--ctproto udp \(sign)--ctreplsrcport \(ports)", "--ctproto tcp \(sign)--ctrepldstport \(ports)",
        "\(sign)--ctstate DNAT", "\(sign)--ctstate SNAT", "--ctdir ORIGINAL", "\(sign)--ctstate NEW",
      ])
      let chain = random.pick(["FORWARD", "INPUT", "FORWARD"])
      text += "-A \(chain) -m conntrack \(match) -j \(random.pick(["DROP", "DROP", "ACCEPT"]))\n"
    }
    return RuleSet(loader, .v4, text + "COMMIT\n")
  }

  private func compare(_ make: (UInt64) -> RuleSet, count: UInt64, _ name: String) throws {
    let comparer = Comparer(try FirewallWorld())
    var packets = 0
    var passed = 0
    for seed in 1...count {
      let ruleSet = make(seed)
      let sample = Campaign.packets(for: ruleSet, count: 40, seed: seed)
      let comparison = try comparer.compare(ruleSet, sample, summarised: 10)
      #expect(comparison.refusal == nil, "\(ruleSet.text)")
      #expect(comparison.errors.isEmpty)
      #expect(comparison.undecidedExact == 0, "\(comparison.reasons) in \(ruleSet.text)")
      #expect(comparison.disagreements.isEmpty, "\(comparison.disagreements.first?.description ?? "")")
      packets += comparison.packets
      passed += comparison.passed
    }
    print("kernel: \(name): \(packets) packets, \(passed) passed")
    #expect(passed > packets / 10 && passed < packets * 19 / 20)
  }

  @Test(arguments: [RuleSet.Loader.legacy, .translated])
  func marksAreTheKernels(_ loader: RuleSet.Loader) throws {
    try compare({ marks(seed: $0, loader) }, count: 12, "marks, \(loader)")
  }

  @Test(arguments: [RuleSet.Loader.legacy, .translated])
  func tuplesAreTheKernels(_ loader: RuleSet.Loader) throws {
    try compare({ tuples(seed: $0, loader) }, count: 12, "tuples, \(loader)")
  }
}
