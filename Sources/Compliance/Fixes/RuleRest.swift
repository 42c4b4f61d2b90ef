/// What of a rule's text a box of packets cannot say: interfaces, states, counters, logging, the verdict, a comment.
///
/// A rule whose addresses, protocol and ports are to be narrowed keeps the rest as it is written.
enum RuleRest {
  // MARK: nftables

  /// Pairs of words that a box says, each followed by its value.
  private static let nftKeys: Set<String> = [
    "ip saddr", "ip daddr", "ip6 saddr", "ip6 daddr", "tcp dport", "udp dport", "sctp dport", "dccp dport",
    "udplite dport", "th dport", "meta l4proto", "ip protocol", "ip6 nexthdr", "icmp type", "icmpv6 type",
    "meta nfproto",
  ]
  /// Words that make a value more than a constant.
  private static let nftOperators: Set<String> = [
    ".", "&", "|", "^", "<", ">", "<=", ">=", "and", "or", "xor", "vmap", "map", "<<", ">>",
  ]

  /// The rest of a rule's text; all of it where values are more than constants, which is always right to keep.
  static func nftables(_ text: String) -> String {
    let words = nftWords(text)
    var rest: [String] = []
    var index = 0
    while index < words.count {
      guard index + 2 < words.count, nftKeys.contains("\(words[index]) \(words[index + 1])") else {
        rest.append(words[index])
        index += 1
        continue
      }
      var value = index + 2
      if ["!=", "==", "eq", "ne"].contains(words[value]) { value += 1 }
      guard value < words.count, !nftOperators.contains(words[value]),
        value + 1 >= words.count || !nftOperators.contains(words[value + 1]), !words[value].hasSuffix(","),
        value + 1 >= words.count || !words[value + 1].hasPrefix(",")
      else { return words.joined(separator: " ") }
      index = value + 1
    }
    return rest.joined(separator: " ")
  }

  /// The words of a rule; braces and quotes hold together.
  private static func nftWords(_ text: String) -> [String] {
    var words: [String] = []
    var word = ""
    var depth = 0
    var isQuoted = false
    func end() {
      if !word.isEmpty { words.append(word) }
      word = ""
    }
    for character in text {
      if isQuoted {
        word.append(character)
        if character == "\"" { isQuoted = false }
      } else if character == "\"" {
        isQuoted = true
        word.append(character)
      } else if character == "{" {
        if depth == 0 { end() }
        depth += 1
        word.append(character)
      } else if character == "}" {
        word.append(character)
        depth -= 1
        if depth <= 0 { end() }
      } else if depth == 0, character.isWhitespace || character == "\\" {
        end()
      } else {
        word.append(character.isNewline ? " " : character)
      }
    }
    end()
    return words
  }

  /// The same rest with another verdict; nil when it does not accept.
  static func dropping(_ rest: String, isNft: Bool) -> String? {
    var words = isNft ? nftWords(rest) : iptablesWords(rest)
    guard let place = words.lastIndex(of: isNft ? "accept" : "ACCEPT") else { return nil }
    words[place] = isNft ? "drop" : "DROP"
    return words.joined(separator: " ")
  }

  // MARK: iptables

  private static let iptablesOptions: Set<String> = [
    "-s", "--source", "--src", "-d", "--destination", "--dst", "-p", "--protocol", "--proto", "--dport",
    "--destination-port", "--dports", "--destination-ports", "--icmp-type", "--icmpv6-type",
  ]
  private static let transportMatches: Set<String> = [
    "tcp", "udp", "sctp", "dccp", "udplite", "multiport", "icmp", "icmp6", "icmpv6",
  ]
  /// Options of those matches that a box cannot say.
  private static let otherOptions: Set<String> = [
    "--sport", "--source-port", "--sports", "--source-ports", "--ports", "--tcp-flags", "--syn", "--tcp-option",
    "--chunk-types", "--dccp-types", "--dccp-option",
  ]

  /// The words up to the chain's name, and the rest; nil where the line is no plain `-A CHAIN ...`.
  static func iptables(_ text: String) -> (header: String, rest: String)? {
    let words = iptablesWords(text)
    guard let append = words.firstIndex(where: { $0 == "-A" || $0 == "--append" }), append + 1 < words.count,
      append < 3
    else { return nil }
    var rest: [String] = []
    var index = append + 2
    var isNegated = false
    while index < words.count {
      let word = words[index]
      if word == "!" {
        isNegated = true
        index += 1
        continue
      }
      if otherOptions.contains(word) { return nil }
      if iptablesOptions.contains(word) {
        // The old way to negate puts the mark before the value.
        index += index + 1 < words.count && words[index + 1] == "!" ? 3 : 2
        isNegated = false
        continue
      }
      if word == "-m" || word == "--match", index + 1 < words.count, transportMatches.contains(words[index + 1]) {
        index += 2
        continue
      }
      if isNegated { rest.append("!") }
      isNegated = false
      rest.append(word)
      index += 1
    }
    return (words[...(append + 1)].joined(separator: " "), rest.joined(separator: " "))
  }

  /// The words of a line; quotes hold together and stay.
  private static func iptablesWords(_ text: String) -> [String] {
    var words: [String] = []
    var word = ""
    var quote: Character?
    var isEscaped = false
    for character in text {
      if isEscaped {
        word.append(character)
        isEscaped = false
      } else if character == "\\" {
        word.append(character)
        isEscaped = true
      } else if let open = quote {
        word.append(character)
        if character == open { quote = nil }
      } else if character == "\"" || character == "'" {
        quote = character
        word.append(character)
      } else if character == " " || character == "\t" {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    if !word.isEmpty { words.append(word) }
    return words
  }
}
