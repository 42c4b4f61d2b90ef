import RuleGraph
import SourceText
import Testing

@testable import IptablesSave

/// Mistakes, each at its place; a bad rule keeps its place in the chain.
@Suite struct DiagnosticTests {
  /// A rule of chain FORWARD, and what is said of it; columns count from the dash of `-A FORWARD `.
  private static let rules: [(String, String)] = [
    ("-s 10.0.0.256 -j ACCEPT", "2:15-25 error: '10.0.0.256' is no IPv4 address"),
    ("-s 10.0.0.1/33 -j ACCEPT", "2:15-26 error: '33' is no mask"),
    ("-s 10.0.0.1,10.0.0.999 -j ACCEPT", "2:24-34 error: '10.0.0.999' is no IPv4 address"),
    (
      "-s 10.0.0.1,10.0.0.2 ! -d 10.0.0.3 -j ACCEPT",
      "2:15-32 error: several addresses cannot stand beside an inverted address"
    ),
    ("-p tpc -j ACCEPT", "2:15-18 error: there is no protocol 'tpc' (did you mean 'tcp'?)"),
    ("-p tcp --dprot 25 -j ACCEPT", "2:19-26 error: there is no option '--dprot' (did you mean '--dport'?)"),
    ("-p tcp --dport 25x -j ACCEPT", "2:27-30 error: there is no port '25x'"),
    ("-p tcp --dport 70000 -j ACCEPT", "2:27-32 error: port 70000 is above 65535"),
    ("-p tcp --dport 25:22 -j ACCEPT", "2:27-32 error: the port range '25:22' ends before it begins"),
    ("-p tcp --dport -j ACCEPT", "2:30-36 error: unexpected word 'ACCEPT'"),
    ("--dport 25 -j ACCEPT", "2:12-19 error: there is no option '--dport'"),
    ("-m tcp --dport 25 -j ACCEPT", "2:15-18 error: 'tcp' needs -p tcp"),
    (
      "-m state --state NEW,ESTABLISED -j ACCEPT",
      "2:33-43 error: there is no connection state 'ESTABLISED' (did you mean 'ESTABLISHED'?)"
    ),
    ("-p tcp -m multiport --dports 25,x5 -j ACCEPT", "2:44-46 error: there is no port 'x5'"),
    ("-p udp --dport 9:2 -j ACCEPT", "2:27-30 error: the port range '9:2' ends before it begins"),
    ("! ! -s 10.0.0.1 -j ACCEPT", "2:14-15 error: '!' stands twice"),
    ("!-s 10.0.0.1 -j ACCEPT", "2:12-15 error: a space is missing between '!' and what it inverts"),
    ("! -j ACCEPT", "2:12-13 error: '-j' cannot be inverted"),
    ("-s 10.0.0.1 -s 10.0.0.2 -j ACCEPT", "2:24-26 error: '-s' is given twice"),
    ("-s ! 10.0.0.1 -j ACCEPT", "2:15-16 warning: '!' belongs before the option: iptables refuses it here since 1.4.3"),
    ("-j ACEPT", "2:15-20 error: there is no chain and no target 'ACEPT' (did you mean 'ACCEPT'?)"),
    ("-j NOSUCH", "2:15-21 error: there is no chain and no target 'NOSUCH'"),
    ("-g NOSUCH", "2:15-21 error: there is no chain and no target 'NOSUCH'"),
    ("-m mulitport --dports 25 -j ACCEPT", "2:15-24 error: there is no match 'mulitport' (did you mean 'multiport'?)"),
    ("-j REJCT --reject-with tcp-reset", "2:15-20 error: there is no target 'REJCT' (did you mean 'REJECT'?)"),
    ("-j INPUT", "2:15-20 error: chain INPUT is one of the table's own and cannot be jumped to"),
    ("-j DNAT --to-destination 10.0.0.1", "2:15-19 error: target DNAT belongs into table nat"),
    ("-j REJECT --reject-with tcp-reset", "2:36-45 error: tcp-reset needs -p tcp"),
    ("-m hl --hl-eq 5 -j ACCEPT", "2:15-17 error: match 'hl' is one of ip6tables only"),
    ("-m limit --limit often -j ACCEPT", "2:29-34 error: 'often' is no value for --limit"),
    ("-i averylonginterfacename -j ACCEPT", "2:15-37 error: the name of an interface has at most 15 characters"),
    ("-t nat -j ACCEPT", "2:15-18 error: the table is chosen by a line '*table' here, not by -t"),
    ("-m comment --comment \"open -j ACCEPT", "2:33-48 error: the quote is not closed"),
    ("-j ACCEPT extra", "2:22-27 error: unexpected word 'extra'"),
    (
      "-m mac --mac-source XX:XX:XX:XX:XX:XX -j DROP",
      "2:32-49 error: 'XX:XX:XX:XX:XX:XX' is no value for --mac-source"
    ),
    ("-m set --match-set blocked src -j DROP", "2:31-38 note: the contents of set blocked are not given"),
  ]

