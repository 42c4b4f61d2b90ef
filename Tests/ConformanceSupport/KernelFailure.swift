import Glibc

/// Why the kernel or one of its tools did not do what the suite needs.
public struct KernelFailure: Error, CustomStringConvertible {
  /// What was tried and what came of it.
  public let description: String

  /// Makes a failure from a description.
  public init(_ description: String) { self.description = description }

  /// Makes a failure of a system call, with the text of `errno`.
  static func systemCall(_ name: String) -> KernelFailure {
    KernelFailure("\(name): \(String(cString: strerror(errno)))")
  }
}
