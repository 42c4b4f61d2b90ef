import FoundationEssentials
import Glibc
import Testing

/// List D: what is no ordinary file, and what files may be called.
struct FileAbuseTests {
  private static let rules =
    "table inet t {\n  chain c {\n    type filter hook input priority 0;\n    tcp dprot 1\n  }\n}\n"

  /// Runs `check` on a name that is no file to be read, and holds the answer to one line.
  private func refuses(
    _ arguments: [String], in folder: Folder, _ says: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for command in [["check"], ["inspect"], ["graph"], ["trace", "--from", "10.0.0.1", "--to", "10.0.0.2"]] {
      let outcome = try Program.run(command + arguments, folder: folder.path, timeout: 10)
      #expect(outcome.status == 2, "\(command)", sourceLocation: sourceLocation)
      #expect(outcome.errors.contains(says), "\(command): \(outcome.errors)", sourceLocation: sourceLocation)
      #expect(outcome.complaints.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
      #expect(!outcome.errors.contains("root:"), sourceLocation: sourceLocation)
      #expect(outcome.megabytes < 100, sourceLocation: sourceLocation)
    }
  }

  @Test func pipesAreRefusedWithoutWaiting() throws {
    try Folder.with { folder in
      #expect(mkfifo("\(folder.path)/pipe.nft", 0o600) == 0)
      try refuses(["pipe.nft"], in: folder, "pipe.nft: is not a regular file")
    }
  }

  @Test func devicesAreRefused() throws {
    try Folder.with { folder in
      symlink("/dev/zero", "\(folder.path)/zero.nft")
      try refuses(["/dev/zero"], in: folder, "/dev/zero: is not a regular file")
      try refuses(["zero.nft"], in: folder, "zero.nft: lies outside of the lint root")
    }
  }

  @Test func foldersAreRefused() throws {
    try Folder.with { folder in
      try folder.write("", to: "x.nft/empty")
      try refuses(["x.nft"], in: folder, "x.nft: is a directory")
    }
  }

  @Test func linksOutOfTheRootAreNotFollowed() throws {
    try Folder.with { folder in
      try folder.write(Self.rules, to: "elsewhere/secret.nft")
      try folder.write("", to: "repo/.git/HEAD")
      symlink("../elsewhere/secret.nft", "\(folder.path)/repo/link.nft")
      symlink("../elsewhere", "\(folder.path)/repo/sub")
      symlink("/etc/passwd", "\(folder.path)/repo/passwd.nft")
      let repository = Folder(path: folder.path + "/repo")
      try refuses(["link.nft"], in: repository, "link.nft: lies outside of the lint root")
      try refuses(["sub/secret.nft"], in: repository, "sub/secret.nft: lies outside of the lint root")
      try refuses(["passwd.nft"], in: repository, "passwd.nft: lies outside of the lint root")
      try refuses(["--dialect", "nftables", "passwd.nft"], in: repository, "lies outside of the lint root")
      // A link that stays inside is a file like any other.
      try folder.write(Self.rules, to: "repo/real.nft")
      symlink("real.nft", "\(folder.path)/repo/inside.nft")
      #expect(try Program.run(["check", "inside.nft"], folder: repository.path).status == 1)
    }
  }

  /// What the site file, an include or the list of packets names is held to the same.
  @Test func linksThatFilesNameAreNotFollowed() throws {
    try Folder.with { folder in
      try folder.write("table ip t {\n  include \"link.inc\"\n}\n", to: "repo/edge.nft")
      try folder.write("", to: "repo/.git/HEAD")
      try folder.write(Folder.site, to: "repo/fwlint.yaml")
      symlink("/etc/passwd", "\(folder.path)/repo/link.inc")
      symlink("/etc/passwd", "\(folder.path)/repo/packets.json")
      let repository = folder.path + "/repo"
      let site = try Program.run(["check", "--format", "text"], folder: repository)
      #expect(site.output.contains("lies outside of the lint root"))
      #expect(!site.output.contains("root:"))
      let packets = try Program.run(["trace", "edge.nft", "--packets", "packets.json"], folder: repository)
      #expect(packets.status == 2)
      #expect(packets.errors == "error: packets.json: lies outside of the lint root \(repository)\n")
    }
  }

  @Test func loopsOfLinksAreRefused() throws {
    try Folder.with { folder in
      symlink("b.nft", "\(folder.path)/a.nft")
      symlink("a.nft", "\(folder.path)/b.nft")
      try refuses(["a.nft"], in: folder, "a.nft: too many symbolic links")
    }
  }

  @Test func unreadableFilesAreRefused() throws {
    guard geteuid() != 0 else { return print("skipped: root reads every file") }
    try Folder.with { folder in
      try folder.write(Self.rules, to: "a.nft")
      chmod("\(folder.path)/a.nft", 0)
      try refuses(["a.nft"], in: folder, "a.nft: permission denied")
    }
  }

