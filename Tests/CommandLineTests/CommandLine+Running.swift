import ConformanceSupport
import FoundationEssentials

/// The built program, run as a user would run it.
enum Program {
  /// The folder of the repository.
  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// The program beside the tests' own bundle.
  static let path: String = {
    let tests = CommandLine.arguments[0]
    let absolute = tests.hasPrefix("/") ? tests : FileManager.default.currentDirectoryPath + "/" + tests
    let folder = absolute.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    for candidate in ["\(folder)/fwlint", "\(repository)/.build/debug/fwlint"]
    where FileManager.default.isExecutableFile(atPath: candidate) {
      return candidate
    }
    return "\(repository)/.build/release/fwlint"
  }()

  /// Runs the program; without colours, in the repository's folder.
  static func run(_ arguments: [String], input: String = "", folder: String = repository) throws
    -> Subprocess.Outcome
  {
    try Subprocess.run(
      ["env", "-C", folder, "NO_COLOR=1", path] + arguments, input: input, timeout: 60)
  }

  /// A fresh folder that is removed after use.
  static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.path + "/fwlint-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  /// Writes a text file.
  static func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path))
  }

  /// The text of a file of the repository; empty when there is none.
  static func text(_ path: String) -> String {
    guard let data = FileManager.default.contents(atPath: "\(repository)/\(path)") else { return "" }
    return String(decoding: data, as: UTF8.self)
  }
}
