import ConformanceSupport
import Evaluation
import PacketSets
import Testing

/// Whether the machine allows the comparison; the reason is printed once where it does not.
enum KernelAccess {
  static let isThere: Bool = {
    guard let reason = FirewallWorld.obstacle else { return true }
    print("kernel conformance: skipped: \(reason)")
    return false
  }()
}

/// The Linux kernel is the reference: real rule sets, real packets, and what fwlint says of them.
///
/// Needs root, nf_tables and the tools of nftables, iptables, ipset and iproute2; without them the suite is skipped and
/// says so in one line. The long run is `swift run -c release conformance --rule-sets 2000 --packets 100`.
@Suite(.enabled(if: KernelAccess.isThere, "needs root, nf_tables, nft, iptables, ipset and ip"), .serialized)
struct KernelTests {
  func comparer(_ interpreter: Interpreter = .fwlint) throws -> Comparer {
    Comparer(try FirewallWorld(), interpreter)
  }

  /// Without rules everything passes: a packet that is not seen was dropped by a rule.
  @Test(arguments: IPFamily.allCases)
  func everythingPassesWithoutRules(family: IPFamily) throws {
    let world = try FirewallWorld()
    let empty = RuleSet(.nft, family, "")
    let packets = Campaign.packets(for: empty, count: 150, seed: 1)
    let fates = try world.fates(of: packets, expected: packets.map { _ in true }, separately: false)
    for (packet, fate) in zip(packets, fates) {
      #expect(fate != nil, "\(packet.summary)")
      #expect(fate.map { $0.source == packet.source && $0.destination == packet.destination } ?? false)
    }
  }

  @Test(arguments: Trap.all)
  func trap(_ trap: Trap) throws {
    let comparison = try comparer().compare(trap.ruleSet, trap.packets.map(\.packet), summarised: 9)
    #expect(comparison.refusal == nil)
    #expect(comparison.fates == trap.packets.map(\.passes), "the kernel")
    #expect(comparison.disagreements.isEmpty, "\(comparison.disagreements)")
    #expect(comparison.undecided == 0, "\(comparison.reasons)")
    #expect(comparison.errors.isEmpty)
  }

  /// What nobody can tell offline stays undecided, whatever the kernel does this time.
  @Test(arguments: Trap.openEnded)
  func openEnded(_ trap: Trap) throws {
    let comparison = try comparer().compare(trap.ruleSet, trap.packets.map(\.packet), summarised: 9)
    #expect(comparison.refusal == nil)
    #expect(comparison.fates == trap.packets.map(\.passes), "the kernel")
    #expect(comparison.disagreements.isEmpty, "\(comparison.disagreements)")
    #expect(comparison.undecided == trap.packets.count)
  }

  @Test(arguments: RuleSet.Loader.allCases, IPFamily.allCases)
  func randomRuleSets(loader: RuleSet.Loader, family: IPFamily) throws {
    let campaign = Campaign(
      seed: 1, ruleSets: loader == .nft ? 24 : 12, packetsEach: 50, summarisedEach: 12, loaders: [loader],
      families: [family], shrinkLimit: 1)
    let totals = try campaign.run(comparer()) { print($0) }
    print("kernel conformance, \(loader) \(family), seed \(campaign.seed):\n\(totals)")
    #expect(totals.disagreements == 0)
    #expect(totals.unread == 0)
    #expect(totals.packets > 350)
  }

  /// Answers, what follows them, and errors about a first packet.
  @Test(arguments: RuleSet.Loader.allCases)
  func exchanges(loader: RuleSet.Loader) throws {
    let campaign = Campaign(seed: 1, ruleSets: 20, packetsEach: 24, loaders: [loader])
    var totals = ExchangeTotals()
    try campaign.runExchanges(comparer(), &totals)
    print("kernel conformance, exchanges, \(loader): \(totals)")
    #expect(totals.disagreements.isEmpty, "\(totals.disagreements.prefix(1))")
    #expect(totals.steps[.established] ?? 0 > 30)
    #expect(totals.steps[.related] ?? 0 > 15)
    #expect(totals.undecidedExact == 0, "\(totals)")
  }

