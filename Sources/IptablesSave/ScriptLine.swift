/// Lines of shell scripts that call iptables.
enum ScriptLine {
  /// Whether a line calls iptables or ip6tables, or a variable named like them.
  static func isCommand(_ line: ByteText) -> Bool {
    var word = HeaderScan.firstWord(line)
    if word.equals("sudo") {
      word = HeaderScan.firstWord(HeaderScan.trimmed(line.dropFirst(word.count)))
    }
    return isProgram(word)
  }

  static func isProgram(_ word: ByteText) -> Bool {
    var name = word
    for offset in (0..<word.count).reversed() where word[offset] == 0x2F {
      name = word.dropFirst(offset + 1)
      break
    }
    return name.equals("iptables") || name.equals("ip6tables") || name.equals("iptables-legacy")
      || name.equals("ip6tables-legacy") || name.equals("iptables-nft") || name.equals("ip6tables-nft")
  }
}

extension RulesetReader {
  mutating func readScript() {}
}
