import FoundationEssentials
import Glibc
import Testing

/// Files that are written are the old ones or the new ones, keep their permissions, and lie where they seem to.
struct WriteTests {
  private static let rules = "table inet t {\n  chain c {\n    type filter hook input priority 0;\n  }\n}\n"

  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode : 0
  }

  /// How often a writer is killed; `FWLINT_KILLS` makes it more.
  private static let kills = ProcessInfo.processInfo.environment["FWLINT_KILLS"].flatMap { Int($0) } ?? 60

  /// A writer that is killed at any moment leaves the old file or the new one.
  @Test func killedWritersLeaveAWholeFile() throws {
    try Folder.with { folder in
      let many = (0..<400).map { "    tcp dprot \($0) accept\n" }.joined()
      try folder.write(
        "table ip t {\n  chain c {\n    type filter hook input priority 0;\n\(many)  }\n}\n", to: "a.nft")
      let arguments = ["check", "a.nft", "--output", "sarif=r.sarif", "--format", "concise"]
      let whole = try Program.run(arguments, folder: folder.path)
      #expect(whole.status == 1)
      let new = try #require(folder.read("r.sarif"))
      #expect(new.count > 50_000)
      let old = Array("old\n".utf8)
      var outcomes: [Bool: Int] = [:]
      for round in 0..<Self.kills {
        try folder.write(old, to: Array("r.sarif".utf8))
        // From the start to a little beyond the end of a whole run.
        let seconds = whole.seconds * 1.1 * Double(round) / Double(Self.kills)
        _ = try Program.run(arguments, folder: folder.path, timeout: seconds)
        let found = try #require(folder.read("r.sarif"), "round \(round)")
        #expect(found == old || found == new, "round \(round): \(found.count) bytes")
        outcomes[found == new, default: 0] += 1
      }
      #expect(outcomes[false, default: 0] > 0)
      // What killed runs left behind does not hinder the next one.
      #expect(try Program.run(arguments, folder: folder.path).status == 1)
      #expect(folder.read("r.sarif") == new)
    }
  }

  @Test(arguments: [0o600, 0o640, 0o444, 0o755] as [mode_t])
  func permissionsAreKept(permissions: mode_t) throws {
    try Folder.with { folder in
      try folder.write(Self.rules, to: "a.nft")
      try folder.write("old", to: "r.txt")
      chmod("\(folder.path)/r.txt", permissions)
      let outcome = try Program.run(["check", "a.nft", "--output", "r.txt"], folder: folder.path)
      #expect(outcome.errors == "")
      #expect(mode("\(folder.path)/r.txt") & 0o7777 == permissions)
      #expect(folder.read("r.txt") != Array("old".utf8))
      #expect(folder.names == ["a.nft", "r.txt"])
    }
  }

  @Test func newFilesFollowTheMask() throws {
    try Folder.with { folder in
      try folder.write(Self.rules, to: "a.nft")
      for (mask, wanted) in [("022", 0o644), ("077", 0o600), ("002", 0o664)] as [(String, mode_t)] {
        unlink("\(folder.path)/r.txt")
        _ = try Program.run(
          ["check", "a.nft", "--output", "r.txt"], folder: folder.path,
          through: ["sh", "-c", "umask \(mask); exec \"$0\" \"$@\""])
        #expect(mode("\(folder.path)/r.txt") & 0o7777 == wanted, "\(mask)")
      }
    }
  }

  /// Nothing is written through a link, neither in the file's place nor on the way out of the repository.
  @Test func linksAreNotWrittenThrough() throws {
    try Folder.with { folder in
      try folder.write("", to: "repo/.git/HEAD")
      try folder.write(Self.rules, to: "repo/a.nft")
      try folder.write("precious", to: "outside/r.txt")
      symlink("../outside/r.txt", "\(folder.path)/repo/r.txt")
      symlink("../outside/new.txt", "\(folder.path)/repo/new.txt")
      symlink("../outside", "\(folder.path)/repo/sub")
      for target in ["r.txt", "new.txt", "sub/r.txt", "sub/new.txt"] {
        let outcome = try Program.run(["check", "a.nft", "--output", target], folder: folder.path + "/repo")
        #expect(outcome.status == 2, "\(target)")
        #expect(outcome.complaints.count == 1, "\(outcome.errors)")
        let first = try Program.run(["init", "a.nft", "--force", "--output", target], folder: folder.path + "/repo")
        #expect(first.status == 2, "\(target)")
      }
      #expect(folder.read("outside/r.txt") == Array("precious".utf8))
      #expect(Folder(path: folder.path + "/outside").names == ["r.txt"])
      // What is asked for outright is written.
      let plain = try Program.run(["check", "a.nft", "--output", "../outside/r.txt"], folder: folder.path + "/repo")
      #expect(plain.errors == "")
      #expect(folder.read("outside/r.txt") != Array("precious".utf8))
    }
  }

  @Test func whatCannotBeWrittenIsSaid() throws {
    try Folder.with { folder in
      try folder.write(Self.rules, to: "a.nft")
      try folder.write("", to: "sub/x")
      for (target, says) in [("nowhere/r.txt", "no such file"), ("sub", "is not a regular file"), ("a.nft/x", "")] {
        let outcome = try Program.run(["check", "a.nft", "--output", target], folder: folder.path)
        #expect(outcome.status == 2)
        #expect(outcome.errors.hasPrefix("error: \(target): "), "\(outcome.errors)")
        #expect(outcome.errors.contains(says), "\(outcome.errors)")
      }
      let full = try Program.run(["check", "a.nft", "--output", "/dev/full"], folder: folder.path)
      #expect(full.status == 2)
      #expect(full.errors.contains("no space"), "\(full.errors)")
    }
  }

  @Test func firstSiteFilesAreNotOverwritten() throws {
    try Folder.with { folder in
      try folder.write(Self.rules, to: "a.nft")
      try folder.write("mine", to: "fwlint.yaml")
      #expect(try Program.run(["init", "a.nft"], folder: folder.path).status == 2)
      #expect(folder.read("fwlint.yaml") == Array("mine".utf8))
      // A link to nothing is something, too.
      unlink("\(folder.path)/fwlint.yaml")
      symlink("nowhere", "\(folder.path)/fwlint.yaml")
      #expect(try Program.run(["init", "a.nft"], folder: folder.path).status == 2)
      #expect(folder.names == ["a.nft", "fwlint.yaml"])
    }
  }
}
