import Compliance
import Glibc
import Reporting
import RuleGraph

/// A site of a version with the firewalls that could be read.
struct VersionSite {
  var loaded: LoadedSite
  /// By the path of the site file as the command line or the search names it.
  var path: String
  var firewalls: [LoadedFirewall]
  /// Why a firewall could not be read, by its name.
  var failures: [(name: String, reason: String)]
}

/// Reads what a version holds.
struct VersionLoader {
  /// Site files that the command line names.
  let sites: [String]
  let input: InputOptions
  let style: TextStyle

  /// The paths of a version's site files; none where there is no site.
  func sitePaths(_ version: ComparedVersion) -> [String] {
    switch version {
    case .file: return sites
    case .folder(let folder):
      let names = sites.isEmpty ? [SiteLoader.fileName] : sites
      return names.map { Paths.join(folder, $0) }.filter { !sites.isEmpty || Paths.exists($0) }
    case .workTree, .revision:
      return version.reading { sites.isEmpty ? SiteLoader.discover().map { [$0] } ?? [] : sites }
    }
  }

  /// The site file itself; nil where the version does not have it.
  ///
  /// - Throws: a `RunFailure` for a site file with mistakes.
  func site(_ path: String, of version: ComparedVersion) throws -> LoadedSite? {
    try version.reading {
      guard Paths.exists(path) else { return nil }
      return try SiteLoader.load(path, limits: input.limits, style: style)
    }
  }

  /// The firewalls of a site as a version has them.
  func firewalls(of loaded: LoadedSite, path: String, in version: ComparedVersion) -> VersionSite {
    version.reading {
      var result = VersionSite(loaded: loaded, path: path, firewalls: [], failures: [])
      let loader = FirewallLoader(loaded: loaded, loader: input.loader(root: LintRoot(around: loaded.folder)))
      for entry in loaded.site.firewalls {
        do {
          result.firewalls.append(try loader.load(entry))
        } catch {
          result.failures.append((entry.paths[0].path, "\(error)"))
        }
      }
      return result
    }
  }

  /// A file without a site; nil where the version does not have it.
  ///
  /// - Parameter name: how both versions of it are called.
  /// - Throws: a `RunFailure` for what is no firewall configuration.
  func looseFile(_ path: String, as name: String, in version: ComparedVersion) throws -> LoadedFirewall? {
    try version.reading {
      guard Paths.exists(path) else { return nil }
      let loader = input.loader(root: LintRoot(around: Paths.folder(of: path)))
      let files = try loader.load([(path, version.isFile ? path : name)]).map { try $0.understood() }
      return LoadedFirewall(name: name, entry: nil, graphs: files.map(\.graph), diagnostics: files.map(\.diagnostics))
    }
  }
}
