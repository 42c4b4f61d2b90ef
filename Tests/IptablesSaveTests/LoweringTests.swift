import PacketSets
import RuleGraph
import Testing

@testable import IptablesSave

/// What single rules become.
///
/// Notation: `field=interval`, `field={set}`, `field&mask=value`, `field&mask` (any bit),
/// `field@bits`, `(fields)xN` for N tuples, `'reason'` for what is undecided, `!` for inversion; then the verdict, with
/// `~` where the rule is approximated and `?` where it was not understood.
@Suite struct LoweringTests {
  private static let v4: [(String, String)] = [
    ("-j ACCEPT", "accept"),
    ("", "none"),
    ("-s 10.0.0.0/8 -j DROP", "ipv4Source=167772160-184549375 drop"),
    ("-s 10.1.2.3/8 -j DROP", "ipv4Source=167772160-184549375 drop"),
    ("-s 10/8 -j DROP", "ipv4Source=167772160-184549375 drop"),
    ("-s 010.0.0.1 -j DROP", "ipv4Source=134217729 drop"),
    ("-s 0.0.0.0/0 -j DROP", "drop"),
    ("! -s 0.0.0.0/0 -j DROP", "never drop"),
    ("-s ! 10.0.0.1 -j DROP", "!ipv4Source=167772161 drop"),
    ("! -d 10.0.0.0/255.0.255.0 -j DROP", "!ipv4Destination&4278255360=167772160 drop"),
    ("-s 10.0.0.1,10.0.0.3 -j DROP", "ipv4Source={167772161,167772163} drop"),
    ("-s 10.0.0.0/31,10.0.0.2/31 -j DROP", "ipv4Source=167772160-167772163 drop"),
    ("-s mail.example.org -j DROP", "ipv4Source@mail.example.org ~drop"),
    ("-p tcp --dport 25 -j ACCEPT", "protocolNumber=6 destinationPort=25 accept"),
    ("-p tcp --dpo smtp -j ACCEPT", "protocolNumber=6 destinationPort=25 accept"),
    ("--protocol=tcp --dport=1024: -j ACCEPT", "protocolNumber=6 destinationPort=1024-65535 accept"),
    ("-ptcp -m tcp ! --sport :1023 -jACCEPT", "protocolNumber=6 !sourcePort=0-1023 accept"),
    ("-p tcp -m tcp -j ACCEPT", "protocolNumber=6 fragment=0 accept"),
    ("-p 50 -j ACCEPT", "protocolNumber=50 accept"),
    ("! -p udp -j ACCEPT", "!protocolNumber=17 accept"),
    ("-p all -j ACCEPT", "accept"),
    ("-p tcp --syn -j ACCEPT", "protocolNumber=6 tcpFlags&23=2 fragment=0 accept"),
    ("-p tcp --tcp-flags SYN,ACK NONE -j DROP", "protocolNumber=6 tcpFlags&18=0 fragment=0 drop"),
    ("-p tcp --tcp-flags SYN ACK -j DROP", "protocolNumber=6 never fragment=0 drop"),
    (
      "-p udp -m multiport --dports 53,123,500:501 -j ACCEPT",
      "protocolNumber=17 destinationPort={53,123,500-501} accept"
    ),
    ("-p tcp -m multiport ! --ports 22,80 -j DROP", "protocolNumber=6 !(sourcePort,destinationPort)x4 drop"),
    ("-p tcp ! --tcp-option 8 -j DROP", "protocolNumber=6 !tcpOption=8 fragment=0 drop"),
    ("-p icmp --icmp-type echo-request -j ACCEPT", "protocolNumber=1 icmpType=8 accept"),
    ("-p icmp --icmp-type 3/4 -j ACCEPT", "protocolNumber=1 icmpType=3 icmpCode=4 accept"),
    ("-p icmp ! --icmp-type 3/4 -j ACCEPT", "protocolNumber=1 !(icmpType,icmpCode)x1 accept"),
    ("-p icmp --icmp-type any -j ACCEPT", "protocolNumber=1 icmpType=0-255 accept"),
    ("-i eth+ ! -o eth0.2 -j ACCEPT", "inputInterface=eth* !outputInterface=eth0.2 accept"),
    ("-i + -j ACCEPT", "accept"),
    ("-f -j DROP", "fragment=1 drop"),
    ("! -f -j DROP", "fragment=0 drop"),
    ("-m state --state RELATED,ESTABLISHED -j ACCEPT", "ctState@6 accept"),
    ("-m conntrack ! --ctstate INVALID -j ACCEPT", "ctState@23 accept"),
    ("-m conntrack --ctstate DNAT -j ACCEPT", "ctStatus&32 accept"),
    (
      "-m conntrack --ctstate INVALID --ctdir REPLY -j DROP",
      "ctState@8 'conntrack options beside the states INVALID and UNTRACKED' ~drop"
    ),
    (
      "-p tcp -m conntrack --ctorigdst 192.0.2.1 --ctorigdstport 25 -j ACCEPT",
      "protocolNumber=6 ctOriginalIPv4Destination=3221225985 ctOriginalDestinationPort=25 accept"
    ),
    ("-m conntrack --ctstatus NONE -j ACCEPT", "never accept"),
    ("-m conntrack --ctstatus ASSURED,SEEN_REPLY -j ACCEPT", "ctStatus&6 accept"),
    ("-m mark --mark 0x1/0xff -j ACCEPT", "mark&255=1 accept"),
    ("-m mark --mark 0x100/0xff -j ACCEPT", "never accept"),
    ("-m mark ! --mark 1 -j ACCEPT", "!mark=1 accept"),
    ("-m connmark --mark 1/3 -j ACCEPT", "ctMark&3=1 accept"),
    (
      "-m iprange --src-range 10.0.0.1-10.0.0.9 ! --dst-range 10.0.1.1-10.0.1.9 -j ACCEPT",
      "ipv4Source=167772161-167772169 !ipv4Destination=167772417-167772425 accept"
    ),
    ("-m addrtype --dst-type LOCAL,BROADCAST -j ACCEPT", "destinationAddressType@12 accept"),
    ("-m pkttype --pkt-type broadcast -j DROP", "packetType=1 drop"),
    ("-m length ! --length 100:200 -j DROP", "!length=100-200 drop"),
    ("-m ttl --ttl-lt 5 -j DROP", "timeToLive=0-4 drop"),
    ("-m ttl --ttl-gt 255 -j DROP", "never drop"),
    ("-m dscp --dscp-class EF -j ACCEPT", "dscp=46 accept"),
    ("-m tos --tos 0x10/0xfc -j ACCEPT", "dscp&63=4 accept"),
    ("-m limit --limit 5/min -j ACCEPT", "'limit rate' ~accept"),
    ("-m mac --mac-source 00:11:22:33:44:55 -j ACCEPT", "'source MAC address' ~accept"),
    ("-m nosuch --level 3 --fast -p tcp -j ACCEPT", "protocolNumber=6 'unknown match nosuch' ~accept"),
    ("-m comment --comment \"-j DROP\" -j ACCEPT", "accept"),
    ("-m comment --comment \"say \\\"no\\\"\" -p udp -j ACCEPT", "protocolNumber=17 accept"),
    ("-j LOG --log-prefix \"in: \"", "none"),
    ("-j REJECT --reject-with icmp-host-prohibited", "reject"),
    ("-j NFQUEUE --queue-num 3", "~queue"),
    ("-j TARPIT", "~unknown"),
    ("-j NEWTARGET --with option", "~unknown"),
    ("-j MARK --set-mark 5", "mark:=&~4294967295^5 none"),
    ("-j MARK --set-mark 0x4/0x3", "mark:=&~7^4 none"),
    ("-j MARK --set-xmark 0x4/0x3", "mark:=&~3^4 none"),
    ("-j MARK --and-mark 0xf0", "mark:=&~4294967055^0 none"),
    ("-j MARK --or-mark 1", "mark:=&~1^1 none"),
    ("-j MARK --xor-mark 1", "mark:=&~0^1 none"),
    ("-j CONNMARK --restore-mark", "ctDirection=0-1 mark:=&~4294967295^other&4294967295 none"),
    ("-j CONNMARK --save-mark --mask 0xff", "ctMark:=&~255^other&255 none"),
    ("-j CONNMARK --save-mark --nfmask 0xf --ctmask 0xff", "ctMark:=&~255^other&15 none"),
    ("-j CONNMARK --restore-mark --nfmask 0xf --ctmask 0xff", "ctDirection=0-1 mark:=&~15^other&255 none"),
    ("-j CONNMARK --set-xmark 0x23/0x42 --right-shift-mark 5", "ctMark:=&~66^35 ctMark:=>>5 none"),
    (
      "-j CONNMARK --restore-mark --ctmask 0xff --left-shift-mark 8",
      "ctDirection=0-1 mark:=&~4294967295^other&255 mark:=<<8 none"
    ),
    ("-j CONNMARK --save-mark --mask 0xff --left-shift-mark 8", "ctMark:=? ~none"),
    (
      "-s 10.0.0.0/8,10.1.0.0/16 -j CONNMARK --save-mark",
      "ipv4Source=167772160-184549375 ctMark:=&~4294967295^other&4294967295 none"
    ),
    ("-m layer7 --l7proto smtp -j ACCEPT", "'match layer7' ~accept"),
    ("-m conntrack --ctproto udp -j ACCEPT", "ctProtocol=17 accept"),
    ("-m conntrack ! --ctreplsrc 10.0.0.0/8 -j ACCEPT", "!ctReplyIPv4Source=167772160-184549375 accept"),
    ("-p tcp -m conntrack --ctreplsrcport 25 -j ACCEPT", "protocolNumber=6 ctReplySourcePort=25 accept"),
    (
      "-m conntrack --ctproto tcp --ctorigsrcport 443:444 -j ACCEPT",
      "ctProtocol=6 ctOriginalSourcePort=443-444 accept"
    ),
    (
      "-m conntrack --ctorigsrcport 443 -j ACCEPT", "'port of connections that may be without ports' ~accept"
    ),
  ]

