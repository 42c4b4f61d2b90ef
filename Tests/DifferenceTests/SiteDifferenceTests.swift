import Compliance
import Evaluation
import Requirements
import Testing

/// Changes about the units of a site, and how they agree with what it declares.
struct SiteDifferenceTests {
  private static let siteText = """
    policy: fortimail-7.6
    mode: gateway
    units:
      - name: mail1
        addresses: [10.0.10.5]
        published: [{address: 203.0.113.25, by: edge.nft}]
    features: [smtp, admin-cli, dns]
    peers:
      administrators: [10.1.0.0/24]
      email-users: [10.0.0.0/8]
      email-servers: any
      dns-server: [10.0.20.53]
    firewalls:
      - path: edge.nft
        position: forward
    """

  private static let base = """
    table inet edge {
      chain pre { type nat hook prerouting priority dstnat; policy accept;
        ip daddr 203.0.113.25 tcp dport 25 dnat ip to 10.0.10.5
      }
      chain forward { type filter hook forward priority 0; policy drop;
        ct state established,related accept
        ip daddr 10.0.10.5 tcp dport 25 accept
        ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22 accept
        ip saddr 10.0.10.5 ip daddr 10.0.20.53 udp dport 53 accept
      }
    }

    """

  /// What replaces what in the base, and the flows that come of it: standing, then as `lines` puts it.
  @Test(arguments: [
    (
      "ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22", "ip daddr 10.0.10.5 tcp dport 22",
      ["excess let-in first to mail1: tcp/22 from any host but 10.0.10.5, 10.1.0.0/24, 203.0.113.25 to 10.0.10.5"]
    ),
    (
      "10.1.0.0/24 ip daddr", "10.1.0.0/25 ip daddr",
      ["needed blocked first to mail1: tcp/22 from 10.1.0.128/25 to 10.0.10.5"]
    ),
    (
      "10.0.20.53 udp dport 53", "10.0.20.0/24 udp dport { 53, 123 }",
      [
        "excess let-in first from mail1: udp/53 from 10.0.10.5 to 10.0.20.0/24 but 10.0.20.53; "
          + "udp/123 from 10.0.10.5 to 10.0.20.0/24"
      ]
    ),
    (
      "tcp dport 22 accept", "tcp dport 22 accept\nip saddr 10.1.0.7 ip daddr 10.0.10.5 icmp type 3 accept",
      ["harmless let-in first to mail1: icmp type 3 from 10.1.0.7 to 10.0.10.5"]
    ),
    (
      "203.0.113.25 tcp dport 25 dnat", "203.0.113.26 tcp dport 25 dnat",
      [
        "excess let-in first to mail1: tcp/25 from any host but 10.0.10.5, 203.0.113.25 to 203.0.113.26",
        "needed blocked first to mail1: tcp/25 from any host but 10.0.10.5, 203.0.113.25 to 203.0.113.25",
      ]
    ),
    (
      "established,related accept", "related accept",
      ["needed blocked reply to mail1: udp", "needed blocked reply from mail1: tcp", "harmless blocked reply to mail1"]
    ),
    // What is nobody's business: other machines.
    ("policy drop;", "policy drop; ip saddr 10.0.99.99 ip daddr 10.0.88.88 accept", []),
  ])
  func changesAreJudgedByTheSite(old: String, new: String, expected: [String]) throws {
    let found = try flows(Self.base, Self.base.replacing(old, with: new))
    #expect(found.count >= expected.count)
    for (line, start) in zip(found, expected) { #expect(line.hasPrefix(start)) }
    if expected.isEmpty { #expect(found == []) }
  }

  @Test func rowsAndRulesAreNamed() throws {
    let after = Self.base.replacing("ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22", with: "tcp dport 22")
    let flow = try unwrap(try difference(Self.base, after).flows.first)
    #expect(flow.rows == ["IN-03"])
    #expect(flow.decider?.text == "tcp dport 22 accept" && flow.decider?.location?.line == 8)
    #expect(flow.formerDecider?.text == "policy drop of chain forward")
    #expect(flow.packet?.destinationPort == 22)
  }

  /// Each packet that is shown has the two fates that are claimed.
  @Test(arguments: [
    ("tcp dport 25 accept", "tcp dport 25 limit rate 1/second accept"), ("policy drop", "policy accept"),
  ])
  func witnessesHaveTheTwoFates(old: String, new: String) throws {
    let after = Self.base.replacing(old, with: new)
    let fates: [TraceVerdict: PathComparison.Fate] = [
      .accept: .open, .drop: .blocked, .reject: .blocked, .undecided: .undecided,
    ]
    let flows = try difference(Self.base, after).flows
    #expect(!flows.isEmpty)
    for flow in flows {
      let packet = try unwrap(flow.packet)
      #expect(fates[PacketTracer(graphs: firewall(Self.base).graphs).trace(packet).verdict] == flow.before)
      #expect(fates[PacketTracer(graphs: firewall(after).graphs).trace(packet).verdict] == flow.after)
    }
  }

  private func difference(_ before: String, _ after: String) throws -> TrafficDifference {
    let (site, policy) = try site(Self.siteText)
    let entry = site.firewalls[0]
    return TrafficComparer(
      before: .init(firewall: firewall(before, entry: entry), site: site),
      after: .init(firewall: firewall(after, entry: entry), site: site), policy: policy
    ).compare()
  }

  private func flows(_ before: String, _ after: String) throws -> [String] {
    let difference = try difference(before, after)
    return zip(difference.flows, lines(difference)).map { "\($0.standing.rawValue) \($1)" }
  }
}
