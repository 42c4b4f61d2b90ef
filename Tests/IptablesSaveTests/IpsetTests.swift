import RuleGraph
import SourceText
import Testing

@testable import IptablesSave

/// Sets of every type, and what matches of them become.
@Suite struct IpsetTests {
  private static let matches: [(sets: String, rule: String, expected: String)] = [
    (
      "create s hash:ip\nadd s 10.0.0.1\nadd s 10.0.0.3-10.0.0.4\n", "--match-set s src",
      "ipv4Source={167772161,167772163-167772164}"
    ),
    ("create s hash:ip netmask 24\nadd s 10.0.0.0\n", "--match-set s dst", "ipv4Destination=167772160-167772415"),
    ("create s bitmap:ip range 10.0.0.0/24\nadd s 10.0.0.9 timeout 0\n", "--match-set s src", "ipv4Source=167772169"),
    (
      "create s hash:net\nadd s 10.0.0.0/24\nadd s 10.0.0.128/25 nomatch\n", "--match-set s src",
      "ipv4Source=167772160-167772287"
    ),
    (
      "create s hash:net\nadd s 10.0.0.0/24 nomatch\nadd s 10.0.0.128/25\nadd s 10.0.0.0/8\n", "--match-set s src",
      "ipv4Source=167772288-184549375"
    ),
    (
      "create s hash:net\nadd s 10.0.0.0/24\nadd s 10.0.0.128/25 nomatch\n", "--match-set s src --return-nomatch",
      "ipv4Source=167772288-167772415"
    ),
    ("create s hash:net\nadd s 10.0.0.0/24\n", "! --match-set s src", "!ipv4Source=167772160-167772415"),
    ("create s hash:net\n", "--match-set s src", "never"),
    ("create s hash:net family inet6\nadd s 2001:db8::/32\n", "--match-set s src", "never"),
    (
      "create s bitmap:port range 0-1024\nadd s 25\nadd s 80-81\n", "--match-set s dst",
      "(protocolNumber,destinationPort)x4"
    ),
    (
      "create s hash:ip,port\nadd s 10.0.0.1,tcp:25\nadd s 10.0.0.1,53\n", "--match-set s dst,dst",
      "(ipv4Destination,protocolNumber,destinationPort)x2"
    ),
    (
      "create s hash:ip,port\nadd s 10.0.0.1,icmp:echo-request\n", "--match-set s src,src",
      "(ipv4Source,protocolNumber,icmpType,icmpCode)x1"
    ),
    (
      "create s hash:ip,port\nadd s 10.0.0.1,icmp:8/0\nadd s 10.0.0.1,tcp:25\n", "--match-set s src,dst",
      "'ports of several kinds of protocols of set s'"
    ),
    ("create s hash:ip,port\nadd s 10.0.0.1,vrrp:0\n", "--match-set s src,dst", "(ipv4Source,protocolNumber)x1"),
    (
      "create s hash:net,port\nadd s 10.0.0.0/8,udp:53\n", "--match-set s src,dst",
      "(ipv4Source,protocolNumber,destinationPort)x1"
    ),
    (
      "create s hash:ip,port,ip\nadd s 10.0.0.1,tcp:25,10.0.0.2\n", "--match-set s src,dst,dst",
      "(ipv4Source,protocolNumber,destinationPort,ipv4Destination)x1"
    ),
    (
      "create s hash:ip,port,net\nadd s 10.0.0.1,tcp:25,10.1.0.0/16\n", "--match-set s src,dst,dst",
      "(ipv4Source,protocolNumber,destinationPort,ipv4Destination)x1"
    ),
    (
      "create s hash:net,port,net\nadd s 10.0.0.0/8,tcp:25,10.1.0.0/16\n", "--match-set s src,dst,dst",
      "(ipv4Source,protocolNumber,destinationPort,ipv4Destination)x1"
    ),
    (
      "create s hash:net,net\nadd s 10.0.0.0/8,10.1.0.0/16\nadd s 10.0.0.0/16,10.1.0.0/16 nomatch\n",
      "--match-set s src,dst", "(ipv4Source,ipv4Destination)x1"
    ),
    (
      "create s hash:net,iface\nadd s 10.0.0.0/8,eth0\nadd s 10.0.0.0/8,tun wildcard\n", "--match-set s src,src",
      "(ipv4Source,inputInterface)x2"
    ),
    (
      // The longest prefix with the address ends the search, be it on another interface: 10.1.0.0/16 is cut out.
      "create s hash:net,iface\nadd s 10.0.0.0/8,eth0\nadd s 10.1.0.0/16,eth1\n", "--match-set s src,src",
      "(ipv4Source,inputInterface)x3"
    ),
    ("create s hash:ip,mark\nadd s 10.0.0.1,0x63\n", "--match-set s src,src", "(ipv4Source,mark)x1"),
    (
      "create s hash:ip,mac\nadd s 10.0.0.1,00:11:22:33:44:55\n", "--match-set s src,src",
      "(ipv4Source)x1 'source MAC address'"
    ),
    ("create s hash:ip,port\nadd s 10.0.0.1,25\n", "--match-set s src", "never"),
    ("create s hash:ip\nadd s 10.0.0.1\n", "--match-set s dst,src,src", "ipv4Destination=167772161"),
    (
      "create a hash:ip\nadd a 10.0.0.1\ncreate b hash:net\nadd b 10.1.0.0/16\ncreate s list:set\nadd s a\nadd s b\n",
      "--match-set s src", "ipv4Source={167772161,167837696-167903231}"
    ),
    (
      "create s hash:ip counters\nadd s 10.0.0.1 packets 5 bytes 9\n", "--match-set s src --packets-gt 3",
      "ipv4Source=167772161 'counters of set s'"
    ),
    ("", "--match-set s src", "ipv4Source@s"),
    ("", "! --match-set s dst", "!ipv4Destination@s"),
    ("", "--match-set s src,dst", "'contents of set s are not given'"),
  ]