  @Test(arguments: v4) func lowersRulesOfIPv4(rule: String, expected: String) {
    #expect(Parsed(rule: rule).rules(of: "FORWARD") == [expected])
  }

  private static let v6: [(String, String)] = [
    ("-s 2001:db8::/32 -j DROP", "ipv6Source=2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff drop"),
    ("-d 2001:db8::5/ffff::ffff -j DROP", "ipv6Destination&ffff::ffff=2001::5 drop"),
    ("-s ::/0 -j DROP", "drop"),
    ("-p ipv6-icmp --icmpv6-type 135 -j ACCEPT", "protocolNumber=58 icmpType=135 accept"),
    ("-p icmpv6 -m icmp6 --icmpv6-type port-unreachable -j ACCEPT", "protocolNumber=58 icmpType=1 icmpCode=4 accept"),
    ("-m hl --hl-eq 255 -j ACCEPT", "timeToLive=255 accept"),
    ("-m addrtype --dst-type LOCAL -j DROP", "destinationAddressType@4 drop"),
    (
      "-m addrtype --dst-type MULTICAST -j DROP",
      "ipv6Destination=ff00::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff drop"
    ),
    (
      "-m addrtype --src-type UNICAST -j DROP",
      "!ipv6Source={::-::,::ffff:0.0.0.0-::ffff:255.255.255.255,ff00::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff} drop"
    ),
    ("-m rt --rt-type 0 -j DROP", "'IPv6 routing header' ~drop"),
    ("-j REJECT --reject-with icmp6-adm-prohibited", "reject"),
  ]

