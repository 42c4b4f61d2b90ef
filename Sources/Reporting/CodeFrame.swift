import Compliance
import SourceText

/// A line of a file with a caret below the part that matters.
struct CodeFrame {
  /// Columns of a line that are shown; longer lines are cut around the part that matters.
  static let width = 120

  let number: Int
  let text: String
  let caretStart: Int
  let caretLength: Int

  /// The frame of a place; nil when the file has no such line.
  init?(_ source: SourceFile, _ lines: LineIndex, _ location: Location) {
    guard location.line <= lines.lineCount else { return nil }
    let count = lines.width(ofLine: location.line)
    let start = min(max(location.column - 1, 0), count)
    let end = location.endLine == location.line ? min(max(location.endColumn - 1, start), count) : count
    // A window that shows the start of what matters.
    let from = count <= Self.width ? 0 : max(0, min(start - 20, count - Self.width))
    let to = min(count, from + Self.width)
    func text(_ range: Range<Int>) -> String {
      var string = String.UnicodeScalarView()
      let part = source.text(lines.range(ofLine: location.line, columns: range))
      for scalar in part.unicodeScalars { string.append(scalar == "\t" ? " " : scalar) }
      return Harmless.line(String(string))
    }
    let head = (from > 0 ? "..." : "") + text(from..<min(start, to))
    let marked = text(min(start, to)..<min(end, to))
    number = location.line
    self.text = head + marked + text(min(end, to)..<to) + (to < count ? "..." : "")
    caretStart = head.unicodeScalars.count
    caretLength = max(1, marked.unicodeScalars.count)
  }

  /// The frame as lines, with a gutter for the line number.
  func lines(_ style: TextStyle, _ severity: Severity) -> [String] {
    let digits = String(number)
    let gutter = String(repeating: " ", count: digits.count)
    let bar = style.paint("|", .frame)
    let caret = String(repeating: " ", count: caretStart) + String(repeating: "^", count: caretLength)
    return [
      "\(gutter) \(bar)",
      "\(style.paint(digits, .frame)) \(bar) \(text)",
      "\(gutter) \(bar) \(style.paint(caret, severity: severity))",
    ]
  }
}
