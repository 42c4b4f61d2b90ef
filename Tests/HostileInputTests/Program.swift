import FoundationEssentials
import Glibc

/// The built program, run on input that nobody should trust, within bounds.
enum Program {
  /// What a run left behind.
  struct Outcome {
    /// Exit code, or 128 and the signal.
    var status: Int32
    var output: String
    var errors: String
    /// The bytes of both, as they were written.
    var raw: [UInt8]
    /// Seconds of a processor's time; the time on the wall depends on who else is at work.
    var seconds: Double
    /// Most memory that was resident, in megabytes.
    var megabytes: Int

    /// The lines of standard error.
    var complaints: [Substring] { errors.split(separator: "\n") }
  }

  /// What goes wrong with running it at all.
  struct Failure: Error {
    var message: String
  }

  /// The program beside the tests' own bundle.
  static let path: String = {
    let tests = CommandLine.arguments[0]
    let absolute = tests.hasPrefix("/") ? tests : FileManager.default.currentDirectoryPath + "/" + tests
    let folder = absolute.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    for candidate in ["\(folder)/fwlint", "\(Repository.path)/.build/debug/fwlint"] where access(candidate, X_OK) == 0 {
      return candidate
    }
    return "\(Repository.path)/.build/release/fwlint"
  }()

  /// Runs the program in a folder to its end, or kills it after so many seconds.
  static func run(
    _ arguments: [String], folder: String, input: String = "", environment: [String] = ["NO_COLOR=1"],
    through wrapper: [String] = [], timeout: Double = 120
  ) throws -> Outcome {
    let files = try (0..<3).map { _ in try temporaryFile() }
    defer { for file in files { close(file) } }
    let text = Array(input.utf8)
    guard text.withUnsafeBytes({ write(files[0], $0.baseAddress, text.count) }) == text.count else {
      throw Failure(message: "standard input cannot be written")
    }
    lseek(files[0], 0, SEEK_SET)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (target, file) in files.enumerated() { posix_spawn_file_actions_adddup2(&actions, file, Int32(target)) }
    let words = ["env", "-C", folder] + wrapper + [path] + arguments
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] =
      (["PATH=/usr/bin:/bin", "SWIFT_BACKTRACE=enable=no"] + environment).map { strdup($0) } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var child: pid_t = 0
    let start = now()
    let error = posix_spawnp(&child, words[0], &actions, nil, &argv, &envp)
    guard error == 0 else { throw Failure(message: "\(words[0]): \(String(cString: strerror(error)))") }
    let (status, usage) = wait(for: child, until: start + timeout)
    let output = readAll(files[1])
    let errors = readAll(files[2])
    return Outcome(
      status: status, output: String(decoding: output, as: UTF8.self), errors: String(decoding: errors, as: UTF8.self),
      raw: output + errors, seconds: cpuSeconds(usage), megabytes: peak(usage))
  }

  /// The most memory that was resident, in megabytes; 0 where it is no more than the tests themselves hold.
  ///
  /// Until a child executes its program it counts what its parent holds (setrlimit(2), fs/exec.c), so that a smaller
  /// peak says nothing.
  private static func peak(_ usage: rusage) -> Int {
    var own = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &own)
    return usage.ru_maxrss > own.ru_maxrss ? Int(usage.ru_maxrss / 1024) : 0
  }

  private static func wait(for child: pid_t, until deadline: Double) -> (Int32, rusage) {
    var status: Int32 = 0
    var usage = rusage()
    while wait4(child, &status, WNOHANG, &usage) == 0 {
      if now() > deadline {
        kill(child, SIGKILL)
        wait4(child, &status, 0, &usage)
        break
      }
      usleep(500)
    }
    let signal = status & 0x7F
    return (signal == 0 ? status >> 8 & 0xFF : 128 + signal, usage)
  }

  private static func cpuSeconds(_ usage: rusage) -> Double {
    Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func temporaryFile() throws -> Int32 {
    var template = Array("/tmp/fwlint-test.XXXXXX".utf8CString)
    let file = mkstemp(&template)
    guard file >= 0, fcntl(file, F_SETFD, FD_CLOEXEC) == 0 else { throw Failure(message: "no temporary file") }
    unlink(template)
    return file
  }

  private static func readAll(_ file: Int32) -> [UInt8] {
    lseek(file, 0, SEEK_SET)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(file, &buffer, buffer.count)
      guard count > 0 else { return bytes }
      bytes += buffer[0..<count]
    }
  }
}

/// A fresh folder with files in it.
struct Folder {
  let path: String

  /// Calls a closure with a fresh folder that is removed after use.
  static func with<Result>(_ body: (Folder) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.path + "/fwlint-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(Folder(path: path))
  }

  /// Writes bytes; the name is bytes, too, as the file system sees it.
  func write(_ bytes: [UInt8], to name: [UInt8]) throws {
    let full = (path + "/").utf8CString.dropLast() + name.map { CChar(bitPattern: $0) } + [0]
    let file = Array(full).withUnsafeBufferPointer { name -> Int32 in
      guard let start = name.baseAddress else { return -1 }
      return open(start, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    }
    guard file >= 0 else { throw Program.Failure(message: "\(name) cannot be written") }
    defer { close(file) }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress.map { $0 + done }, bytes.count - done) }
      guard count > 0 else { throw Program.Failure(message: "\(name) cannot be written") }
      done += count
    }
  }

  /// Writes a text; folders on the way are made.
  func write(_ text: String, to name: String) throws {
    if let slash = name.lastIndex(of: "/") {
      try FileManager.default.createDirectory(
        atPath: "\(path)/\(name[..<slash])", withIntermediateDirectories: true)
    }
    try write(Array(text.utf8), to: Array(name.utf8))
  }

  /// The bytes of a file; nil when there is none.
  func read(_ name: String) -> [UInt8]? { FileManager.default.contents(atPath: "\(path)/\(name)").map { Array($0) } }

  /// The names in it, sorted.
  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

  /// A site of one gateway; `edge.nft` in front of it.
  static let site = """
    policy: fortimail-7.6
    mode: gateway
    units: [{name: mail1, addresses: [10.0.10.5]}]
    features: [smtp, admin-cli]
    peers: {administrators: [10.1.0.0/24], email-users: [10.0.0.0/16], email-servers: any}
    firewalls:
      - {path: edge.nft, position: forward}

    """
}
