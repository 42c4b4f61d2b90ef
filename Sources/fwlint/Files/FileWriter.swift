import Glibc

/// Writes files so that a reader sees the old contents or the new ones, never a part, whenever the writer is stopped.
enum FileWriter {
  /// Writes a text to a temporary file beside the target, syncs it and moves it there; owner and permissions of an
  /// existing target are kept.
  ///
  /// Nothing is put through a link: neither one in the target's place, nor one that leads out of the repository in which
  /// the target seems to lie.
  /// - Throws: a `RunFailure` that names the path.
  static func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  /// The same for bytes.
  static func write(_ text: [UInt8], to path: String) throws {
    var status = stat()
    let exists = lstat(path, &status) == 0
    if exists, status.st_mode & S_IFMT != S_IFREG {
      // Devices such as /dev/stdout are written to as they are.
      guard status.st_mode & S_IFMT == S_IFCHR || path.hasPrefix("/dev/") else {
        throw RunFailure("\(path): is not a regular file")
      }
      return try write(text, descriptor: open(path, O_WRONLY | O_CLOEXEC), path, isFile: false)
    }
    let folder = Paths.folder(of: path)
    let root = LintRoot(around: folder)
    if let canonical = Paths.canonical(folder), !root.holds(canonical) {
      throw RunFailure("\(path): a link leads out of \(root.path)")
    }
    let (temporary, descriptor) = openTemporary(in: folder, mode: exists ? status.st_mode & 0o7777 : 0o666)
    do {
      guard descriptor >= 0 else { throw failure(path) }
      if exists {
        // Only root may give files away; for others the file is their own anyway.
        _ = fchown(descriptor, status.st_uid, status.st_gid)
        fchmod(descriptor, status.st_mode & 0o7777)
      }
      try write(text, descriptor: descriptor, path, isFile: true)
      guard rename(temporary, path) == 0 else { throw failure(path) }
      syncFolder(folder)
    } catch {
      if descriptor >= 0 { unlink(temporary) }
      throw error
    }
  }

  /// A new file in a folder, under a name that nobody has; a run that was killed may have left some behind.
  private static func openTemporary(in folder: String, mode: mode_t) -> (path: String, descriptor: Int32) {
    for attempt in 0..<1000 {
      let path = Paths.join(folder, ".fwlint-\(getpid())-\(attempt).tmp")
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
      if descriptor >= 0 || errno != EEXIST { return (path, descriptor) }
    }
    return ("", -1)
  }

  private static func write(_ text: [UInt8], descriptor: Int32, _ path: String, isFile: Bool) throws {
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    let isWhole = text.withUnsafeBufferPointer { bytes -> Bool in
      var offset = 0
      while offset < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + offset }, bytes.count - offset)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        offset += count
      }
      return true
    }
    guard isWhole else { throw failure(path) }
    // Some file systems cannot sync; that is no reason not to write.
    if isFile, fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP { throw failure(path) }
  }

  /// Makes the new name last, too.
  private static func syncFolder(_ folder: String) {
    let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }

  private static func failure(_ path: String) -> RunFailure { RunFailure("\(path): \(FileReader.reason(errno))") }
}
