import SourceText

/// How text reports look: with or without colour.
public struct TextStyle: Sendable, Hashable {
  /// Whether ANSI colours are used.
  public var isColored: Bool

  /// Makes a style.
  public init(isColored: Bool = false) { self.isColored = isColored }

  /// The roles of text that are told apart by colour.
  enum Role: String {
    case error = "1;31"
    case warning = "1;33"
    case note = "1;36"
    case bold = "1"
    case frame = "34"
    case good = "32"
    case faint = "2"
  }

  /// The text in the colour of its role.
  func paint(_ text: String, _ role: Role) -> String {
    isColored && !text.isEmpty ? "\u{1B}[\(role.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// The text in the colour of a severity.
  func paint(_ text: String, severity: Severity) -> String {
    switch severity {
    case .error: paint(text, .error)
    case .warning: paint(text, .warning)
    case .note: paint(text, .note)
    }
  }
}
