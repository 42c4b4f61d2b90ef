import FoundationEssentials
import PacketSets
import RuleGraph
import SourceText
import Testing

@testable import IptablesSave

/// Folders of the package and of what lies beside it.
enum Folder {
  /// The package's root.
  static let package = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
  static let fixtures = "\(package)/Fixtures/iptables"
  /// Files from other projects, which are not part of the package.
  static let corpora = "\(package)/../shared/corpora"

  /// Whether a corpus is there; prints one line when it is not.
  static func hasCorpus(_ name: String) -> Bool {
    let isThere = FileManager.default.fileExists(atPath: "\(corpora)/\(name)")
    if !isThere { print("skipped: there is no corpus \(name)") }
    return isThere
  }

  /// Paths of all files below a folder, sorted.
  static func files(below folder: String) -> [String] {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    return names.sorted().map { "\(folder)/\($0)" }.filter { path in
      var isFolder = false
      return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder
    }
  }
}

/// The bytes of a file.
func read(_ path: String) throws -> SourceFile {
  SourceFile(path: path, bytes: [UInt8](try Data(contentsOf: URL(filePath: path))))
}

/// A rule set read from text, with what the parser said of it.
struct Parsed {
  let graph: RuleGraph
  let diagnostics: [Diagnostic]
  let source: SourceFile

  init(_ text: String, dialect: Dialect = .iptables, ipsets: String = "") {
    source = SourceFile(path: "rules", text: text)
    let sets = IpsetFrontend.parse(SourceFile(path: "sets", text: ipsets))
    (graph, diagnostics) = IptablesFrontend.parse(source, dialect: dialect, ipsets: sets.sets)
  }

  /// One rule of a table, in a chain that is declared and called when it is none of the table's own.
  init(
    rule: String, table: String = "filter", chain: String = "FORWARD", dialect: Dialect = .iptables,
    ipsets: String = ""
  ) {
    let own = ["INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING"].contains(chain)
    self.init(
      "*\(table)\n\(own ? "" : ":\(chain) - [0:0]\n")-A \(chain) \(rule)\nCOMMIT\n", dialect: dialect, ipsets: ipsets)
  }

  /// Diagnostics as `line:column-endColumn severity: message`.
  var messages: [String] {
    let lines = LineIndex(source)
    return diagnostics.map { diagnostic in
      let start = lines.position(at: diagnostic.range.start)
      let end = lines.position(at: diagnostic.range.end)
      return "\(start.line):\(start.column)-\(end.column) \(diagnostic.severity): \(diagnostic.message)"
    }
  }

  /// The rules of a chain in a short notation.
  func rules(of name: String) -> [String] {
    guard let chain = graph.chains.first(where: { graph.names[$0.name] == name }) else { return [] }
    return chain.rules.map { describe(graph.rules[Int($0)]) }
  }

  private func describe(_ rule: Rule) -> String {
    let items = graph.items(of: rule).map(describe)
    let mark = rule.understanding == .exact ? "" : rule.understanding == .approximated ? "~" : "?"
    return (items + [mark + describe(rule.verdict)]).joined(separator: " ")
  }

  private func describe(_ verdict: Verdict) -> String {
    switch verdict.kind {
    case .jump, .goto: return "\(verdict.kind):\(graph.names[graph.chains[Int(verdict.target)].name])"
    case .translate:
      let translation = graph.translations[Int(verdict.target)]
      let addresses = translation.addresses.map { interval in
        let family = translation.family ?? .v4
        let lower = IPAddress(family, interval.lower).description
        return interval.lower == interval.upper ? lower : "\(lower)-\(IPAddress(family, interval.upper))"
      }
      let ports = translation.ports.map { $0.lower == $0.upper ? "\($0.lower)" : "\($0.lower)-\($0.upper)" }
      return "\(translation.kind)(\(addresses ?? ""):\(ports ?? ""))"
    default: return "\(verdict.kind)"
    }
  }

  private func describe(_ item: RuleItem) -> String {
    let sign = item.isNegated ? "!" : ""
    func interval<Bound>(_ interval: Interval<Bound>) -> String {
      interval.lower == interval.upper ? "\(interval.lower)" : "\(interval.lower)-\(interval.upper)"
    }
    switch item.kind {
    case .range: return "\(sign)\(item.field)=\(interval(Interval(item.a, max(item.a, item.b))))"
    case .wideRange:
      let range = graph.wideRanges[Int(item.a)]
      return "\(sign)\(item.field)=\(IPAddress(.v6, range.lower))-\(IPAddress(.v6, range.upper))"
    case .set:
      let list: [String] =
        switch graph.sets[Int(item.a)] {
        case .narrow(let set): set.intervals.map { interval($0) }
        case .wide(let set): set.intervals.map { "\(IPAddress(.v6, $0.lower))-\(IPAddress(.v6, $0.upper))" }
        }
      return "\(sign)\(item.field)={\(list.joined(separator: ","))}"
    case .masked: return "\(sign)\(item.field)&\(item.a)=\(item.b)"
    case .wideMasked:
      let mask = graph.wideMasks[Int(item.a)]
      return "\(sign)\(item.field)&\(IPAddress(.v6, mask.mask))=\(IPAddress(.v6, mask.value))"
    case .anyBit: return "\(sign)\(item.field)&\(item.a)"
    case .bits: return "\(sign)\(item.field)@\(item.a)"
    case .interface: return "\(sign)\(item.field)=\(graph.names[item.a])\(item.b == 1 ? "*" : "")"
    case .lookup:
      let lookup = graph.lookups[Int(item.a)]
      return "\(sign)(\(lookup.fields.map { "\($0)" }.joined(separator: ",")))x\(lookup.count)"
    case .reference: return "\(sign)\(item.field)@\(graph.references[Int(item.a)].name)"
    case .undecidable: return "\(sign)'\(graph.reasons[item.a])'"
    case .never: return "\(sign)never"
    case .setField: return "\(item.field):=&~\(item.a)^\(item.b)"
    case .setUnknown: return "\(item.field):=?"
    case .copyMark: return "\(item.field):=copy"
    case .mergeMark: return "\(item.field):=&~\(item.a)^other&\(item.b)"
    case .shiftMark: return "\(item.field):=\(item.b == 1 ? ">>" : "<<")\(item.a)"
    case .notrack: return "notrack"
    }
  }
}
