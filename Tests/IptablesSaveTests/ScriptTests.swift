import RuleGraph
import Testing

@testable import IptablesSave

/// Scripts of iptables commands.
@Suite struct ScriptTests {
  @Test func followsTheTopLevel() {
    let parsed = Parsed(
      """
      #!/bin/sh
      IPT=/sbin/iptables
      NET="10.0.0.0/24"
      $IPT -F
      $IPT -P FORWARD DROP
      iptables -N mine 2>/dev/null
      iptables -A FORWARD -s ${NET} -p tcp \\
        --dport 22 -j mine   # ssh
      iptables -t nat -A POSTROUTING -o wan -j MASQUERADE; ip6tables -A FORWARD -j DROP && echo done
      iptables -A mine -m comment --comment 'it'\\''s' -j ACCEPT
      iptables -D FORWARD -j REJECT

      """)
    #expect(parsed.messages.isEmpty)
    #expect(
      parsed.rules(of: "FORWARD") == [
        "protocolNumber=6 ipv4Source=167772160-167772415 destinationPort=22 jump:mine"
      ])
    #expect(parsed.rules(of: "mine") == ["accept"])
    #expect(parsed.rules(of: "POSTROUTING") == ["outputInterface=wan masquerade(:)"])
    #expect(parsed.graph.tables.map(\.family) == [.ip, .ip, .ip6])
  }

  @Test func whatTheShellDecidesIsUndecided() {
    let parsed = Parsed(
      """
      iptables -A INPUT -i $LAN -j ACCEPT
      if [ -f /etc/open ]; then
        iptables -A INPUT -p tcp -j ACCEPT
        iptables -P INPUT DROP
      fi
      iptables -A INPUT -p udp -j ACCEPT

      """)
    #expect(
      parsed.messages == [
        "1:22-26 error: the shell variable LAN is not known",
        "4:12-25 warning: the command is not followed, as it is up to the shell whether it runs",
      ])
    #expect(
      parsed.rules(of: "INPUT") == [
        "?unknown", "'condition of the shell script' protocolNumber=6 ~accept", "protocolNumber=17 accept",
      ])
  }

  @Test func readsHereDocumentsOfRestore() {
    let parsed = Parsed(
      """
      iptables -P INPUT DROP
      cat <<EOF > /etc/motd
      iptables -A INPUT -j ACCEPT
      EOF
      iptables-restore <<'END'
      *mangle
      -A PREROUTING -j MARK --set-mark 1
      COMMIT
      END

      """)
    #expect(parsed.messages.isEmpty)
    #expect(parsed.rules(of: "INPUT").isEmpty)
    #expect(parsed.rules(of: "PREROUTING") == ["mark:=&~4294967295^1 none"])
  }
}
