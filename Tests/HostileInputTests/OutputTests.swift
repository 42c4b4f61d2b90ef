import FoundationEssentials
import Testing

/// List E: nothing that stands in a file acts in any channel that a report goes to.
struct OutputTests {
  /// A rule set whose names, comments and mistakes are made to act.
  private static let rules = """
    table inet t {
      chain forward {
        type filter hook forward priority 0; policy drop;
        ip daddr 10.0.10.5 tcp dport 22 accept comment "::error::x \u{1B}]0;y\u{7} <script>alert(1)</script> %0A | `z` =1+1"
        iifname "\u{1B}[31m::warning::" ip daddr 10.0.10.5 tcp dport 9443 accept
        ip saddr @\u{1B}[2J<b>&amp; drop
        tcp dprot ::error::x drop
        ct state established accept
      }
    }

    """

  private func outputs() throws -> [(format: String, outcome: Program.Outcome)] {
    try Folder.with { folder in
      try folder.write(Self.rules, to: "edge.nft")
      try folder.write(Folder.site, to: "fwlint.yaml")
      return try ["text", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown"].map { format in
        (format, try Program.run(["check", "--format", format, "--color", "never"], folder: folder.path))
      }
    }
  }

  @Test func everyChannelIsHarmless() throws {
    for (format, outcome) in try outputs() {
      #expect(outcome.status == 1, "\(format)")
      #expect(outcome.output.contains("FW501"), "\(format)")
      #expect(outcome.raw.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A }, "\(format)")
      #expect(String(validating: outcome.raw, as: UTF8.self) != nil, "\(format)")
      let lines = outcome.output.split(separator: "\n")
      switch format {
      case "github":
        let kinds = ["::error ", "::warning ", "::notice "]
        #expect(lines.allSatisfy { line in kinds.contains { line.hasPrefix($0) } }, "\(outcome.output)")
      case "json", "sarif", "gitlab":
        #expect(try JSONDecoder().decode(AnyJSON.self, from: Data(outcome.output.utf8)).isCollection, "\(format)")
      case "junit", "markdown":
        #expect(!outcome.output.contains("<script>"), "\(format)")
        #expect(!outcome.output.contains("<b>"), "\(format)")
      default: break
      }
      if format != "github" { #expect(!lines.contains { $0.hasPrefix("::") }, "\(format)") }
    }
  }

  @Test func placesInSARIFAreValid() throws {
    let text = try outputs().first { $0.format == "sarif" }?.outcome.output ?? ""
    for key in ["startLine", "startColumn", "endLine", "endColumn"] {
      #expect(text.contains("\"\(key)\""))
      #expect(!text.contains("\"\(key)\" : 0,") && !text.contains("\"\(key)\" : -"))
    }
  }

  /// Drawings, first site files and messages on arguments are held to the same.
  @Test func otherCommandsAreHarmless() throws {
    try Folder.with { folder in
      let name = "a: [b\n::error::x\u{1B}[31m'\".yaml"
      try folder.write(
        #"SecurityGroups: [{GroupId: "x\"];y [label=\"<script>\e[31m\n::error::x", GroupName: "a`|#quot;\u202e\\", "#
          + "IpPermissions: [], IpPermissionsEgress: []}]\n", to: name)
      let calls = [
        ["graph", name], ["graph", name, "--format", "mermaid"], ["graph", name, "--format", "json"],
        ["inspect", name], ["inspect", name, "--format", "json"], ["init", name, "--output", "-"],
        ["trace", name, "--from", "10.0.0.1", "--to", "10.0.0.2", "--hook", "input"],
        ["explain", name], ["requirements", "--feature", name], ["check", "--select", name], [name],
        ["check", "--output", name + "=x"], ["check", "--site", name], ["check", "--format", name],
      ]
      for call in calls {
        let outcome = try Program.run(call, folder: folder.path)
        #expect(outcome.raw.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A }, "\(call)")
        #expect(!outcome.raw.split(separator: 0x0A).contains { $0.starts(with: Array("::error".utf8)) }, "\(call)")
        #expect(!(outcome.output + outcome.errors).unicodeScalars.contains("\u{202E}"), "\(call)")
      }
      // What init writes is read back with the name that it was given.
      try folder.write(try Program.run(["init", name, "--output", "-"], folder: folder.path).output, to: "fwlint.yaml")
      let checked = try Program.run(["check"], folder: folder.path)
      #expect(checked.status != 2, "\(checked.errors)")
    }
  }

  /// A reader that goes away ends the program without a word.
  @Test(arguments: ["text", "json", "github"])
  func closedOutputsAreQuiet(format: String) throws {
    try Folder.with { folder in
      let many = (0..<3000).map { "    tcp dprot \($0) accept\n" }.joined()
      try folder.write(
        "table ip t {\n  chain c {\n    type filter hook input priority 0;\n\(many)  }\n}\n", to: "a.nft")
      for ignores in ["", "trap '' PIPE; "] {
        let outcome = try Program.run(
          ["a.nft", format], folder: folder.path,
          through: ["sh", "-c", "\(ignores)\"$0\" check \"$1\" --format \"$2\" | head -c 100 >/dev/null"])
        #expect(outcome.errors == "")
        #expect(outcome.seconds < 10)
      }
      let full = try Program.run(
        ["a.nft"], folder: folder.path, through: ["sh", "-c", "\"$0\" check \"$1\" >/dev/full"])
      #expect(full.status == 2)
    }
  }

  /// A file that was not understood is not quoted: it may have been reached by accident.
  @Test(arguments: ["nftables", "iptables", "ipset", "aws"])
  func filesThatAreNotUnderstoodAreNotQuoted(dialect: String) throws {
    try Folder.with { folder in
      try folder.write("user:$6$secretsecret:19000:0:99999:7:::\nother:$6$hiddenhidden:1::::\n", to: "shadow")
      for command in ["check", "inspect", "graph"] {
        for options in [[], ["--dialect", dialect]] {
          let outcome = try Program.run([command, "shadow"] + options, folder: folder.path)
          #expect(outcome.status == 2)
          #expect(!(outcome.output + outcome.errors).contains("secret"), "\(command) \(options): \(outcome.errors)")
          #expect(!(outcome.output + outcome.errors).contains("hidden"), "\(command) \(options): \(outcome.output)")
        }
      }
      let site = try Program.run(["check", "--site", "shadow"], folder: folder.path)
      #expect(site.status == 2)
      #expect(!site.errors.contains("hidden"), "\(site.errors)")
    }
  }
}

/// Any JSON, as far as it has to be told apart.
private struct AnyJSON: Decodable {
  var isCollection = false

  init(from decoder: any Decoder) throws {
    if (try? decoder.container(keyedBy: Key.self)) != nil { isCollection = true }
    if (try? decoder.unkeyedContainer()) != nil { isCollection = true }
  }

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int?
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
