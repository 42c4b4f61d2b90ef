import ConformanceSupport
import FoundationEssentials
import Testing

/// `check --fix`, `--diff` and `--unsafe-fixes` on the disk.
struct FixCommandTests {
  /// A copy of the broken gateway in a fresh folder.
  private func withGateway(_ body: (_ folder: String, _ path: String) throws -> Void) throws {
    try Program.withFolder { folder in
      for name in ["fwlint.yaml", "edge.nft"] {
        try Program.write(Program.text("Fixtures/sites/gateway/broken/\(name)"), to: "\(folder)/\(name)")
      }
      try body(folder, "\(folder)/edge.nft")
    }
  }

  private func contents(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }

  @Test func diffWritesNothingAndCanBeApplied() throws {
    try withGateway { folder, path in
      let before = contents(path)
      let shown = try Program.run(["check", "--diff"], folder: folder)
      #expect(shown.status == 1)
      #expect(shown.output.hasPrefix("--- a/edge.nft\n+++ b/edge.nft\n@@ "))
      #expect(shown.errors.contains("for --unsafe-fixes"))
      #expect(contents(path) == before)
      try Program.write(shown.output, to: "\(folder)/fix.patch")
      let applied = try Subprocess.run(["git", "-C", folder, "apply", "fix.patch"], input: "", timeout: 20)
      #expect(applied.status == 0, "\(applied.errors)")
      let patched = contents(path)
      if let before { try before.write(to: URL(filePath: path)) }
      let fixed = try Program.run(["check", "--fix"], folder: folder)
      #expect(fixed.status == 1)
      #expect(contents(path) == patched)
      #expect(!fixed.output.contains("FW204"))
      #expect(fixed.output.contains("FW101"))
      // A second run finds nothing more to do.
      let again = try Program.run(["check", "--diff"], folder: folder)
      #expect(again.output == "")
    }
  }

  @Test func onlyUnsafeFixesOpen() throws {
    try withGateway { folder, _ in
      _ = try Program.run(["check", "--fix", "--unsafe-fixes"], folder: folder)
      let left = try Program.run(["check", "--format", "concise", "--select", "FW1,FW2,FW3,FW4"], folder: folder)
      // FW102 and FW105 of one published address would each be mended only together with the other.
      let codes = left.output.split(separator: "\n").map { $0.split(separator: " ")[2] }
      #expect(codes == ["FW103", "FW102", "FW105"], "\(left.output)")
    }
  }

  @Test func permissionsStayAndLinksOutAreRefused() throws {
    try withGateway { folder, path in
      try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
      _ = try Program.run(["check", "--fix"], folder: folder)
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode.map { $0 & 0o777 } == 0o640)
    }
    try withGateway { folder, path in
      try Program.withFolder { outside in
        let elsewhere = "\(outside)/edge.nft"
        try FileManager.default.moveItem(atPath: path, toPath: elsewhere)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: elsewhere)
        let before = contents(elsewhere)
        let refused = try Program.run(["check", "--fix"], folder: folder)
        #expect(refused.status == 2)
        #expect(contents(elsewhere) == before)
      }
    }
  }

  @Test func flagsAreChecked() throws {
    try withGateway { folder, _ in
      for flags in [["--fix", "--diff"], ["--unsafe-fixes"]] {
        let status = try Program.run(["check"] + flags, folder: folder).status
        #expect(status == 2)
      }
    }
  }

  /// The flows of the site stand out, dead chains are grey.
  @Test func graphShowsFlows() throws {
    let site = "Fixtures/sites/gateway/broken/fwlint.yaml"
    let dot = try Program.run(["graph", "--site", site])
    #expect(dot.status == 0)
    #expect(dot.output.contains("IN-02 (admin-gui)"))
    #expect(dot.output.contains("OUT-24 (ntp) end here"))
    let mermaid = try Program.run(["graph", "--site", site, "--format", "mermaid"])
    #expect(mermaid.output.contains("linkStyle"))
    let json = try Program.run(["graph", "--site", site, "--format", "json"])
    #expect(json.output.contains("\"passing\""))
  }
}
