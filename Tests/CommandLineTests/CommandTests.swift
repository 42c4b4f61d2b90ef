import FoundationEssentials
import Testing

/// The other commands, and options of `check`.
struct CommandTests {
  private struct Row: Decodable {
    var id: String
    var port: String
    var `protocol`: String
  }

  @Test func requirementsListsEveryRow() throws {
    let outcome = try Program.run(["requirements", "--format", "json"])
    let rows = try JSONDecoder().decode([Row].self, from: Data(outcome.output.utf8))
    #expect(rows.count == 76)
    #expect(Set(rows.map(\.id)).count == 76)
    #expect(rows.first { $0.id == "IN-06" }.map { "\($0.protocol)/\($0.port)" } == "TCP/25")
    let some = try Program.run(["requirements", "--feature", "ha", "--format", "json"])
    #expect(try JSONDecoder().decode([Row].self, from: Data(some.output.utf8)).count == 12)
  }

  @Test(arguments: ["FW101", "IN-06", "smtp", "administrators", "required-flow-blocked", "FD-01"])
  func everythingIsExplained(name: String) throws {
    let outcome = try Program.run(["explain", name])
    #expect(outcome.status == 0)
    #expect(outcome.output.count > 60)
  }

  private static let site = "Fixtures/sites/gateway/broken/fwlint.yaml"

  @Test func severitiesDecideTheExitCode() throws {
    func status(_ arguments: [String]) throws -> Int32 {
      try Program.run(["check", "--site", Self.site] + arguments).status
    }
    #expect(try status(["--select", "FW502"]) == 0)
    #expect(try status(["--select", "FW502", "--fail-on", "note"]) == 1)
    #expect(try status(["--select", "FW3xx"]) == 1)
    #expect(try status(["--select", "FW3xx", "--fail-on", "error"]) == 0)
    #expect(try status(["--select", "FW1,FW2", "--ignore", "FW1,FW20x,FW2"]) == 0)
    for format in ["json", "jsonl", "sarif", "github", "gitlab", "junit", "markdown", "html", "concise"] {
      #expect(try status(["--format", format]) == 1, "\(format)")
    }
  }

  @Test func reportsGoToFiles() throws {
    try Program.withFolder { folder in
      let outcome = try Program.run(
        [
          "check", "--site", Self.site, "--output", "json=\(folder)/a.json", "--output", "sarif=\(folder)/a.sarif",
          "--output", "\(folder)/a.txt",
        ])
      #expect(outcome.status == 1)
      #expect(outcome.output == "")
      for name in ["a.json", "a.sarif", "a.txt"] {
        #expect(FileManager.default.contents(atPath: "\(folder)/\(name)")?.isEmpty == false, "\(name)")
      }
    }
  }

  @Test func sitesComeFromFlags() throws {
    let file = "Fixtures/sites/gateway/clean/edge.nft"
    let flags = [
      "--mode", "gateway", "--unit", "mail1=10.0.10.5", "--feature", "admin-cli", "--peer",
      "administrators=10.1.0.0/24", "--position", "forward",
    ]
    let outcome = try Program.run(["check", file] + flags + ["--format", "json", "--select", "FW1"])
    #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
    #expect(outcome.output.contains("\"status\" : \"open\""))
    let wrong = try Program.run(["check", file] + flags + ["--feature", "admin-clu"])
    #expect(wrong.status == 2)
    #expect(wrong.errors.contains("did you mean 'admin-cli'"))
  }

  @Test func filesWithoutSiteGetTheOtherChecks() throws {
    try Program.withFolder { folder in
      try Program.write(
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -p udp --dport 9443 -j ACCEPT\n-A INPUT -s 10.0.0.0/9 -j DROP\n"
          + "-A INPUT -s 10.128.0.0/9 -j DROP\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\nCOMMIT\n", to: "\(folder)/rules.v4")
      let outcome = try Program.run(["check", "rules.v4"], folder: folder)
      #expect(outcome.output.contains("rules.v4:3:1: warning FW301"))
      #expect(outcome.output.contains("rules.v4:6:1: note FW401"))
      #expect(outcome.output.contains("lines 4, 5"))
      #expect(outcome.output.contains("no site file: only the graph, age and input checks ran"))
      #expect(outcome.status == 1)
    }
  }

  @Test func firstSiteFilesAreRead() throws {
    try Program.withFolder { folder in
      let rules = Program.text("Fixtures/sites/host/clean/rules.v4")
      try Program.write(rules, to: "\(folder)/rules.v4")
      #expect(try Program.run(["init", "rules.v4"], folder: folder).status == 0)
      let outcome = try Program.run(["check"], folder: folder)
      #expect(outcome.status == 1, "\(outcome.errors)")
      #expect(try Program.run(["init", "rules.v4"], folder: folder).status == 2)
    }
  }

  @Test func graphsAreDrawn() throws {
    let file = "Fixtures/sites/gateway/clean/edge.nft"
    let dot = try Program.run(["graph", file])
    #expect(dot.output.hasPrefix("digraph fwlint {"))
    #expect(dot.output.contains("inet edge to_units"))
    #expect(try Program.run(["graph", file, "--format", "mermaid"]).output.hasPrefix("flowchart LR"))
    #expect(try Program.run(["graph", file, "--format", "json"]).output.contains("\"unreachable\" : false"))
  }

  /// The same input gives the same bytes, whatever the order of files.
  @Test func reportsAreRepeatable() throws {
    let outputs = try (0..<3).map { _ in
      try Program.run(["check", "--site", Self.site, "--format", "json"]).output
    }
    #expect(Set(outputs).count == 1)
  }
}
