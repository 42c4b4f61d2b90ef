/// Faults of the kernel's tools by which they load something else than what is written.
enum LoaderFault {
  /// Whether a rule set meets one of the faults.
  static func isMet(by ruleSet: RuleSet) -> Bool { mergesNegations(ruleSet) || losesNegatedPorts(ruleSet) }

  /// The nf_tables variant of iptables 1.8.9 leaves out a range of all ports even when it is negated.
  private static func losesNegatedPorts(_ ruleSet: RuleSet) -> Bool {
    guard ruleSet.loader == .translated, isOldIptables else { return false }
    return ["sport", "dport"].contains { option in
      [":65535", "0:65535", "0:"].contains { ruleSet.text.contains("! --\(option) \($0) ") }
    }
  }

  /// Before nft 1.1 and iptables 1.8.11 two negated comparisons of neighbouring header fields become one of both:
  /// `tcp sport != 1 tcp dport != 2` then lets packets through that differ in one port only.
  ///
  /// **Source:** netfilter-devel, 8 March 2024, "Wrong payload merge of rule filter".
  private static func mergesNegations(_ ruleSet: RuleSet) -> Bool {
    guard ruleSet.loader != .legacy, isOld(ruleSet.loader) else { return false }
    let mark: (String) -> [String] =
      ruleSet.loader == .nft
      ? { field in ["\(field) != "] }
      : { field in ["! --\(field) "] }
    return ruleSet.text.split(separator: "\n").contains { line in
      neighbours.contains { group in
        group.filter { field in mark(field).contains { line.contains($0) } }.count > 1
      }
    }
  }

  private static let neighbours = [
    ["sport", "dport"], ["icmp type", "icmp code"], ["icmpv6 type", "icmpv6 code"], ["ip ttl", "ip protocol"],
    ["hoplimit", "nexthdr", "ip6 length"], ["ttl-eq", "p"],
  ]

  private static let isOldNft = isBelow(["nft", "--version"], [1, 1])
  private static let isOldIptables = isBelow(["iptables-nft-restore", "--version"], [1, 8, 11])

  private static func isOld(_ loader: RuleSet.Loader) -> Bool { loader == .nft ? isOldNft : isOldIptables }

  private static func isBelow(_ command: [String], _ wanted: [Int]) -> Bool {
    guard let text = try? Subprocess.run(command).output, let start = text.firstIndex(of: "v") else { return false }
    let version = text[text.index(after: start)...].prefix { $0.isNumber || $0 == "." }
    return version.split(separator: ".").compactMap { Int($0) }.lexicographicallyPrecedes(wanted)
  }
}
