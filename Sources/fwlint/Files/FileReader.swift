import Glibc
import SourceText

/// Reads regular files, whole, up to a size.
struct FileReader: Sendable {
  /// Largest file in bytes.
  var sizeLimit: Int
  /// Files that are taken from here instead of from the disk, by the path by which reports name them.
  var files: [String: SourceFile] = [:]

  /// A file's bytes under the path by which reports name it; `-` is standard input.
  ///
  /// - Throws: a `RunFailure` that names the path. Pipes, devices and folders are refused without waiting for them.
  func read(_ path: String, as displayPath: String? = nil) throws -> SourceFile {
    let name = displayPath ?? path
    if let known = files[name] { return known }
    if let revision = Paths.revision, path != "-" { return try revision.read(path, as: name, sizeLimit: sizeLimit) }
    if path == "-" {
      return SourceFile(path: displayPath ?? "<stdin>", bytes: try contents(STDIN_FILENO, "<stdin>", expected: 1 << 16))
    }
    // Non-blocking, so that a pipe without a writer does not hold us up before it is refused.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw RunFailure("\(name): \(Self.reason(errno))") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw RunFailure("\(name): \(Self.reason(errno))") }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw RunFailure("\(name): is a directory")
    default: throw RunFailure("\(name): is not a regular file")
    }
    guard status.st_size <= sizeLimit else {
      throw RunFailure("\(name): is larger than \(sizeLimit >> 20) MiB (raise --max-file-size to read it)")
    }
    return SourceFile(path: name, bytes: try contents(descriptor, name, expected: Int(status.st_size)))
  }

  /// Everything that a descriptor gives, up to the limit.
  private func contents(_ descriptor: Int32, _ name: String, expected: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var capacity = expected + 1
    while true {
      var failure: Int32?
      var isComplete = false
      let known = bytes.count
      let grown = [UInt8](unsafeUninitializedCapacity: known + capacity) { buffer, count in
        bytes.withUnsafeBufferPointer { old in
          if let start = buffer.baseAddress, let from = old.baseAddress { start.update(from: from, count: old.count) }
        }
        count = known
        while count < buffer.count {
          let got = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
          if got < 0 {
            if errno == EINTR { continue }
            failure = errno
            return
          }
          if got == 0 {
            isComplete = true
            return
          }
          count += got
        }
      }
      bytes = grown
      if let failure { throw RunFailure("\(name): \(Self.reason(failure))") }
      if isComplete { return bytes }
      guard bytes.count <= sizeLimit else {
        throw RunFailure("\(name): is larger than \(sizeLimit >> 20) MiB (raise --max-file-size to read it)")
      }
      capacity = max(1 << 16, bytes.count)
    }
  }

  static func reason(_ code: Int32) -> String {
    switch code {
    case ENOENT: "no such file"
    case EACCES, EPERM: "permission denied"
    case ELOOP: "too many symbolic links"
    case ENOSPC: "no space is left"
    case ENAMETOOLONG: "the name is too long"
    default: String(cString: strerror(code)).lowercased()
    }
  }
}
