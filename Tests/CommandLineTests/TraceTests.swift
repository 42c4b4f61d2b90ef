import FoundationEssentials
import Testing

/// `trace` as the contract lays it down.
struct TraceTests {
  private static let rules = """
    table ip nat {
      chain pre { type nat hook prerouting priority dstnat; tcp dport 8025 dnat to 10.0.0.9:25 }
    }
    table inet filter {
      chain lan { tcp dport 22 drop; tcp dport 23 reject }
      chain input { type filter hook input priority 0; policy drop
        iifname "eth0" jump lan
        ct state established accept
        tcp dport 25 accept
        udp dport 53 limit rate 1/second accept
      }
      chain forward { type filter hook forward priority 0; policy accept; }
    }

    """

  private struct Answer: Decodable {
    var verdict: String
    var rule: Place?
    var outDestination: String?
    var outPort: Int?

    struct Place: Decodable {
      var path: String
      var line: Int
    }

    enum CodingKeys: String, CodingKey {
      case verdict, rule
      case outDestination = "out_dst"
      case outPort = "out_dport"
    }
  }

  private func trace(_ packets: String) throws -> [Answer] {
    try Program.withFolder { folder in
      try Program.write(Self.rules, to: "\(folder)/a.nft")
      let outcome = try Program.run(
        ["trace", "a.nft", "--packets", "-", "--format", "json"], input: packets, folder: folder)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try JSONDecoder().decode([Answer].self, from: Data(outcome.output.utf8))
    }
  }

  @Test(arguments: [
    (#""hook":"input","proto":"tcp","dport":25"#, "accept", 9),
    (#""hook":"input","proto":"tcp","dport":26"#, "drop", 6),
    (#""hook":"input","proto":"tcp","dport":22,"iif":"eth0""#, "drop", 5),
    (#""hook":"input","proto":"tcp","dport":23,"iif":"eth0""#, "reject", 5),
    (#""hook":"input","proto":"udp","dport":53"#, "undecided", 10),
    (#""hook":"input","proto":"tcp","dport":99,"state":"established","flags":["ack"],"iif":"eth1""#, "accept", 8),
    (#""hook":"input","proto":"tcp","dport":22"#, "drop", 5),
  ])
  func verdicts(fields: String, verdict: String, line: Int) throws {
    let answers = try trace("[{\"src\":\"192.0.2.1\",\"dst\":\"10.0.0.1\",\(fields)}]")
    #expect(answers.map(\.verdict) == [verdict])
    #expect(answers.first?.rule?.line == line)
    #expect(answers.first?.rule?.path == "a.nft")
  }

  @Test func translationsAreTold() throws {
    let answers = try trace(
      #"[{"hook":"forward","src":"192.0.2.1","dst":"10.0.0.1","proto":"tcp","dport":8025}]"#)
    #expect(answers.first?.verdict == "accept")
    #expect(answers.first?.outDestination == "10.0.0.9")
    #expect(answers.first?.outPort == 25)
  }

  @Test func singlePacketsComeFromFlags() throws {
    try Program.withFolder { folder in
      try Program.write(Self.rules, to: "\(folder)/a.nft")
      let outcome = try Program.run(
        ["trace", "a.nft", "--from", "192.0.2.1", "--to", "10.0.0.1", "--port", "25", "--hook", "input"],
        folder: folder)
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("input: inet filter input"))
      #expect(outcome.output.contains("= accept by a.nft:9"))
    }
  }
}
