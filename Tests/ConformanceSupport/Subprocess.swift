import Glibc

/// Runs the kernel's tools; a child inherits the namespace of the thread that starts it.
public enum Subprocess {
  /// What a program left behind.
  public struct Outcome: Sendable {
    /// Exit code, or 128 and the signal.
    public var status: Int32
    public var output: String
    public var errors: String
  }

  /// Where the tools live, whatever the caller's PATH.
  static let directories = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]

  /// The full path of a program, which may be given as a path; nil when it is not installed.
  public static func path(of program: String) -> String? {
    if program.contains("/") { return access(program, X_OK) == 0 ? program : nil }
    return directories.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
  }

  /// Runs a program to its end.
  ///
  /// - Parameter timeout: seconds after which it is killed.
  public static func run(
    _ arguments: [String], input: String = "", environment: [String] = [], timeout: Int = 20
  ) throws -> Outcome {
    guard let name = arguments.first, let program = path(of: name) else {
      throw KernelFailure("\(arguments.first ?? "program") is not installed")
    }
    // Files rather than pipes: no side ever waits for the other.
    let files = try (0..<3).map { _ in try temporaryFile() }
    defer { for file in files { close(file) } }
    try writeAll(files[0], Array(input.utf8))
    lseek(files[0], 0, SEEK_SET)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (target, file) in files.enumerated() { posix_spawn_file_actions_adddup2(&actions, file, Int32(target)) }
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] =
      (["PATH=\(directories.joined(separator: ":"))"] + environment)
      .map { strdup($0) } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var child: pid_t = 0
    let error = posix_spawn(&child, program, &actions, nil, &argv, &envp)
    guard error == 0 else { throw KernelFailure("\(name): \(String(cString: strerror(error)))") }
    let status = wait(for: child, timeout: timeout)
    return Outcome(status: status, output: readAll(files[1]), errors: readAll(files[2]))
  }

  private static func wait(for child: pid_t, timeout: Int) -> Int32 {
    var status: Int32 = 0
    var waited = 0
    var pause: UInt32 = 100
    while waitpid(child, &status, WNOHANG) == 0 {
      if waited > timeout * 1_000_000 {
        kill(child, SIGKILL)
        waitpid(child, &status, 0)
        break
      }
      usleep(pause)
      waited += Int(pause)
      pause = min(pause * 5 / 4, 20_000)
    }
    let signal = status & 0x7F
    return signal == 0 ? status >> 8 & 0xFF : 128 + signal
  }

  private static func temporaryFile() throws -> Int32 {
    var template = Array("/tmp/conformance.XXXXXX".utf8CString)
    let file = mkstemp(&template)
    guard file >= 0, fcntl(file, F_SETFD, FD_CLOEXEC) == 0 else { throw KernelFailure.systemCall("mkstemp") }
    unlink(template)
    return file
  }

  static func writeAll(_ file: Int32, _ bytes: [UInt8]) throws {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { write(file, $0.baseAddress.map { $0 + done }, bytes.count - done) }
      guard count > 0 else { throw KernelFailure.systemCall("write") }
      done += count
    }
  }

  private static func readAll(_ file: Int32) -> String {
    lseek(file, 0, SEEK_SET)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = read(file, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer[0..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
