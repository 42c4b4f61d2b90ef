import Compliance
import Reporting
import SourceText
import YAMLDocument

/// Reads and writes the files of `--baseline`.
enum BaselineReader {
  private static let keys = ["fingerprint", "code", "path", "count"]

  /// The baseline of a file.
  ///
  /// - Throws: a `RunFailure` for what is no baseline, with the place of the first mistake.
  static func read(_ path: String) throws -> Baseline {
    let source = try FileReader(sizeLimit: 64 << 20).read(path)
    let (documents, problems) = YAMLDocument.parse(source)
    let lines = LineIndex(source)
    func failure(_ message: String, _ range: SourceRange) -> RunFailure {
      let position = lines.position(at: range.start)
      return RunFailure("\(source.path):\(position.line):\(position.column): \(message)")
    }
    if let problem = problems.first { throw failure(problem.message, problem.range) }
    guard let root = documents.first, root.kind == .mapping, let findings = root["findings"]?.sequence else {
      throw RunFailure("\(source.path): is no baseline: write one with --write-baseline")
    }
    guard root["version"]?.scalar == "1" else {
      throw failure("the version of this baseline is not 1", root["version"]?.range ?? root.range)
    }
    var entries: [Baseline.Entry] = []
    for node in findings {
      guard let fingerprint = node["fingerprint"]?.scalar, let code = node["code"]?.scalar,
        let file = node["path"]?.scalar, let count = Int(node["count"]?.scalar ?? ""), (1...1_000_000).contains(count)
      else { throw failure("an entry has \(keys.joined(separator: ", "))", node.range) }
      entries.append(Baseline.Entry(fingerprint: fingerprint, code: code, path: file, count: count))
    }
    return Baseline(entries: entries)
  }

  /// The text of a baseline's file.
  static func text(of baseline: Baseline) -> String { BaselineReport.render(baseline) }
}
