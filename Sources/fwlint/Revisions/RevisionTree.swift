import Glibc
import SourceText

/// The files of one commit, read with git; nothing is checked out.
///
/// Paths are those of the work tree: absolute, below the git top.
struct RevisionTree: Sendable {
  /// The git top, canonical.
  let top: String
  /// How reports call the revision.
  let name: String
  private let git: GitCommand
  private var entries: [String: Entry] = [:]
  /// Every folder that holds some file, relative to the top.
  private var folders: Set<String> = [""]

  private struct Entry: Sendable {
    var isLink: Bool
    var object: String
    var size: Int
  }

  /// Lists a commit's files.
  ///
  /// - Throws: a `RunFailure` when git cannot say.
  init(top: String, commit: String, name: String) throws {
    self.top = top
    self.name = name
    git = GitCommand(folder: top)
    guard let listing = try git.run(["ls-tree", "-r", "-z", "-l", "--full-tree", commit]) else {
      throw RunFailure("\(name): git cannot list the revision")
    }
    // "mode type object size\tpath\0"
    for line in listing.split(separator: 0) {
      guard let tab = line.firstIndex(of: UInt8(ascii: "\t")) else { continue }
      let words = String(decoding: line[..<tab], as: UTF8.self).split(separator: " ")
      guard words.count == 4, words[1] == "blob", let size = Int(words[3]) else { continue }
      let path = String(decoding: line[(tab + 1)...], as: UTF8.self)
      entries[path] = Entry(isLink: words[0] == "120000", object: String(words[2]), size: size)
      var folder = Paths.folder(of: path)
      while folders.insert(folder).inserted { folder = Paths.folder(of: folder) }
    }
  }

  /// The paths of all files, relative to the top, in the order of bytes, with the ids of their contents.
  var files: [(path: String, object: String)] {
    entries.filter { !$0.value.isLink }.map { (path: $0.key, object: $0.value.object) }
      .sorted { $0.path < $1.path }
  }

  /// A path without dots and links, absolute; nil when nothing is there or it leads out of the tree.
  func canonical(_ path: String) -> String? {
    let absolute = path.hasPrefix("/") ? path : Paths.join(Self.workingFolder, path)
    guard let relative = relative(Self.withoutDots(absolute)), let resolved = resolve(relative, depth: 0) else {
      return nil
    }
    return resolved.isEmpty ? top : "\(top)/\(resolved)"
  }

  /// The bytes of a file.
  ///
  /// - Throws: a `RunFailure` that names the path.
  func read(_ path: String, as displayPath: String, sizeLimit: Int) throws -> SourceFile {
    let place = "\(displayPath) (\(name))"
    guard let canonical = canonical(path), let relative = relative(canonical), let entry = entries[relative] else {
      throw RunFailure("\(place): no such file")
    }
    guard entry.size <= sizeLimit else {
      throw RunFailure("\(place): is larger than \(sizeLimit >> 20) MiB (raise --max-file-size to read it)")
    }
    guard let bytes = try git.run(["cat-file", "blob", entry.object], limit: sizeLimit) else {
      throw RunFailure("\(place): git cannot read it")
    }
    return SourceFile(path: displayPath, bytes: bytes)
  }

  /// The files that a shell pattern matches, in the order of bytes; `*` does not match slashes or leading dots.
  func expand(_ pattern: String) -> [String] {
    let absolute = pattern.hasPrefix("/") ? pattern : Paths.join(Self.workingFolder, pattern)
    let shown = Self.withoutDots(absolute)
    let names = entries.keys.filter { fnmatch(shown, "\(top)/\($0)", FNM_PATHNAME | FNM_PERIOD) == 0 }
    return names.map { "\(top)/\($0)" }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static var workingFolder: String { Paths.workTreeCanonical(".") ?? "/" }

  /// A path below the top as seen from it; nil for others.
  private func relative(_ absolute: String) -> String? {
    if absolute == top { return "" }
    guard absolute.hasPrefix(top == "/" ? "/" : top + "/") else { return nil }
    return String(Substring(absolute.utf8.dropFirst(top == "/" ? 1 : top.utf8.count + 1)))
  }

  /// Follows links, folder by folder; links of links as deep as the kernel goes.
  private func resolve(_ path: String, depth: Int) -> String? {
    guard depth < 40 else { return nil }
    var known = ""
    let parts = path.split(separator: "/")
    for (index, part) in parts.enumerated() {
      let next = known.isEmpty ? String(part) : "\(known)/\(part)"
      if let entry = entries[next], entry.isLink {
        guard entry.size < 4096, let bytes = try? git.run(["cat-file", "blob", entry.object], limit: 4096) else {
          return nil
        }
        let target = String(decoding: bytes, as: UTF8.self)
        guard !target.hasPrefix("/") else { return nil }
        let rest = parts[(index + 1)...].map { "/\($0)" }.joined()
        let joined = Self.withoutDots("\(top)/\(known.isEmpty ? "" : known + "/")\(target)\(rest)")
        return relative(joined).flatMap { resolve($0, depth: depth + 1) }
      }
      guard entries[next] != nil || folders.contains(next) else { return nil }
      known = next
    }
    return known
  }

  /// An absolute path without `.`, `..` and doubled slashes, by its text alone.
  private static func withoutDots(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}
