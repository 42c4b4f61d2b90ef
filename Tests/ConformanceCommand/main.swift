import ConformanceSupport
import Glibc
import PacketSets

/// Compares fwlint with the Linux kernel over many random rule sets; needs root.
///
///     conformance [--seed N] [--rule-sets N] [--packets N] [--only nft|legacy|translated] [--family 4|6] [--shrink N]
///     conformance --exchanges yes [...]            second packets of connections: answers, errors, what follows
///     conformance --corpora FOLDER [--packets N] [--every N]   real rule sets
///     conformance --file PATH [--only ...] [--family ...] [--packets N]

var campaign = Campaign(seed: 1, ruleSets: 2000)
var file: String?
var corpora: String?
var every = 1
var comparesExchanges = false
var printsRefusals = false
var showsText = false
var arguments = CommandLine.arguments.dropFirst()
while let option = arguments.popFirst() {
  switch option {
  case "--refusals":
    printsRefusals = true
    continue
  case "--show":
    showsText = true
    continue
  default: break
  }
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
  case "--every": every = max(1, Int(value) ?? 1)
  case "--exchanges": comparesExchanges = value == "yes"
  default:
    print("unknown option \(option)")
    exit(2)
  }
}
if showsText {
  print(Campaign.ruleSet(campaign.loaders[0], campaign.families[0], seed: campaign.seed).text)
  exit(0)
}
do {
  let comparer = Comparer(try FirewallWorld())
  if let file {
    let text = try Subprocess.run(["cat", file]).output
    let ruleSet = RuleSet(campaign.loaders[0], campaign.families[0], text)
    if printsRefusals {
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
    exit(comparison.disagreements.isEmpty ? 0 : 1)
  }
  let clock = ContinuousClock()
  let start = clock.now
  func report(_ line: String) {
    print(line)
    fflush(nil)
  }
  if let corpora {
    guard let corpus = Corpus(folder: corpora) else {
      print("no corpora in \(corpora)")
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
    print("time: \(clock.now - start)")
    exit(run.disagreements.isEmpty ? 0 : 1)
  }
  if comparesExchanges {
    var totals = ExchangeTotals()
    try campaign.runExchanges(comparer, &totals)
    for disagreement in totals.disagreements.prefix(campaign.shrinkLimit) { report("\(disagreement)") }
    print(totals)
    print("time: \(clock.now - start)")
    exit(totals.disagreements.isEmpty ? 0 : 1)
  }
  let totals = try campaign.run(comparer, report: report)
  if printsRefusals { for refusal in totals.refusals { print(refusal) } }
  print("seed: \(campaign.seed), packets each: \(campaign.packetsEach), time: \(clock.now - start)")
  print(totals)
  exit(totals.disagreements == 0 && totals.unread == 0 ? 0 : 1)
} catch {
  print("cannot run: \(error)")
  exit(2)
}
