import RuleGraph

/// The chains of a firewall and who calls whom, as a drawing: base chains left, what they call to their right.
struct ChainChart {
  /// A chain as a box.
  struct Box {
    var title: String
    var lines: [String]
    var isBase: Bool
    /// Whether no base chain leads here.
    var isUnreachable: Bool
    var column = 0
    var x = 0
    var y = 0
    var width: Int
    var height: Int
  }

  /// One chain calls another, both by index.
  struct Call: Hashable {
    var from: Int
    var to: Int
    var isGoto: Bool
  }

  private(set) var boxes: [Box] = []
  private(set) var calls: [Call] = []
  /// Chains that were left out, as the drawing would be too large to read.
  private(set) var leftOut = 0
  private(set) var width = 0
  private(set) var height = 0

  /// Boxes of one drawing.
  static let limit = 150
  private static let characterWidth = 7
  private static let lineHeight = 16
  private static let gap = 56
  /// Characters of a line that are shown.
  private static let lineLimit = 44

  /// Draws rule sets that are loaded side by side.
  init(_ graphs: [RuleGraph]) {
    for graph in graphs { add(graph) }
    place()
  }

  private mutating func add(_ graph: RuleGraph) {
    let reachable = graph.reachableChains
    var indices: [UInt32: Int] = [:]
    let order = graph.chains.indices.sorted { left, right in
      (graph.chains[left].base == nil ? 1 : 0, left) < (graph.chains[right].base == nil ? 1 : 0, right)
    }
    for chainIndex in order {
      let chain = graph.chains[chainIndex]
      // Chains that every table has and nobody filled say nothing.
      if chain.rules.isEmpty, chain.base.map({ $0.policy == .accept }) ?? false { continue }
      guard boxes.count < Self.limit else {
        leftOut += 1
        continue
      }
      let table = graph.tables[Int(chain.table)]
      let count = chain.rules.count { graph.rules[Int($0)].isWritten }
      var lines = ["\(table.family.keyword) \(graph.names[table.name])"]
      if let base = chain.base {
        lines.append("\(base.hook.keyword), priority \(base.priority)")
        lines.append("policy \(base.policy == .drop ? "drop" : "accept")")
      }
      lines.append("\(count) rule\(count == 1 ? "" : "s")")
      lines = lines.map { Self.shortened($0) }
      let title = Self.shortened(graph.names[chain.name])
      let longest = max(title.count + 2, lines.map(\.count).max() ?? 0)
      indices[UInt32(chainIndex)] = boxes.count
      boxes.append(
        Box(
          title: title, lines: lines, isBase: chain.base != nil,
          isUnreachable: !reachable.contains(UInt32(chainIndex)), width: longest * Self.characterWidth + 24,
          height: (lines.count + 1) * Self.lineHeight + 14))
    }
    var seen: Set<Call> = []
    for (chainIndex, from) in indices.sorted(by: { $0.value < $1.value }) {
      for rule in graph.chains[Int(chainIndex)].rules {
        for verdict in graph.calls(of: graph.rules[Int(rule)]) {
          guard let to = indices[verdict.target] else { continue }
          let call = Call(from: from, to: to, isGoto: verdict.kind == .goto)
          if seen.insert(call).inserted { calls.append(call) }
        }
      }
    }
  }

  private static func shortened(_ text: String) -> String {
    text.count > lineLimit ? text.prefix(lineLimit) + "…" : text
  }

