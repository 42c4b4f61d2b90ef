import IptablesSave
import PacketSets
import RuleGraph
import SourceText
import Testing

@testable import Evaluation

/// Who may reach whom through a real rule set of 4,841 rules in 96 chains, against the verified analyser fffuu.
///
/// Its golden file has matrices for ports 22 and 80; for port 25 its simplified rules are evaluated here one by one.
@Suite struct ServiceMatrixTests {
  private static let golden =
    "fffuu-tests/haskell_tool/test/Suites/GoldenFiles/i8_iptables-save-2015-05-15_15-23-41_cheating"
  private static let dump =
    "net-network/configs_chair_for_Network_Architectures_and_Services/iptables-save-2015-05-15_15-23-41"

  /// Pairs of source and destination as one set of an evaluator: nothing but addresses is left of the packets.
  private func addressesOnly(_ set: Diagram, _ evaluator: PathEvaluator) -> Diagram {
    evaluator.store.forgetting(
      [
        PacketLayout.state, PacketLayout.protocolNumber, PacketLayout.port, PacketLayout.inputInterface,
        PacketLayout.outputInterface, evaluator.layout.sourcePort,
      ], in: set)
  }

  private func box(_ sources: IntervalSet<UInt32>, _ destinations: IntervalSet<UInt32>, _ evaluator: PathEvaluator)
    -> Diagram
  {
    let inner = evaluator.store.split(
      level: evaluator.layout.destination, destinations, inside: DiagramStore.passing, outside: DiagramStore.nothing)
    return evaluator.store.split(
      level: PacketLayout.source, sources, inside: inner, outside: DiagramStore.nothing)
  }

  @Test func agreesWithFffuu() throws {
    guard Folder.hasCorpus("fffuu-tests"), Folder.hasCorpus("net-network") else { return }
    let matrix = ServiceMatrix(
      try read("\(Folder.corpora)/\(Self.golden)"),
      assignment: try read("\(Folder.corpora)/fffuu-tests/haskell_tool/ipassmt_tumi8"))
    #expect(matrix.rules.count > 3000 && matrix.interfaces.count == 23)
    // fffuu looks at the filter table only.
    let source = try read("\(Folder.corpora)/\(Self.dump)")
    let text = source.text(SourceRange(0, source.bytes.count))
    let start = try #require(text.firstRange(of: "*filter"))
    let (graph, _) = IptablesFrontend.parse(
      SourceFile(path: "dump", text: String(text[start.lowerBound...])), dialect: .iptables)
    let evaluator = PathEvaluator(
      graphs: [graph],
      question: PathQuestion(
        family: .v4, path: .forward, phase: .first, interfaces: Set(matrix.interfaces.map(\.name))))
    for port in [22, 25, 80] {
      var ours = DiagramStore.nothing
      for (name, sources) in matrix.interfaces {
        let packets = evaluator.select(
          PacketBox(
            sources: sources, protocols: IntervalSet(Interval(6)), ports: IntervalSet(Interval(UInt32(port))),
            sourcePorts: IntervalSet(Interval(10000)), inputInterfaces: [name]))
        ours = evaluator.store.union(ours, addressesOnly(evaluator.possiblyAllowed(packets).set, evaluator))
      }
      var simple = DiagramStore.nothing
      for rule in matrix.rules.reversed() where rule.concerns(port) {
        let packets = box(rule.source, rule.destination, evaluator)
        simple =
          rule.isAccept ? evaluator.store.union(simple, packets) : evaluator.store.difference(simple, packets)
      }
      if let (classes, pairs) = matrix.ports[port] {
        var printed = DiagramStore.nothing
        for (from, to) in pairs {
          guard let sources = classes[from], let destinations = classes[to] else { continue }
          printed = evaluator.store.union(printed, box(sources.v4, destinations.v4, evaluator))
        }
        #expect(printed == simple, "the two prints of fffuu about port \(port)")
      }
      let more = evaluator.store.difference(ours, simple)
      let less = evaluator.store.difference(simple, ours)
      // fffuu leaves out what an outgoing interface rejects, and so lets more through.
      var known = box(
        Self.v4("138.246.253.5"), Self.v4("131.159.20.15/32", "131.159.20.16", "131.159.20.19", "131.159.20.20"),
        evaluator)
      if port != 80 {
        known = evaluator.store.union(
          known, box(Self.v4("192.168.212.0/23"), Self.v4("131.159.15.247", "131.159.15.248"), evaluator))
      }
      #expect(more == DiagramStore.nothing, "port \(port): \(describe(more, evaluator))")
      #expect(less == known, "port \(port): \(describe(less, evaluator))")
    }
    // Whatever way these packets took, a rule of the chain for their outgoing interface rejects them.
    let tracer = PacketTracer(graphs: [graph])
    let names = matrix.interfaces.map(\.name) + ["other"]
    for (source, destination) in Self.rejected {
      for (input, output) in names.flatMap({ input in names.map { (input, $0) } }) {
        let comesIn = matrix.interfaces.first { $0.name == input }?.sources.contains(source) ?? false
        guard comesIn else { continue }
        let packet = Packet(
          path: .forward, source: source, destination: destination, protocolNumber: 6, sourcePort: 10000,
          destinationPort: 22, tcpFlags: 2, inputInterface: input, outputInterface: output)
        let verdict = tracer.trace(packet).verdict
        #expect(verdict == .drop || verdict == .reject, "\(source) to \(destination), \(input) to \(output)")
      }
    }
  }

  private static let rejected: [(IPAddress, IPAddress)] = [
    ("138.246.253.5", "131.159.20.15"), ("138.246.253.5", "131.159.20.20"), ("192.168.212.9", "131.159.15.247"),
    ("192.168.213.9", "131.159.15.248"),
  ].compactMap { pair in
    guard let source = IPAddress(pair.0), let destination = IPAddress(pair.1) else { return nil }
    return (source, destination)
  }

  private static func v4(_ blocks: String...) -> IntervalSet<UInt32> {
    AddressSet(blocks.compactMap { IPPrefix($0) }).v4
  }

  private func describe(_ set: Diagram, _ evaluator: PathEvaluator) -> String {
    let (boxes, isComplete) = evaluator.boxes(of: PacketSelection(set: set, entry: 0), limit: 6)
    return boxes.map { box in
      func ranges(_ set: AddressSet?) -> String {
        (set?.v4.intervals ?? []).prefix(6).map { "\(IPAddress(v4: $0.lower))-\(IPAddress(v4: $0.upper))" }
          .joined(separator: ",")
      }
      return "\(ranges(box.sources)) to \(ranges(box.destinations))"
    }.joined(separator: "; ") + (isComplete ? "" : "; ...")
  }
}
