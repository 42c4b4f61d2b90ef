import FoundationEssentials
import Requirements
import SourceText
import Testing

/// Folders of the package.
enum Folder {
  /// The package's root.
  static let package = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
  static let fixtures = "\(package)/Fixtures/requirements"
  static let policies = "\(package)/Policies"

  /// The names of the YAML files of a folder of fixtures, sorted.
  static func yamlFiles(_ folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(fixtures)/\(folder)")) ?? []
    return names.filter { $0.hasSuffix(".yaml") }.sorted().map { "\(folder)/\($0)" }
  }
}

/// The bytes of a file.
func read(_ path: String) throws -> SourceFile {
  SourceFile(path: path, bytes: [UInt8](try Data(contentsOf: URL(filePath: path))))
}

/// The embedded policy; read once.
let fortimail: Policy = {
  guard let policy = Policy.embedded(named: "fortimail-7.6").policy else {
    Issue.record("the embedded policy cannot be read")
    return Policy(name: "", version: "")
  }
  return policy
}()

/// The policy of a name: the embedded one, or one of Fixtures/requirements/policies.
func policy(named name: String) -> Policy? {
  if name == fortimail.identifier { return fortimail }
  return (try? read("\(Folder.fixtures)/policies/\(name).yaml")).flatMap { Policy.parse($0).policy }
}

/// A site file, read against the policy that it names.
func parseSite(_ source: SourceFile) -> SiteDocument { Site.parse(source, findPolicy: policy(named:)) }

/// A diagnostic as `line:column-endColumn severity: message`.
func describe(_ diagnostic: Diagnostic, _ lines: LineIndex) -> String {
  let start = lines.position(at: diagnostic.range.start)
  let end = lines.position(at: diagnostic.range.end)
  return "\(start.line):\(start.column)-\(end.column) \(diagnostic.severity): \(diagnostic.message)"
}
