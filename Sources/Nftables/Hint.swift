import SourceText

/// What people may have meant who wrote a word that nft does not know.
enum Hint {
  /// Words of other tools and of everyday speech.
  private static let synonyms: [String: String] = [
    "allow": "accept", "permit": "accept", "pass": "accept", "ok": "accept", "deny": "drop", "block": "drop",
    "discard": "drop", "sec": "second", "secs": "second", "seconds": "second", "s": "second", "min": "minute",
    "minutes": "minute", "m": "minute", "hours": "hour", "h": "hour", "days": "day", "d": "day", "ping": "echo-request",
    "echo": "echo-request", "pong": "echo-reply", "ipv4": "ip", "ipv6": "ip6", "inet4": "ip", "inet6": "ip6",
    "dst": "daddr", "src": "saddr", "destination": "daddr", "source": "saddr", "dest": "daddr", "dstport": "dport",
    "srcport": "sport", "port": "dport", "in": "iifname", "out": "oifname", "dev": "iifname", "interface": "iifname",
    "warning": "warn", "error": "err", "critical": "crit", "call": "jump", "masq": "masquerade", "forward": "dnat",
  ]

  /// The text ` (did you mean 'x'?)`, or nothing.
  static func text(for word: String, among candidates: some Sequence<String>) -> String {
    let candidates = Array(candidates)
    if let synonym = synonyms[word.lowercased()], candidates.contains(synonym) {
      return " (did you mean '\(synonym)'?)"
    }
    let hint = Suggestion.hint(for: word, among: candidates)
    guard hint.isEmpty, word.utf8.count > 2 else { return hint }
    // A word that was cut short, or that goes on.
    let longer = candidates.filter { $0.hasPrefix(word) || $0.utf8.count > 2 && word.hasPrefix($0) }
    return longer.count == 1 ? " (did you mean '\(longer[0])'?)" : ""
  }
}
