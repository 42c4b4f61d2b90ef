import ConformanceSupport
import Testing

/// What `fwlint check` says of a site's rows, and what the kernel does with packets of those rows.
///
/// The long run is `swift run -c release conformance --sites --rule-sets 1000`.
@Suite(.enabled(if: KernelAccess.isThere, "needs root, nf_tables, nft, iptables, ipset and ip"), .serialized)
struct SiteTests {
  private func run(_ interpreter: Interpreter, pairs: Int, real: [Corpus.Entry] = []) throws -> SiteTotals {
    let trial = try SiteTrial(Comparer(try FirewallWorld(), interpreter))
    var totals = SiteTotals()
    for seed in 1..<UInt64(4 * pairs) where totals.pairs < pairs {
      guard let site = trial.randomCase(seed: seed, real: real) else { continue }
      try trial.compare(site, seed: seed, &totals)
    }
    return totals
  }

  @Test func rowsAreTrue() throws {
    let totals = try run(.fwlint, pairs: 40)
    print("kernel conformance, rows of sites:\n\(totals)")
    #expect(totals.disagreements.isEmpty, "\(totals.disagreements.prefix(1))")
    #expect(totals.rows[.open] ?? 0 > 10)
    #expect(totals.rows[.blocked] ?? 0 > 10)
    #expect(totals.rows[.partial] ?? 0 > 5)
  }

  /// The trial can fail: it catches a checker that reads rule sets wrongly.
  @Test(arguments: [WrongEvaluator.ignoresPolicies, .acceptEndsHook, .losesFirstRules, .widensPrefixes])
  func wrongEvaluatorIsCaught(_ wrong: WrongEvaluator) throws {
    let totals = try run(wrong.interpreter, pairs: wrong == .acceptEndsHook ? 60 : 25)
    #expect(!totals.disagreements.isEmpty)
  }
}
