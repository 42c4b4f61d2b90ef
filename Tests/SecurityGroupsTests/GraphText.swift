import PacketSets
import RuleGraph
import SourceText

/// Writes graphs as compact text, one line a rule, for expectations.
///
/// `GROUP ingress 12: accept tcp 25 from 0.0.0.0/0` is a rule on line 12; base chains are called `ingress` and
/// `egress`; rules of no line are implied by the provider.
struct GraphText {
  let graph: RuleGraph
  let lines: LineIndex

  init(_ graph: RuleGraph) {
    self.graph = graph
    lines = LineIndex(graph.sources[0])
  }

  /// All rules that are written in the file.
  var written: [String] { rules { $0.isWritten } }

  /// All rules, implied ones too.
  var all: [String] { rules { _ in true } }

  private func rules(where isWanted: (Rule) -> Bool) -> [String] {
    graph.chains.flatMap { chain in
      chain.rules.map { graph.rules[Int($0)] }.filter(isWanted).map { rule in
        let place = rule.isWritten ? " \(lines.line(at: rule.range.start))" : ""
        return "\(graph.names[chain.name])\(place): \(text(rule))"
      }
    }
  }

  /// A rule's verdict, matches and how well it was understood.
  func text(_ rule: Rule) -> String {
    var words: [String] = []
    switch rule.verdict.kind {
    case .jump, .goto: words.append("-> \(graph.names[graph.chains[Int(rule.verdict.target)].name])")
    default: words.append("\(rule.verdict.kind)")
    }
    words += graph.items(of: rule).map(text)
    if rule.understanding == .unparsed { words.append("[unparsed]") }
    return words.joined(separator: " ")
  }

  private func text(_ item: RuleItem) -> String {
    switch item.kind {
    case .never: return item.isNegated ? "always" : "never"
    case .undecidable: return "perhaps(\(graph.reasons[item.a]))"
    case .bits:
      return "state \(ConntrackState.allCases.filter { item.a & $0.bit != 0 }.map(\.keyword).joined(separator: ","))"
    case .reference:
      let reference = graph.references[Int(item.a)]
      return "\(name(item.field)) \(reference.kind) \(reference.name)\(item.field.isWide ? " (IPv6)" : "")"
    case .range:
      if item.field == .family { return "ipv\(item.a)" }
      if item.field == .protocolNumber { return IPProtocol.name(UInt8(item.a)) }
      if item.field == .ipv4Source || item.field == .ipv4Destination {
        return "\(name(item.field)) \(prefixes([Interval(UInt128(item.a), UInt128(item.b))], .v4))"
      }
      return "\(name(item.field))\(item.a == item.b ? "\(item.a)" : "\(item.a)-\(item.b)")"
    case .wideRange: return "\(name(item.field)) \(prefixes([graph.wideRanges[Int(item.a)]], .v6))"
    case .set:
      switch graph.sets[Int(item.a)] {
      case .wide(let set): return "\(name(item.field)) \(prefixes(set.intervals, .v6))"
      case .narrow(let set):
        if item.field == .ipv4Source || item.field == .ipv4Destination {
          let wide = set.intervals.map { Interval(UInt128($0.lower), UInt128($0.upper)) }
          return "\(name(item.field)) \(prefixes(wide, .v4))"
        }
        let texts = set.intervals.map { $0.lower == $0.upper ? "\($0.lower)" : "\($0.lower)-\($0.upper)" }
        return name(item.field) + texts.joined(separator: ",")
      }
    default: return "\(item.kind)"
    }
  }

  private func prefixes(_ intervals: [Interval<UInt128>], _ family: IPFamily) -> String {
    intervals.flatMap { IPPrefix.covering($0, family: family) }.map(\.description).joined(separator: ",")
  }

  private func name(_ field: Field) -> String {
    switch field {
    case .ipv4Source, .ipv6Source: "from"
    case .ipv4Destination, .ipv6Destination: "to"
    case .destinationPort: ""
    case .sourcePort: "sport "
    case .icmpType: "type "
    case .icmpCode: "code "
    default: "\(field) "
    }
  }
}
