import CNetworkNamespace
import Glibc

/// A network namespace of our own; it ends, with everything in it, when the last descriptor and socket is closed.
public final class NetworkNamespace: Sendable {
  /// Keeps the namespace alive.
  let descriptor: Int32
  private let home: Int32

  /// Makes an empty namespace; the calling thread is back in its own one afterwards.
  public init() throws {
    home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
    guard home >= 0 else { throw KernelFailure.systemCall("open of the own namespace") }
    guard network_namespace_unshare() == 0 else {
      let failure = KernelFailure.systemCall("unshare")
      close(home)
      throw failure
    }
    descriptor = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
    guard network_namespace_enter(home) == 0 else { abort() }
    guard descriptor >= 0 else { throw KernelFailure.systemCall("open of the new namespace") }
  }

  deinit {
    close(descriptor)
    close(home)
  }

  /// The name by which `ip` finds the namespace.
  var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

  /// Runs a body with the calling thread inside; sockets that it opens and programs that it starts belong there.
  public func inside<Result>(_ body: () throws -> Result) throws -> Result {
    guard network_namespace_enter(descriptor) == 0 else { throw KernelFailure.systemCall("setns") }
    // A thread that cannot go home would do the rest of the run's work in the wrong place.
    defer { if network_namespace_enter(home) != 0 { abort() } }
    return try body()
  }

  /// Sets a sysctl of the namespace, named as below /proc/sys/net; names that the kernel does not have are skipped.
  func setSysctl(_ name: String, _ value: String) throws {
    try inside {
      let file = open("/proc/sys/net/\(name)", O_WRONLY | O_CLOEXEC)
      guard file >= 0 else { return }
      defer { close(file) }
      guard write(file, value, value.utf8.count) == value.utf8.count else {
        throw KernelFailure.systemCall("sysctl \(name)")
      }
    }
  }
}
