import CLibFuzzer
import FuzzSupport
import Glibc

/// libFuzzer's driver, called with one target.
enum FuzzRun {
  /// The target of this process; set once, before libFuzzer starts.
  nonisolated(unsafe) static var target = FuzzTarget.canary

  /// Prints a line to standard error.
  static func say(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }

  /// Runs libFuzzer with its own options; returns its exit code.
  static func run(_ arguments: [String]) -> Int32 {
    var count = Int32(arguments.count)
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    return words.withUnsafeMutableBufferPointer { words in
      var start = words.baseAddress
      return fwlint_fuzzer_run(&count, &start) { bytes, size in
        let input = Array(UnsafeBufferPointer(start: bytes, count: size))
        if let violation = FuzzRun.target.violation(of: input) {
          FuzzRun.say("broken promise of \(FuzzRun.target): \(violation)")
          abort()
        }
        return 0
      }
    }
  }
}
