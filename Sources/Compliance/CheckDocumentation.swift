/// What a check tells of itself; every check has one.
public struct CheckDocumentation: Sendable, Hashable {
  /// What the check computes, in one or two sentences.
  public var what: String
  /// Why it matters.
  public var why: String
  /// A small site or rule set that it fires on, and the same mended; every code has one.
  public var example: CheckExample?
  /// How to mend it.
  public var mend: String
  /// Where the rules behind it are written.
  public var references: [String]

  init(what: String, why: String, mend: String, references: [String] = []) {
    self.what = what
    self.why = why
    self.mend = mend
    self.references = references
  }
}

extension CheckRegistry {
  private static let documentation = gapDocumentation.merging(openingDocumentation) { first, _ in first }
    .merging(ageDocumentation) { first, _ in first }
    .merging(graphDocumentation) { first, _ in first }
    .merging(inputDocumentation) { first, _ in first }

  /// The documentation of a code; nil for codes that do not exist.
  public static func documentation(of code: String) -> CheckDocumentation? {
    guard var text = documentation[code] else { return nil }
    text.example = CheckExample.example(of: code)
    return text
  }
}
