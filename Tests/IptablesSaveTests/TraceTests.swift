import Evaluation
import PacketSets
import RuleGraph
import Testing

@testable import IptablesSave

/// What becomes of packets in rule sets that were read from text.
@Suite struct TraceTests {
  private func packet(
    _ path: Packet.Path, _ source: String, _ destination: String, port: UInt16? = nil,
    protocolNumber: UInt8 = IPProtocol.tcp, input: String? = nil, output: String? = nil,
    state: ConntrackState = .new
  ) -> Packet {
    Packet(
      path: path, source: IPAddress(source) ?? IPAddress(v4: 0),
      destination: IPAddress(destination) ?? IPAddress(v4: 0),
      protocolNumber: protocolNumber, sourcePort: port == nil ? nil : 40000, destinationPort: port,
      icmpType: port == nil ? 8 : nil, icmpCode: port == nil ? 0 : nil,
      tcpFlags: protocolNumber == IPProtocol.tcp ? (state == .new ? 2 : 16) : nil, inputInterface: input,
      outputInterface: output, state: state)
  }

  private func trace(_ parsed: Parsed, _ packet: Packet) -> TraceResult {
    PacketTracer(graphs: [parsed.graph]).trace(packet)
  }

  @Test func hostWithDefaultDrop() {
    let parsed = Parsed(
      """
      *filter
      :INPUT DROP [0:0]
      :web - [0:0]
      -A INPUT -i lo -j ACCEPT
      -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
      -A INPUT -p tcp -m multiport --dports 80,443 -g web
      -A INPUT -p tcp --dport 25 ! -s 10.0.0.0/8 -j REJECT
      -A INPUT -p tcp --dport 25 -j ACCEPT
      -A INPUT -p icmp --icmp-type echo-request -m limit --limit 5/s -j ACCEPT
      -A web -s 192.0.2.0/24 -j RETURN
      -A web -j ACCEPT
      COMMIT

      """)
    let cases: [(Packet, TraceVerdict)] = [
      (packet(.input, "10.0.0.1", "192.0.2.1", port: 25), .accept),
      (packet(.input, "11.0.0.1", "192.0.2.1", port: 25), .reject),
      (packet(.input, "11.0.0.1", "192.0.2.1", port: 443), .accept),
      (packet(.input, "192.0.2.9", "192.0.2.1", port: 443), .drop),
      (packet(.input, "192.0.2.9", "192.0.2.1", port: 22), .drop),
      (packet(.input, "192.0.2.9", "192.0.2.1", port: 22, state: .established), .accept),
      (packet(.input, "127.0.0.1", "127.0.0.1", port: 22, input: "lo"), .accept),
      (packet(.input, "10.0.0.1", "192.0.2.1", protocolNumber: IPProtocol.icmp), .undecided),
    ]
    for (packet, verdict) in cases { #expect(trace(parsed, packet).verdict == verdict, "\(packet)") }
  }

  @Test func dockerPublishesPastTheInputChain() {
    let parsed = Parsed(
      """
      *filter
      :INPUT DROP [0:0]
      :FORWARD DROP [0:0]
      :DOCKER - [0:0]
      -A FORWARD -o docker0 -j DOCKER
      -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 25 -j ACCEPT
      COMMIT
      *nat
      :DOCKER - [0:0]
      -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
      -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
      -A DOCKER ! -i docker0 -p tcp -m tcp --dport 2525 -j DNAT --to-destination 172.17.0.2:25
      COMMIT

      """)
    let outside = packet(.forward, "198.51.100.1", "192.0.2.1", port: 2525, input: "eth0", output: "docker0")
    let local = SiteFacts(localAddresses: AddressSet(IPAddress(v4: 0xC000_0201)))
    let result = PacketTracer(graphs: [parsed.graph], facts: local).trace(outside)
    #expect(result.verdict == .accept)
    #expect(result.newDestination?.description == "172.17.0.2")
    #expect(result.newDestinationPort == 25)
    #expect(trace(parsed, packet(.input, "198.51.100.1", "192.0.2.1", port: 25, input: "eth0")).verdict == .drop)
  }

  @Test func marksSetInMangleAreSeenInFilter() {
    let parsed = Parsed(
      """
      *mangle
      -A PREROUTING -p tcp --dport 25 -j MARK --set-xmark 0x10/0xf0
      -A PREROUTING -p tcp --dport 26 -j MARK --or-mark 0x3
      COMMIT
      *filter
      :FORWARD DROP [0:0]
      -A FORWARD -m mark --mark 0x10/0xf0 -j ACCEPT
      -A FORWARD -m mark ! --mark 0x0 -j REJECT
      COMMIT

      """)
    #expect(trace(parsed, packet(.forward, "10.0.0.1", "10.0.1.1", port: 25)).verdict == .accept)
    #expect(trace(parsed, packet(.forward, "10.0.0.1", "10.0.1.1", port: 26)).verdict == .reject)
    #expect(trace(parsed, packet(.forward, "10.0.0.1", "10.0.1.1", port: 27)).verdict == .drop)
  }

  @Test func untrackedPacketsSkipNATAndStates() {
    let parsed = Parsed(
      """
      *raw
      -A PREROUTING -p udp --dport 53 -j NOTRACK
      -A PREROUTING -p udp --dport 54 -j CT --notrack
      COMMIT
      *filter
      :FORWARD DROP [0:0]
      -A FORWARD -m conntrack --ctstate NEW -j REJECT
      -A FORWARD -m conntrack --ctstate UNTRACKED -j ACCEPT
      COMMIT

      """)
    for (port, verdict) in [(UInt16(53), TraceVerdict.accept), (54, .accept), (55, .reject)] {
      let udp = packet(.forward, "10.0.0.1", "10.0.1.1", port: port, protocolNumber: IPProtocol.udp)
      #expect(trace(parsed, udp).verdict == verdict)
    }
  }

  @Test func setsDecideBySourceAndPort() {
    let sets = """
      create friends hash:net
      add friends 10.0.0.0/8
      add friends 10.9.0.0/16 nomatch
      create services hash:ip,port
      add services 10.0.1.1,tcp:25
      add services 10.0.1.1,udp:53

      """
    let parsed = Parsed(
      "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m set ! --match-set friends src -j REJECT\n"
        + "-A FORWARD -m set --match-set services dst,dst -j ACCEPT\nCOMMIT\n", ipsets: sets)
    #expect(trace(parsed, packet(.forward, "10.0.0.1", "10.0.1.1", port: 25)).verdict == .accept)
    #expect(trace(parsed, packet(.forward, "10.9.0.1", "10.0.1.1", port: 25)).verdict == .reject)
    #expect(trace(parsed, packet(.forward, "10.0.0.1", "10.0.1.1", port: 53)).verdict == .drop)
  }

  @Test func referencesAreResolvedByTheSite() {
    let parsed = Parsed(
      "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m set --match-set admins src -j ACCEPT\nCOMMIT\n")
    let admin = packet(.forward, "10.0.0.1", "10.0.1.1", port: 22)
    #expect(trace(parsed, admin).verdict == .undecided)
    let facts = SiteFacts(references: ["admins": AddressSet(IPAddress(v4: 0x0A00_0001))])
    #expect(PacketTracer(graphs: [parsed.graph], facts: facts).trace(admin).verdict == .accept)
  }

  @Test func destinationNATStateOfFirewalld() {
    let parsed = Parsed(
      """
      *nat
      -A PREROUTING -p tcp --dport 2525 -j DNAT --to-destination 10.0.1.1:25
      COMMIT
      *filter
      :FORWARD DROP [0:0]
      -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
      COMMIT

      """)
    #expect(trace(parsed, packet(.forward, "10.0.0.1", "10.0.1.1", port: 2525)).verdict == .accept)
    #expect(trace(parsed, packet(.forward, "10.0.0.1", "10.0.1.1", port: 25)).verdict == .drop)
    #expect(trace(parsed, packet(.forward, "10.0.0.1", "10.0.1.1", port: 25, state: .related)).verdict == .accept)
  }
}
