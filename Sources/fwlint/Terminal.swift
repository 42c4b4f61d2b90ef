import Glibc
import Reporting

/// Standard output and standard error.
enum Terminal {
  /// Writes text as it is to standard output; a reader that has gone away ends the program quietly.
  static func print(_ text: String) { write(text, to: STDOUT_FILENO) }

  /// Writes a message to standard error, made harmless, with a line end.
  static func printError(_ message: String) { write(Harmless.lines(message) + "\n", to: STDERR_FILENO) }

  /// Writes a line that is styled already to standard error.
  static func printErrorLine(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

  /// Ends the program.
  static func exit(_ code: Int32) -> Never { Glibc.exit(code) }

  /// Writes bytes as they are to standard output.
  static func print(bytes: [UInt8]) { bytes.withUnsafeBufferPointer { write($0, to: STDOUT_FILENO) } }

  private static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { write($0, to: descriptor) }
  }

  private static func write(_ bytes: UnsafeBufferPointer<UInt8>, to descriptor: Int32) {
    var offset = 0
    while offset < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
      if count < 0, errno == EINTR { continue }
      // Nothing can be said about an output that cannot be written to, except by the exit code.
      guard count > 0 else { exit(2) }
      offset += count
    }
  }

  /// The value of an environment variable; nil when it is unset or empty.
  static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// Whether a descriptor shows colours: a terminal that is not dumb, and nobody said NO_COLOR.
  static func showsColor(_ descriptor: Int32) -> Bool {
    environment("NO_COLOR") == nil && environment("TERM") != "dumb" && isatty(descriptor) == 1
  }
}
