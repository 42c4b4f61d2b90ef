import Testing

/// List F: a gate that cannot be talked out of its answer.
struct GateTests {
  /// Whatever was not understood, the exit code is not 0.
  static let blind = [
    AbuseCase("comments only", "a.nft", 2, says: "nothing understood") { "# nothing\n" },
    AbuseCase("prose", "a.nft", 2, says: "nothing understood") { "Dear firewall, please be strict.\n" },
    AbuseCase("another format", "a.yaml", 2, says: "a.yaml:1:1") { "kind: NetworkPolicy\napiVersion: v1\n" },
    AbuseCase("a page of HTML", "a.nft", 2, says: "nothing understood") { "<!DOCTYPE html>\n<html></html>\n" },
    AbuseCase("a pointer of a large-file store", "a.nft", 2, says: "a.nft") {
      "version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 12345\n"
    },
    AbuseCase("marks of a merge", "a.nft", 2, says: "nothing understood") {
      "<<<<<<< ours\ntable ip t {\n}\n=======\ntable ip t {\n  chain c {\n  }\n}\n>>>>>>> theirs\n"
    },
    AbuseCase("one rule of many", "a.v4", 1, says: "a.v4:4:") {
      "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT --nonsense -j ACCEPT\nCOMMIT\n"
    },
    AbuseCase("a table that is not known", "a.v4", 1, says: "FW501") {
      "*filter\n:INPUT DROP [0:0]\nCOMMIT\n*filtre\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
    },
  ]

  @Test(arguments: blind)
  func whatIsNotUnderstoodDoesNotPass(abuse: AbuseCase) throws { try abuse.check() }

  /// Nothing to look at is no success.
  @Test(arguments: [
    ("no firewalls", Folder.site.split(separator: "firewalls:")[0] + "firewalls: []\n", "lists no firewalls"),
    ("no file", Folder.site, "edge.nft: no such file"),
  ])
  func emptySitesDoNotPass(name: String, site: String, says: String) throws {
    try Folder.with { folder in
      try folder.write(site, to: "fwlint.yaml")
      let outcome = try Program.run(["check"], folder: folder.path)
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains(says), "\(outcome.errors)")
    }
    try Folder.with { folder in
      for command in ["check", "inspect", "graph", "trace"] {
        let outcome = try Program.run([command], folder: folder.path)
        #expect(outcome.status == 2, "\(command)")
      }
    }
  }

  /// One file that fails outweighs all that do not, and does not hide what is found in them.
  @Test func failuresOutweighFindings() throws {
    try Folder.with { folder in
      try folder.write("table ip t {\n  chain c {\n    tcp dprot 1\n  }\n}\n", to: "a.nft")
      try folder.write("nothing", to: "b.nft")
      let outcome = try Program.run(["check", "a.nft", "b.nft", "--format", "concise"], folder: folder.path)
      #expect(outcome.status == 2)
      #expect(outcome.output.contains("a.nft:3:"))
      #expect(outcome.errors.contains("b.nft"))
    }
  }

  /// The exit code is that of the findings, whatever the format and however few of them are kept.
  @Test func fewerFindingsDoNotPass() throws {
    try Folder.with { folder in
      let lines = (0..<50).map { "    tcp dprot \($0)\n" }.joined()
      try folder.write("table ip t {\n  chain c {\n\(lines)  }\n}\n", to: "a.nft")
      let outcome = try Program.run(
        ["check", "a.nft", "--max-findings", "3", "--format", "concise"], folder: folder.path)
      #expect(outcome.status == 1)
      #expect(outcome.output.split(separator: "\n").count == 3, "\(outcome.output)")
      #expect(outcome.errors.contains("more findings were left out (--max-findings)"))
    }
  }

  /// Nothing is written, run or asked for besides what the command line says.
  @Test func nothingIsLeftBehind() throws {
    try Folder.with { folder in
      try folder.write(
        "#!/usr/sbin/nft -f\ninclude \"$(touch pwned)\"\ndefine x = `touch pwned`\ntable ip t {\n}\n", to: "a.nft")
      try folder.write("#!/bin/sh\ntouch pwned\niptables -A INPUT -j `touch pwned`\n", to: "b.sh")
      try folder.write("SecurityGroups: !!python/object/apply:os.system ['touch pwned']\n", to: "c.yaml")
      let before = folder.names
      for command in ["check", "inspect", "graph"] {
        for file in ["a.nft", "b.sh", "c.yaml"] { _ = try Program.run([command, file], folder: folder.path) }
      }
      #expect(folder.names == before)
    }
  }
}
