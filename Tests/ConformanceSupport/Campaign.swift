import Evaluation
import PacketSets

/// A run over many random rule sets, repeatable by its seed.
public struct Campaign: Sendable {
  public var seed: UInt64
  public var ruleSets: Int
  /// Packets sent at each rule set, over all three paths.
  public var packetsEach: Int
  /// Of how many of them the packet-set engine is asked as well.
  public var summarisedEach: Int
  public var loaders: [RuleSet.Loader]
  public var families: [IPFamily]
  /// How many disagreements are shrunk and kept.
  public var shrinkLimit: Int

  /// Makes a campaign.
  public init(
    seed: UInt64, ruleSets: Int, packetsEach: Int = 100, summarisedEach: Int = 20,
    loaders: [RuleSet.Loader] = [.nft, .legacy, .nft, .translated], families: [IPFamily] = IPFamily.allCases,
    shrinkLimit: Int = 3
  ) {
    self.seed = seed
    self.ruleSets = ruleSets
    self.packetsEach = packetsEach
    self.summarisedEach = summarisedEach
    self.loaders = loaders
    self.families = families
    self.shrinkLimit = shrinkLimit
  }

  /// The random rule set of a seed.
  public static func ruleSet(_ loader: RuleSet.Loader, _ family: IPFamily, seed: UInt64) -> RuleSet {
    switch loader {
    case .nft:
      var generator = NftGenerator(seed: seed, family: family)
      return RuleSet(loader, family, generator.ruleSet())
    case .legacy, .translated:
      var generator = IptablesGenerator(seed: seed, family: family)
      let (text, ipsets) = generator.ruleSet()
      return RuleSet(loader, family, text, ipsets: ipsets)
    }
  }

  /// The packets for a rule set.
  public static func packets(for ruleSet: RuleSet, count: Int, seed: UInt64) -> [Packet] {
    var random = SeededGenerator(seed: seed ^ 0x5EED)
    let generator = PacketGenerator(
      family: ruleSet.family, pool: ConstantPool(text: ruleSet.text + "\n" + ruleSet.ipsets))
    var paths = Packet.Path.allCases
    // IPv6 asks the routing rules for the type of an address, and in the world these send what is the host's away.
    if ruleSet.family == .v6, ruleSet.text.contains("addrtype") || ruleSet.text.contains("fib ") { paths = [.forward] }
    return (0..<count).map { index in
      generator.packet(paths[index % paths.count], using: &random)
    }
  }

  /// Runs and counts.
  ///
  /// - Parameter report: takes a line whenever there is something to say.
  public func run(_ comparer: Comparer, report: (String) -> Void = { _ in }) throws -> Totals {
    var totals = Totals()
    for index in 0..<ruleSets {
      let seed = seed &+ UInt64(index)
      let loader = loaders[index % loaders.count]
      let family = families[index / loaders.count % families.count]
      let ruleSet = Self.ruleSet(loader, family, seed: seed)
      if LoaderFault.isMet(by: ruleSet) {
        totals.faulty += 1
        continue
      }
      let packets = Self.packets(for: ruleSet, count: packetsEach, seed: seed)
      let comparison = try comparer.compare(ruleSet, packets, summarised: summarisedEach)
      totals.add(comparison, ruleSet)
      if let refusal = comparison.refusal, totals.refusals.count < 200 { totals.refusals.append("\(seed): \(refusal)") }
      for error in comparison.errors {
        report("seed \(seed) \(loader) \(family): the kernel takes what was not read: \(error)")
      }
      if comparison.undecidedExact > 0 {
        report("seed \(seed) \(loader) \(family): claimed exact but undecided: \(comparison.reasons.keys.sorted())")
      }
      guard let first = comparison.disagreements.first else { continue }
      report("seed \(seed) \(loader) \(family): \(comparison.disagreements.count) packets of \(packets.count) differ")
      guard totals.shrunk.count < shrinkLimit else { continue }
      var shrinker = Shrinker(comparer)
      let shrunk = try shrinker.shrink(first)
      totals.shrunk.append((seed, shrunk))
      report("\(shrunk)")
    }
    return totals
  }

  /// Compares whole exchanges over the campaign's rule sets that rewrite no headers past connection tracking.
  public func runExchanges(_ comparer: Comparer, _ totals: inout ExchangeTotals) throws {
    for index in 0..<ruleSets {
      let seed = seed &+ UInt64(index)
      let ruleSet = Self.ruleSet(
        loaders[index % loaders.count], families[index / loaders.count % families.count], seed: seed)
      guard !ruleSet.mayRewrite, !LoaderFault.isMet(by: ruleSet) else { continue }
      try comparer.compareExchanges(ruleSet, Self.packets(for: ruleSet, count: packetsEach, seed: seed), &totals)
    }
  }

  /// The counts of a campaign.
  public struct Totals: CustomStringConvertible {
    public var ruleSets: [String: Int] = [:]
    public var refused: [String: Int] = [:]
    public var packets = 0
    public var faulty = 0
    public var passed = 0
    public var rewritten = 0
    public var summarised = 0
    public var undecided = 0
    public var exactRuleSets = 0
    public var approximations: [String: Int] = [:]
    public var exactPackets = 0
    public var undecidedExact = 0
    public var reasons: [String: Int] = [:]
    public var unsteady = 0
    public var unread = 0
    public var disagreements = 0
    public var shrunk: [(seed: UInt64, Disagreement)] = []
    public var refusals: [String] = []
    /// What the rules that are claimed to be exact were made of.
    public var coverage = Coverage()

    /// Nothing counted yet.
    public init() {}

    /// Adds one rule set's comparison.
    public mutating func add(_ comparison: Comparison, _ ruleSet: RuleSet) {
      let key = "\(ruleSet.loader) \(ruleSet.family)"
      if comparison.refusal != nil {
        refused[key, default: 0] += 1
        return
      }
      ruleSets[key, default: 0] += 1
      packets += comparison.packets
      passed += comparison.passed
      rewritten += comparison.rewritten
      summarised += comparison.summarised
      undecided += comparison.undecided
      undecidedExact += comparison.undecidedExact
      if comparison.isExact {
        exactRuleSets += 1
        exactPackets += comparison.packets
      }
      unsteady += comparison.unsteady
      unread += comparison.errors.count
      disagreements += comparison.disagreements.count
      reasons.merge(comparison.reasons, uniquingKeysWith: +)
      approximations.merge(comparison.approximations, uniquingKeysWith: +)
      coverage.merge(comparison.coverage)
    }

    public var description: String {
      func list(_ counts: [String: Int]) -> String {
        counts.isEmpty
          ? "none" : counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      }
      let reasonList = reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(20)
      let approximationList = approximations.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(20)
      return """
        rule sets: \(ruleSets.values.reduce(0, +)) (\(list(ruleSets)))
        refused by the kernel's tools: \(refused.values.reduce(0, +)) (\(list(refused)))
        left out for a known fault of the tools: \(faulty)
        packets: \(packets), passed \(passed), rewritten \(rewritten), asked of the packet-set engine \(summarised)
        not read: \(unread)
        undecided: \(undecided)\(reasonList.map { "\n  \($0.value) \($0.key)" }.joined())
        of rule sets that are claimed to be exact throughout: \(undecidedExact) of \(exactPackets) packets, \(exactRuleSets) rule sets
        rules not claimed to be exact: \(approximations.values.reduce(0, +))\(approximationList.map { "\n  \($0.value) \($0.key)" }.joined())
        agreed only when sent again: \(unsteady)
        disagreements: \(disagreements)
        """
    }
  }
}
