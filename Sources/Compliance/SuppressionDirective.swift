import Requirements
import SourceText

/// What a comment that begins with `fwlint:` asks for: `fwlint: allow FW202 until=2027-03-01 reason="..."`.
///
/// Several codes or names, set apart by blanks or commas; `until=DAY`, `reason="..."` (either kind of quotes, as nft
/// and iptables allow no quotes of their own kind inside of a comment) and `requirement=ROW` in any order behind them.
struct SuppressionDirective: Sendable, Hashable {
  /// Codes of checks, in the order in which they are written.
  var codes: [String] = []
  /// Ids of rows; empty: whichever.
  var requirements: [String] = []
  var until: CalendarDate?
  var reason: String?
  /// What is wrong with it; it has no effect then.
  var mistakes: [String] = []

  /// The word that begins a comment for fwlint.
  static let marker = "fwlint:"
  private static let keys = ["until", "reason", "requirement"]

  /// Reads the text of a comment; nil when it is not for fwlint.
  ///
  /// - Parameter text: the comment without its `#`, quotes and escapes.
  init?(_ text: String) {
    var rest = Substring(text).drop { $0 == "#" || $0.isWhitespace }
    guard rest.hasPrefix(Self.marker) else { return nil }
    rest = rest.dropFirst(Self.marker.count)
    var isFirst = true
    while let word = Self.nextWord(&rest) {
      if isFirst {
        isFirst = false
        if word.text == "allow", word.value == nil { continue }
        let hint = Suggestion.hint(for: word.text, among: ["allow"])
        mistakes.append("'fwlint:' is followed by 'allow' and codes, not by '\(word.text)'\(hint)")
        return
      }
      if let value = word.value { take(word.text, value) } else { take(code: word.text) }
    }
    if codes.isEmpty, mistakes.isEmpty { mistakes.append("it names no check, such as FW202") }
  }

  private mutating func take(_ key: String, _ value: String) {
    switch key {
    case "until":
      until = CalendarDate(value)
      if until == nil { mistakes.append("'\(value)' is not a day such as 2027-03-01") }
    case "reason": reason = value.contains { !$0.isWhitespace } ? value : nil
    case "requirement": requirements += value.split(separator: ",").map(String.init)
    default: mistakes.append("there is no key '\(key)'\(Suggestion.hint(for: key, among: Self.keys))")
    }
  }

  private mutating func take(code word: String) {
    if let check = CheckRegistry.checks.first(where: { $0.code == word || $0.name == word }) {
      if !codes.contains(check.code) { codes.append(check.code) }
      return
    }
    let known = CheckRegistry.checks.map(\.code) + CheckRegistry.checks.map(\.name)
    let isCode = word.hasPrefix("FW") || word.hasPrefix("fw")
    let hint = Suggestion.hint(for: isCode ? word.uppercased() : word, among: known)
    mistakes.append("there is no check '\(word)'\(hint)")
  }

  /// The next word or `key=value`; values may be in quotes.
  private static func nextWord(_ rest: inout Substring) -> (text: String, value: String?)? {
    rest = rest.drop { $0.isWhitespace || $0 == "," }
    guard !rest.isEmpty else { return nil }
    let text = rest.prefix { !$0.isWhitespace && $0 != "," && $0 != "=" }
    rest = rest[text.endIndex...]
    guard rest.first == "=" else { return (String(text), nil) }
    rest = rest.dropFirst()
    guard let quote = rest.first, quote == "\"" || quote == "'" else {
      let value = rest.prefix { !$0.isWhitespace }
      rest = rest[value.endIndex...]
      return (String(text), String(value))
    }
    rest = rest.dropFirst()
    let value = rest.prefix { $0 != quote }
    rest = rest[value.endIndex...].dropFirst()
    return (String(text), String(value))
  }
}
