import ArgumentParser
import Compliance
import Glibc
import Reporting
import RuleGraph
import SourceText

/// `fwlint diff`: what a change does to traffic.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Shows what a change does to traffic, exactly, and fails only for what it made worse.",
    discussion: """
      BASE and HEAD are two files, two folders with a fwlint.yaml each, or two git revisions. With BASE alone, a \
      revision, the work tree is compared with where its history left BASE (fwlint diff origin/main). Objects are read \
      with git; nothing is checked out. With a site, what goes to and comes from its units is compared; without one, \
      every path in full, and every change counts.
      """)

  @Argument(help: "A file, a folder or a git revision.")
  var base: String

  @Argument(help: "What to compare it with; the work tree by default.")
  var head: String?

  @Option(name: .customLong("site"), help: "A site file, in both versions; may be repeated.")
  var sites: [String] = []

  @Flag(name: .customLong("trust-base"), help: "Take the site file and the policy from BASE, whatever HEAD has.")
  var trustsBase = false

  @Option(help: "The report on standard output: \(DiffFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: DiffFormat = .text

  @Option(help: "Where the report goes, in place of standard output: FILE, or FORMAT=FILE for one more report.")
  var output: [String] = []

  @OptionGroup var selection: SelectionOptions
  @OptionGroup var input: InputOptions
  @OptionGroup var color: ColorOptions

  func run() throws {
    let outputs = try DiffOutput.parse(output, standard: format)
    let versions = try ComparedVersion.parse(base, head)
    let loader = VersionLoader(sites: sites, input: input, style: color.style(for: STDERR_FILENO))
    var run = DiffRun(base: versions.base, head: versions.head, loader: loader, trustsBase: trustsBase)
    var report = try run.report()
    report.newFindings.removeAll { !selection.selects($0.code) }
    report.fixedFindings.removeAll { !selection.selects($0.code) }
    report.unchangedFindings.removeAll { !selection.selects($0.code) }
    for output in outputs { try output.write(report, failOn: selection.failOn, style: color.style()) }
    for failure in run.failures { Terminal.printErrorLine("error: \(Harmless.line(failure))") }
    if !run.failures.isEmpty { throw ExitCode(2) }
    if report.isWorse(failOn: selection.failOn) { throw ExitCode(1) }
  }
}

/// The formats of a report of `diff`.
enum DiffFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case json
  case markdown
  case github
  /// The new findings as `check` writes them.
  case sarif
  case gitlab

  /// The report in this format.
  func render(_ report: ChangeReport, failOn: Severity, style: TextStyle) -> String {
    switch self {
    case .text: DifferenceText(report, failOn: failOn, style: style).render()
    case .json: DifferenceJSON.render(report, failOn: failOn)
    case .markdown: DifferenceMarkdown.render(report, failOn: failOn)
    case .github: DifferenceGitHub.render(report, failOn: failOn)
    case .sarif: ReportFormat.sarif.render(report.newFindingsReport, firewalls: [], style: style)
    case .gitlab: ReportFormat.gitlab.render(report.newFindingsReport, firewalls: [], style: style)
    }
  }
}

/// Where a report of `diff` goes.
struct DiffOutput {
  var format: DiffFormat
  /// Nil: standard output.
  var path: String?

  /// Reads `FILE` and `FORMAT=FILE`; without any `FILE` the standard report goes to standard output.
  static func parse(_ words: [String], standard: DiffFormat) throws -> [DiffOutput] {
    var outputs: [DiffOutput] = []
    for word in words {
      if let equals = word.firstIndex(of: "="), let format = DiffFormat(rawValue: String(word[..<equals])) {
        outputs.append(DiffOutput(format: format, path: String(word[word.index(after: equals)...])))
      } else if let equals = word.firstIndex(of: "="), !word[..<equals].contains("/") {
        let hint = Suggestion.hint(for: String(word[..<equals]), among: DiffFormat.allCases.map(\.rawValue))
        throw ValidationError("--output knows no format '\(word[..<equals])'\(hint)")
      } else {
        outputs.append(DiffOutput(format: standard, path: word))
      }
    }
    let namesFile = words.contains { word in
      !DiffFormat.allCases.contains { word.hasPrefix("\($0.rawValue)=") }
    }
    if !namesFile { outputs.insert(DiffOutput(format: standard), at: 0) }
    return outputs
  }

  /// Writes a report.
  func write(_ report: ChangeReport, failOn: Severity, style: TextStyle) throws {
    guard let path else { return Terminal.print(format.render(report, failOn: failOn, style: style)) }
    try FileWriter.write(format.render(report, failOn: failOn, style: TextStyle()), to: path)
  }
}
