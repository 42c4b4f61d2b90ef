import Evaluation
import Nftables
import PacketSets
import RuleGraph
import SourceText
import Testing

/// Headers that rules write without translation, where the analysis of rules and the questions of checks meet them.
@Suite struct RewritingTests {
  static func graph(_ text: String) -> RuleGraph {
    NftablesFrontend.parse(SourceFile(path: "rules.nft", text: text)) { _, _ in .files([]) }.graph
  }

  static func chain(_ hook: String, _ rules: String) -> String {
    "table inet t\(hook) {\nchain c {\ntype filter hook \(hook) priority -150; policy accept;\n\(rules)\n}\n}\n"
  }

  /// The rule on port 80 looks shadowed to whoever forgets that the second rule makes new packets for it.
  @Test func ruleOnAWrittenPortIsNotShadowed() {
    let graph = Self.graph(Self.chain("input", "tcp dport 80 accept\ntcp dport 22 tcp dport set 80\ntcp dport 80 drop"))
    for method in [RuleAnalysis.Method.automatic, .boxes, .diagrams] {
      RuleAnalysis(graphs: [graph], method: method).forEach(of: [graph]) { id, judgement in
        #expect(!judgement.isShadowed && !judgement.isRedundant, "rule \(id.rule)")
      }
    }
  }

  /// What answers a rewritten packet is not of its connection, and so nothing is sure of it.
  @Test func answersToRewrittenPacketsAreUndecided() {
    let text =
      Self.chain("prerouting", "tcp dport 8080 tcp dport set 80")
      + Self.chain("output", "ct state established accept\ndrop")
    let evaluator = PathEvaluator(
      graphs: [Self.graph(text)], question: PathQuestion(family: .v4, path: .output, phase: .reply))
    let all = evaluator.select(PacketBox())
    #expect(evaluator.surelyAllowed(all).isEmpty)
    #expect(evaluator.possiblyAllowed(all) == all)
  }

  /// Packets for which tracking was switched off leave no connection behind.
  @Test func untrackedPacketsLeaveNoConnection() {
    let text =
      "table inet raw {\nchain c {\ntype filter hook prerouting priority -300;\nudp dport 53 notrack\n}\n}\n"
      + Self.chain("input", "")
    let evaluator = PathEvaluator(
      graphs: [Self.graph(text)], question: PathQuestion(family: .v4, path: .input, phase: .first))
    let queries = evaluator.select(
      PacketBox(protocols: IntervalSet(Interval(17)), ports: IntervalSet(Interval(53))))
    let others = evaluator.select(PacketBox(protocols: IntervalSet(Interval(6))))
    #expect(evaluator.lackingConnection(queries) == queries)
    #expect(evaluator.lackingConnection(others).isEmpty)
  }

  @Test func destinationsThatAreWrittenStayInTheHull() {
    let text =
      Self.chain("prerouting", "ip daddr 203.0.113.5 ip daddr set 10.0.0.9")
      + Self.chain("forward", "ip daddr 10.0.0.9 drop")
    let outside = AddressSet([IPPrefix(IPAddress(v4: 0xCB00_7105), length: 32)])
    let evaluator = PathEvaluator(
      graphs: [Self.graph(text)],
      question: PathQuestion(family: .v4, path: .forward, phase: .first, destinations: outside))
    let packets = evaluator.select(PacketBox(destinations: outside))
    #expect(evaluator.possiblyAllowed(packets).isEmpty)
  }
}
