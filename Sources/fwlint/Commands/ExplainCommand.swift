import ArgumentParser
import Reporting
import Requirements
import SourceText

/// `fwlint explain`: a check, a row, a feature or a role in full.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Explains a check, a row, a feature or a role.")

  @Option(help: "The policy.")
  var policy: String = Policy.embeddedNames[0]

  @OptionGroup var color: ColorOptions

  @Argument(help: "A code (FW101) or its name, a row (IN-06), a feature (smtp) or a role (administrators).")
  var name: String

  func run() throws {
    let report = ExplainReport(try RequirementsCommand.policy(named: policy), style: color.style())
    guard let text = report.explain(name) else {
      throw RunFailure("there is nothing called '\(name)'\(Suggestion.hint(for: name, among: report.names))")
    }
    Terminal.print(text)
  }
}
