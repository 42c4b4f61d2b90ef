import Glibc
import PacketSets

/// Real rule sets that lie beside the repository, made ready to be loaded.
///
/// Names of interfaces become those of the world, so that packets meet the rules of more than one of them.
public struct Corpus: Sendable {
  /// One rule set, and where it came from.
  public struct Entry: Sendable {
    /// The corpus: its folder.
    public var corpus: String
    /// The path below all corpora.
    public var path: String
    public var ruleSet: RuleSet
  }

  /// Folders with rule sets of the kernel's tools.
  public static let names = [
    "batfish-iptables", "fffuu-tests", "iptables-ext", "moby-bridge", "net-network", "nftables-shell", "openwrt-fw4",
    "router-repos",
    "verified-nftables", "vim-syntax-nftables",
  ]

  public private(set) var entries: [Entry] = []

  /// Collects from a folder of corpora; nil when it is not there.
  ///
  /// - Parameter largest: files of more bytes are left out.
  public init?(folder: String, largest: Int = 200_000) {
    guard access(folder, R_OK) == 0 else { return nil }
    for name in Self.names {
      guard let listing = try? Subprocess.run(["find", "\(folder)/\(name)", "-type", "f"], timeout: 60) else {
        continue
      }
      for path in listing.output.split(separator: "\n").sorted() {
        guard let text = Self.read(String(path)), text.utf8.count <= largest else { continue }
        let short = String(path.dropFirst(folder.count + 1))
        entries += Self.ruleSets(path: short, text: text).map { Entry(corpus: name, path: short, ruleSet: $0) }
      }
    }
  }

  static func read(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = Glibc.read(file, &buffer, buffer.count)
      guard count > 0, bytes.count < 4 << 20 else { break }
      bytes += buffer[0..<count]
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func ruleSets(path: String, text: String) -> [RuleSet] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if path.hasPrefix("openwrt-fw4/") {
      guard let start = lines.firstIndex(of: "-- Expect stdout --"),
        let end = lines[start...].firstIndex(of: "-- End --")
      else { return [] }
      let rules = lines[(start + 1)..<end].joined(separator: "\n") + "\n"
      return IPFamily.allCases.map { RuleSet(.nft, $0, renamed(rules)) }
    }
    if lines.contains(where: { ["*filter", "*nat", "*mangle", "*raw", "*security"].contains($0.trimmed) }) {
      let isV6 = path.contains("ip6") || path.hasSuffix("v6") || text.contains("icmp6") || text.contains("::/")
      let family: IPFamily = isV6 ? .v6 : .v4
      return [.legacy, .translated].map { RuleSet($0, family, renamed(text)) }
    }
    let families = ["ip", "ip6", "inet", "netdev"]
    let isNft = lines.contains { line in
      let words = line.split(separator: " ")
      let position = words.first == "add" ? 1 : 0
      guard words.count > position + 1, words[position] == "table" else { return false }
      return families.contains(String(words[position + 1])) || line.contains("{")
    }
    return isNft ? IPFamily.allCases.map { RuleSet(.nft, $0, renamed(text)) } : []
  }

  /// The text with the names of its interfaces replaced by those of the world, in the order in which they come up.
  private static func renamed(_ text: String) -> String {
    let keywords: Set<Substring> = [
      "iif", "oif", "iifname", "oifname", "-i", "-o", "--in-interface", "--out-interface",
    ]
    var names: [String: String] = [:]
    let hasNameSets = text.contains("type ifname")
    // Before nft 1.0.8 this name stood for a priority of prerouting only.
    let text = text.replacing("hook output priority dstnat", with: "hook output priority -100")
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      var words = line.split(separator: " ", omittingEmptySubsequences: false)
      if hasNameSets, line.contains("elements") {
        for index in words.indices where words[index].hasPrefix("\"") {
          let isLast = words[index].last != ","
          guard let new = renamed(isLast ? words[index] : words[index].dropLast(), &names) else { continue }
          words[index] = isLast ? new : new + ","
        }
      }
      for index in words.indices where keywords.contains(words[index]) {
        var target = index + 1
        while target < words.count, ["!=", "==", ""].contains(words[target]) { target += 1 }
        guard target < words.count else { continue }
        // One name, or several in braces.
        var end = target
        if words[target] == "{" {
          target += 1
          end = words[target...].firstIndex(of: "}") ?? words.count
        } else {
          end = target + 1
        }
        for position in target..<max(target, end) {
          let isLast = words[position].last != ","
          let word = isLast ? words[position] : words[position].dropLast()
          guard end > target + 1 || isLast, let new = renamed(word, &names) else { continue }
          words[position] = isLast ? new : new + ","
        }
      }
      return words.joined(separator: " ")
    }
    return lines.joined(separator: "\n")
  }
}

extension Corpus {
  /// A name of the world in place of an interface's; nil for what is none.
  private static func renamed(_ word: Substring, _ names: inout [String: String]) -> Substring? {
    let name = word.filter { $0 != "\"" }
    let isName = name.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) } && name != "vmap"
    guard isName, !name.isEmpty, name != "lo" else { return nil }
    let new = names[name] ?? FirewallWorld.interfaces[names.count % FirewallWorld.interfaces.count]
    names[name] = new
    return word.hasPrefix("\"") ? "\"\(new)\"" : Substring(new)
  }
}

extension Substring {
  /// Without white space at its ends.
  fileprivate var trimmed: Substring {
    var text = drop { $0.isWhitespace }
    while text.last?.isWhitespace ?? false { text.removeLast() }
    return text
  }
}
