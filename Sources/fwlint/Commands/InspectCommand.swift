import ArgumentParser
import Reporting
import RuleGraph
import SourceText

/// `fwlint inspect`: what was understood of files.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Says what was understood of files: dialect, rules exact, approximated, unparsed."
  )

  @Option(help: "text or json (one object a line).")
  var format: TraceCommand.TraceFormat = .text

  @Flag(help: "The most frequent reasons for approximation.")
  var statistics = false

  @OptionGroup var input: InputOptions
  @OptionGroup var color: ColorOptions

  @Argument(help: "The files, each by itself.")
  var files: [String]

  func run() throws {
    var inspected: [InspectedFile] = []
    var failures: [String] = []
    for file in files {
      let loader = input.loader(root: LintRoot(around: Paths.folder(of: file)))
      do {
        for loaded in try loader.load([(file, file)]) {
          inspected.append(Self.inspect(loaded, file))
          if !loaded.isUnderstood { failures.append("\(file): nothing understood (FW503)") }
        }
      } catch let failure as RunFailure {
        failures.append(failure.description)
        inspected.append(InspectedFile(path: file, dialect: nil, counts: RuleCounts(), diagnostics: []))
      }
    }
    Terminal.print(
      format == .json
        ? InspectReport.json(inspected)
        : InspectReport.text(inspected, style: color.style(), withStatistics: statistics))
    for failure in failures { Terminal.printErrorLine("error: \(Harmless.line(failure))") }
    if !failures.isEmpty { throw ExitCode(2) }
  }

  private static func inspect(_ loaded: LoadedFile, _ path: String) -> InspectedFile {
    let graph = loaded.graph
    let lines = graph.sources.map { LineIndex($0) }
    let diagnostics = loaded.diagnostics.filter { $0.file < lines.count }.map { diagnostic in
      PositionedDiagnostic(
        path: graph.sources[diagnostic.file].path, severity: diagnostic.severity,
        position: lines[diagnostic.file].position(at: diagnostic.range.start),
        message: loaded.isUnderstood ? diagnostic.message : Discretion.withoutQuotes(diagnostic.message))
    }
    return InspectedFile(
      path: path, dialect: graph.dialect, counts: graph.counts, diagnostics: diagnostics,
      reasons: graph.approximationReasons)
  }
}

extension RuleGraph {
  /// Why rules are approximated, each reason with the number of rules, the most frequent first.
  var approximationReasons: [(reason: String, rules: Int)] {
    var counts: [String: Int] = [:]
    for (index, rule) in rules.enumerated() where rule.understanding == .approximated && rule.isWritten {
      let reasons = Set(approximations(of: UInt32(index)).map(\.reason))
      for reason in reasons { counts[reason, default: 0] += 1 }
    }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
  }
}
