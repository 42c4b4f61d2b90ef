import RuleGraph
import SourceText

/// `graph`: the chains of rule sets and who calls whom, as DOT, Mermaid or JSON.
public struct GraphReport {
  private let graphs: [RuleGraph]

  /// Makes a report of rule sets that are loaded side by side.
  public init(_ graphs: [RuleGraph]) { self.graphs = graphs }

  /// A chain as a box.
  struct Node {
    var id: String
    var title: String
    /// Hook, priority and policy of a base chain; empty for others.
    var base: String
    var rules: Int
    /// Whether no base chain leads here.
    var isUnreachable: Bool
  }

  /// One chain calls another.
  struct Edge: Hashable {
    var from: String
    var to: String
    var verdict: String
  }

  /// Graphviz's language.
  public func dot() -> String {
    var lines = ["digraph fwlint {", "  rankdir=LR;", "  node [shape=box, fontname=\"sans-serif\"];"]
    for node in nodes {
      let label = [node.title, node.base, "\(node.rules) rules"].filter { !$0.isEmpty }.map(Self.quoted)
      let look = node.isUnreachable ? ", color=gray, fontcolor=gray" : node.base.isEmpty ? "" : ", style=bold"
      lines.append("  \(node.id) [label=\"\(label.joined(separator: "\\n"))\"\(look)];")
    }
    for edge in edges { lines.append("  \(edge.from) -> \(edge.to) [label=\"\(Self.quoted(edge.verdict))\"];") }
    return lines.joined(separator: "\n") + "\n}\n"
  }

  /// Mermaid's flowcharts, as forges show them in Markdown.
  public func mermaid() -> String {
    var lines = ["flowchart LR"]
    for node in nodes {
      let label = [node.title, node.base, "\(node.rules) rules"].filter { !$0.isEmpty }.map(Self.entities)
      lines.append("  \(node.id)[\"\(label.joined(separator: "<br>"))\"]")
      if node.isUnreachable { lines.append("  style \(node.id) stroke:#999,color:#999") }
    }
    for edge in edges { lines.append("  \(edge.from) -->|\"\(Self.entities(edge.verdict))\"| \(edge.to)") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Nodes and edges as data.
  public func json() -> String {
    JSONText.pretty(
      Document(
        chains: nodes.map {
          Document.ChainEntry(id: $0.id, name: $0.title, base: $0.base, rules: $0.rules, unreachable: $0.isUnreachable)
        },
        calls: edges.map { Document.Call(from: $0.from, to: $0.to, verdict: $0.verdict) }))
  }

  private struct Document: Encodable {
    var version = 1
    var chains: [ChainEntry]
    var calls: [Call]

    struct ChainEntry: Encodable {
      var id: String
      var name: String
      var base: String
      var rules: Int
      var unreachable: Bool
    }

    struct Call: Encodable {
      var from: String
      var to: String
      var verdict: String
    }
  }

  // MARK: Chains and calls

  private func id(_ graph: Int, _ chain: UInt32) -> String { "g\(graph)c\(chain)" }

  var nodes: [Node] {
    graphs.enumerated().flatMap { index, graph -> [Node] in
      let reachable = graph.reachableChains
      return graph.chains.enumerated().map { chainIndex, chain in
        let table = graph.tables[Int(chain.table)]
        let base = chain.base.map {
          "\($0.type) at \($0.hook.keyword), priority \($0.priority), policy \($0.policy == .drop ? "drop" : "accept")"
        }
        return Node(
          id: id(index, UInt32(chainIndex)),
          title: "\(table.family.keyword) \(graph.names[table.name]) \(graph.names[chain.name])", base: base ?? "",
          rules: chain.rules.count { graph.rules[Int($0)].isWritten },
          isUnreachable: !reachable.contains(UInt32(chainIndex)))
      }
    }
  }

  var edges: [Edge] {
    var edges: [Edge] = []
    var seen: Set<Edge> = []
    for (index, graph) in graphs.enumerated() {
      for (chainIndex, chain) in graph.chains.enumerated() {
        for rule in chain.rules {
          for verdict in graph.calls(of: graph.rules[Int(rule)]) {
            let edge = Edge(
              from: id(index, UInt32(chainIndex)), to: id(index, verdict.target), verdict: "\(verdict.kind)")
            if seen.insert(edge).inserted { edges.append(edge) }
          }
        }
      }
    }
    return edges
  }

  private static func quoted(_ text: String) -> String {
    Harmless.line(text).map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
  }

  /// Text with every character that HTML or Mermaid could read as markup as a numeric entity.
  private static func entities(_ text: String) -> String {
    Harmless.line(text).unicodeScalars.map { scalar -> String in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", " ", "_", "-", ".", ",", "/": String(scalar)
      default: "#\(scalar.value);"
      }
    }.joined()
  }
}