  @Test(arguments: v6) func lowersRulesOfIPv6(rule: String, expected: String) {
    #expect(Parsed(rule: rule, dialect: .ip6tables).rules(of: "FORWARD") == [expected])
  }

  private static let translations: [(String, String, Dialect, String)] = [
    (
      "-p tcp --dport 25 -j DNAT --to-destination 10.0.0.5:2525", "PREROUTING", .iptables,
      "protocolNumber=6 destinationPort=25 destination(10.0.0.5:2525)"
    ),
    (
      "-p tcp -j DNAT --to-destination 10.0.0.5-10.0.0.9:1-9/3", "PREROUTING", .iptables,
      "protocolNumber=6 destination(10.0.0.5-10.0.0.9:1-9)"
    ),
    ("-p tcp -j DNAT --to-destination :8080", "PREROUTING", .iptables, "protocolNumber=6 destination(:8080)"),
    ("-p tcp -j DNAT --to [2001:db8::5]:25", "PREROUTING", .ip6tables, "protocolNumber=6 destination(2001:db8::5:25)"),
    ("-o wan -j SNAT --to-source 192.0.2.7", "POSTROUTING", .iptables, "outputInterface=wan source(192.0.2.7:)"),
    ("-j SNAT --to-source 192.0.2.7 --random", "POSTROUTING", .iptables, "source(192.0.2.7:1-65535)"),
    ("-p tcp -j MASQUERADE --to-ports 1024-2000", "POSTROUTING", .iptables, "protocolNumber=6 masquerade(:1024-2000)"),
    ("-p tcp -j REDIRECT --to-ports 3128", "PREROUTING", .iptables, "protocolNumber=6 redirect(:3128)"),
    (
      "-d 192.0.2.0/24 -j NETMAP --to 10.0.0.0/24", "PREROUTING", .iptables,
      "ipv4Destination=3221225984-3221226239 destinationPrefix(10.0.0.0-10.0.0.255:)"
    ),
    ("-j NETMAP --to 10.0.0.0/24", "POSTROUTING", .iptables, "sourcePrefix(10.0.0.0-10.0.0.255:)"),
  ]

