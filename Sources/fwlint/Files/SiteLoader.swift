import Compliance
import Glibc
import Reporting
import Requirements
import SourceText

/// A site file that was read, and where it stands.
struct LoadedSite {
  var site: Site
  var policy: Policy
  /// The folder of the site file, as given; paths in the site are relative to it.
  var folder: String
  var root: LintRoot
  /// What the site file is told, below the rank of an error.
  var remarks: [String]
}

/// Finds and reads site files.
enum SiteLoader {
  static let fileName = "fwlint.yaml"

  /// The site file of the current folder or of one above it, up to the git top; nil when there is none.
  static func discover() -> String? {
    guard let start = Paths.canonical(".") else { return nil }
    let top = LintRoot.gitTop(around: start) ?? start
    var folder = start
    var shown = fileName
    while true {
      if Paths.exists(Paths.join(folder, fileName)) { return shown }
      if folder == top || folder == "/" { return nil }
      folder = Paths.folder(of: folder)
      shown = "../" + shown
    }
  }

  /// Reads a site file; its mistakes go to standard error, each at its place.
  ///
  /// - Throws: a `RunFailure` when the file must not be used.
  static func load(_ path: String, limits: LimitOptions, style: TextStyle) throws -> LoadedSite {
    try LintRoot(around: Paths.folder(of: path)).requireInside(path, as: path)
    return try parse(try limits.reader.read(path), limits: limits, folder: Paths.folder(of: path), style: style)
  }

  /// Whether a file says a word that every site file says.
  private static func resemblesSite(_ source: SourceFile) -> Bool {
    let text = String(decoding: source.bytes.prefix(1 << 16), as: UTF8.self)
    return ["policy", "units", "features", "firewalls"].contains { text.contains($0) }
  }

  /// The same for a site that is at hand as text.
  static func parse(
    _ source: SourceFile, limits: LimitOptions, folder: String, style: TextStyle
  ) throws -> LoadedSite {
    var failure: (any Error)?
    let findPolicy = { (name: String) -> Policy? in
      guard PolicyFile.isPath(name) else { return Policy.embedded(named: name, withWords: false).policy }
      do {
        return try PolicyFile.read(Paths.join(folder, name), root: LintRoot(around: folder), style: style)
      } catch {
        failure = error
        return nil
      }
    }
    let document = Site.parse(
      source, findPolicy: findPolicy, knownCodes: CheckRegistry.checks.map(\.code),
      checkNames: Dictionary(CheckRegistry.checks.map { ($0.name, $0.code) }) { first, _ in first },
      limits: limits.yaml)
    if let failure { throw failure }
    let lines = LineIndex(source)
    let errors = document.diagnostics.filter { $0.severity == .error }
    guard errors.isEmpty, let site = document.site, let policy = document.policy else {
      // A file that is something else was reached by accident: nothing of it is shown.
      guard document.policy != nil || Self.resemblesSite(source) else {
        throw RunFailure("\(source.path): is no site file: it says nothing of a policy, of units or of features")
      }
      for diagnostic in errors { Terminal.printErrorLine(Diagnostics.line(diagnostic, source, lines, style)) }
      let count = errors.count == 1 ? "one mistake" : "\(errors.count) mistakes"
      throw RunFailure("\(source.path): the site file has \(count)")
    }
    let remarks = document.diagnostics.map { diagnostic -> String in
      let position = lines.position(at: diagnostic.range.start)
      return "\(source.path):\(position.line):\(position.column): \(diagnostic.message)"
    }
    return LoadedSite(site: site, policy: policy, folder: folder, root: LintRoot(around: folder), remarks: remarks)
  }
}

/// Diagnostics as lines.
enum Diagnostics {
  /// `path:line:column: severity: message`.
  static func line(_ diagnostic: Diagnostic, _ source: SourceFile, _ lines: LineIndex, _ style: TextStyle) -> String {
    PositionedDiagnostic(
      path: source.path, severity: diagnostic.severity, position: lines.position(at: diagnostic.range.start),
      message: diagnostic.message
    ).line(style)
  }
}
