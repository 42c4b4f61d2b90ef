import PacketSets
import RuleGraph

/// How often each construct occurred in rules that are claimed to be understood exactly.
///
/// A construct is a kind of step with its field, a verdict, a translation, a key of lookups or a place of chains, as the
/// rule graph names them: whatever the frontends claim comes down to these.
public struct Coverage: Sendable, CustomStringConvertible {
  /// Occurrences by construct.
  public private(set) var counts: [String: Int] = [:]

  /// Nothing counted yet.
  public init() {}

  /// Adds what some graphs hold.
  public mutating func add(_ graphs: [RuleGraph]) {
    for graph in graphs {
      for chain in graph.chains {
        guard let base = chain.base else { continue }
        count("chain \(base.type) \(base.hook), table \(graph.tables[Int(chain.table)].family)")
      }
      for rule in graph.rules where rule.understanding == .exact {
        for item in graph.items(of: rule) { add(item, graph) }
        add(rule.verdict, graph)
      }
    }
  }

  /// Adds what another count holds.
  public mutating func merge(_ other: Coverage) { counts.merge(other.counts, uniquingKeysWith: +) }

  private mutating func add(_ item: RuleItem, _ graph: RuleGraph) {
    switch item.kind {
    case .lookup: addKeys(graph.lookups[Int(item.a)], "in tuple of")
    case .never: count("never")
    // What is not known and decides nothing.
    case .undecidable, .reference, .setUnknown: break
    default: count("\(item.kind) \(item.field)\(item.isNegated ? " negated" : "")")
    }
  }

  private mutating func add(_ verdict: Verdict, _ graph: RuleGraph) {
    switch verdict.kind {
    case .lookup:
      let lookup = graph.lookups[Int(verdict.target)]
      addKeys(lookup, "map from")
      for kind in Set(lookup.verdicts.map(\.kind)) { count("map to \(kind)") }
    case .translate:
      let translation = graph.translations[Int(verdict.target)]
      let range = translation.addresses.map { $0.lower != $0.upper } ?? false
      let ports = translation.ports.map { $0.lower == $0.upper ? " and port" : " and ports" } ?? ""
      let isBlock = translation.kind == .destinationPrefix || translation.kind == .sourcePrefix
      count("translate \(translation.kind)\(range && !isBlock ? " of a range" : "")\(ports)")
    default: count("verdict \(verdict.kind)")
    }
  }

  private mutating func addKeys(_ lookup: Lookup, _ word: String) {
    for field in Set(lookup.fields) { count("\(word) \(field)") }
    count("\(word) \(lookup.fields.count) fields")
  }

  private mutating func count(_ construct: String) { counts[construct, default: 0] += 1 }

  /// Constructs that are claimed to be exact, do not occur, and for which there is no reason in `exceptions`.
  public var missing: [String] {
    Self.claimed.filter { counts[$0] == nil && Self.exceptions[$0] == nil }.sorted()
  }

  public var description: String {
    let reached = Self.claimed.filter { counts[$0] != nil }.count
    let exceptions = Self.exceptions.filter { counts[$0.key] == nil }.sorted { $0.key < $1.key }
    return """
      constructs claimed to be exact: \(Self.claimed.count), met \(reached), others met \(counts.count - reached)
      not met: \(missing.isEmpty ? "none" : missing.joined(separator: ", "))
      left out with a reason:\(exceptions.map { "\n  \($0.key): \($0.value)" }.joined())
      """
  }
}

extension Coverage {
  /// What is claimed to be exact of all rule sets and single rules below a folder of corpora; no kernel is asked.
  public init(corpora folder: String, _ interpreter: Interpreter = .fwlint) {
    self.init()
    for entry in Corpus(folder: folder)?.entries ?? [] { add(interpreter.read(entry.ruleSet).graphs) }
    guard let listing = try? Subprocess.run(["find", folder, "-name", "*.t"], timeout: 60) else { return }
    for path in listing.output.split(separator: "\n") {
      guard let text = Corpus.read(String(path)) else { continue }
      for line in text.split(separator: "\n") {
        let words = line.split(separator: ";")
        guard words.count > 1, let rule = words.first, !"#:*!%?".contains(line.first ?? "#") else { continue }
        if path.contains("nftables-py") {
          for family in ["ip", "ip6", "inet"] {
            let table = "table \(family) t {\nchain c {\n\(rule)\n}\n}\n"
            add(interpreter.read(RuleSet(.nft, .v4, table)).graphs)
          }
        } else {
          for (chain, family) in [("FORWARD", IPFamily.v4), ("FORWARD", .v6), ("PREROUTING", .v4), ("PREROUTING", .v6)]
          {
            let table = chain == "FORWARD" ? "filter" : "mangle"
            let text = "*\(table)\n:\(chain) ACCEPT [0:0]\n-A \(chain) \(rule)\nCOMMIT\n"
            add(interpreter.read(RuleSet(.legacy, family, text)).graphs)
          }
        }
      }
    }
  }
}
