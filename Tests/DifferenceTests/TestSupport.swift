import Compliance
import Evaluation
import IptablesSave
import Nftables
import Requirements
import RuleGraph
import SourceText

/// A rule set as a firewall of no site.
func firewall(_ text: String, path: String = "edge.nft", entry: FirewallEntry? = nil) -> LoadedFirewall {
  let source = SourceFile(path: path, text: text)
  let (graph, diagnostics) =
    text.contains("*filter") || text.contains("*nat")
    ? IptablesFrontend.parse(source, dialect: .iptables) : NftablesFrontend.parse(source)
  return LoadedFirewall(name: path, entry: entry, graphs: [graph], diagnostics: [diagnostics])
}

/// An inet table whose input chain has the given rules and policy drop.
func input(_ rules: [String]) -> String {
  "table inet t {\nchain in {\ntype filter hook input priority 0; policy drop;\n"
    + rules.joined(separator: "\n") + "\n}\n}\n"
}

/// What changes between two rule sets, a line each: change, packets, regions.
func changes(_ before: String, _ after: String) -> [String] {
  let difference = TrafficComparer(
    before: .init(firewall: firewall(before)), after: .init(firewall: firewall(after)), policy: nil
  ).compare()
  return lines(difference)
}

/// The flows of a difference, a line each.
func lines(_ difference: TrafficDifference) -> [String] {
  difference.flows.map { flow in
    let place = flow.unit.map { "\(flow.direction == .incoming ? "to" : "from") \($0)" } ?? flow.path.rawValue
    return "\(flow.change.rawValue) \(flow.packets.rawValue) \(place): "
      + TrafficRegion.phrases(flow.regions).joined(separator: "; ")
  }
}

/// A site with one unit behind a forward firewall.
func site(_ text: String) throws -> (site: Site, policy: Policy) {
  let policy = try unwrap(Policy.embedded(named: "fortimail-7.6").policy)
  let document = Site.parse(
    SourceFile(path: "fwlint.yaml", text: text), findPolicy: { _ in policy }, knownCodes: [])
  return (try unwrap(document.site), policy)
}

struct Missing: Error {}

func unwrap<Value>(_ value: Value?) throws -> Value {
  guard let value else { throw Missing() }
  return value
}
