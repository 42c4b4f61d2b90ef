import Glibc

/// Writes files so that a reader sees the old contents or the new ones, never a part.
enum FileWriter {
  /// Writes a text to a temporary file beside the target, syncs it and moves it there; permissions of an existing
  /// target are kept.
  ///
  /// - Throws: a `RunFailure` that names the path.
  static func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  /// The same for bytes.
  static func write(_ text: [UInt8], to path: String) throws {
    var status = stat()
    let exists = lstat(path, &status) == 0
    if exists, status.st_mode & S_IFMT != S_IFREG {
      // Devices such as /dev/stdout are written to as they are; nothing is ever put through a link.
      guard status.st_mode & S_IFMT == S_IFCHR || path.hasPrefix("/dev/") else {
        throw RunFailure("\(path): is not a regular file")
      }
      return try write(text, descriptor: open(path, O_WRONLY | O_CLOEXEC), path)
    }
    let temporary = "\(path).\(getpid()).tmp"
    let mode = exists ? status.st_mode & 0o7777 : 0o666
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    do {
      try write(text, descriptor: descriptor, path)
      if exists { chmod(temporary, mode) }
      guard rename(temporary, path) == 0 else { throw RunFailure("\(path): \(String(cString: strerror(errno)))") }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  private static func write(_ text: [UInt8], descriptor: Int32, _ path: String) throws {
    guard descriptor >= 0 else { throw RunFailure("\(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    let failure = text.withUnsafeBufferPointer { bytes -> Int32 in
      var offset = 0
      while offset < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return errno }
        offset += count
      }
      return 0
    }
    guard failure == 0 else { throw RunFailure("\(path): \(String(cString: strerror(failure)))") }
    _ = fsync(descriptor)
  }
}
