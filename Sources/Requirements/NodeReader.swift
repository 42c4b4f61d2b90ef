import SourceText
import YAMLDocument

/// Takes values out of YAML nodes and collects what is wrong with them, each at its node.
struct NodeReader {
  /// One key of a mapping with its value.
  struct Entry {
    var key: String
    var keyRange: SourceRange
    var value: YAMLNode
  }

  private(set) var diagnostics: [Diagnostic] = []

  mutating func error(_ message: String, at range: SourceRange) {
    diagnostics.append(Diagnostic(.error, message, range: range))
  }

  mutating func warning(_ message: String, at range: SourceRange) {
    diagnostics.append(Diagnostic(.warning, message, range: range))
  }

  mutating func note(_ message: String, at range: SourceRange) {
    diagnostics.append(Diagnostic(.note, message, range: range))
  }

  /// A word of the input in quotes, cut when it is long.
  static func quoted(_ word: String) -> String {
    let shown = word.prefix(60)
    return shown.endIndex == word.endIndex ? "'\(word)'" : "'\(shown)...'"
  }

  /// A scalar that is not empty; null counts as empty.
  mutating func text(_ node: YAMLNode, _ what: String) -> String? {
    if let text = node.scalar, !node.isNull, !text.isEmpty { return text }
    error("\(what) must be a word or text", at: node.range)
    return nil
  }

  /// The items of a list; a single scalar or mapping stands for a list of one, null for an error.
  mutating func items(_ node: YAMLNode, _ what: String) -> [YAMLNode] {
    if let items = node.sequence { return items }
    if node.isNull {
      error("\(what) has no value; write [] for an empty list", at: node.range)
      return []
    }
    return [node]
  }

  /// The texts of a list; a single scalar stands for a list of one.
  mutating func texts(_ node: YAMLNode, _ what: String) -> [String] {
    guard node.kind == .sequence else { return text(node, what).map { [$0] } ?? [] }
    var texts: [String] = []
    texts.reserveCapacity(node.count)
    node.forEachElement { item in
      if let text = text(item, what) { texts.append(text) }
    }
    return texts
  }

  /// The entries of a mapping whose keys are plain words.
  mutating func entries(_ node: YAMLNode, _ what: String) -> [Entry] {
    guard node.kind == .mapping else {
      error("\(what) must be a mapping of keys to values", at: node.range)
      return []
    }
    var entries: [Entry] = []
    entries.reserveCapacity(node.count)
    node.forEachEntry { key, value in
      if let word = key.scalar {
        entries.append(Entry(key: word, keyRange: key.range, value: value))
      } else {
        error("a key of \(what) must be a word", at: key.range)
      }
    }
    return entries
  }

  /// Reports a key that means nothing here.
  mutating func unknownKey(_ entry: Entry, of what: String, known: [String]) {
    let hint = NodeReader.hint(for: entry.key, among: known)
    error("\(what) has no key \(NodeReader.quoted(entry.key))\(hint)", at: entry.keyRange)
  }

  /// Reports a word that should have been one of several.
  mutating func unknownWord(
    _ word: String, _ what: String, among known: some Collection<String>, at range: SourceRange
  ) {
    error("unknown \(what) \(NodeReader.quoted(word))\(NodeReader.hint(for: word, among: known))", at: range)
  }

  /// The nearest candidate, or all when none is near and they are few.
  private static func hint(for word: String, among known: some Collection<String>) -> String {
    let hint = Suggestion.hint(for: word, among: known)
    guard hint.isEmpty, (1...5).contains(known.count) else { return hint }
    return "; one of \(known.joined(separator: ", "))"
  }

  /// The place for what a mapping lacks: its first key, as the mapping itself may span many lines.
  static func place(_ node: YAMLNode) -> SourceRange { node.mapping?.first?.key.range ?? node.range }

  /// A decimal number within limits.
  mutating func number(_ node: YAMLNode, _ what: String, from least: UInt32, to most: UInt32) -> UInt32? {
    if let text = node.scalar, let value = TransportFlow.decimal(text.utf8, upTo: most), value >= least { return value }
    error("\(what) must be a number from \(least) to \(most)", at: node.range)
    return nil
  }

  /// `true` or `false`.
  mutating func flag(_ node: YAMLNode, _ what: String) -> Bool {
    switch node.scalar {
    case "true": return true
    case "false": return false
    default:
      error("\(what) must be true or false", at: node.range)
      return false
    }
  }
}
