import ConformanceSupport
import Evaluation
import FoundationEssentials
import Testing

/// Real dumps against what iptables-restore-translate makes of them: no change in traffic, or one that the kernel shows.
///
/// A sample in each run; FWLINT_ALL_MIGRATIONS=1 takes them all and prints what came of each.
struct MigrationTests {
  private static let corpora =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path + "/shared/corpora"
  private static let takesAll = ProcessInfo.processInfo.environment["FWLINT_ALL_MIGRATIONS"] != nil
  /// Every so many dumps in an ordinary run.
  private static let stride = takesAll ? 1 : 12
  private static let largest = takesAll ? 4_000_000 : 8_000

  private static var entries: [Corpus.Entry] {
    guard Subprocess.path(of: "iptables-restore-translate") != nil,
      let corpus = Corpus(folder: corpora, largest: largest)
    else {
      print("migrations: skipped: no \(corpora) or no iptables-restore-translate")
      return []
    }
    return corpus.entries.filter { $0.corpus == "net-network" && $0.ruleSet.loader == .legacy }
  }

  @Test func translationsLoseNothing() throws {
    let world = FirewallWorld.obstacle == nil ? try FirewallWorld() : nil
    var counts: [String: Int] = [:]
    for (index, entry) in Self.entries.enumerated() where index % Self.stride == 0 {
      guard let migration = try Migration(entry) else {
        counts["not accepted by the tool", default: 0] += 1
        continue
      }
      let word: String
      switch try migration.judge(world) {
      case .same: word = "no change in traffic"
      case .sameButUndecided(let reasons):
        word = "no change in traffic, as far as it can be decided"
        if Self.takesAll { print("migration: \(entry.path): undecided in both: \(reasons.joined(separator: "; "))") }
      case .exhausted: word = "budget ran out"
      case .different(let flows):
        word = "different"
        for (flow, kernel) in flows {
          if Self.takesAll { print("migration: \(entry.path): \(kernel): \(flow)") }
          #expect(kernel != .refuted, "\(entry.path): \(flow)")
        }
      }
      counts[word, default: 0] += 1
    }
    if Self.takesAll { print("migrations: \(counts.sorted { $0.key < $1.key })") }
    #expect(counts["budget ran out"] == nil)
  }
}
