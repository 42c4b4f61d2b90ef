import ArgumentParser
import Reporting
import Requirements
import SourceText

/// `fwlint requirements`: the requirement set.
struct RequirementsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "requirements", abstract: "Lists the rows of the requirement set.")

  enum RowFormat: String, ExpressibleByArgument, CaseIterable {
    case table
    case json
  }

  @Option(help: "Only the rows that a feature asks for; may be repeated.")
  var feature: [String] = []

  @Option(help: "The policy.")
  var policy: String = Policy.embeddedNames[0]

  @Option(help: "table or json.")
  var format: RowFormat = .table

  @OptionGroup var color: ColorOptions

  func run() throws {
    let policy = try Self.policy(named: policy)
    for name in feature where policy.feature(name) == nil {
      throw RunFailure("there is no feature '\(name)'\(Suggestion.hint(for: name, among: policy.features.map(\.name)))")
    }
    let rows = policy.rows.filter { row in
      feature.isEmpty || row.features.contains { feature.contains($0.feature) }
    }
    Terminal.print(
      format == .json ? RequirementsReport.json(rows) : RequirementsReport.table(rows, style: color.style()))
  }

  /// A policy with its words: one that is part of the program, or a file.
  static func policy(named name: String) throws -> Policy {
    if PolicyFile.isPath(name) { return try PolicyFile.read(name, root: nil, style: TextStyle()) }
    guard let policy = Policy.embedded(named: name).policy else {
      throw RunFailure("there is no policy '\(name)'\(Suggestion.hint(for: name, among: Policy.embeddedNames))")
    }
    return policy
  }
}
