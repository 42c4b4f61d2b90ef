import ConformanceSupport
import Testing

/// What `fwlint check` says of a site's rows, and what the kernel does with packets of those rows.
///
/// The long run is `swift run -c release conformance --sites --rule-sets 1000`.
@Suite(.enabled(if: KernelAccess.isThere, "needs root, nf_tables, nft, iptables, ipset and ip"), .serialized)
struct SiteTests {
  private func run(_ interpreter: Interpreter, pairs: Int, stopsAtFirst: Bool = false) throws -> SiteTotals {
    let trial = try SiteTrial(Comparer(try FirewallWorld(), interpreter))
    var totals = SiteTotals()
    for seed in 1..<UInt64(4 * pairs) where totals.pairs < pairs {
      if stopsAtFirst, !totals.disagreements.isEmpty { break }
      guard let site = trial.randomCase(seed: seed) else { continue }
      try trial.compare(site, seed: seed, &totals)
    }
    return totals
  }

  @Test func rowsAreTrue() throws {
    let totals = try run(.fwlint, pairs: 14)
    print("kernel conformance, rows of sites:\n\(totals)")
    #expect(totals.disagreements.isEmpty, "\(totals.disagreements.prefix(1))")
    #expect(totals.rows[.open] ?? 0 > 10)
    #expect(totals.rows[.blocked] ?? 0 > 10)
    #expect(totals.rows[.partial] ?? 0 > 3)
  }

  /// The trial can fail: it catches a checker that reads rule sets wrongly.
  @Test(arguments: [WrongEvaluator.ignoresPolicies, .losesFirstRules, .widensPrefixes])
  func wrongEvaluatorIsCaught(_ wrong: WrongEvaluator) throws {
    let totals = try run(wrong.interpreter, pairs: 60, stopsAtFirst: true)
    #expect(!totals.disagreements.isEmpty)
  }
}
