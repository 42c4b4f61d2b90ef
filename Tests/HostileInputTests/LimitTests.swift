import Testing

/// List G: each limit has its flag, is said when it is met, and never lets anything pass.
struct LimitTests {
  private static let chains =
    "table inet t {\n  chain f {\n    type filter hook forward priority 0; policy drop;\n    tcp dport 25 accept\n  }\n}\n"

  /// A limit: the flag, the file that meets it, its exit code and what is said.
  struct Limit: Sendable, CustomTestStringConvertible {
    var flag: String
    var value: String
    var file: String
    var status: Int32
    var says: String
    var text: @Sendable () -> String
    var testDescription: String { flag }
  }

  static let limits = [
    Limit(
      flag: "--max-file-size", value: "1", file: "a.nft", status: 2, says: "is larger than 1 MiB (raise --max-file-size"
    ) {
      chains + String(repeating: "# a comment\n", count: 100_000)
    },
    Limit(flag: "--max-files", value: "2", file: "a.nft", status: 1, says: "more than 2 files are included") {
      "include \"b.nft\"\ninclude \"c.nft\"\n" + chains
    },
    Limit(flag: "--max-include-depth", value: "1", file: "a.nft", status: 1, says: "more than 1 deep") {
      "include \"b.nft\"\n" + chains
    },
    Limit(flag: "--max-yaml-nodes", value: "10", file: "a.yaml", status: 2, says: "more than 10 nodes") {
      "SecurityGroups:\n- GroupId: sg-1\n  IpPermissions: [1, 2, 3, 4, 5, 6]\n"
    },
    Limit(flag: "--max-yaml-depth", value: "3", file: "a.yaml", status: 2, says: "deeper than 3 levels") {
      "SecurityGroups: [{IpPermissions: [{IpRanges: [1]}]}]\n"
    },
    Limit(flag: "--max-rules", value: "3", file: "a.nft", status: 2, says: "more than 3 (raise --max-rules") {
      chains.replacing("    tcp dport 25 accept\n", with: String(repeating: "    tcp dport 25 accept\n", count: 4))
    },
    Limit(
      flag: "--max-findings", value: "1", file: "a.nft", status: 1, says: "more findings were left out (--max-findings)"
    ) {
      chains.replacing("tcp dport 25 accept", with: "tcp dprot 1\n    tcp dprot 2\n    tcp dprot 3")
    },
  ]

  @Test(arguments: limits)
  func limitsAreSaid(limit: Limit) throws {
    try Folder.with { folder in
      try folder.write(limit.text(), to: limit.file)
      try folder.write("# b\n", to: "b.nft")
      try folder.write("# c\n", to: "c.nft")
      let outcome = try Program.run(
        ["check", limit.file, limit.flag, limit.value, "--format", "concise"], folder: folder.path)
      #expect(outcome.status == limit.status, "\(outcome.output) \(outcome.errors)")
      #expect((outcome.output + outcome.errors).contains(limit.says), "\(outcome.output) \(outcome.errors)")
      for wrong in ["0", "-1", "99999999999999999999", "x"] {
        let usage = try Program.run(["check", limit.file, "\(limit.flag)=\(wrong)"], folder: folder.path)
        #expect(usage.status == 2, "\(wrong)")
        #expect(usage.output.isEmpty)
      }
    }
  }

  /// The flags that the page of limits names are the flags that there are.
  @Test func everyFlagIsDocumented() throws {
    try Folder.with { folder in
      let page = Folder(path: Repository.path).read("docs/limits.md").map { String(decoding: $0, as: UTF8.self) } ?? ""
      let help = try Program.run(["check", "--help"], folder: folder.path).output
      let flags = help.split { !($0.isLetter || $0 == "-") }.filter { $0.hasPrefix("--max-") }.map(String.init)
      #expect(flags.count >= 8)
      for flag in flags { #expect(page.contains("`\(flag)`"), "\(flag)") }
    }
  }

  /// A budget that runs out makes answers undecided: neither open nor blocked, and never a pass.
  @Test func spentBudgetsAreUndecided() throws {
    let rules = (0..<200).map { index in
      "    ip saddr 10.\(index).0.0-10.255.\(255 - index).9 tcp sport \(index * 100 + 1)-\(60000 - index * 50) "
        + "tcp dport \(index + 1)-\(5000 + index * 7) \(index % 2 == 0 ? "accept" : "drop")\n"
    }.joined()
    let text = Self.chains.replacing("    tcp dport 25 accept\n", with: rules)
    try Folder.with { folder in
      try folder.write(text, to: "edge.nft")
      try folder.write(Folder.site, to: "fwlint.yaml")
      let whole = try Program.run(["check", "--format", "json"], folder: folder.path)
      #expect(!whole.output.contains("the evaluation budget ran out"))
      for edges in ["1", "10", "100", "1000"] {
        let outcome = try Program.run(
          ["check", "--format", "json", "--max-diagram-edges", edges], folder: folder.path)
        // Whatever was not judged does not pass.
        #expect(outcome.status == 2, "\(edges)")
        #expect(outcome.errors.contains("the evaluation budget ran out"), "\(edges)")
        #expect(outcome.output.contains("\"status\" : \"undecided\""), "\(edges)")
        #expect(!outcome.output.contains("\"status\" : \"open\""), "\(edges)")
        #expect(!outcome.output.contains("\"status\" : \"blocked\""), "\(edges)")
        #expect(outcome.output.contains("the evaluation budget ran out"), "\(edges)")
      }
    }
  }
}