  @Test(arguments: rules) func reportsAtTheSmallestPlace(rule: String, expected: String) {
    let parsed = Parsed("*filter\n-A FORWARD \(rule)\nCOMMIT\n")
    #expect(parsed.messages.map { $0.hasPrefix(expected) ? expected : $0 } == [expected])
    #expect(parsed.graph.counts.rules == 1)
    #expect(parsed.rules(of: "FORWARD").count == 1)
  }

  private static let files: [(String, [String])] = [
    ("*filter\n-A INPUT -j ACCEPT\n", ["1:1-8 error: table filter has no COMMIT"]),
    ("*filter\nCOMMIT\nCOMMIT\n", ["3:1-7 error: COMMIT without a table"]),
    ("*fliter\nCOMMIT\n", ["1:1-8 error: there is no table 'fliter' (did you mean 'filter'?)"]),
    ("*filter\n-A LOGGING -j DROP\nCOMMIT\n", ["2:4-11 error: there is no chain 'LOGGING' in table filter"]),
    ("*filter\n:INPUT REJECT [0:0]\nCOMMIT\n", ["2:8-14 error: a policy is ACCEPT or DROP, not 'REJECT'"]),
    (
      "*filter\n:mine ACCEPT [0:0]\nCOMMIT\n",
      ["2:7-13 warning: chain mine is none of the table's own, so that it has no policy"]
    ),
    ("*filter\n:INPUT ACCEPT 0:0\nCOMMIT\n", ["2:15-18 error: expected counters like [0:0]"]),
    (
      "*filter\n:a - [0:0]\n-A a -j ACCEPT\n:a - [0:0]\nCOMMIT\n",
      ["4:2-3 warning: chain a is declared again: its rules so far are dropped"]
    ),
    (
      "*filter\n:a - [0:0]\n:b - [0:0]\n-A a -j b\n-A b -j a\nCOMMIT\n",
      ["5:1-10 error: the jump to chain a makes a loop"]
    ),
    (
      "*filter\nCOMMIT\n*filter\nCOMMIT\n",
      ["3:1-8 warning: table filter begins again: iptables-restore drops what stood in it before"]
    ),
    ("*filter\n*nat\nCOMMIT\n", ["1:1-8 error: table filter ends without COMMIT"]),
    ("*filter\r\nCOMMIT\r\n", ["1:8-9 error: lines end with CR and LF, of which iptables-restore takes only LF"]),
    (
      "*filter\n \nCOMMIT \n",
      [
        "2:1-2 error: a line of blanks, which iptables-restore refuses",
        "3:7-8 error: blanks behind COMMIT, which iptables-restore refuses",
      ]
    ),
    (
      "*filter\n  :INPUT DROP\nCOMMIT\n",
      ["2:1-3 error: blanks at the beginning of the line, which iptables-restore refuses"]
    ),
    ("-N a\n-N a\n", ["2:4-5 error: chain 'a' exists already"]),
    ("-P INPUT DROP\n-D INPUT -j ACCEPT\n", ["2:1-19 error: there is no such rule to delete"]),
    ("# nothing\n", []),
    ("", []),
  ]

  @Test(arguments: files) func reportsMistakesOfFiles(text: String, expected: [String]) {
    #expect(Parsed(text).messages.map { message in expected.first { message.hasPrefix($0) } ?? message } == expected)
  }

  @Test func readsOnBehindEveryBadLine() {
    let good = "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
    let bad = "-A INPUT -p tcp --dport x -j ACCEPT\n"
    let parsed = Parsed("*filter\n" + (0..<50).map { $0 % 2 == 0 ? good : bad }.joined() + "COMMIT\n")
    #expect(parsed.graph.counts.exact == 25)
    #expect(parsed.graph.counts.unparsed == 25)
    #expect(parsed.rules(of: "INPUT").prefix(2) == ["protocolNumber=6 destinationPort=22 accept", "?unknown"])
  }

  /// Cutting a file anywhere, or changing any byte, never crashes and never loses the count of rules.
  @Test func survivesAnyCutAndAnyByte() {
    let text =
      "*filter\n:INPUT DROP [0:0]\n:a - [0:0]\n[1:2] -A INPUT ! -s 10.0.0.1/8 -p tcp -m tcp --dport 1:2 -j a\n"
      + "-A a -m set --match-set x src,dst -m comment --comment \"q \\\" q\" -j LOG --log-prefix \"z\"\n-I a 1 -g a\n"
      + "-A a -m conntrack --ctstate NEW,DNAT -j MARK --set-mark 1/2\nCOMMIT\n"
    let bytes = Array(text.utf8)
    for cut in 0...bytes.count {
      let source = SourceFile(path: "cut", bytes: Array(bytes.prefix(cut)))
      let counts = IptablesFrontend.parse(source, dialect: .iptables).graph.counts
      #expect(counts.exact + counts.approximated + counts.unparsed == counts.rules)
    }
    for place in bytes.indices {
      for value: UInt8 in [0, 0x20, 0x22] {
        var changed = bytes
        changed[place] = value
        _ = IptablesFrontend.parse(SourceFile(path: "changed", bytes: changed), dialect: .iptables)
        _ = IptablesFrontend.dialect(of: changed)
      }
    }
  }
}
