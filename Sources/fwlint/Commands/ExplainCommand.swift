import ArgumentParser
import Compliance
import Reporting
import Requirements
import SourceText

/// `fwlint explain`: a check, a row, a feature or a role in full.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Explains a check, a row, a feature or a role.")

  @Option(help: "The policy.")
  var policy: String = Policy.embeddedNames[0]

  /// The languages of explanations.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text
    case markdown
  }

  @Option(
    help: "text, or markdown: the page of a check, with its example run; the name 'checks' gives the list of all.")
  var format: Format = .text

  @OptionGroup var color: ColorOptions

  @Argument(help: "A code (FW101) or its name, a row (IN-06), a feature (smtp) or a role (administrators).")
  var name: String

  func run() throws {
    if format == .markdown { return Terminal.print(try page()) }
    let report = ExplainReport(try RequirementsCommand.policy(named: policy), style: color.style())
    guard let text = report.explain(name) else {
      throw RunFailure("there is nothing called '\(name)'\(Suggestion.hint(for: name, among: report.names))")
    }
    Terminal.print(text)
  }

  private func page() throws -> String {
    if name == "checks" { return CheckPage.index() }
    guard let check = CheckRegistry.checks.first(where: { $0.code == name.uppercased() || $0.name == name }) else {
      let names = CheckRegistry.checks.flatMap { [$0.code, $0.name] }
      throw RunFailure("there is no check '\(name)'\(Suggestion.hint(for: name, among: names))")
    }
    let example = CheckRegistry.documentation(of: check.code)?.example
    return CheckPage.render(
      check, printed: example.map { ExampleRunner.printed($0, code: check.code) } ?? "")
  }
}
