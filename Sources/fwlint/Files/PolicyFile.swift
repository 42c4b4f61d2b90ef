import Reporting
import Requirements
import SourceText

/// Policies that are files of their own, for other products.
enum PolicyFile {
  /// Whether a name is a path rather than that of a policy that is part of the program.
  static func isPath(_ name: String) -> Bool { name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml") }

  /// The policy of a file.
  ///
  /// - Parameter root: the folder outside of which it must not lie; nil where a person names it.
  /// - Throws: a `RunFailure` when it must not be used; its mistakes go to standard error, each at its place.
  static func read(_ path: String, root: LintRoot?, style: TextStyle) throws -> Policy {
    try root?.requireInside(path, as: path)
    let source = try FileReader(sizeLimit: 64 << 20).read(path)
    let (policy, diagnostics) = Policy.parse(source)
    let errors = diagnostics.filter { $0.severity == .error }
    guard errors.isEmpty, let policy else {
      let lines = LineIndex(source)
      for diagnostic in errors { Terminal.printErrorLine(Diagnostics.line(diagnostic, source, lines, style)) }
      throw RunFailure("\(path): the policy has \(errors.count == 1 ? "one mistake" : "\(errors.count) mistakes")")
    }
    return policy
  }
}
