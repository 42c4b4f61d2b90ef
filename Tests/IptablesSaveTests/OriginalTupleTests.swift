import Evaluation
import PacketSets
import RuleGraph
import Testing

@testable import IptablesSave

/// Matches on what a connection began with, behind destination NAT: how Docker's users filter published ports.
@Suite struct OriginalTupleTests {
  private static let docker = """
    *nat
    :PREROUTING ACCEPT [0:0]
    -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
    -A PREROUTING -p tcp --dport 8081 -j DNAT --to-destination 172.17.0.2:80
    COMMIT
    *filter
    :FORWARD DROP [0:0]
    :DOCKER-USER - [0:0]
    -A FORWARD -j DOCKER-USER
    -A FORWARD -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j ACCEPT
    -A DOCKER-USER -p tcp -m conntrack --ctorigdstport 8080 ! --ctorigsrc 10.0.0.0/8 -j DROP
    -A DOCKER-USER -p tcp -m conntrack --ctorigdst 172.17.0.2 -j DROP
    COMMIT

    """

  private static let packets: [(from: String, to: String, port: UInt16, passes: Bool)] = [
    ("10.1.2.3", "192.0.2.1", 8080, true), ("198.51.100.7", "192.0.2.1", 8080, false),
    ("198.51.100.7", "192.0.2.1", 8081, true), ("10.1.2.3", "172.17.0.2", 80, false),
    ("10.1.2.3", "172.17.0.2", 8080, false), ("10.1.2.3", "192.0.2.1", 80, false),
  ]

  @Test func publishedPortsAreToldApart() throws {
    let parsed = Parsed(Self.docker)
    #expect(parsed.graph.counts.exact == parsed.graph.counts.rules)
    let evaluator = PathEvaluator(
      graphs: [parsed.graph], question: PathQuestion(family: .v4, path: .forward, phase: .first))
    for (from, to, port, passes) in Self.packets {
      let source = try #require(IPAddress(from))
      let destination = try #require(IPAddress(to))
      let packet = Packet(
        path: .forward, source: source, destination: destination, protocolNumber: IPProtocol.tcp, sourcePort: 40000,
        destinationPort: port, tcpFlags: 2, inputInterface: "eth0", outputInterface: "docker0")
      let trace = PacketTracer(graphs: [parsed.graph]).trace(packet)
      #expect(trace.verdict == (passes ? .accept : .drop), "\(from) \(to) \(port)")
      let selection = evaluator.select(
        PacketBox(
          sources: AddressSet(source), destinations: AddressSet(destination),
          protocols: IntervalSet(Interval(UInt32(IPProtocol.tcp))), ports: IntervalSet(Interval(UInt32(port)))))
      #expect(evaluator.surelyAllowed(selection).isEmpty != passes, "\(from) \(to) \(port)")
      #expect(evaluator.possiblyAllowed(selection).isEmpty != passes, "\(from) \(to) \(port)")
      let blames = passes ? evaluator.blameAccepts(selection) : evaluator.blameDrops(selection)
      #expect(blames.map(\.decider) == [trace.decider], "\(from) \(to) \(port)")
    }
  }

  /// Of more questions than are kept the answers stay open, and nothing is claimed.
  @Test func tooManyQuestionsAreUndecided() {
    let rules = (1...9).map { "-A FORWARD -p tcp -m conntrack --ctorigdstport \($0) -j DROP\n" }.joined()
    let parsed = Parsed(
      "*nat\n-A PREROUTING -d 10.0.0.1 -j DNAT --to-destination 10.0.0.2\nCOMMIT\n*filter\n\(rules)COMMIT\n")
    let evaluator = PathEvaluator(
      graphs: [parsed.graph], question: PathQuestion(family: .v4, path: .forward, phase: .first))
    let selection = evaluator.select(
      PacketBox(protocols: IntervalSet(Interval(UInt32(IPProtocol.tcp))), ports: IntervalSet(Interval(3))))
    #expect(!evaluator.possiblyAllowed(selection).isEmpty)
    #expect(evaluator.surelyAllowed(selection).isEmpty)
  }

  /// Every address that is asked about gets its own image.
  @Test func prefixesAreMappedAddressByAddress() throws {
    let parsed = Parsed(
      """
      *nat
      -A PREROUTING -d 203.0.113.0/24 -j NETMAP --to 10.0.10.0/24
      COMMIT
      *filter
      :FORWARD DROP [0:0]
      -A FORWARD -d 10.0.10.25/32 -p tcp --dport 25 -j ACCEPT
      COMMIT

      """)
    let asked = AddressSet(["203.0.113.25", "203.0.113.5", "10.0.10.25"].compactMap { IPPrefix($0) })
    let evaluator = PathEvaluator(
      graphs: [parsed.graph],
      question: PathQuestion(family: .v4, path: .forward, phase: .first, destinations: asked))
    for (address, passes) in [("203.0.113.25", true), ("203.0.113.5", false), ("10.0.10.25", true)] {
      let selection = evaluator.select(
        PacketBox(
          destinations: AddressSet([IPPrefix(address)].compactMap { $0 }),
          protocols: IntervalSet(Interval(UInt32(IPProtocol.tcp))), ports: IntervalSet(Interval(25))))
      #expect(evaluator.surelyAllowed(selection).isEmpty != passes, "\(address)")
      #expect(evaluator.possiblyAllowed(selection).isEmpty != passes, "\(address)")
    }
  }
}
