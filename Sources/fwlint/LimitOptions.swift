import ArgumentParser
import Nftables
import YAMLDocument

/// What input may cost; docs/limits.md says what happens where a limit is met.
struct LimitOptions: ParsableArguments {
  @Option(name: .customLong("max-file-size"), help: "Largest file that is read, in MiB.")
  var fileSize: Int = 256

  @Option(name: .customLong("max-files"), help: "Files that one rule set may consist of, through includes.")
  var files: Int = 1000

  @Option(name: .customLong("max-include-depth"), help: "Files that may include one another; nft itself stops at 16.")
  var includeDepth: Int = 16

  @Option(name: .customLong("max-yaml-nodes"), help: "Nodes of a YAML or JSON file, aliases expanded.")
  var yamlNodes: Int = 4_000_000

  @Option(name: .customLong("max-yaml-depth"), help: "Collections of a YAML or JSON file inside of one another.")
  var yamlDepth: Int = 64

  @Option(name: .customLong("max-rules"), help: "Rules of one file.")
  var rules: Int = 4_000_000

  func validate() throws {
    try Self.requireRange(fileSize, 1...4095, "--max-file-size")
    try Self.requireRange(files, 1...65_535, "--max-files")
    try Self.requireRange(includeDepth, 1...256, "--max-include-depth")
    try Self.requireRange(yamlNodes, 1...100_000_000, "--max-yaml-nodes")
    try Self.requireRange(yamlDepth, 1...200, "--max-yaml-depth")
    try Self.requireRange(rules, 1...100_000_000, "--max-rules")
  }

  /// Refuses a number that no limit can have.
  static func requireRange(_ value: Int, _ range: ClosedRange<Int>, _ flag: String) throws {
    guard range.contains(value) else {
      throw ValidationError("\(flag) is a number from \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
  }

  /// Reads files up to the size.
  var reader: FileReader { FileReader(sizeLimit: fileSize << 20) }

  /// The limits of nftables text.
  var nftables: NftablesLimits {
    var limits = NftablesLimits.standard
    limits.files = files
    limits.includeDepth = includeDepth
    return limits
  }

  /// The limits of YAML and JSON.
  var yaml: YAMLLimits { YAMLLimits(nodes: yamlNodes, depth: yamlDepth) }
}

/// What a check may cost besides.
struct CheckLimitOptions: ParsableArguments {
  @Option(
    name: .customLong("max-diagram-edges"),
    help: "Edges of the packet sets of one firewall; what needs more is undecided.")
  var diagramEdges: Int = 32_000_000

  @Option(name: .customLong("max-findings"), help: "Findings in a report; the least severe are left out first.")
  var findings: Int = 10_000

  func validate() throws {
    try LimitOptions.requireRange(diagramEdges, 1...400_000_000, "--max-diagram-edges")
    try LimitOptions.requireRange(findings, 1...1_000_000, "--max-findings")
  }
}
