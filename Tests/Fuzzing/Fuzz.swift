import CLibFuzzer
import FuzzSupport
import Glibc

/// `fuzz TARGET [options of libFuzzer] [folders]`: runs one target under libFuzzer until something breaks.
///
/// A promise that is not kept ends the process as a crash would, with the promise on standard error.
enum Fuzz {
  /// The target of this process; set once, before libFuzzer starts.
  nonisolated(unsafe) static var target = FuzzTarget.canary

  static func main(_ arguments: [String]) -> Int32 {
    guard arguments.count > 1, let target = FuzzTarget(rawValue: arguments[1]) else {
      say("usage: fuzz TARGET [options]; targets: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))")
      return 2
    }
    Self.target = target
    return run([arguments[0]] + arguments.dropFirst(2))
  }

  /// Prints a line to standard error.
  static func say(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }

  /// Runs libFuzzer with its own options; returns its exit code.
  private static func run(_ arguments: [String]) -> Int32 {
    var count = Int32(arguments.count)
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    return words.withUnsafeMutableBufferPointer { words in
      var start = words.baseAddress
      return fwlint_fuzzer_run(&count, &start) { bytes, size in takeInput(bytes, size) }
    }
  }
}

/// What libFuzzer calls with each input; its own entry, which is linked in whole, asks for it by this name.
@_cdecl("LLVMFuzzerTestOneInput")
public func takeInput(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  let input = Array(UnsafeBufferPointer(start: bytes, count: size))
  if let violation = Fuzz.target.violation(of: input) {
    Fuzz.say("broken promise of \(Fuzz.target): \(violation)")
    abort()
  }
  return 0
}

/// The program's entry: under the fuzzer's sanitizer the compiler makes none.
@_cdecl("fuzz_main")
public func fuzzMain(_ count: Int32, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
  Fuzz.main((0..<Int(count)).compactMap { words[$0].map { String(cString: $0) } })
}
