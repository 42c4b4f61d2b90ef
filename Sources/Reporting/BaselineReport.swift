import Compliance

/// A baseline as JSON, sorted, so that changes of it read well in a review.
public enum BaselineReport {
  /// The file that `--baseline` reads.
  public static func render(_ baseline: Baseline) -> String {
    JSONText.pretty(
      Document(
        findings: baseline.entries.map {
          Document.Entry(fingerprint: $0.fingerprint, code: $0.code, path: $0.path, count: $0.count)
        }))
  }

  private struct Document: Encodable {
    var version = 1
    var findings: [Entry]

    struct Entry: Encodable {
      var fingerprint: String
      var code: String
      var path: String
      var count: Int
    }
  }
}
