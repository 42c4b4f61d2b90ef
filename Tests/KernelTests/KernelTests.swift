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
      seed: 1, ruleSets: loader == .nft ? 30 : 16, packetsEach: 60, summarisedEach: 12, loaders: [loader],
      families: [family], shrinkLimit: 1)
    let totals = try campaign.run(comparer()) { print($0) }
    print("kernel conformance, \(loader) \(family), seed \(campaign.seed):\n\(totals)")
    #expect(totals.disagreements == 0)
    #expect(totals.unread == 0)
    #expect(totals.packets > 700)
  }

  /// Answers, what follows them, and errors about a first packet.
  @Test(arguments: RuleSet.Loader.allCases)
  func exchanges(loader: RuleSet.Loader) throws {
    let campaign = Campaign(seed: 1, ruleSets: 20, packetsEach: 30, loaders: [loader])
    var totals = ExchangeTotals()
    try campaign.runExchanges(comparer(), &totals)
    print("kernel conformance, exchanges, \(loader): \(totals)")
    #expect(totals.disagreements.isEmpty, "\(totals.disagreements.prefix(1))")
    #expect(totals.steps[.established] ?? 0 > 50)
    #expect(totals.steps[.related] ?? 0 > 50)
    #expect(totals.undecidedExact == 0, "\(totals)")
  }

  /// A sample of the real rule sets beside the repository; all of them with `conformance --corpora`.
  @Test func realRuleSets() throws {
    guard let corpus = Corpus(folder: Self.corpora) else { return print("kernel conformance: no corpora, skipped") }
    let sample = stride(from: 0, to: corpus.entries.count, by: 25).map { corpus.entries[$0] }
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
    let caught = try Trap.all.filter { trap in
      let comparison = try comparer.compare(trap.ruleSet, trap.packets.map(\.packet))
      return !comparison.disagreements.isEmpty
    }
    #expect(!caught.isEmpty)
  }
}
