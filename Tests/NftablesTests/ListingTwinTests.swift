import FoundationEssentials
import RuleGraph
import SourceText
import Testing

/// Any JSON value.
indirect enum JSON: Decodable {
  case object([String: JSON])
  case array([JSON])
  case string(String)
  case number(Double)
  case bool(Bool)
  case null

  init(from decoder: any Decoder) throws {
    if let keyed = try? decoder.container(keyedBy: Key.self) {
      var object: [String: JSON] = [:]
      for key in keyed.allKeys { object[key.stringValue] = try keyed.decode(JSON.self, forKey: key) }
      self = .object(object)
    } else if var list = try? decoder.unkeyedContainer() {
      var array: [JSON] = []
      while !list.isAtEnd { array.append(try list.decode(JSON.self)) }
      self = .array(array)
    } else {
      let single = try decoder.singleValueContainer()
      if single.decodeNil() {
        self = .null
      } else if let bool = try? single.decode(Bool.self) {
        self = .bool(bool)
      } else if let number = try? single.decode(Double.self) {
        self = .number(number)
      } else {
        self = .string(try single.decode(String.self))
      }
    }
  }

  struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  subscript(key: String) -> JSON? {
    guard case .object(let object) = self else { return nil }
    return object[key]
  }

  var list: [JSON] { if case .array(let list) = self { list } else { [] } }
  var text: String? { if case .string(let text) = self { text } else { nil } }
  var int: Int? { if case .number(let number) = self { Int(number) } else { nil } }
}

/// What a listing says, in one line an object.
struct ListingSummary {
  var lines: [String] = []

  /// Of nft's own JSON.
  init(_ json: JSON) {
    for object in json["nftables"]?.list ?? [] {
      if let table = object["table"] {
        lines.append("table \(table["family"]?.text ?? "") \(table["name"]?.text ?? "")")
      } else if let chain = object["chain"] {
        var line = "chain \(Self.place(chain)) \(chain["name"]?.text ?? "")"
        if let hook = chain["hook"]?.text {
          let policy = chain["policy"]?.text ?? "accept"
          line += " \(chain["type"]?.text ?? "") \(hook) \(chain["prio"]?.int ?? 0) \(policy)"
        }
        lines.append(line)
      } else if let rule = object["rule"] {
        lines.append("rule \(Self.place(rule)) \(rule["chain"]?.text ?? "") \(Self.verdict(rule["expr"]?.list ?? []))")
      } else if let set = object["set"] ?? object["map"] {
        lines.append("set \(Self.place(set)) \(set["name"]?.text ?? "")")
      }
    }
    lines.sort()
  }

  private static func place(_ object: JSON) -> String {
    "\(object["family"]?.text ?? "") \(object["table"]?.text ?? "")"
  }

  private static func verdict(_ expressions: [JSON]) -> String {
    for expression in expressions {
      guard case .object(let object) = expression, let key = object.keys.first else { continue }
      switch key {
      case "accept", "drop", "return", "reject", "queue", "vmap": return key
      case "jump", "goto":
        return object[key]?["target"]?.text.map { "\(key) \($0)" } ?? key
      case "snat", "dnat", "masquerade", "redirect": return "translate"
      default: continue
      }
    }
    return "none"
  }

  /// Of a graph.
  init(_ graph: RuleGraph, sets: [String]) {
    for table in graph.tables { lines.append("table \(table.family.keyword) \(graph.names[table.name])") }
    for chain in graph.chains {
      let table = graph.tables[Int(chain.table)]
      let place = "\(table.family.keyword) \(graph.names[table.name])"
      let name = graph.names[chain.name]
      var line = "chain \(place) \(name)"
      if let base = chain.base {
        line += " \(base.type) \(base.hook.keyword) \(base.priority) \(base.policy)"
      }
      lines.append(line)
      for index in chain.rules {
        let rule = graph.rules[Int(index)]
        if rule.isWritten { lines.append("rule \(place) \(name) \(Self.verdict(rule, graph))") }
      }
    }
    lines += sets
    lines.sort()
  }

  private static func verdict(_ rule: Rule, _ graph: RuleGraph) -> String {
    switch rule.verdict.kind {
    case .returning: return "return"
    case .jump, .goto: return "\(rule.verdict.kind) \(graph.names[graph.chains[Int(rule.verdict.target)].name])"
    case .lookup:
      let lookup = graph.lookups[Int(rule.verdict.target)]
      return lookup.verdicts.first?.kind == .translate ? "translate" : "vmap"
    default: return "\(rule.verdict.kind)"
    }
  }
}

@Suite struct ListingTwinTests {
  @Test("nft's JSON of the same rule set says what the graph says")
  func twins() throws {
    guard let files = Corpora.files("nftables-shell/tests", [".json-nft"]) else { return }
    var compared = 0
    var differences: [String] = []
    for file in files {
      let text = String(file.dropLast(".json-nft".count)) + ".nft"
      guard FileManager.default.fileExists(atPath: text) else { continue }
      let data = Data(Corpora.bytes(file))
      guard let json = try? JSONDecoder().decode(JSON.self, from: data) else { continue }
      let (graph, _) = Corpora.parse(text)
      let ours = ListingSummary(graph, sets: [])
      let theirs = ListingSummary(json)
      let sets = theirs.lines.filter { $0.hasPrefix("set ") }
      compared += 1
      if sets.count != graph.namedSetCount {
        differences.append("\(file): \(sets.count) sets, not \(graph.namedSetCount)")
      }
      let elements = (json["nftables"]?.list ?? []).reduce(0) { sum, object in
        sum + ((object["set"] ?? object["map"])?["elem"]?.list.count ?? 0)
      }
      if elements != graph.namedElementCount {
        differences.append("\(file): \(elements) elements, not \(graph.namedElementCount)")
      }
      var onlyTheirs: [String] = []
      var open: [String] = []
      for change in theirs.lines.filter({ !$0.hasPrefix("set ") }).difference(from: ours.lines) {
        switch change {
        case .insert(_, let line, _): onlyTheirs.append(line)
        case .remove(_, let line, _) where line.hasSuffix(" unknown"): open.append(String(line.dropLast(8)))
        case .remove(_, let line, _): differences.append("\(file): only the graph: \(line)")
        }
      }
      // A rule whose verdict the graph leaves open stands for any.
      for rule in open {
        if let match = onlyTheirs.firstIndex(where: { $0.hasPrefix(rule) }) { onlyTheirs.remove(at: match) }
      }
      differences += onlyTheirs.map { "\(file): only nft: \($0)" }
    }
    print("listings with JSON twins: \(compared), differences: \(differences.count)")
    #expect(differences.isEmpty, "\(differences.prefix(60).joined(separator: "\n"))")
  }
}
