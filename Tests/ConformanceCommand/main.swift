import ConformanceSupport
import Glibc
import PacketSets

/// Compares fwlint with the Linux kernel over many random rule sets; needs root.
///
///     conformance [--seed N] [--rule-sets N] [--packets N] [--only nft|legacy|translated] [--family 4|6] [--shrink N]
///     conformance --exchanges [...]                second packets of connections: answers, errors, what follows
///     conformance --sites [--seed N] [--rule-sets N] [--corpora FOLDER]   rows of random sites over rule sets
///     conformance --corpora FOLDER [--packets N] [--every N]   real rule sets
///     conformance --closures FOLDER                closures of real rule sets by a verified program; no root
///     conformance --constructs FOLDER              what is claimed to be exact of real rules; no root
///     conformance --file PATH [--only ...] [--family ...] [--packets N]

var campaign = Campaign(seed: 1, ruleSets: 2000)
var file: String?
var corpora: String?
var closures: String?
var constructs: String?
var every = 1
var isOfExchanges = false
var isOfSites = false
var printsDetails = false
var showsText = false
var arguments = CommandLine.arguments.dropFirst()
while let option = arguments.popFirst() {
  switch option {
  case "--details": printsDetails = true
  case "--show": showsText = true
  case "--exchanges": isOfExchanges = true
  case "--sites": isOfSites = true
  default:
    guard let value = arguments.popFirst() else {
      print("\(option) needs a value")
      exit(2)
    }
    switch option {
    case "--seed": campaign.seed = UInt64(value) ?? 1
    case "--rule-sets": campaign.ruleSets = Int(value) ?? 0
    case "--packets": campaign.packetsEach = Int(value) ?? 0
    case "--summaries": campaign.summarisedEach = Int(value) ?? 0
    case "--only": campaign.loaders = RuleSet.Loader(rawValue: value).map { [$0] } ?? []
    case "--family": campaign.families = value == "4" ? [.v4] : [.v6]
    case "--shrink": campaign.shrinkLimit = Int(value) ?? 0
    case "--file": file = value
    case "--corpora": corpora = value
    case "--closures": closures = value
    case "--constructs": constructs = value
    case "--every": every = max(1, Int(value) ?? 1)
    default:
      print("unknown option \(option)")
      exit(2)
    }
  }
}

let clock = ContinuousClock()
let start = clock.now

/// Prints a line at once: runs are long.
func report(_ line: String) {
  print(line)
  fflush(nil)
}

/// Ends with the run's time and the status of a comparison.
@MainActor func finish(_ isGood: Bool) -> Never {
  print("seed: \(campaign.seed), time: \(clock.now - start)")
  exit(isGood ? 0 : 1)
}

@MainActor func compareFile(_ path: String, _ comparer: Comparer) throws -> Bool {
  let ruleSet = RuleSet(campaign.loaders[0], campaign.families[0], try Subprocess.run(["cat", path]).output)
  if printsDetails {
    for graph in comparer.interpreter.read(ruleSet).graphs {
      for rule in graph.rules { print(rule.verdict, Array(graph.items(of: rule))) }
      print(graph.sets, graph.lookups.map { ($0.fields, $0.intervals) })
    }
  }
  let packets = Campaign.packets(for: ruleSet, count: campaign.packetsEach, seed: campaign.seed)
  let comparison = try comparer.compare(ruleSet, packets, summarised: campaign.summarisedEach)
  if let refusal = comparison.refusal { print("refused: \(refusal)") }
  for error in comparison.errors { print("not read: \(error)") }
  for disagreement in comparison.disagreements {
    print("kernel: \(disagreement.kernel); fwlint: \(disagreement.fwlint): \(disagreement.packet.summary)")
  }
  var totals = Campaign.Totals()
  totals.add(comparison, ruleSet)
  print(totals)
  return comparison.disagreements.isEmpty
}

@MainActor func compareCorpora(_ folder: String, _ comparer: Comparer) throws -> Bool {
  guard let corpus = Corpus(folder: folder) else {
    print("no corpora in \(folder)")
    exit(2)
  }
  let run = try CorpusRun(
    comparer, stride(from: 0, to: corpus.entries.count, by: every).map { corpus.entries[$0] },
    packetsEach: campaign.packetsEach, seed: campaign.seed, report: report)
  for (path, disagreement) in run.disagreements.prefix(campaign.shrinkLimit) {
    var shrinker = Shrinker(comparer)
    report("\(path):\n\(try shrinker.shrink(disagreement))")
  }
  print(run.summary)
  if printsDetails { print(run.details) }
  return run.disagreements.isEmpty
}

do {
  if showsText {
    print(Campaign.ruleSet(campaign.loaders[0], campaign.families[0], seed: campaign.seed).text)
    exit(0)
  }
  if let constructs {
    for (construct, count) in Coverage(corpora: constructs).counts.sorted(by: { $0.key < $1.key }) {
      print("\(construct): \(count)")
    }
    exit(0)
  }
  if let closures {
    var contradictions = 0
    let proofs = ClosureProof.all(corpora: closures)
    for proof in proofs {
      let packet = proof.contradiction()
      if packet != nil { contradictions += 1 }
      report("\(proof), \(proof.size) rules: \(packet.map { "contradicted by \($0.summary)" } ?? "agrees")")
    }
    print("closures: \(proofs.count), contradictions: \(contradictions)")
    finish(contradictions == 0 && !proofs.isEmpty)
  }
  let comparer = Comparer(try FirewallWorld())
  if let file { finish(try compareFile(file, comparer)) }
  if let corpora, !isOfSites { finish(try compareCorpora(corpora, comparer)) }
  if isOfSites {
    let trial = try SiteTrial(comparer)
    var totals = SiteTotals()
    let real = corpora.flatMap { Corpus(folder: $0) }?.entries ?? []
    var seed = campaign.seed
    while totals.pairs < campaign.ruleSets, seed < campaign.seed + UInt64(campaign.ruleSets) * 4 {
      if let site = trial.randomCase(seed: seed, real: real) {
        let known = totals.disagreements.count
        try trial.compare(site, seed: seed, &totals)
        for disagreement in totals.disagreements[known...].prefix(campaign.shrinkLimit) {
          report("seed \(seed): \(disagreement)")
        }
      }
      seed += 1
    }
    print(totals)
    finish(totals.disagreements.isEmpty)
  }
  if isOfExchanges {
    var totals = ExchangeTotals()
    try campaign.runExchanges(comparer, &totals)
    for disagreement in totals.disagreements.prefix(campaign.shrinkLimit) { report("\(disagreement)") }
    print(totals)
    finish(totals.disagreements.isEmpty && totals.undecidedExact == 0)
  }
  let totals = try campaign.run(comparer, report: report)
  if printsDetails {
    for refusal in totals.refusals { print(refusal) }
    for (construct, count) in totals.coverage.counts.sorted(by: { $0.key < $1.key }) { print("\(construct): \(count)") }
  }
  print(totals)
  print(totals.coverage)
  finish(
    totals.disagreements == 0 && totals.unread == 0 && totals.undecidedExact == 0 && totals.coverage.missing.isEmpty)
} catch {
  print("cannot run: \(error)")
  exit(2)
}
