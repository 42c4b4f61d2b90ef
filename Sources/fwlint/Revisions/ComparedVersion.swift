import Glibc

/// One side of a comparison: where its files are.
enum ComparedVersion {
  /// The files on disk, of the repository around the current folder.
  case workTree
  case revision(RevisionTree)
  /// A folder with a site of its own.
  case folder(String)
  case file(String)

  /// Reads the words BASE and HEAD.
  ///
  /// What exists as a file or folder is one, else it is a revision. A single revision is compared from where the work
  /// tree's history left it, as is `A...B`.
  /// - Throws: a `RunFailure` for what is neither.
  static func parse(_ base: String, _ head: String?) throws -> (base: ComparedVersion, head: ComparedVersion) {
    if let head {
      let sides = (try parse(base), try parse(head))
      switch sides {
      case (.file, .file), (.folder, .folder), (.revision, .revision): return sides
      default: throw RunFailure("BASE and HEAD are two files, two folders or two revisions")
      }
    }
    if Paths.exists(base) { throw RunFailure("\(base): HEAD is missing: a file or folder to compare it with") }
    let git = try repository()
    if let dots = base.range(of: "...") {
      let (left, right) = (String(base[..<dots.lowerBound]), String(base[dots.upperBound...]))
      let commits = (try commit(left, git), try commit(right.isEmpty ? "HEAD" : right, git))
      return (
        try tree(try ancestor(commits.0, commits.1, left, git), left, git),
        try tree(commits.1, right.isEmpty ? "HEAD" : right, git)
      )
    }
    return (try forkPoint(of: base), .workTree)
  }

  /// The commit at which the work tree's history left a revision.
  static func forkPoint(of revision: String) throws -> ComparedVersion {
    let git = try repository()
    let commit = try commit(revision, git)
    let head = try Self.commit("HEAD", git)
    return try tree(try ancestor(commit, head, revision, git), revision, git)
  }

  private static func parse(_ word: String) throws -> ComparedVersion {
    if Paths.exists(word) {
      var status = stat()
      let isFolder = stat(word, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      return isFolder ? .folder(word) : .file(word)
    }
    let git = try repository()
    return try tree(try commit(word, git), word, git)
  }

  private static func repository() throws -> GitCommand {
    guard let top = LintRoot.gitTop(around: Paths.canonical(".") ?? "/") else {
      throw RunFailure("there is neither such a file nor a git repository here")
    }
    return GitCommand(folder: top)
  }

  private static func commit(_ revision: String, _ git: GitCommand) throws -> String {
    guard let commit = try git.commit(revision) else {
      throw RunFailure("\(revision): is no file, no folder and no revision")
    }
    return commit
  }

  private static func ancestor(_ left: String, _ right: String, _ name: String, _ git: GitCommand) throws -> String {
    guard let base = try git.mergeBase(left, right) else {
      throw RunFailure("\(name): shares no history with HEAD here; a shallow clone has to be deepened (fetch-depth: 0)")
    }
    return base
  }

  private static func tree(_ commit: String, _ name: String, _ git: GitCommand) throws -> ComparedVersion {
    .revision(try RevisionTree(top: git.folder, commit: commit, name: name))
  }

  /// How reports call it.
  var name: String {
    switch self {
    case .workTree: "work tree"
    case .revision(let tree): tree.name
    case .folder(let path), .file(let path): path
    }
  }

  /// Whether it is a single file.
  var isFile: Bool {
    if case .file = self { return true }
    return false
  }

  /// Runs something that reads files of this version.
  func reading<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard case .revision(let tree) = self else { return try body() }
    return try Paths.$revision.withValue(tree, operation: body)
  }
}

extension String {
  /// Where a text first occurs.
  fileprivate func range(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
