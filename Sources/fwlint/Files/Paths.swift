import Glibc

/// Paths as text.
enum Paths {
  /// The revision whose files are looked at in place of those of the work tree.
  @TaskLocal static var revision: RevisionTree?

  /// A path as seen from a folder; absolute paths stay.
  static func join(_ folder: String, _ path: String) -> String {
    if path.hasPrefix("/") || folder.isEmpty || folder == "." { return path }
    return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
  }

  /// The folder of a path; empty for a bare name.
  static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last part of a path.
  static func name(of path: String) -> Substring { path.split(separator: "/").last ?? "" }

  /// The absolute path without links and dots; nil when it does not exist.
  static func canonical(_ path: String) -> String? {
    if let revision { return revision.canonical(path) }
    return workTreeCanonical(path)
  }

  /// The same of the files on disk, whatever revision is looked at.
  static func workTreeCanonical(_ path: String) -> String? {
    guard let resolved = realpath(path.isEmpty ? "." : path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// A path as seen from the git top around it, for reports that speak of a whole repository; else as it is.
  static func fromGitTop(_ path: String) -> String {
    guard let canonical = canonical(path), let top = LintRoot.gitTop(around: folder(of: canonical)),
      canonical.hasPrefix(top + "/")
    else { return path }
    return String(Substring(canonical.utf8.dropFirst(top.utf8.count + 1)))
  }

  /// The part of a path before the first link in it.
  static func beforeLinks(_ path: String) -> String {
    var known = path.hasPrefix("/") ? "/" : "."
    for part in path.split(separator: "/") {
      let next = join(known, String(part))
      var status = stat()
      guard lstat(next, &status) == 0, status.st_mode & S_IFMT != S_IFLNK else { break }
      known = next
    }
    return known
  }

  /// Whether something exists there.
  static func exists(_ path: String) -> Bool {
    if let revision { return revision.canonical(path) != nil }
    return access(path, F_OK) == 0
  }
}

/// The folder outside of which no file is read on a file's say-so.
struct LintRoot: Sendable {
  /// Its canonical path.
  let path: String

  /// The git top that holds a folder, else the folder itself.
  ///
  /// Links on the way do not count: a link in a repository that leads out of it still belongs to the repository, and so
  /// what it leads to lies outside.
  init(around folder: String) {
    if let revision = Paths.revision {
      path = revision.top
      return
    }
    let start = Paths.canonical(folder) ?? "/"
    let written = Paths.canonical(Paths.beforeLinks(folder)) ?? start
    path = Self.gitTop(around: written) ?? Self.gitTop(around: start) ?? start
  }

  /// The nearest folder upward that holds `.git`; nil outside of git.
  static func gitTop(around start: String) -> String? {
    if let revision = Paths.revision { return revision.top }
    var folder = start
    while true {
      if Paths.exists(Paths.join(folder, ".git")) { return folder }
      if folder == "/" || folder.isEmpty { return nil }
      folder = Paths.folder(of: folder)
    }
  }

  /// Refuses a file that is reached through a link, or by dots, but lies elsewhere; one that is not there passes.
  func requireInside(_ file: String, as displayPath: String) throws {
    guard file != "-", let canonical = Paths.canonical(file), !holds(canonical) else { return }
    throw RunFailure("\(displayPath): lies outside of the lint root \(path)")
  }

  /// Whether a canonical path lies below the root.
  func holds(_ canonical: String) -> Bool {
    canonical == path || path == "/" || canonical.hasPrefix(path + "/")
  }
}
