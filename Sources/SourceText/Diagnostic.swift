/// How much a message weighs.
public enum Severity: String, Sendable, Hashable, Comparable, CaseIterable {
  case note
  case warning
  case error

  private var rank: Int {
    switch self {
    case .note: 0
    case .warning: 1
    case .error: 2
    }
  }

  public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
}

/// Something a parser has to say about a place in a file.
///
/// Parsers return `(model, [Diagnostic])` and never fail. An error means that the statement was not understood and
/// that the system's own loader would refuse it or that fwlint cannot read it; a note means that it was read but is
/// only approximated.
public struct Diagnostic: Sendable, Hashable {
  /// Error: not understood.
  ///
  /// Warning: understood, but suspicious. Note: approximated.
  public var severity: Severity
  /// One sentence in lower case, without the position and without a final stop.
  public var message: String
  /// The file, as an index into the sources of the model that came with this diagnostic.
  public var file: Int
  /// The smallest range of bytes that the message is about.
  public var range: SourceRange

  /// Makes a diagnostic.
  public init(_ severity: Severity, _ message: String, file: Int = 0, range: SourceRange) {
    self.severity = severity
    self.message = message
    self.file = file
    self.range = range
  }
}
