import ConformanceSupport
import FoundationEssentials
import Testing

/// The quick parts of packaging; `Packaging/test` installs the packages for real.
struct PackagingTests {
  private static var hasPython: Bool {
    guard Subprocess.path(of: "python3") == nil else { return true }
    print("packaging: skipped: python3 is not installed")
    return false
  }

  @Test func theVersionHasOnePlace() throws {
    let source = Program.text("Sources/fwlint/Version.swift")
    let version = try Program.run(["--version"]).output.split(separator: "\n").first ?? ""
    #expect(source.contains("static let text = \"\(version)\""))
    #expect(Program.text("CHANGELOG.md").contains("## \(version)\n"))
    for file in ["Packaging/build", "Packaging/wheel.py", "Packaging/deb", "Packaging/manual.py", "action.yml"] {
      #expect(!Program.text(file).contains(version), "\(file) says the version again")
    }
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func completionsKnowEveryCommand(shell: String) throws {
    let outcome = try Program.run(["--generate-completion-script", shell])
    #expect(outcome.status == 0)
    for command in ["check", "diff", "trace", "inspect", "explain"] { #expect(outcome.output.contains(command)) }
  }

  @Test(.enabled(if: hasPython)) func theManualPageHasEveryOption() throws {
    let outcome = try Subprocess.run(
      ["python3", "\(Program.repository)/Packaging/manual.py", Program.path, "1.2.3"], timeout: 60)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.hasPrefix(".TH FWLINT 1 \"\" \"fwlint 1.2.3\""))
    for word in ["fwlint check", "fwlint diff", "\\-\\-trust\\-base", "\\-\\-new\\-only", "EXIT STATUS"] {
      #expect(outcome.output.contains(word), "\(word)")
    }
  }

  @Test(.enabled(if: hasPython)) func theWheelHoldsTheProgram() throws {
    try Program.withFolder { folder in
      // Any bytes do: the wheel carries them as they are.
      try Program.write("#!/bin/sh\n", to: "\(folder)/fwlint")
      for _ in 0..<2 {
        let outcome = try Subprocess.run(
          ["python3", "\(Program.repository)/Packaging/wheel.py", "\(folder)/fwlint", "1.2.3", folder], timeout: 60)
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      let listing = try Subprocess.run(
        ["sh", "-c", "python3 -m zipfile -l \(folder)/fwlint-1.2.3-py3-none-manylinux*.whl"], timeout: 60)
      for name in [
        "fwlint-1.2.3.data/scripts/fwlint", "fwlint-1.2.3.dist-info/METADATA", "fwlint-1.2.3.dist-info/RECORD",
      ] { #expect(listing.output.contains(name), "\(listing.output)\(listing.errors)") }
    }
  }

  @Test(arguments: ["build", "deb", "test", "ci/github"])
  func scriptsParse(name: String) throws {
    let outcome = try Subprocess.run(["bash", "-n", "\(Program.repository)/Packaging/\(name)"], timeout: 20)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  /// What the action runs, with what GitHub would give it.
  @Test func theActionBlocksAndSummarises() throws {
    try Program.withFolder { folder in
      let broken = "\(Program.repository)/Fixtures/sites/gateway/broken"
      _ = try Subprocess.run(["cp", "-R", broken, "\(folder)/site"])
      let outcome = try Subprocess.run(
        ["env", "-C", "\(folder)/site", "bash", "\(Program.repository)/Packaging/ci/github"],
        environment: ["FWLINT=\(Program.path)", "GITHUB_STEP_SUMMARY=\(folder)/summary.md", "SARIF=out.sarif"],
        timeout: 60)
      #expect(outcome.status == 1 && outcome.output.contains("::error file="), "\(outcome.errors)")
      let files = ["summary.md", "site/out.sarif"].map { FileManager.default.contents(atPath: "\(folder)/\($0)") }
      #expect(files.allSatisfy { ($0?.count ?? 0) > 100 })
    }
  }
}
