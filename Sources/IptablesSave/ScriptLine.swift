/// Lines of shell scripts that call iptables.
enum ScriptLine {
  /// Whether a line calls iptables or ip6tables.
  static func isCommand(_ line: ByteText) -> Bool {
    var word = HeaderScan.firstWord(line)
    if word.equals("sudo") {
      word = HeaderScan.firstWord(HeaderScan.trimmed(line.dropFirst(word.count)))
    }
    return isProgram(word) || isVariable(word)
  }

  /// Whether a word is the program, with or without a path.
  static func isProgram(_ word: ByteText) -> Bool {
    let name = baseName(word)
    return name.equals("iptables") || name.equals("ip6tables") || name.equals("iptables-legacy")
      || name.equals("ip6tables-legacy") || name.equals("iptables-nft") || name.equals("ip6tables-nft")
  }

  static func isRestore(_ word: ByteText) -> Bool {
    let name = baseName(word)
    return name.equals("iptables-restore") || name.equals("ip6tables-restore")
      || name.equals("iptables-legacy-restore") || name.equals("ip6tables-legacy-restore")
      || name.equals("iptables-nft-restore") || name.equals("ip6tables-nft-restore")
  }

  /// Whether a word is a variable that is named like the program: `$IPTABLES`, `$IPT`, `${IPT6}`.
  static func isVariable(_ word: ByteText) -> Bool {
    guard word.count > 3, word[0] == 0x24 else { return false }
    var name = word.dropFirst(1)
    if name[0] == 0x7B { name = ByteText(name.bytes, name.start + 1, name.end - 1) }
    let text = name.string.uppercased()
    return text.hasPrefix("IPT") || text.hasPrefix("IP6T") || text.hasPrefix("IP4T")
  }

  private static func baseName(_ word: ByteText) -> ByteText {
    for offset in (0..<word.count).reversed() where word[offset] == 0x2F { return word.dropFirst(offset + 1) }
    return word
  }
}