  /// A translated connection: its rules, its first packet, how many later packets are undecided.
  struct Translated: CustomTestStringConvertible {
    var testDescription: String
    var text: String
    var first: Packet
    var undecided = 0

    init(_ name: String, _ nat: String, _ filter: String, _ first: Packet, undecided: Int = 0) {
      testDescription = name
      text = "table ip n {\n\(nat)}\ntable ip f {\n\(filter)}\n"
      self.first = first
      self.undecided = undecided
    }

    static func chain(_ type: String, _ hook: String, _ priority: Int, _ rules: String, policy: String = "accept")
      -> String
    {
      "chain \(hook)\(priority + 300) {\ntype \(type) hook \(hook) priority \(priority); policy \(policy);\n\(rules)\n}\n"
    }

    static let all = [
      Translated(
        "answers of a mapped destination come from behind the mapping",
        chain("nat", "prerouting", -100, "tcp dport 80 dnat to 10.0.0.9:8080"),
        chain(
          "filter", "forward", 0,
          "ip daddr 10.0.0.9 tcp dport 8080 accept\nip saddr 10.0.0.9 ip daddr 10.0.0.1 ct state established,related accept",
          policy: "drop"), .sample(.forward, port: 80)),
      Translated(
        "answers to a mapped source go to the first one",
        chain("nat", "postrouting", 100, "snat to 192.0.2.9"),
        chain(
          "filter", "forward", 0,
          "ip saddr 10.0.0.1 accept\nip saddr 10.0.0.2 ip daddr 10.0.0.1 ct state established,related accept",
          policy: "drop"), .sample(.forward, port: 80)),
      Translated(
        "before NAT the answer still goes to the mapped source",
        chain("nat", "postrouting", 100, "masquerade"),
        chain("filter", "prerouting", -150, "ct state established,related ip daddr 10.0.0.1 drop"),
        .sample(.forward, port: 80), undecided: 3),
      Translated(
        "answers from a redirected port",
        chain("nat", "prerouting", -100, "udp dport 53 redirect to :5353"),
        chain("filter", "input", 0, "udp dport 5353 accept", policy: "drop")
          + chain(
            "filter", "output", 0, "udp sport 5353 ct state established accept\nct state related accept", policy: "drop"
          ),
        .sample(.input, .v4, IPProtocol.udp, port: 53)),
    ]
  }

  @Test(arguments: Translated.all)
  func translatedConnection(_ connection: Translated) throws {
    var totals = ExchangeTotals()
    try comparer().compareExchanges(RuleSet(.nft, .v4, connection.text), [connection.first], &totals)
    #expect(totals.translated == 2, "\(totals)")
    #expect(totals.steps[.established] ?? 0 > 1)
    #expect(totals.undecided == connection.undecided, "\(totals)")
    #expect(totals.disagreements.isEmpty, "\(totals.disagreements)")
  }

  /// A sample of the real rule sets beside the repository; all of them with `conformance --corpora`.
  @Test func realRuleSets() throws {
    guard let corpus = Corpus(folder: Self.corpora) else { return print("kernel conformance: no corpora, skipped") }
    let sample = stride(from: 0, to: corpus.entries.count, by: 60).map { corpus.entries[$0] }
    let run = try CorpusRun(comparer(), sample, packetsEach: 30, seed: 1) { print($0) }
    print("kernel conformance, real rule sets:\n\(run.summary)")
    #expect(run.disagreements.isEmpty, "\(run.disagreements.prefix(1))")
  }

  static var corpora: String {
    let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    return "/\(root)/shared/corpora"
  }

  /// The suite can fail: it catches evaluators that are wrong on purpose.
  @Test(arguments: WrongEvaluator.allCases)
  func wrongEvaluatorIsCaught(_ wrong: WrongEvaluator) throws {
    let comparer = try comparer(wrong.interpreter)
    let isCaught = try Trap.all.contains { trap in
      let comparison = try comparer.compare(trap.ruleSet, trap.packets.map(\.packet))
      return !comparison.disagreements.isEmpty
    }
    #expect(isCaught)
  }
}