  @Test(arguments: matches) func lowersMatchesOfSets(sets: String, rule: String, expected: String) {
    let parsed = Parsed(rule: "-m set \(rule) -j DROP", ipsets: sets)
    let isUndecided = expected.contains("'") || expected.contains("@")
    #expect(parsed.rules(of: "FORWARD") == ["\(expected) \(isUndecided ? "~" : "")drop"])
  }

  @Test func portsOfOtherProtocolsDoNotMatter() {
    let sets = "create s hash:ip,port\nadd s 10.0.0.1,icmp:8/0\nadd s 10.0.0.1,tcp:25\n"
    let parsed = Parsed(rule: "-p tcp -m set --match-set s src,dst -j DROP", ipsets: sets)
    #expect(parsed.rules(of: "FORWARD") == ["protocolNumber=6 (ipv4Source,protocolNumber,destinationPort)x1 drop"])
  }

  @Test func setsThatRulesFillAreUndecided() {
    let parsed = Parsed(
      "*filter\n-A INPUT -m set --match-set s src -j DROP\n-A INPUT -j SET --add-set s src\nCOMMIT\n",
      ipsets: "create s hash:ip\nadd s 10.0.0.1\n")
    #expect(parsed.rules(of: "INPUT") == ["'set s is filled at run time' ~drop", "none"])
  }

  private static let mistakes: [(String, String)] = [
    ("create s hash:pi\n", "1:10-17 there is no type of sets 'hash:pi' (did you mean 'hash:ip'?)"),
    ("add s 10.0.0.1\n", "1:5-6 there is no set 's'"),
    ("create s hash:ip\nadd s 10.0.0.x\n", "2:7-15 '10.0.0.x' is no IPv4 address"),
    ("create s hash:ip,port\nadd s 10.0.0.1\n", "2:7-15 an element of this set has 2 parts, not 1"),
    ("create s hash:ip\ncreate s hash:ip\n", "2:8-9 set 's' exists already"),
    ("create s hash:net\nadd s 10.0.0.0/40\n", "2:7-18 '40' is no prefix length"),
    ("create s hash:ip\nadd s 10.0.0.1 colour red\n", "2:16-22 there is no option 'colour' of an element"),
    ("creat s hash:ip\n", "1:1-6 there is no command 'creat' of ipset (did you mean 'create'?)"),
  ]

  @Test(arguments: mistakes) func reportsAtTheSmallestPlace(text: String, expected: String) {
    let source = SourceFile(path: "sets", text: text)
    let lines = LineIndex(source)
    let messages = IpsetFrontend.parse(source).diagnostics.map { diagnostic in
      let start = lines.position(at: diagnostic.range.start)
      return "\(start.line):\(start.column)-\(lines.position(at: diagnostic.range.end).column) \(diagnostic.message)"
    }
    #expect(messages == [expected])
  }

  @Test func commandsChangeSets() {
    let text = """
      # a comment
      create a hash:ip family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x1 comment
      add a 10.0.0.1 comment "the \\"first\\" one"
      -exist add a 10.0.0.2
      del a 10.0.0.1
      create -exist a hash:ip
      create b hash:net timeout 600
      add b 10.0.0.0/8 timeout 599
      swap a b
      rename b c
      create d hash:mac
      add d 00:11:22:33:44:55
      destroy d

      """
    let (sets, diagnostics) = IpsetFrontend.parse(SourceFile(path: "sets", text: text))
    #expect(diagnostics.isEmpty)
    #expect(sets.names == ["a", "c"])
    #expect(sets["a"]?.type == "hash:net")
    #expect(sets.elementCount == 2)
  }

  @Test func readsListings() {
    let text = """
      Name: s
      Type: hash:net
      Revision: 6
      Header: family inet6 hashsize 1024 maxelem 65536
      Size in memory: 448
      References: 0
      Number of entries: 2
      Members:
      2001:db8::/32
      2001:db8:1::/48 nomatch

      Name: t
      Type: hash:ip
      Header: family inet hashsize 1024 maxelem 65536
      Members:
      10.0.0.1

      """
    let (sets, diagnostics) = IpsetFrontend.parse(SourceFile(path: "sets", text: text))
    #expect(diagnostics.isEmpty)
    #expect(sets.setCount == 2 && sets.elementCount == 3)
    #expect(sets["s"]?.family == .v6)
    #expect(IpsetFrontend.recognises(Array(text.utf8)))
  }

  @Test func recognisesOnlyItsOwn() {
    #expect(IpsetFrontend.recognises(Array("# saved\ncreate s hash:ip\n".utf8)))
    #expect(IpsetFrontend.recognises(Array("ipset create s hash:net,iface\n".utf8)))
    #expect(!IpsetFrontend.recognises(Array("create table inet x\n".utf8)))
    #expect(!IpsetFrontend.recognises(Array("*filter\n".utf8)))
    #expect(!IpsetFrontend.recognises([]))
  }

  @Test func mergedTablesKnowBoth() {
    var first = IpsetFrontend.parse(SourceFile(path: "a", text: "create a hash:ip\nadd a 10.0.0.1\n")).sets
    first.merge(IpsetFrontend.parse(SourceFile(path: "b", text: "create b hash:ip\n")).sets)
    #expect(first.names == ["a", "b"])
    #expect(first.elementCount == 1)
  }
}
