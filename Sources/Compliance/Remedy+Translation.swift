import Evaluation
import PacketSets
import RuleGraph

extension Remedy {
  /// The destination NAT that takes packets for a published address to a unit.
  ///
  /// - Parameter boxes: what is to be translated, by protocol and ports.
  func translate(_ published: IPAddress, to unit: AddressSet, _ boxes: [FamilyBox]) -> Advice {
    let vague = "add a destination NAT rule for \(published), or correct published: in the site file"
    let family = published.family
    let own = unit.prefixes
    guard own.count == 1, own[0].length == family.addressWidth, !boxes.isEmpty,
      let (graphIndex, chain) = translatingChain(family)
    else { return Advice(text: vague) }
    let graph = firewall.graphs[graphIndex]
    let editor = RuleEditor(graph: graph)
    let writer = RuleWriter(dialect: graph.dialect)
    let isNft = graph.dialect == .nftables
    let isBoth = graph.tables[Int(graph.chains[Int(chain)].table)].family == .inet
    let verdict =
      isNft
      ? "dnat \(isBoth ? (family == .v4 ? "ip " : "ip6 ") : "")to \(own[0].base)"
      : "-j DNAT --to-destination \(own[0].base)"
    guard let header = editor.header(chain: chain, beside: nil) else { return Advice(text: vague) }
    var lines: [String] = []
    var asked: [Fix.Flow] = []
    for (box, family) in boxes {
      var box = box
      box.destinations = AddressSet(published)
      guard let matches = writer.matches(of: box, family) else { return Advice(text: vague) }
      lines += matches.map { match in [header, match, verdict].filter { !$0.isEmpty }.joined(separator: " ") }
      asked.append(Fix.Flow(family: family, path: .forward, box: box, isReply: false))
    }
    lines = Self.distinct(lines)
    let name = graph.names[graph.chains[Int(chain)].name]
    let text =
      "add at the end of chain \(name), or correct published: in the site file:\n"
      + lines.map { "  " + $0 }.joined(separator: "\n")
    let fix = editor.append(lines, to: chain).map { edit in
      Fix(
        summary: "add \(Self.counted(lines.count)) at the end of chain \(name)", effect: .opens, isSafe: false,
        ways: [[edit]], asked: asked)
    }
    return Advice(text: text, fix: fix)
  }

  /// A chain that translates destinations of forwarded packets of a family.
  private func translatingChain(_ family: IPFamily) -> (graph: Int, chain: UInt32)? {
    for (index, graph) in firewall.graphs.enumerated() {
      for (chainIndex, chain) in graph.chains.enumerated() {
        guard let base = chain.base, base.type == .nat, base.hook == .prerouting else { continue }
        let table = graph.tables[Int(chain.table)]
        let sees = table.family == .inet || table.family == (family == .v4 ? .ip : .ip6)
        if sees, !table.isDormant { return (index, UInt32(chainIndex)) }
      }
    }
    return nil
  }
}
