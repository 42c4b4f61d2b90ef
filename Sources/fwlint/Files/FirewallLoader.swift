import Compliance
import Evaluation
import Requirements
import RuleGraph
import SecurityGroups
import SourceText

/// Reads the files of a site's firewalls.
struct FirewallLoader {
  let loaded: LoadedSite
  var loader: RuleSetLoader

  /// The files of an entry: where they are, and how reports name them.
  func paths(of entry: FirewallEntry) -> [(path: String, displayPath: String)] {
    entry.paths.map { path in
      let joined = Paths.join(loaded.folder, path.path)
      return (joined, joined)
    }
  }

  /// Reads a firewall.
  ///
  /// - Throws: a `RunFailure` for files that cannot be read, lie outside of the lint root or hold none of the groups.
  func load(_ entry: FirewallEntry) throws -> LoadedFirewall {
    let paths = paths(of: entry)
    for (index, (path, displayPath)) in paths.enumerated() {
      if Paths.canonical(path) == nil, let place = place(of: entry.paths[index]) {
        throw RunFailure("\(place): no such file: \(displayPath)")
      }
      try loader.root.requireInside(path, as: displayPath)
    }
    var files = try loader.load(paths).map { try $0.understood() }
    if let groups = entry.groups { files = try Self.select(groups, in: files) }
    return LoadedFirewall(
      name: entry.paths[0].path, entry: entry, graphs: files.map(\.graph), diagnostics: files.map(\.diagnostics))
  }

  /// Where the site file names a path; nil for paths that no site file names.
  private func place(of path: FirewallPath) -> String? {
    let source = loaded.site.source
    guard path.range.end > path.range.start, !source.path.hasPrefix("<") else { return nil }
    let position = LineIndex(source).position(at: path.range.start)
    return "\(source.path):\(position.line):\(position.column)"
  }

  /// The files with only some security groups in force; every named group has to be in some file.
  static func select(_ groups: [String], in files: [LoadedFile]) throws -> [LoadedFile] {
    var missing = Set(groups)
    let selected = files.map { file -> LoadedFile in
      let (graph, unknown) = file.graph.selecting(groups: groups)
      missing.formIntersection(unknown)
      return LoadedFile(graph: graph, diagnostics: file.diagnostics)
    }
    guard missing.isEmpty else {
      let known = files.flatMap { $0.graph.groups.map(\.id) }
      let name = groups.first(where: missing.contains) ?? ""
      throw RunFailure(
        "\(files.first?.graph.sources[0].path ?? ""): there is no group \(name)\(Suggestion.hint(for: name, among: known))"
      )
    }
    return selected
  }
}
