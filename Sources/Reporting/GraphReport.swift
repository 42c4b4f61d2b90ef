import Compliance
import RuleGraph
import SourceText

/// `graph`: the chains of rule sets and who calls whom, as DOT, Mermaid or JSON.
///
/// What flows pass through stands out, green where they get through and red where they end; chains that nothing leads
/// to are grey.
public struct GraphReport {
  private let graphs: [RuleGraph]
  private let routes: [FlowRoute]

  /// Makes a report of rule sets that are loaded side by side.
  ///
  /// - Parameter routes: the ways that flows or packets take, which are highlighted.
  public init(_ graphs: [RuleGraph], routes: [FlowRoute] = []) {
    self.graphs = graphs
    self.routes = routes
  }

  /// What flows do at a chain or along a call.
  struct Use: Hashable {
    var passing: [String] = []
    var ending: [String] = []

    mutating func add(_ route: FlowRoute) {
      if route.passes {
        if !passing.contains(route.name) { passing.append(route.name) }
      } else if !ending.contains(route.name) {
        ending.append(route.name)
      }
    }

    var isEmpty: Bool { passing.isEmpty && ending.isEmpty }

    /// A few words for a label; empty without flows.
    var words: String {
      [(passing, "pass"), (ending, "end here")].filter { !$0.0.isEmpty }.map { names, verb in
        let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
        return "\(shown) \(verb)"
      }.joined(separator: "; ")
    }
  }

  /// A chain as a box.
  struct Node {
    var id: String
    var title: String
    /// Hook, priority and policy of a base chain; empty for others.
    var base: String
    var rules: Int
    /// Whether no base chain leads here.
    var isUnreachable: Bool
    /// The flows that go through the chain, and those that end in it.
    var use = Use()
  }

  /// One chain calls another.
  struct Edge: Hashable {
    var from: String
    var to: String
    var verdict: String
    var use = Use()
  }

  /// Graphviz's language.
  public func dot() -> String {
    var lines = ["digraph fwlint {", "  rankdir=LR;", "  node [shape=box, fontname=\"sans-serif\"];"]
    for node in nodes {
      let label = labels(of: node).map(Self.quoted)
      var look = node.isUnreachable ? ", color=gray, fontcolor=gray" : node.base.isEmpty ? "" : ", style=bold"
      if !node.use.passing.isEmpty { look += ", color=\"#1a7f37\", penwidth=2" }
      if !node.use.ending.isEmpty { look += ", color=\"#cf222e\", penwidth=2" }
      lines.append("  \(node.id) [label=\"\(label.joined(separator: "\\n"))\"\(look)];")
    }
    for edge in edges {
      let look =
        edge.use.passing.isEmpty
        ? edge.use.ending.isEmpty ? "" : ", color=\"#cf222e\"" : ", color=\"#1a7f37\", penwidth=2"
      lines.append("  \(edge.from) -> \(edge.to) [label=\"\(Self.quoted(edge.verdict))\"\(look)];")
    }
    return lines.joined(separator: "\n") + "\n}\n"
  }

  /// Mermaid's flowcharts, as forges show them in Markdown.
  public func mermaid() -> String {
    var lines = ["flowchart LR"]
    for node in nodes {
      lines.append("  \(node.id)[\"\(labels(of: node).map(Self.entities).joined(separator: "<br>"))\"]")
      if node.isUnreachable { lines.append("  style \(node.id) stroke:#999,color:#999") }
      let color = node.use.ending.isEmpty ? node.use.passing.isEmpty ? "" : "#1a7f37" : "#cf222e"
      if !color.isEmpty { lines.append("  style \(node.id) stroke:\(color),stroke-width:3px") }
    }
    for (index, edge) in edges.enumerated() {
      lines.append("  \(edge.from) -->|\"\(Self.entities(edge.verdict))\"| \(edge.to)")
      let color = edge.use.passing.isEmpty ? edge.use.ending.isEmpty ? "" : "#cf222e" : "#1a7f37"
      if !color.isEmpty { lines.append("  linkStyle \(index) stroke:\(color),stroke-width:3px") }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func labels(of node: Node) -> [String] {
    [node.title, node.base, node.rules == 1 ? "1 rule" : "\(node.rules) rules", node.use.words].filter { !$0.isEmpty }
  }

  /// Nodes and edges as data.
  public func json() -> String {
    JSONText.pretty(
      Document(
        chains: nodes.map {
          Document.ChainEntry(
            id: $0.id, name: $0.title, base: $0.base, rules: $0.rules, unreachable: $0.isUnreachable,
            passing: $0.use.passing, ending: $0.use.ending)
        },
        calls: edges.map {
          Document.Call(
            from: $0.from, to: $0.to, verdict: $0.verdict, passing: $0.use.passing, ending: $0.use.ending)
        }))
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
      /// Flows that go through, and flows that end here; empty without a site.
      var passing: [String]
      var ending: [String]
    }

    struct Call: Encodable {
      var from: String
      var to: String
      var verdict: String
      var passing: [String]
      var ending: [String]
    }
  }

  // MARK: Chains and calls

  private func id(_ graph: Int, _ chain: UInt32) -> String { "g\(graph)c\(chain)" }

  var nodes: [Node] {
    var uses: [String: Use] = [:]
    for route in routes {
      for (place, chain) in route.chains.enumerated() {
        // Where a flow ends is the last chain; the ones before only pass it on.
        if route.passes || place == route.chains.count - 1 {
          uses[id(chain.graph, chain.chain), default: Use()].add(route)
        }
      }
    }
    return graphs.enumerated().flatMap { index, graph -> [Node] in
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
          isUnreachable: !reachable.contains(UInt32(chainIndex)), use: uses[id(index, UInt32(chainIndex))] ?? Use())
      }
    }
  }

  var edges: [Edge] {
    var edges: [Edge] = []
    var seen: Set<Edge> = []
    var uses: [[String]: Use] = [:]
    for route in routes {
      for (from, to) in zip(route.chains, route.chains.dropFirst()) {
        uses[[id(from.graph, from.chain), id(to.graph, to.chain)], default: Use()].add(route)
      }
    }
    for (index, graph) in graphs.enumerated() {
      for (chainIndex, chain) in graph.chains.enumerated() {
        for rule in chain.rules {
          for verdict in graph.calls(of: graph.rules[Int(rule)]) {
            var edge = Edge(
              from: id(index, UInt32(chainIndex)), to: id(index, verdict.target), verdict: "\(verdict.kind)")
            edge.use = uses[[edge.from, edge.to]] ?? Use()
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
