import ArgumentParser
import Compliance
import Reporting

/// Which findings are new.
struct NewOnlyOptions: ParsableArguments {
  @Option(
    name: .customLong("new-only"),
    help: "Report only findings that were not there where the work tree's history left this git revision.")
  var revision: String?

  /// Takes findings out of a report that the revision has, too.
  ///
  /// - Throws: a `RunFailure` when there is no such revision, or its site file must not be used.
  func apply(
    to report: inout CheckReport, sites: [String], input: InputOptions, suppressing pass: SuppressionPass?,
    style: TextStyle
  ) throws {
    guard let revision else { return }
    var pass = pass
    let version = try ComparedVersion.forkPoint(of: revision)
    let loader = VersionLoader(sites: sites, input: input, style: style)
    var change = ChangeReport(base: revision, head: "work tree")
    var known = CheckReport()
    for path in loader.sitePaths(version) {
      guard let loaded = try loader.site(path, of: version) else { continue }
      let firewalls = loader.firewalls(of: loaded, path: path, in: version)
      let input = CheckInput(policy: loaded.policy, site: loaded.site, firewalls: firewalls.firewalls)
      var former = Checker().run(input)
      pass?.apply(to: &former, of: input)
      known.findings += former.findings
    }
    pass?.finish(&known)
    change.add(known, report)
    report.findings = change.newFindings
    let count = change.unchangedFindings.count
    if count > 0 {
      report.remarks.append("\(count) finding\(count == 1 ? " is" : "s are") as in \(revision) and not shown")
    }
  }
}
