import ArgumentParser
import Reporting

/// The command line: one subcommand a file.
struct Fwlint: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fwlint",
    abstract: "Checks firewall configurations against what FortiMail needs.",
    discussion: """
      Reads nftables rule sets, iptables-save dumps and security-group exports, and reports required flows that are \
      blocked, openings beyond what is declared, and deprecated entries. Exit codes: 0 nothing to report, 1 findings, \
      2 the run itself failed.
      """,
    version: Version.text,
    subcommands: [
      CheckCommand.self, DiffCommand.self, TraceCommand.self, GraphCommand.self, InspectCommand.self,
      RequirementsCommand.self,
      ExplainCommand.self, InitCommand.self,
    ])
}

/// Why a run could not do its work: printed as one line, exit code 2.
struct RunFailure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

@main
enum Main {
  /// Runs the command; whatever goes wrong with the run itself ends with exit code 2.
  static func main() {
    do {
      var command = try Fwlint.parseAsRoot()
      try command.run()
    } catch {
      let code = Fwlint.exitCode(for: error)
      if error is ExitCode { Terminal.exit(code.rawValue) }
      if code.isSuccess {
        Terminal.print(Fwlint.fullMessage(for: error) + "\n")
        Terminal.exit(0)
      }
      if let failure = error as? RunFailure {
        Terminal.printErrorLine("error: \(Harmless.line(failure.description))")
      } else {
        Terminal.printError(harmless(Fwlint.fullMessage(for: error)))
      }
      Terminal.exit(2)
    }
  }

  /// A message in which no argument begins a line of its own, whatever it is made of.
  private static func harmless(_ message: String) -> String {
    var message = message
    for argument in CommandLine.arguments.dropFirst() {
      for part in [argument] + argument.split(whereSeparator: { $0 == "=" || $0 == "," }).map(String.init)
      where part.unicodeScalars.contains(where: { $0.value < 0x20 }) {
        message = message.replacing(part, with: Harmless.line(part))
      }
    }
    return message
  }
}
