import ConformanceSupport
import FoundationEssentials
import Testing

/// Everything in the README and docs that looks like a command is run, or listed here with the reason why it is not.
struct DocumentedCommandTests {
  /// Commands that are not run, by how they begin, and why.
  private static let excused: [(start: String, reason: String)] = [
    (".ci/setup", "installs packages; .ci/run runs it, and the README's own test command, word for word"),
    (".ci/run", "is what runs these tests"),
    ("swift ", "builds this very program; .ci/run runs the README's"),
    ("Packaging/", "release builds; run by hand, see docs/packages.md"),
    ("Tests/", "benchmarks and long runs"),
    ("pip ", "Packaging/test installs the wheel"),
    ("dpkg ", "Packaging/test installs the package"),
    ("sha256sum", "checks files that Packaging/build makes"),
  ]

  private struct Command: Sendable, CustomTestStringConvertible {
    var file: String
    var text: String
    var testDescription: String { "\(file): \(text)" }
    /// A line of a shell loop, which tests of the pages themselves go through.
    var isPartOfLoop: Bool { text.contains("$") }
  }

  private static let files: [String] = {
    var files = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
    let found = try? Subprocess.run(["find", "\(Program.repository)/docs", "-name", "*.md"])
    for path in (found?.output ?? "").split(separator: "\n").sorted() {
      files.append(String(path.dropFirst(Program.repository.count + 1)))
    }
    return files
  }()

