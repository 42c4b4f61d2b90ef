import ConformanceSupport
import SourceText

/// A mistake made in a file on purpose.
struct Breakage {
  var path: String
  var name: String
  var file: SourceFile

  /// A random mistake in one of the rules of some files; nil when it comes out as no change.
  static func random(_ files: [String: SourceFile], _ random: inout SeededGenerator) -> Breakage? {
    let paths = files.keys.filter { $0.hasSuffix(".nft") || $0.hasSuffix(".v4") || $0.hasSuffix(".v6") }.sorted()
    guard !paths.isEmpty, let file = files[random.pick(paths)] else { return nil }
    var lines = String(decoding: file.bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
    let isNft = file.path.hasSuffix(".nft")
    let rules = lines.indices.filter { isRule(lines[$0], isNft) }
    guard rules.count > 2 else { return nil }
    let place = rules[random.number(0...rules.count - 1)]
    let name = random.pick(["remove", "widen", "reorder", "duplicate", "open", "narrow", "drop", "double"])
    switch name {
    case "remove": lines.remove(at: place)
    case "widen": lines[place] = widened(lines[place], isNft, &random)
    case "narrow": lines[place] = lines[place].replacing("/16", with: "/17").replacing("/24", with: "/26")
    case "reorder":
      let other = rules[random.number(0...rules.count - 1)]
      lines.swapAt(place, other)
    case "duplicate": lines.insert(lines[place], at: rules[random.number(0...rules.count - 1)])
    case "double":
      lines.insert(lines[place], at: place)
      lines.insert(opening(lines[place], isNft, &random), at: place)
    case "open": lines.insert(opening(lines[place], isNft, &random), at: place)
    default: lines.insert(dropping(lines[place], isNft, &random), at: place)
    }
    let text = lines.joined(separator: "\n")
    guard !text.utf8.elementsEqual(file.bytes) else { return nil }
    return Breakage(path: file.path, name: name, file: SourceFile(path: file.path, text: text))
  }

  private static func isRule(_ line: String, _ isNft: Bool) -> Bool {
    isNft ? line.hasPrefix("\t\t") && (line.hasSuffix(" accept") || line.contains(" jump ")) : line.hasPrefix("-A ")
  }

  /// A match taken out or made larger.
  private static func widened(_ line: String, _ isNft: Bool, _ random: inout SeededGenerator) -> String {
    var words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    if random.chance(40) {
      return line.replacing("/24", with: "/12").replacing("/32", with: "/9").replacing("/16", with: "/8")
    }
    let keys = isNft ? ["saddr", "daddr"] : ["-s", "-d"]
    guard let key = words.firstIndex(where: keys.contains), key + 1 < words.count, words[key + 1] != "{" else {
      return line.replacing("{ 22, 443 }", with: "20-500").replacing("22,443", with: "20:500")
        .replacing("dport 443", with: isNft ? "dport 400-500" : "dport 400:500")
    }
    words.removeSubrange((isNft ? key - 1 : key)...(key + 1))
    let rest = words.joined(separator: " ")
    return isNft ? "\t\t" + rest.drop { $0 == "\t" || $0 == " " } : rest
  }

  private static func chain(_ line: String) -> String {
    String(line.split(separator: " ").dropFirst().first ?? "INPUT")
  }

  private static func opening(_ line: String, _ isNft: Bool, _ random: inout SeededGenerator) -> String {
    let port = random.pick([21, 22, 23, 80, 110, 161, 443, 3306, 9443])
    let word = random.pick(["tcp", "udp"])
    return isNft
      ? "\t\t\(word) dport \(port) accept" : "-A \(chain(line)) -p \(word) -m \(word) --dport \(port) -j ACCEPT"
  }

  private static func dropping(_ line: String, _ isNft: Bool, _ random: inout SeededGenerator) -> String {
    let port = random.pick([22, 25, 53, 443])
    let word = port == 53 ? "udp" : "tcp"
    return isNft ? "\t\t\(word) dport \(port) drop" : "-A \(chain(line)) -p \(word) -m \(word) --dport \(port) -j DROP"
  }
}

extension String {
  func replacing(_ word: String, with other: String) -> String {
    var result = ""
    var rest = self[...]
    while let range = rest.firstRange(of: word) {
      result += rest[..<range.lowerBound] + other
      rest = rest[range.upperBound...]
    }
    return result + rest
  }
}
