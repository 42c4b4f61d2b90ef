import ArgumentParser
import Reporting

/// `fwlint graph`: the rule graph drawn.
struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Draws the chains of rule sets and who calls whom.")

  enum GraphFormat: String, ExpressibleByArgument, CaseIterable {
    case dot
    case mermaid
    case json
  }

  @Option(help: "dot, mermaid or json.")
  var format: GraphFormat = .dot

  @OptionGroup var input: InputOptions

  @Argument(help: "The files of one firewall.")
  var files: [String]

  func run() throws {
    let loader = input.loader(root: LintRoot(around: files.first.map(Paths.folder) ?? ""))
    let loaded = try loader.load(files.map { ($0, $0) }).map { try $0.understood() }
    let report = GraphReport(loaded.map(\.graph))
    switch format {
    case .dot: Terminal.print(report.dot())
    case .mermaid: Terminal.print(report.mermaid())
    case .json: Terminal.print(report.json())
    }
  }
}