  /// Lines of shell blocks and of indented blocks that begin with a program's name, code spans that are whole commands,
  /// and the `run:` lines of YAML blocks.
  private static let commands: [Command] = files.flatMap { file -> [Command] in
    var commands: [Command] = []
    var fence: String?
    for line in Program.text(file).split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        fence = fence == nil ? String(line.dropFirst(3)) : nil
        continue
      }
      var words = line[...]
      if fence == "yaml" {
        while words.first == " " || words.first == "-" { words = words.dropFirst() }
        guard words.hasPrefix("run: ") else { continue }
        words = words.dropFirst(5)
      } else if fence == nil {
        for span in line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        where span.offset % 2 == 1 && span.element.hasPrefix("fwlint ") && isWhole(span.element) {
          commands.append(Command(file: file, text: String(span.element)))
        }
        guard line.hasPrefix("    ") else { continue }
      } else if fence != "sh" {
        continue
      }
      let text = words.drop { $0 == " " }
      guard let first = text.split(separator: " ").first, looksLikeProgram(first) else { continue }
      commands.append(Command(file: file, text: withoutRemark(String(text))))
    }
    return commands
  }

  /// Whether a code span is a command rather than its name or its synopsis.
  private static func isWhole(_ span: Substring) -> Bool {
    let words = span.split(separator: " ").dropFirst()
    let isSynopsis = span.contains("[") || span.contains("...") && !span.contains("...HEAD") || span.contains("|")
    let isPlaceholder = words.contains { word in
      word.count > 1 && word.allSatisfy { $0.isLetter && $0.isUppercase } && word != "HEAD"
    }
    // Two words are the name of a command.
    return words.count > 1 && !isSynopsis && !isPlaceholder && !span.contains(" A ") && !span.hasSuffix(".json")
  }

  private static func looksLikeProgram(_ word: Substring) -> Bool {
    word == "fwlint"
      || excused.contains { start, _ in
        start.hasSuffix(" ") ? "\(word) " == start : word.hasPrefix(start)
      }
  }

  private static func withoutRemark(_ text: String) -> String {
    var words: [Substring] = []
    for word in text.split(separator: " ") {
      if word == "#" || word == "||" || word == ">>" { break }
      words.append(word)
    }
    return words.joined(separator: " ")
  }

  @Test func everyCommandEndsAsItShould() throws {
    var seen: Set<String> = []
    let commands = Self.commands.filter { command in
      command.text.hasPrefix("fwlint ") && !command.isPartOfLoop && seen.insert(command.text).inserted
    }
    #expect(commands.count > 25)
    try Program.withFolder { folder in
      try Self.prepare(folder)
      for command in commands {
        let words = command.text.split(separator: " ").dropFirst().map { word in
          word.first == "'" ? String(word.dropFirst().dropLast()) : String(word)
        }
        var place = folder
        if command.text.hasPrefix("fwlint init") {
          // It writes the file that is there already.
          place = "\(folder)/\(command.text.split(separator: " ").joined(separator: "-"))"
          try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
          try Program.write(Program.text("Fixtures/sites/gateway/clean/edge.nft"), to: "\(place)/edge.nft")
        }
        let outcome = try Program.run(words, folder: place)
        // Findings are an answer; a run that fails is a command that does not work.
        #expect(outcome.status < 2, "\(command.file): \(command.text): \(outcome.errors)")
      }
    }
  }

  @Test func theOthersAreExcused() {
    for command in Self.commands where !command.text.hasPrefix("fwlint ") {
      #expect(Self.excused.contains { command.text.hasPrefix($0.start) }, "\(command.file): \(command.text)")
    }
    for (start, _) in Self.excused {
      #expect(
        Self.commands.contains { $0.text.hasPrefix(start) } || ["pip ", "dpkg ", "sha256sum", "Tests/"].contains(start))
    }
  }

  /// Files that links of the documents lead to are there.
  @Test func linksLeadSomewhere() {
    for file in Self.files {
      let folder = file.split(separator: "/").dropLast().joined(separator: "/")
      for part in Program.text(file).split(separator: "](").dropFirst() {
        let target = part.prefix { $0 != ")" && $0 != "#" }
        if target.isEmpty || target.contains("://") { continue }
        let path = "\(Program.repository)/\(folder)/\(target)"
        #expect(FileManager.default.fileExists(atPath: path), "\(file): \(target)")
      }
    }
  }

  /// The worked second policy works: the site passes, and breaking it shows.
  @Test func theSecondPolicyWorks() throws {
    let clean = try Program.run(["check", "--site", "Fixtures/sites/postfix/fwlint.yaml", "--format", "concise"])
    #expect(clean.status == 0 && clean.output == "" && clean.errors == "", "\(clean.output)\(clean.errors)")
    try Program.withFolder { folder in
      for name in ["fwlint.yaml", "policy.yaml"] {
        try Program.write(Program.text("Fixtures/sites/postfix/\(name)"), to: "\(folder)/\(name)")
      }
      let rules = Program.text("Fixtures/sites/postfix/relay.nft")
      let changed = rules.replacing("ip saddr 10.1.0.0/24 tcp dport 22", with: "tcp dport 22")
        .replacing("tcp dport 25 accept", with: "tcp dport 26 accept")
      try Program.write(changed, to: "\(folder)/relay.nft")
      let broken = try Program.run(["check", "--format", "concise"], folder: folder)
      #expect(broken.status == 1 && broken.output.contains("P-1") && broken.output.contains("FW204"))
      try Program.write("policy: postfix\nversion: 3\nrolls: {}\n", to: "\(folder)/policy.yaml")
      let bad = try Program.run(["check"], folder: folder)
      #expect(bad.status == 2 && bad.errors.contains("policy.yaml:"))
    }
  }

  /// A repository such as the documents speak of.
  private static func prepare(_ folder: String) throws {
    let gateway = "Fixtures/sites/gateway/clean"
    let host = "Fixtures/sites/host/clean"
    for path in ["Fixtures", "Policies"] {
      _ = try Subprocess.run(["cp", "-R", "\(Program.repository)/\(path)", "\(folder)/\(path)"])
    }
    for name in ["edge.nft", "fwlint.yaml"] {
      try Program.write(Program.text("\(gateway)/\(name)"), to: "\(folder)/\(name)")
      for side in ["old", "new"] {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(side)", withIntermediateDirectories: true)
        try Program.write(Program.text("\(gateway)/\(name)"), to: "\(folder)/\(side)/\(name)")
      }
    }
    try Program.write(Program.text("\(host)/rules.v4"), to: "\(folder)/rules.v4")
    let translated = try Subprocess.run(["cp", "\(folder)/rules.v4", "\(folder)/rules.nft"])
    #expect(translated.status == 0)
    try Program.write(
      "[{\"hook\": \"forward\", \"src\": \"203.0.113.7\", \"dst\": \"10.0.10.5\", \"proto\": \"tcp\", \"dport\": 25}]",
      to: "\(folder)/packets.json")
    for arguments in [
      ["init", "--quiet", "--initial-branch=main"], ["add", "-A"], ["commit", "--quiet", "-m", "one"],
      ["commit", "--quiet", "--allow-empty", "-m", "two"], ["update-ref", "refs/remotes/origin/main", "HEAD~1"],
    ] {
      let outcome = try Subprocess.run(
        [
          "env", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "git", "-C", folder, "-c", "user.name=Tester",
          "-c", "user.email=tester@example.org",
        ] + arguments, timeout: 60)
      #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
    }
  }
}
