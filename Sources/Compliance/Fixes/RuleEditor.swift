import RuleGraph
import SourceText

/// Edits of the rules of one rule set: in which line a new rule goes, and how it is written there.
struct RuleEditor {
  let graph: RuleGraph

  private var isNft: Bool { graph.dialect == .nftables }

  /// Where a rule stands; nil for rules that are not written, or not in this dialect's text.
  func place(_ rule: UInt32) -> RulePlace? {
    let rule = graph.rules[Int(rule)]
    guard rule.isWritten, Int(rule.file) < graph.sources.count else { return nil }
    return RulePlace(graph.sources[Int(rule.file)], rule.range)
  }

  /// Takes a rule away.
  func delete(_ rule: UInt32) -> TextEdit? {
    guard let place = place(rule) else { return nil }
    if newLinePrefix(place) != nil, place.hasFreeEnd { return place.deletingLines }
    return isNft && isAmidStatements(place) ? place.deletingInline : nil
  }

  /// Puts other rules in the place of one; each is a whole rule with its `-A CHAIN` where the dialect has that.
  func replace(_ rule: UInt32, by lines: [String]) -> TextEdit? {
    guard let first = lines.first else { return delete(rule) }
    guard let place = place(rule) else { return nil }
    let start = Int(place.range.start)
    let end = Int(place.range.end)
    if let prefix = newLinePrefix(place) {
      return place.edit(
        start, end, first + lines.dropFirst().map { place.newline + prefix + $0 }.joined())
    }
    return isNft && isAmidStatements(place) ? place.edit(start, end, lines.joined(separator: "; ")) : nil
  }

  /// Puts rules before one.
  func insert(_ lines: [String], before rule: UInt32) -> TextEdit? {
    guard let place = place(rule) else { return nil }
    if let prefix = newLinePrefix(place) { return place.insertingLines(lines.map { prefix + $0 }) }
    let start = Int(place.range.start)
    return isNft && isAmidStatements(place) ? place.edit(start, start, lines.map { $0 + "; " }.joined()) : nil
  }

  /// Puts rules at the end of a chain.
  func append(_ lines: [String], to chain: UInt32) -> TextEdit? {
    let chain = graph.chains[Int(chain)]
    if let last = chain.rules.last(where: { graph.rules[Int($0)].isWritten }) {
      guard let place = place(last) else { return nil }
      if let prefix = newLinePrefix(place), place.hasFreeEnd { return place.appendingLines(lines.map { prefix + $0 }) }
      let end = Int(place.range.end)
      return isNft && isAmidStatements(place) ? place.edit(end, end, lines.map { "; " + $0 }.joined()) : nil
    }
    guard let base = chain.base, Int(chain.file) < graph.sources.count,
      let policy = RulePlace(graph.sources[Int(chain.file)], base.policyRange)
    else { return nil }
    return isNft ? append(lines, behind: policy) : append(lines, toTableAround: policy)
  }

  /// Behind the policy of a chain without rules.
  private func append(_ lines: [String], behind policy: RulePlace) -> TextEdit? {
    if policy.hasFreeEnd { return policy.appendingLines(lines.map { policy.indentation + $0 }) }
    let suffix = Array(policy.suffix.utf8)
    guard let semicolon = suffix.firstIndex(of: UInt8(ascii: ";")), suffix[..<semicolon].allSatisfy({ $0 == 0x20 })
    else { return nil }
    let at = Int(policy.range.end) + semicolon + 1
    return policy.edit(at, at, lines.map { " " + $0 + ";" }.joined())
  }

  /// Before the COMMIT of a dump's table.
  private func append(_ lines: [String], toTableAround policy: RulePlace) -> TextEdit? {
    let bytes = policy.source.bytes
    let word = Array("COMMIT".utf8)
    var at = Int(policy.range.end)
    while let feed = bytes[at...].firstIndex(of: 0x0A) {
      at = feed + 1
      if bytes[at...].starts(with: word) { return policy.edit(at, at, lines.map { $0 + policy.newline }.joined()) }
      if at < bytes.count, bytes[at] == UInt8(ascii: "*") { return nil }
    }
    return nil
  }

  // MARK: How a line begins

  /// What a new rule's line begins with beside a rule that has a line of its own; nil where it has none.
  private func newLinePrefix(_ place: RulePlace) -> String? {
    let prefix = place.prefix
    let words = prefix.split { $0 == " " || $0 == "\t" }
    if words.isEmpty { return prefix }
    if isNft {
      // A command: the same table and chain; places by index or handle are not followed.
      guard ["add rule", "rule"].contains(where: { words.joined(separator: " ").hasPrefix($0) }),
        !words.contains(where: { ["index", "position", "handle"].contains($0) }), !prefix.contains(";")
      else { return nil }
      return prefix
    }
    if words.count == 1, words[0].hasPrefix("["), words[0].hasSuffix("]") {
      return place.indentation + "[0:0] "
    }
    guard words.count <= 2, words.count == 1 || words[0] == "sudo",
      !prefix.contains(where: { ";|&(){}`".contains($0) && !prefix.contains("${") })
    else { return nil }
    return prefix
  }

  /// Whether other statements share the line, as in `{ tcp dport 22 accept; tcp dport 25 accept; }`.
  private func isAmidStatements(_ place: RulePlace) -> Bool {
    let last = place.prefix.last { $0 != " " && $0 != "\t" }
    let next = place.suffix.first { $0 != " " && $0 != "\t" }
    return (last == nil || last == ";" || last == "{") && (next == nil || next == ";" || next == "}" || next == "#")
  }

  // MARK: How a rule begins

  /// What a rule of a chain begins with: `-A CHAIN` for iptables, in the words of a rule beside it.
  func header(chain: UInt32, beside rule: UInt32?) -> String? {
    if isNft { return "" }
    guard let rule else {
      let rules = graph.chains[Int(chain)].rules
      if let last = rules.last(where: { graph.rules[Int($0)].isWritten }) { return header(chain: chain, beside: last) }
      return "-A \(graph.names[graph.chains[Int(chain)].name])"
    }
    return place(rule)?.text.flatMap { RuleRest.iptables($0)?.header ?? Self.header(of: $0) }
  }

  /// The words up to the chain's name of a line that is not understood further.
  private static func header(of text: String) -> String? {
    let words = text.split { $0 == " " || $0 == "\t" }
    guard let append = words.firstIndex(of: "-A"), append + 1 < words.count, append < 3 else { return nil }
    return words[...(append + 1)].joined(separator: " ")
  }
}
