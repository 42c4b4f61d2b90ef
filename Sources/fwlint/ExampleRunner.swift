import Compliance
import Reporting
import Requirements
import SourceText

/// Runs `check` on the files of an example without touching the disk.
struct ExampleRunner {
  /// The day on which the examples are looked at, so that what is printed stays the same.
  static let day = CalendarDate(year: 2026, month: 7, day: 1)

  /// What `check` makes of some files.
  ///
  /// - Throws: a `RunFailure` when the run itself fails.
  static func run(_ files: [CheckExample.File]) throws -> CheckReport {
    var sources: [SourceFile] = []
    var siteSource: SourceFile?
    for file in files {
      let source = SourceFile(path: file.name, text: file.text)
      if file.name == CheckExample.siteName { siteSource = source } else { sources.append(source) }
    }
    let limits = try LimitOptions.parse([])
    let loader = RuleSetLoader(root: LintRoot(around: "/"), forcedDialect: nil, includePaths: [], limits: limits)
    let loaded = try siteSource.map { try SiteLoader.parse($0, limits: limits, folder: "", style: TextStyle()) }
    var firewalls: [LoadedFirewall] = []
    if let site = loaded?.site {
      for entry in site.firewalls {
        let own = entry.paths.compactMap { path in sources.first { $0.path == path.path } }
        let files = try loader.load(own).map { try $0.understood() }
        firewalls.append(
          LoadedFirewall(
            name: entry.paths.first?.path ?? "", entry: entry, graphs: files.map(\.graph),
            diagnostics: files.map(\.diagnostics)))
      }
    } else {
      for source in sources {
        let files = try loader.load([source]).map { try $0.understood() }
        firewalls.append(
          LoadedFirewall(
            name: source.path, entry: nil, graphs: files.map(\.graph), diagnostics: files.map(\.diagnostics)))
      }
    }
    let policy = loaded?.policy ?? Policy.embedded(named: Policy.embeddedNames[0], withWords: false).policy
    let input = CheckInput(policy: policy, site: loaded?.site, firewalls: firewalls)
    var report = Checker().run(input)
    SuppressionPass.mark(&report.findings, loaded?.site)
    if let day {
      var pass = SuppressionPass(today: day)
      pass.apply(to: &report, of: input)
      pass.finish(&report)
    }
    return report
  }

  /// What is printed of the findings of a check, or of the failure of the run.
  static func printed(_ example: CheckExample, code: String) -> String {
    do {
      var report = try run(example.files)
      report.findings.removeAll { $0.code != code }
      return TextReport(report).renderFindings()
    } catch {
      return "error: \(error)\n"
    }
  }
}
