import Compliance
import FoundationEssentials
import Testing

/// The pages of docs/checks: each says what the program says, and each example does what it claims.
@Suite("Pages of the checks")
struct CheckPageTests {
  private struct Report: Decodable {
    var findings: [Entry]

    struct Entry: Decodable {
      var code: String
      var severity: String
    }
  }

  /// What `check` makes of the files of an example, and its exit code.
  private func check(_ files: [CheckExample.File]) throws -> (codes: [String], weighty: [String], status: Int32) {
    try Program.withFolder { folder in
      for file in files { try Program.write(file.text, to: "\(folder)/\(file.name)") }
      let names = files.contains { $0.name == CheckExample.siteName } ? [] : files.map(\.name)
      let outcome = try Program.run(
        ["check", "--format", "json", "--today", "2026-07-01"] + names, folder: folder)
      guard outcome.status != 2 else { return (outcome.errors.contains("FW503") ? ["FW503"] : [], [], 2) }
      let findings = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8)).findings
      return (findings.map(\.code), findings.filter { $0.severity != "note" }.map(\.code), outcome.status)
    }
  }

  static let running = CheckRegistry.checks.map(\.code).filter { !CheckRegistry.reserved.contains($0) }

  @Test("The example fires, and the mended one does not", arguments: running)
  func examples(code: String) throws {
    let example = try #require(CheckRegistry.documentation(of: code)?.example)
    #expect(try check(example.files).codes.contains(code))
    let mended = try check(example.mendedFiles)
    #expect(!mended.codes.contains(code), "\(mended.codes)")
    #expect(mended.weighty == [])
    #expect(mended.status == 0)
  }

  @Test("Pages are as the program writes them", arguments: CheckRegistry.checks.map(\.code))
  func pages(code: String) throws {
    let outcome = try Program.run(["explain", "--format", "markdown", code])
    #expect(outcome.status == 0)
    #expect(
      outcome.output == Program.text("docs/checks/\(code).md"), "write docs/checks again; see docs/checks/README.md")
  }

  @Test func theListIsComplete() throws {
    let outcome = try Program.run(["explain", "--format", "markdown", "checks"])
    #expect(outcome.output == Program.text("docs/checks/README.md"))
    let files = try FileManager.default.contentsOfDirectory(atPath: "\(Program.repository)/docs/checks")
    #expect(Set(files) == Set(CheckRegistry.checks.map { "\($0.code).md" } + ["README.md"]))
  }
}
