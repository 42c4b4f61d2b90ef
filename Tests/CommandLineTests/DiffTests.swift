import ConformanceSupport
import FoundationEssentials
import Testing

/// `fwlint diff` over git repositories: what blocks a change and what does not.
struct DiffTests {
  /// A repository with the clean gateway site, and one branch a change.
  private struct Repository {
    let folder: String

    init(_ folder: String) throws {
      self.folder = folder
      try git(["init", "--quiet", "--initial-branch=main"])
      for name in ["edge.nft", "fwlint.yaml"] {
        try Program.write(Program.text("Fixtures/sites/gateway/clean/\(name)"), to: "\(folder)/\(name)")
      }
      try commit("The clean site")
    }

    func git(_ arguments: [String]) throws {
      let identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgSign=false"]
      let outcome = try Subprocess.run(
        ["env", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "git", "-C", folder] + identity + arguments,
        timeout: 60)
      #expect(outcome.status == 0, "git \(arguments): \(outcome.errors)")
    }

    func commit(_ message: String) throws {
      try git(["add", "-A"])
      try git(["commit", "--quiet", "-m", message])
    }

    /// Changes a file on a new branch and goes there.
    func branch(_ name: String, file: String = "edge.nft", _ change: (String) -> String) throws {
      try git(["checkout", "--quiet", "-b", name, "main"])
      try edit(file, change)
      try commit(name)
    }

    func edit(_ file: String, _ change: (String) -> String) throws {
      let text = String(decoding: try Data(contentsOf: URL(filePath: "\(folder)/\(file)")), as: UTF8.self)
      let changed = change(text)
      #expect(changed != text)
      try Program.write(changed, to: "\(folder)/\(file)")
    }

    func diff(_ arguments: [String]) throws -> Subprocess.Outcome {
      try Program.run(["diff"] + arguments, folder: folder)
    }
  }

  private func withRepository(_ body: (Repository) throws -> Void) throws {
    try Program.withFolder { try body(Repository($0)) }
  }

  private static func open(_ text: String) -> String {
    text.replacing("ip saddr $admins4 tcp dport { 22, 443 } accept", with: "tcp dport { 22, 443 } accept")
  }

  private static func reorder(_ text: String) -> String {
    let rule = "\t\ttcp dport 25 accept\n"
    let other = "\t\tip saddr $admins4 tcp dport { 22, 443 } accept\n"
    return text.replacing(rule + other, with: other + rule.replacing("25", with: "{ 25 }"))
  }

