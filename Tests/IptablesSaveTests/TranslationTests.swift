import ConformanceSupport
import Evaluation
import PacketSets
import Testing

@testable import IptablesSave

/// The same rule in both languages, by iptables-translate: both frontends must give the same set of packets.
@Suite(.serialized) struct TranslationTests {
  static let pairs: [TranslationPair] = {
    guard Folder.hasCorpus("iptables-ext") else { return [] }
    let files = Folder.files(below: "\(Folder.corpora)/iptables-ext/extensions").filter { $0.hasSuffix(".txlate") }
    return files.flatMap { (try? TranslationPair.read($0)) ?? [] }
  }()

  /// A pair whose halves are not the same, and why.
  struct Difference: Sendable {
    var pair: String
    var reason: String
    /// Rules of nft that show the difference where it is one of marks.
    var observer = ""
    /// Whether packets of the suite can show it.
    var isShown = true
  }

  private static let proxy =
    "without a transparent socket xt_TPROXY drops the packet, and nft's tproxy leaves the rule"

  /// Pairs that differ in the kernel too.
  static let differences: [Difference] = [
    Difference(pair: "libxt_TPROXY.txlate:1", reason: proxy), Difference(pair: "libxt_TPROXY.txlate:4", reason: proxy),
    Difference(pair: "libxt_TPROXY.txlate:7", reason: proxy), Difference(pair: "libxt_TPROXY.txlate:10", reason: proxy),
    Difference(pair: "libxt_TPROXY.txlate:13", reason: proxy),
    Difference(pair: "libxt_TPROXY.txlate:16", reason: proxy),
    Difference(pair: "libxt_TPROXY.txlate:19", reason: proxy),
    Difference(
      pair: "libxt_CONNMARK.txlate:7",
      reason: "the translation clears bits of the mask after it has flipped those of the value",
      observer: "ct mark 0x16 drop"),
    Difference(
      pair: "libxt_CONNMARK.txlate:22",
      reason: "the translation clears bits of the mask after it has flipped those of the value",
      observer: "ct mark 0x1 drop"),
    Difference(
      pair: "libxt_helper.txlate:4",
      reason: "a connection without helper is none of ftp's to xt_helper, and has nothing to compare to nft"),
    Difference(
      pair: "libipt_ah.txlate:10",
      reason: "ipt_ah wants the header, which later fragments lack; nft's meta l4proto looks at the IP header only",
      isShown: false),
  ]

  /// Pairs of which one half is decided and the other is not: nothing contradicts.
  static let vaguer: [String: String] = [
    "libipt_ah.txlate:13": "no index is outside of all indices, which the nft side does not conclude",
    "libip6t_ah.txlate:22": "no index is outside of all indices, which the nft side does not conclude",
  ]

  /// Pairs of which the kernel or nft does not take one half, so that it is no rule.
  static let refused: [String: RuleSet.Loader] = [
    "libip6t_icmp6.txlate:1": .legacy, "libip6t_icmp6.txlate:4": .legacy, "libip6t_icmp6.txlate:7": .legacy,
    "libxt_ecn.txlate:25": .legacy, "libxt_ecn.txlate:28": .legacy, "libxt_tcpmss.txlate:1": .legacy,
    "libxt_tcpmss.txlate:4": .legacy, "libxt_tcpmss.txlate:7": .legacy, "libxt_tcpmss.txlate:10": .legacy,
    "libip6t_ah.txlate:19": .nft, "libip6t_rt.txlate:22": .nft, "libxt_DNAT.txlate:28": .nft,
    "libxt_sctp.txlate:43": .nft,
  ]

  @Test func bothFrontendsGiveTheSamePackets() {
    guard !Self.pairs.isEmpty else { return }
    #expect(Self.pairs.count > 300)
    var count = (equal: 0, undecided: 0, without: 0)
    let listed = Set(Self.differences.map(\.pair)).union(Self.vaguer.keys)
    for pair in Self.pairs {
      let comparison = PairComparison(pair)
      let name = "\(pair)"
      #expect(comparison.errors.isEmpty == (Self.refused[name] == nil), "\(pair): \(comparison.errors)")
      guard comparison.errors.isEmpty else { continue }
      let text =
        "\(pair) \(pair.rule) | \(pair.translated): \(comparison.differences) \(comparison.disputed.first?.summary ?? "")"
      #expect(comparison.isEqual == !listed.contains(name), "\(text)")
      if Self.vaguer[name] != nil { #expect(comparison.isConsistent, "\(text)") }
      guard comparison.isEqual else { continue }
      count.equal += 1
      if comparison.hasNoEffect { count.without += 1 } else if comparison.isTrivial { count.undecided += 1 }
    }
    print(
      "translations: \(Self.pairs.count) pairs, \(count.equal) equal (\(count.undecided) of them undecided everywhere by "
        + "both sides, \(count.without) without effect on packets), \(listed.count) differ, \(Self.refused.count) are "
        + "refused by the kernel or nft")
    #expect(listed.count * 20 <= Self.pairs.count)
    #expect(count.undecided + count.without < Self.pairs.count / 3)
  }

  // MARK: The kernel

  static let isKernelThere: Bool = {
    guard let reason = FirewallWorld.obstacle else { return true }
    print("translations against the kernel: skipped: \(reason)")
    return false
  }()

  private func ruleSet(_ pair: TranslationPair, _ loader: RuleSet.Loader) -> RuleSet {
    let isClosed = pair.isAccepting
    return RuleSet(
      loader, pair.family, loader == .nft ? pair.script(isClosed: isClosed) : pair.dump(isClosed: isClosed))
  }

  @Test(.enabled(if: isKernelThere)) func refusedHalvesAreRefused() throws {
    let world = try FirewallWorld()
    for pair in Self.pairs {
      guard let loader = Self.refused["\(pair)"] else { continue }
      #expect(try world.load(ruleSet(pair, loader)) != nil, "\(pair)")
    }
  }

  /// Both halves are loaded, and some packet has another fate.
  @Test(.enabled(if: isKernelThere)) func differencesAreTheKernels() throws {
    let world = try FirewallWorld()
    for difference in Self.differences where difference.isShown {
      guard let pair = Self.pairs.first(where: { "\($0)" == difference.pair }) else { continue }
      let packets = Array(PairComparison.packets(pair).filter { $0.path != .output }.prefix(100))
      var fates: [[Bool]] = []
      for loader in [RuleSet.Loader.legacy, .nft] {
        #expect(try world.load(ruleSet(pair, loader)) == nil, "\(pair)")
        if !difference.observer.isEmpty {
          let outcome = try world.run(
            ["nft", "-f", "-"],
            input:
              "table ip observer {\nchain c {\ntype filter hook forward priority 10;\n\(difference.observer)\n}\n}\n")
          #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let seen = try world.fates(of: packets, expected: packets.map { _ in true }, separately: false)
        fates.append(seen.map { $0 != nil })
        _ = try world.run(["nft", "flush", "ruleset"])
      }
      let shown = packets.indices.filter { fates[0][$0] != fates[1][$0] }
      #expect(!shown.isEmpty, "\(pair): no packet shows it")
      print("kernel: \(pair): \(shown.count) of \(packets.count) packets have another fate: \(difference.reason)")
    }
  }
}
