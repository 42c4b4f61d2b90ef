import Glibc

/// Runs `git` to look at objects: without a shell, and with nothing of the user's or the repository's settings that
/// could run a program, open a pager, reach the network or take a lock.
struct GitCommand {
  /// The folder in which git is run; its repository is the one that holds it.
  let folder: String

  /// Settings that a repository's own configuration cannot override.
  private static let settings = [
    "core.fsmonitor=false", "core.hooksPath=/dev/null", "core.pager=cat", "core.untrackedCache=false",
    "protocol.allow=never", "safe.directory=*",
  ]

  /// Everything that git finds in its environment.
  private static var environment: [String] {
    [
      "GIT_ATTR_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_NO_LAZY_FETCH=1",
      "GIT_NO_REPLACE_OBJECTS=1", "GIT_OPTIONAL_LOCKS=0", "GIT_PAGER=cat", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C",
      "PATH=\(Terminal.environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin")",
    ]
  }

  /// What git prints; nil when it fails.
  ///
  /// - Parameter limit: bytes of output after which git is stopped and counts as failed.
  /// - Throws: a `RunFailure` when git cannot be started.
  func run(_ arguments: [String], limit: Int = 1 << 30) throws -> [UInt8]? {
    var words = ["git", "--no-pager", "--no-optional-locks", "--literal-pathspecs", "-C", folder]
    for setting in Self.settings { words += ["-c", setting] }
    let (process, output) = try Self.start(words + arguments)
    let bytes = Self.contents(output, limit: limit)
    close(output)
    if bytes == nil { kill(process, SIGKILL) }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    // Exited by itself, with 0.
    return status == 0 ? bytes : nil
  }

  private static func start(_ words: [String]) throws -> (process: pid_t, output: Int32) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw RunFailure("git: \(String(cString: strerror(errno)))") }
    // git gets its end by another number; neither of these is for it.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var process: pid_t = 0
    let failure = posix_spawnp(&process, "git", &actions, nil, &arguments, &variables)
    close(ends[1])
    guard failure == 0 else {
      close(ends[0])
      throw RunFailure("git: \(failure == ENOENT ? "is not installed" : String(cString: strerror(failure)))")
    }
    return (process, ends[0])
  }

  /// Everything that a pipe gives; nil beyond the limit.
  private static func contents(_ descriptor: Int32, limit: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return count == 0 ? bytes : nil }
      bytes += buffer[..<count]
      guard bytes.count <= limit else { return nil }
    }
  }

  /// The one line that git prints; nil when it fails.
  func line(_ arguments: [String]) throws -> String? {
    guard let bytes = try run(arguments, limit: 1 << 16) else { return nil }
    return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  /// The id of the commit that a revision names; nil when there is none.
  func commit(_ revision: String) throws -> String? {
    guard !revision.isEmpty, !revision.hasPrefix("-") else { return nil }
    return try line(["rev-parse", "--verify", "--quiet", "--end-of-options", "\(revision)^{commit}"])
  }

  /// The id of the best common ancestor of two commits; nil when there is none.
  func mergeBase(_ left: String, _ right: String) throws -> String? { try line(["merge-base", left, right]) }
}
