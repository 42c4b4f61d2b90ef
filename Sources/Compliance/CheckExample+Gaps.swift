extension CheckExample {
  /// FW1xx: required flows that do not get through.
  static let gaps: [String: CheckExample] = [
    "FW101": ssh(
      """
      table inet edge {
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state established,related accept
        }
      }

      """),
    "FW102": ssh(
      """
      table inet edge {
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state established,related accept
          ip saddr 10.1.0.0/25 ip daddr 10.0.10.5 tcp dport 22 accept
        }
      }

      """),
    "FW103": ssh(
      """
      table inet edge {
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state established,related accept
          ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22 limit rate 10/second accept
        }
      }

      """),
    "FW104": CheckExample(
      files: [
        File(
          "host.nft",
          """
          table inet host {
            chain input {
              type filter hook input priority filter; policy drop;
              ct state established,related accept
              ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22 accept
            }
            chain output {
              type filter hook output priority filter; policy drop;
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
          features: [admin-cli]
          peers: {administrators: [10.1.0.0/24]}
          firewalls:
            - path: host.nft
              position: host

          """),
      ],
      mended: [
        File(
          "host.nft",
          """
          table inet host {
            chain input {
              type filter hook input priority filter; policy drop;
              ct state established,related accept
              ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22 accept
            }
            chain output {
              type filter hook output priority filter; policy drop;
              ct state established,related accept
            }
          }

          """)
      ]),
    "FW105": CheckExample(
      files: [
        File("edge.nft", sshRules),
        File(
          "fwlint.yaml",
          """
          policy: fortimail-7.6
          mode: gateway
          units:
            - name: mail1
              addresses: [10.0.10.5]
              published: [{address: 203.0.113.25, peers: [administrators], by: edge.nft}]
          features: [admin-cli]
          peers: {administrators: [10.1.0.0/24]}
          firewalls:
            - path: edge.nft
              position: forward

          """),
      ],
      mended: [
        File(
          "edge.nft",
          """
          table ip nat {
            chain prerouting {
              type nat hook prerouting priority dstnat;
              ip daddr 203.0.113.25 tcp dport 22 dnat to 10.0.10.5
            }
          }
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy drop;
              ct state established,related accept
              ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22 accept
            }
          }

          """)
      ]),
  ]
}