  @Test func openingSSHToTheInternetIsBlocked() throws {
    try withRepository { repository in
      try repository.branch("open", Self.open)
      for arguments in [["main", "open"], ["main"], ["main...open"]] {
        let outcome = try repository.diff(arguments)
        #expect(outcome.status == 1)
        #expect(
          outcome.output.contains(
            "newly let in to mail1: tcp/22 from any host but 10.0.10.5, 10.1.0.0/24, 10.99.1.5, 203.0.113.25 to 10.0.10.5"
          ),
          "\(outcome.output)")
        #expect(outcome.output.contains("now: let through by edge.nft:43:3: tcp dport { 22, 443 } accept"))
        #expect(outcome.output.contains("was: blocked by edge.nft:56:"))
        #expect(outcome.output.contains("error FW204"))
        #expect(outcome.output.contains("worse: "))
      }
    }
  }

  @Test func reorderingPasses() throws {
    try withRepository { repository in
      try repository.branch("reorder", Self.reorder)
      let outcome = try repository.diff(["main", "reorder"])
      #expect(outcome.status == 0 && outcome.errors == "")
      #expect(outcome.output.contains("edge.nft: no change in traffic\n"))
      #expect(outcome.output.contains("no change in traffic; nothing is worse; findings: 0 new, 0 fixed"))
    }
  }

  /// What the change mends is no reason to block it.
  @Test func mendingPasses() throws {
    try withRepository { repository in
      try repository.branch("open", Self.open)
      let outcome = try repository.diff(["open", "main"])
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("newly blocked to mail1: tcp/22"))
      #expect(outcome.output.contains("nothing is worse; findings: 0 new"))
    }
  }

  @Test func theWorkTreeIsComparedWithTheForkPoint() throws {
    try withRepository { repository in
      try repository.git(["checkout", "--quiet", "-b", "topic"])
      try repository.edit("edge.nft", Self.reorder)
      #expect(try repository.diff(["main"]).status == 0)
      try repository.edit("edge.nft", Self.open)
      #expect(try repository.diff(["main"]).status == 1)
      // What happens on main meanwhile is not the topic's doing.
      try repository.commit("topic")
      try repository.git(["checkout", "--quiet", "main"])
      try repository.edit("edge.nft") { $0.replacing("tcp dport 25 accept", with: "tcp dport { 25, 26 } accept") }
      try repository.commit("main goes on")
      try repository.git(["checkout", "--quiet", "topic"])
      let outcome = try repository.diff(["main"])
      #expect(!outcome.output.contains("tcp/26"))
    }
  }

  /// A pull request cannot declare what it opens.
  @Test func trustedSitesCannotBeTalkedRound() throws {
    try withRepository { repository in
      try repository.branch("sneaky", Self.open)
      try repository.edit("fwlint.yaml") { text in
        text.replacing("administrators: [10.1.0.0/24, \"2001:db8:1::/64\"]", with: "administrators: any")
      }
      try repository.commit("declare it")
      let own = try repository.diff(["main", "sneaky"])
      let trusting = try repository.diff(["main", "sneaky", "--trust-base"])
      #expect(!own.output.contains("let in that"))
      #expect(trusting.status == 1 && trusting.output.contains("let in that"))
      // A firewall that is taken off the list is looked at by nobody.
      try repository.branch("dropped", file: "fwlint.yaml") { text in
        text.replacing("edge.nft", with: "other.nft")
      }
      try repository.git(["mv", "edge.nft", "other.nft"])
      try repository.commit("rename")
      let dropped = try repository.diff(["main", "dropped"])
      #expect(dropped.status == 1 && dropped.output.contains("edge.nft: is no longer listed"))
    }
  }

  @Test func includesAreReadFromTheRevision() throws {
    try withRepository { repository in
      try repository.branch("split") { text in
        text.replacing("\t\ttcp dport 25 accept\n", with: "\t\tinclude \"rules.d/*.nft\"\n")
      }
      try FileManager.default.createDirectory(
        atPath: "\(repository.folder)/rules.d", withIntermediateDirectories: false)
      try Program.write("tcp dport 25 accept\n", to: "\(repository.folder)/rules.d/mail.nft")
      try repository.commit("rules.d")
      try repository.git(["checkout", "--quiet", "main"])
      // The work tree has no rules.d now.
      let outcome = try repository.diff(["main", "split"])
      #expect(outcome.status == 0 && outcome.output.contains("edge.nft: no change in traffic"), "\(outcome.output)")
    }
  }

  /// Nothing of the repository's configuration is run, and nothing is written.
  @Test func nothingIsRunOrWritten() throws {
    try withRepository { repository in
      try repository.branch("open", Self.open)
      let script = "\(repository.folder)/.git/trap"
      try Program.write("#!/bin/sh\ntouch '\(repository.folder)/sprung'\n", to: script)
      _ = try Subprocess.run(["chmod", "+x", script], timeout: 10)
      for setting in ["core.fsmonitor", "core.pager", "diff.trap.textconv", "filter.trap.smudge", "core.sshCommand"] {
        try repository.git(["config", setting, script])
      }
      try Program.write("*.nft diff=trap filter=trap\n", to: "\(repository.folder)/.git/info/attributes")
      let index = try Data(contentsOf: URL(filePath: "\(repository.folder)/.git/index"))
      #expect(try repository.diff(["main", "open"]).status == 1)
      #expect(try repository.diff(["main"]).status == 1)
      #expect(!FileManager.default.fileExists(atPath: "\(repository.folder)/sprung"))
      #expect(try Data(contentsOf: URL(filePath: "\(repository.folder)/.git/index")) == index)
    }
  }

  @Test(arguments: ["--upload-pack=x", "no-such-revision", "-x", "main:edge.nft"])
  func wordsThatAreNoRevisionsAreRefused(word: String) throws {
    try withRepository { repository in
      let outcome = try repository.diff(["--", word])
      #expect(outcome.status == 2 && outcome.output == "" && !outcome.errors.isEmpty)
    }
  }

  @Test func formatsSayTheSame() throws {
    try withRepository { repository in
      try repository.branch("open", Self.open)
      let json = try repository.diff(["main", "open", "--format", "json"])
      let report = try JSONDecoder().decode(Report.self, from: Data(json.output.utf8))
      #expect(report.worse && report.traffic.map(\.change) == ["changed"])
      let flow = try #require(report.traffic[0].flows.first)
      #expect(flow.change == "let-in" && flow.standing == "excess" && flow.rows.contains("IN-03"))
      #expect(flow.region.allSatisfy { $0.protocol == "tcp" && ["22", "443"].contains($0.ports) })
      #expect(report.findings.new.contains { $0.code == "FW204" })
      let github = try repository.diff(["main", "open", "--format", "github"])
      #expect(github.output.contains("::error file=edge.nft,line=43,"))
      let markdown = try repository.diff(["main", "open", "--format", "markdown"])
      #expect(markdown.output.hasPrefix("## fwlint diff\n\n❌ worse: "))
      let sarif = try repository.diff(["main", "open", "--format", "sarif"])
      #expect(sarif.output.contains("\"FW204\"") && sarif.status == 1)
    }
  }

  private struct Report: Decodable {
    var worse: Bool
    var traffic: [Traffic]
    var findings: Findings

    struct Traffic: Decodable {
      var change: String
      var flows: [Flow]
    }

    struct Flow: Decodable {
      var change: String
      var standing: String
      var rows: [String]
      var region: [Box]
    }

    struct Box: Decodable {
      var `protocol`: String
      var ports: String
    }

    struct Findings: Decodable {
      var new: [Finding]
    }

    struct Finding: Decodable {
      var code: String
    }
  }

  @Test func checkReportsNewFindingsOnly() throws {
    try withRepository { repository in
      try repository.edit("edge.nft") { $0.replacing("tcp dport 25 accept", with: "tcp dport { 25, 3306 } accept") }
      try repository.commit("an old sin")
      try repository.branch("open", Self.open)
      let all = try Program.run(["check", "--format", "concise"], folder: repository.folder)
      let new = try Program.run(["check", "--new-only", "main", "--format", "concise"], folder: repository.folder)
      #expect(all.output.contains("FW203") && all.output.contains("FW204"))
      #expect(!new.output.contains("FW203") && new.output.contains("FW204") && new.status == 1)
      try repository.git(["checkout", "--quiet", "main"])
      let none = try Program.run(["check", "--new-only", "main"], folder: repository.folder)
      #expect(none.status == 0)
    }
  }

  @Test func filesAndFoldersAreComparedInFull() throws {
    try Program.withFolder { folder in
      let clean = Program.text("Fixtures/sites/host/clean/rules.v4")
      try Program.write(clean, to: "\(folder)/a.v4")
      try Program.write(
        clean.replacing("COMMIT", with: "-A INPUT -p tcp --dport 23 -j ACCEPT\nCOMMIT"), to: "\(folder)/b.v4")
      #expect(try Program.run(["diff", "a.v4", "a.v4"], folder: folder).status == 0)
      let outcome = try Program.run(["diff", "a.v4", "b.v4"], folder: folder)
      #expect(outcome.status == 1 && outcome.output.contains("tcp/23"))
      let sites = ["clean", "broken"].map { "Fixtures/sites/cloud/\($0)" }
      #expect(try Program.run(["diff", sites[0], sites[0]]).status == 0)
      #expect(try Program.run(["diff", sites[0], sites[1]]).status == 1)
      #expect(try Program.run(["diff", sites[0], "\(folder)/a.v4"]).status == 2)
    }
  }
}
