/// The parts of SARIF 2.1.0 that fwlint writes.
///
/// **Source:** OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
struct SARIFLog: Encodable {
  var schema = "https://json.schemastore.org/sarif-2.1.0.json"
  var version = "2.1.0"
  var runs: [Run]

  enum CodingKeys: String, CodingKey {
    case schema = "$schema"
    case version, runs
  }

  struct Run: Encodable {
    var tool: Tool
    var results: [Result]
    var invocations: [Invocation]
    var columnKind = "unicodeCodePoints"
  }

  struct Tool: Encodable { var driver: Driver }

  struct Driver: Encodable {
    var name = "fwlint"
    var semanticVersion: String
    var rules: [Rule]
  }

  struct Rule: Encodable {
    var id: String
    var name: String
    var shortDescription: Text
    var fullDescription: Text
    var help: Help
    var defaultConfiguration: Configuration
    var properties: Properties
  }

  struct Text: Encodable {
    var text: String

    init(_ text: String) { self.text = text }
  }

  struct Help: Encodable {
    var text: String
    var markdown: String
  }

  struct Configuration: Encodable { var level: String }

  struct Properties: Encodable {
    var tags: [String]
    var precision: String
    var problemSeverity: String
    var securitySeverity: String

    enum CodingKeys: String, CodingKey {
      case tags, precision
      case problemSeverity = "problem.severity"
      case securitySeverity = "security-severity"
    }
  }

  struct Result: Encodable {
    var ruleId: String
    var ruleIndex: Int
    var level: String
    var message: Text
    var locations: [Place]
    var relatedLocations: [RelatedPlace]
    var partialFingerprints: Fingerprints
    /// Empty for findings that count: a run that suppresses says so of each result (3.27.23).
    var suppressions: [Suppression]
    /// `new` or `unchanged`; nil without a baseline.
    var baselineState: String?
    /// Whether some related places were left out.
    var isCut = false

    enum CodingKeys: CodingKey {
      case ruleId, ruleIndex, level, message, locations, relatedLocations, partialFingerprints, suppressions
      case baselineState
    }
  }

  struct Suppression: Encodable {
    /// `inSource` for comments of the config, else `external`.
    var kind: String
    var status = "accepted"
    var justification: String?
    var location: Place?
  }

  struct Place: Encodable {
    var physicalLocation: Physical

    init(_ physicalLocation: Physical) { self.physicalLocation = physicalLocation }
  }

  struct RelatedPlace: Encodable {
    var physicalLocation: Physical
    var message: Text
  }

  struct Physical: Encodable {
    var artifactLocation: Artifact
    var region: Region
  }

  struct Artifact: Encodable { var uri: String }

  struct Region: Encodable {
    var startLine: Int
    var startColumn: Int
    var endLine: Int
    var endColumn: Int
  }

  struct Fingerprints: Encodable {
    var primaryLocationLineHash: String
    var fwlint: String

    enum CodingKeys: String, CodingKey {
      case primaryLocationLineHash
      case fwlint = "fwlint/v1"
    }
  }

  struct Invocation: Encodable {
    var executionSuccessful = true
    var toolExecutionNotifications: [Notification]
  }

  struct Notification: Encodable {
    var message: Text
    var level: String

    init(text: String, level: String) {
      message = Text(text)
      self.level = level
    }
  }
}
