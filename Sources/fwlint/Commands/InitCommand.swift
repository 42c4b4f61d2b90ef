import ArgumentParser
import Requirements
import RuleGraph
import SourceText

/// `fwlint init`: writes a first site file.
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Writes a first site file for the given files, which a person completes.")

  @Option(help: "Where to write; - is standard output.")
  var output: String = SiteLoader.fileName

  @Flag(help: "Replace a file that is there already.")
  var force = false

  @OptionGroup var input: InputOptions

  @Argument(help: "The configurations at hand.")
  var files: [String] = []

  func run() throws {
    if output != "-", !force, Paths.exists(output) {
      throw RunFailure("\(output) is there already; --force replaces it")
    }
    var loaded: [(path: String, graph: RuleGraph)] = []
    for file in files {
      let loader = input.loader(root: LintRoot(around: Paths.folder(of: file)))
      for read in try loader.load([(file, file)]) { loaded.append((file, read.graph)) }
    }
    let policy = try RequirementsCommand.policy(named: Policy.embeddedNames[0])
    let text = SiteDraft(policy: policy, files: loaded).text()
    if output == "-" { return Terminal.print(text) }
    try FileWriter.write(text, to: output)
    Terminal.print("wrote \(output); complete it, then run fwlint check\n")
  }
}
