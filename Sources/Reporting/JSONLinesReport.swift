import Compliance

/// `check` as JSON Lines: one object a line, each with its `type`, for tools that read streams.
///
/// First what the run is about (`run`), then `requirement`, `finding`, `suppressed` and `remark` lines, and `summary` at
/// the end: a stream without it was cut. Fields are those of the JSON report.
public enum JSONLinesReport {
  /// The whole report.
  public static func render(_ report: CheckReport) -> String {
    var lines = [JSONText.line(Run(policy: report.policyName, policyVersion: report.policyVersion))]
    lines += report.inputs.map { JSONText.line(Input(path: $0.path, dialect: $0.dialect, sha256: $0.sha256)) }
    lines += report.requirements.map { JSONText.line(Typed("requirement", RequirementJSON($0))) }
    lines += report.findings.map { JSONText.line(Typed("finding", FindingJSON($0))) }
    lines += report.suppressed.map { JSONText.line(Typed("suppressed", SuppressedJSON($0))) }
    lines += (report.remarks + BaselineText.remarks(report)).map { JSONText.line(Remark(message: $0)) }
    lines.append(JSONText.line(Typed("summary", SummaryJSON(report))))
    return lines.joined()
  }

  private struct Run: Encodable {
    var type = "run"
    var version = 1
    var policy: String?
    var policyVersion: String?
  }

  private struct Input: Encodable {
    var type = "input"
    var path: String
    var dialect: String
    var sha256: String
  }

  private struct Remark: Encodable {
    var type = "remark"
    var message: String
  }

  /// A value with its type beside its own fields.
  private struct Typed<Value: Encodable>: Encodable {
    let type: String
    let value: Value

    init(_ type: String, _ value: Value) {
      self.type = type
      self.value = value
    }

    private enum CodingKeys: CodingKey { case type }

    func encode(to encoder: any Encoder) throws {
      try value.encode(to: encoder)
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(type, forKey: .type)
    }
  }
}