  /// Columns by the longest way from a base chain, rows by the callers' rows.
  private mutating func place() {
    // Longest ways end in a cycle; the kernel allows none, but a file may hold one.
    for _ in 0..<16 {
      var changed = false
      for call in calls where boxes[call.to].column < boxes[call.from].column + 1 && !boxes[call.to].isBase {
        boxes[call.to].column = min(boxes[call.from].column + 1, 16)
        changed = true
      }
      if !changed { break }
    }
    var x = 8
    for column in 0...(boxes.map(\.column).max() ?? 0) {
      let members = boxes.indices.filter { boxes[$0].column == column }
      let ranked = members.sorted { (centre(of: $0), $0) < (centre(of: $1), $1) }
      let columnWidth = members.map { boxes[$0].width }.max() ?? 0
      // Beside their callers, as far as there is room.
      let extent = members.reduce(0) { $0 + boxes[$1].height + 14 }
      let middle = members.isEmpty ? 0 : members.reduce(0) { $0 + centre(of: $1) } / members.count
      var y = max(8, min(middle - extent / 2, height - extent))
      for index in ranked {
        boxes[index].x = x
        boxes[index].y = y
        boxes[index].width = columnWidth
        y += boxes[index].height + 14
      }
      height = max(height, y)
      x += columnWidth + Self.gap
    }
    width = x - Self.gap + 8
  }

  /// Where the callers of a box stand on average.
  private func centre(of index: Int) -> Int {
    let callers = calls.filter { $0.to == index && boxes[$0.from].column < boxes[index].column }.map { call in
      boxes[call.from].y + boxes[call.from].height / 2
    }
    return callers.isEmpty ? 0 : callers.reduce(0, +) / callers.count
  }

  /// The drawing.
  func svg(title: String) -> HTMLNode {
    var nodes: [HTMLNode] = [.element("title", text: title)]
    for call in calls { nodes.append(line(call)) }
    for box in boxes { nodes.append(drawing(box)) }
    return .element(
      "svg",
      [
        HTMLNode.Attribute("xmlns", "http://www.w3.org/2000/svg"), HTMLNode.Attribute("role", "img"),
        HTMLNode.Attribute("width", "\(width)"), HTMLNode.Attribute("height", "\(height)"),
        HTMLNode.Attribute("viewBox", "0 0 \(width) \(height)"), HTMLNode.Attribute("class", "chart"),
      ], nodes)
  }

  private func line(_ call: Call) -> HTMLNode {
    let from = boxes[call.from]
    let to = boxes[call.to]
    let start = (from.x + from.width, from.y + from.height / 2)
    let isBackward = to.x <= from.x
    let end = isBackward ? (to.x + to.width, to.y + to.height / 2 + 6) : (to.x, to.y + to.height / 2)
    let bend = isBackward ? 40 : max(20, (end.0 - start.0) / 2)
    let second = isBackward ? end.0 + bend : end.0 - bend
    let tip = isBackward ? 7 : -7
    return .element(
      "g", class: call.isGoto ? "call goto" : "call", [],
      .element(
        "path",
        [
          HTMLNode.Attribute(
            "d", "M\(start.0) \(start.1)C\(start.0 + bend) \(start.1) \(second) \(end.1) \(end.0) \(end.1)")
        ]),
      .element(
        "path", class: "tip",
        [HTMLNode.Attribute("d", "M\(end.0) \(end.1)l\(tip) -4v8z")]))
  }

  private func drawing(_ box: Box) -> HTMLNode {
    let look = box.isUnreachable ? "box dead" : box.isBase ? "box base" : "box"
    func attribute(_ name: StaticString, _ value: Int) -> HTMLNode.Attribute { HTMLNode.Attribute(name, "\(value)") }
    var parts: [HTMLNode] = [
      .element(
        "rect",
        [
          attribute("x", box.x), attribute("y", box.y), attribute("width", box.width), attribute("height", box.height),
          attribute("rx", 5),
        ])
    ]
    parts.append(
      .element(
        "text", class: "name", [attribute("x", box.x + 12), attribute("y", box.y + 20)], text: box.title))
    for (index, line) in box.lines.enumerated() {
      parts.append(
        .element(
          "text", [attribute("x", box.x + 12), attribute("y", box.y + 20 + Self.lineHeight * (index + 1))], text: line))
    }
    return .element("g", [HTMLNode.Attribute("class", look)], parts)
  }
}