  @Test(arguments: translations)
  func lowersTranslations(rule: String, chain: String, dialect: Dialect, expected: String) {
    #expect(Parsed(rule: rule, table: "nat", chain: chain, dialect: dialect).rules(of: chain) == [expected])
  }

  /// The reader of plain addresses agrees with the general one, on good and bad text.
  @Test(arguments: [
    "::", "::1", "1::", "1::8", "2001:db8::5", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "ABCD::ef",
    "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":1", "1:", "12345::", "::g", ":::", "", "1:2:3:4::5:6:7:8",
    "::ffff:192.0.2.1", "1:/64",
  ]) func plainIPv6AgreesWithTheGeneralReader(text: String) {
    let bytes = Array(text.utf8)
    bytes.withUnsafeBufferPointer { buffer in
      let argument = ByteText(buffer, 0, buffer.count)
      let general = IPAddress.parseV6(argument.slice)
      if case .v6(_, let value)? = RulesetReader.plainV6(argument) {
        #expect(value == general)
      } else {
        #expect(general == nil || text.contains("."))
      }
    }
  }

  @Test func netmapInUserChainFollowsItsCallers() {
    func kind(_ hooks: [String]) -> [String] {
      let jumps = hooks.map { "-A \($0) -j map\n" }.joined()
      return Parsed("*nat\n:map - [0:0]\n\(jumps)-A map -j NETMAP --to 10.0.0.0/24\nCOMMIT\n").rules(of: "map")
    }
    #expect(kind(["PREROUTING"]) == ["destinationPrefix(10.0.0.0-10.0.0.255:)"])
    #expect(kind(["POSTROUTING"]) == ["sourcePrefix(10.0.0.0-10.0.0.255:)"])
    #expect(kind(["PREROUTING", "POSTROUTING"]) == ["~unknown"])
  }

  @Test func firewalldStatesAreATupleOfStateAndStatus() {
    let parsed = Parsed(rule: "-m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT")
    #expect(parsed.rules(of: "FORWARD").first?.hasPrefix("(ctState,ctStatus)x") == true)
    #expect(parsed.graph.counts.exact == 1)
  }

  @Test func copiesOfARuleThatMayMatchTwiceAreNotOneRule() {
    let text =
      "*filter\n:sub - [0:0]\n-A FORWARD -s 10.0.0.0/8,10.1.0.0/16 -j sub\n-A FORWARD -s 10.0.0.0/9,10.128.0.0/9 -j sub\nCOMMIT\n"
    let parsed = Parsed(text)
    #expect(parsed.graph.counts.approximated == 1)
    #expect(parsed.graph.counts.exact == 1)
  }
}
