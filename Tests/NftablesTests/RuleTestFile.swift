/// A file of nftables' own rule tests (`tests/py/*.t`).
///
/// `:chain;SPEC` declares a chain, `*family;table;chains` where the rules go, `!set SPEC;ok` a set, `?set ELEMENTS;ok`
/// elements, `%object type SPEC;ok` an object, `rule;ok` or `rule;fail` a rule, `-` a line that is switched off.
struct RuleTestFile {
  /// A line with its expected outcome.
  struct Line {
    var number: Int
    var text: String
    var isAccepted: Bool
  }

  /// Tables and the chains in which each rule is tried.
  var places: [(family: String, table: String, chains: [String])] = []
  /// Chain specifications by name.
  var chains: [String: String] = [:]
  var declarations: [Line] = []
  var elements: [Line] = []
  var rules: [Line] = []

  init(_ text: String) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      guard let mark = line.first, mark != "#", mark != "-" else { continue }
      let parts = Self.split(line)
      switch mark {
      case ":" where parts.count == 2: chains[String(parts[0].dropFirst())] = parts[1]
      case "*" where parts.count == 3:
        places.append((String(parts[0].dropFirst()), parts[1], parts[2].split(separator: ",").map(String.init)))
      default:
        guard parts.count >= 2, parts[1] == "ok" || parts[1] == "fail" else { continue }
        let entry = Line(number: index + 1, text: parts[0], isAccepted: parts[1] == "ok")
        switch mark {
        case "!", "%": declarations.append(entry)
        case "?": elements.append(entry)
        default: rules.append(entry)
        }
      }
    }
  }

  /// Parts between semicolons outside braces.
  private static func split(_ line: Substring) -> [String] {
    var parts = [""]
    var depth = 0
    for character in line {
      if character == "{" { depth += 1 }
      if character == "}" { depth -= 1 }
      if character == ";", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
    }
    return parts
  }

  /// The text of a rule set with the given rules in one chain, one rule a line, and the line of each rule.
  func ruleset(
    _ place: Int, chain: String, rules: [Line], elements: [Line], upTo last: Int = .max
  ) -> (text: String, lines: [Int: Line]) {
    let (family, table, _) = places[place]
    var text = "table \(family) \(table) {\n"
    for declaration in declarations where declaration.isAccepted && declaration.number < last {
      text += Self.declaration(declaration.text)
    }
    text += "chain \(chain) {\n\(chains[chain] ?? "type filter hook input priority 0");\n}\n"
    if chain != "c" { text += "chain c { }\n" }
    text += "}\n"
    var lines: [Int: Line] = [:]
    var count = text.reduce(1) { $1 == "\n" ? $0 + 1 : $0 }
    for element in elements {
      let set = element.text.dropFirst().prefix { $0 != " " }
      let values = element.text.dropFirst(set.count + 2)
      text += "add element \(family) \(table) \(set) { \(values) }\n"
      lines[count] = element
      count += 1
    }
    for rule in rules {
      text += "add rule \(family) \(table) \(chain) \(rule.text)\n"
      lines[count] = rule
      count += 1
    }
    return (text, lines)
  }

  private static func declaration(_ line: String) -> String {
    let words = line.dropFirst().split(separator: " ")
    guard words.count >= 3 else { return "" }
    let name = words[0]
    if line.hasPrefix("%") {
      let rest = words[2...].joined(separator: " ")
      switch words[2] {
      case "ct": return "ct \(words[3]) \(name) \(words[4...].joined(separator: " "))\n"
      case "counter": return "counter \(name) { }\n"
      default: return "\(words[2]) \(name) { \(rest.dropFirst(words[2].count)) }\n"
      }
    }
    var type: [Substring] = []
    var properties = ""
    var index = 2
    while index < words.count, words[index] != "flags", words[index] != "timeout" {
      type.append(words[index])
      index += 1
    }
    while index + 1 < words.count {
      properties += "\(words[index]) \(words[index + 1]); "
      index += 2
    }
    let kind = type.contains(":") ? "map" : "set"
    return "\(kind) \(name) { \(words[1]) \(type.joined(separator: " ")); \(properties)}\n"
  }
}