  @Test func missingAndEmptyFilesAreRefused() throws {
    try Folder.with { folder in
      try folder.write("", to: "empty.nft")
      try folder.write(" \n\n", to: "blank.nft")
      try refuses(["missing.nft"], in: folder, "missing.nft: no such file")
      try refuses(["empty.nft"], in: folder, "empty.nft: nothing understood: the file is empty")
      try refuses(["blank.nft"], in: folder, "blank.nft: nothing understood: the file is empty")
      try refuses([String(repeating: "x", count: 5000)], in: folder, "the name is too long")
    }
  }

  /// Files that grow or vanish while they are read: what counts is the descriptor, which is opened once.
  @Test func changingFilesEndInAnAnswer() throws {
    try Folder.with { folder in
      let path = "\(folder.path)/a.nft"
      try folder.write(Self.rules, to: "a.nft")
      let thread = Thread.start {
        for round in 0..<200 {
          if round % 2 == 0 { unlink(path) } else { truncate(path, off_t(round % 40)) }
          let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
          _ = write(file, Self.rules, Self.rules.utf8.count)
          close(file)
          usleep(300)
        }
      }
      for _ in 0..<20 {
        let outcome = try Program.run(["check", "a.nft"], folder: folder.path, timeout: 10)
        #expect([0, 1, 2].contains(outcome.status))
      }
      thread.join()
    }
  }

  // MARK: Names

  static let names = [
    "-a.nft", "--help", "a b.nft", "a\n::error::x.nft", "a\rb.nft", "a\u{1B}[31m.nft", "a%0A.nft", "a::b.nft",
    "a,b.nft",
    "a:1:1.nft", "'a'.nft", "\"a\".nft", "<b>.nft", "a&b.nft", "=1+1.nft", "é\u{202E}.nft", "a\u{7F}b\u{9B}.nft",
    "$(x).nft",
    "`x`.nft", "*.nft", "a\\nb.nft", "😀.nft",
  ]

  private static let formats = ["text", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown"]

  /// Whatever files are called, every report names them and none lets a name act.
  @Test(arguments: formats)
  func namesAreHarmless(format: String) throws {
    try Folder.with { folder in
      for name in Self.names { try folder.write(Array(Self.rules.utf8), to: Array(name.utf8)) }
      let outcome = try Program.run(["check", "--format", format, "--"] + Self.names, folder: folder.path)
      #expect(outcome.status == 1, "\(outcome.errors)")
      #expect(outcome.raw.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A })
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.count >= (format == "text" ? 4 : 1) * Self.names.count || ["json", "sarif"].contains(format))
      let commands = lines.filter { $0.hasPrefix("::") }
      #expect(commands.count == (format == "github" ? Self.names.count : 0), "\(commands)")
      #expect(!outcome.output.unicodeScalars.contains("\u{202E}"))
    }
  }

  @Test func namesOfMissingFilesAreHarmless() throws {
    try Folder.with { folder in
      let outcome = try Program.run(["check", "--"] + Self.names, folder: folder.path)
      #expect(outcome.status == 2)
      #expect(outcome.complaints.count >= Self.names.count, "\(outcome.errors)")
      #expect(outcome.raw.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A })
    }
  }

  /// A name that is no text cannot be given as an argument; that is said, and nothing of it is printed as it is.
  @Test func namesThatAreNoText() throws {
    try Folder.with { folder in
      try folder.write(Array("table ip u {\n}\n".utf8), to: [0x62, 0xFF, 0xFE, 0x2E, 0x69])
      try folder.write("table ip t {\n}\ninclude \"b*.i\"\n", to: "a.nft")
      let outcome = try Program.run(["check", "a.nft", "--format", "concise"], folder: folder.path)
      #expect(outcome.status == 1)
      #expect(outcome.output.contains("a.nft:3:9: error FW501"), "\(outcome.output)")
      #expect(outcome.raw.allSatisfy { $0 < 0x80 } || String(validating: outcome.raw, as: UTF8.self) != nil)
    }
  }
}

/// A thread of its own, as simple as a test needs it.
private final class Thread {
  private var handle = pthread_t()

  static func start(_ body: @escaping @Sendable () -> Void) -> Thread {
    final class Box: Sendable {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let thread = Thread()
    let box = Unmanaged.passRetained(Box(body))
    pthread_create(
      &thread.handle, nil,
      { raw in
        guard let raw else { return nil }
        Unmanaged<Box>.fromOpaque(raw).takeRetainedValue().body()
        return nil
      }, box.toOpaque())
    return thread
  }

  func join() { pthread_join(handle, nil) }
}
