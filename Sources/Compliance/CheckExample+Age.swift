extension CheckExample {
  /// FW3xx: what is out of date.
  static let age: [String: CheckExample] = [
    "FW301": ssh(
      """
      table inet edge {
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state established,related accept
          ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22 accept
          ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 udp dport 9443 accept
        }
      }

      """),
    "FW302": CheckExample(
      files: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy drop;
              ct state established,related accept
              ip saddr 10.0.10.5 ip daddr 10.0.20.5 tcp dport 389 accept
              ip saddr 10.0.10.5 ip daddr 10.0.20.5 udp dport 389 accept
            }
          }

          """),
        File(
          "fwlint.yaml",
          """
          policy: fortimail-7.6
          mode: gateway
          units:
            - name: mail1
              addresses: [10.0.10.5]
          features: [ldap]
          peers: {directory-server: [10.0.20.5]}
          firewalls:
            - path: edge.nft
              position: forward

          """),
      ],
      mended: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy drop;
              ct state established,related accept
              ip saddr 10.0.10.5 ip daddr 10.0.20.5 tcp dport 636 accept
            }
          }

          """),
        File(
          "fwlint.yaml",
          """
          policy: fortimail-7.6
          mode: gateway
          units:
            - name: mail1
              addresses: [10.0.10.5]
          features: [ldaps]
          peers: {directory-server: [10.0.20.5]}
          firewalls:
            - path: edge.nft
              position: forward

          """),
      ]),
  ]
}
