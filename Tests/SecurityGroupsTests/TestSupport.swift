import FoundationEssentials
import PacketSets
import RuleGraph
import SecurityGroups
import SourceText

/// Where the tests find their files.
enum TestFiles {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let fixtures = root.appending(path: "Fixtures/security-groups")
  static let shared = root.deletingLastPathComponent().appending(path: "shared")

  /// The files below a folder, sorted; empty when it is not there.
  static func files(below folder: URL) -> [URL] {
    guard let names = try? FileManager.default.subpathsOfDirectory(atPath: folder.path) else { return [] }
    return names.sorted().map { folder.appending(path: $0) }
  }

  static func source(_ url: URL) throws -> SourceFile {
    SourceFile(path: url.lastPathComponent, bytes: Array(try Data(contentsOf: url)))
  }

  static func text(_ url: URL) throws -> String { String(decoding: try Data(contentsOf: url), as: UTF8.self) }
}

/// An export that was read from a text, with its rules and messages as text.
struct Reading {
  let graph: RuleGraph?
  let diagnostics: [Diagnostic]
  private let source: SourceFile

  init(_ text: String, dialect: Dialect? = nil) { self.init(SourceFile(path: "x.yaml", text: text), dialect: dialect) }

  init(_ source: SourceFile, dialect: Dialect? = nil) {
    self.source = source
    (graph, diagnostics) = SecurityGroupFrontend.parse(source, dialect: dialect)
  }

  /// The written rules.
  var rules: [String] { graph.map { GraphText($0).written } ?? [] }

  /// `error 3: message`.
  var messages: [String] {
    let lines = LineIndex(source)
    return diagnostics.map { "\($0.severity.rawValue) \(lines.line(at: $0.range.start)): \($0.message)" }
  }
}
