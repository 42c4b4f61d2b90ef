extension CheckExample {
  /// FW2xx: what is open beyond what is declared.
  static let openings: [String: CheckExample] = [
    "FW201": ssh(
      """
      table inet edge {
        chain forward {
          type filter hook forward priority filter; policy accept;
          ct state established,related accept
        }
      }

      """),
    "FW202": ssh(
      """
      table inet edge {
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state established,related accept
          ip saddr 10.0.0.0/8 ip daddr 10.0.10.5 tcp dport 22 accept
        }
      }

      """),
    "FW203": ssh(
      """
      table inet edge {
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state established,related accept
          ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22 accept
          ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 3306 accept
        }
      }

      """),
    "FW204": ssh(
      """
      table inet edge {
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state established,related accept
          ip daddr 10.0.10.5 tcp dport 22 accept
        }
      }

      """),
    "FW205": CheckExample(
      files: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy drop;
              ct state established,related accept
              ip saddr 10.0.10.5 tcp dport 636 accept
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

          """)
      ]),
    "FW206": ssh(
      """
      table inet edge {
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state established,related accept
          ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22 accept
          ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 143 accept
        }
      }

      """),
    "FW207": ssh(
      """
      table inet edge {
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state established,related accept
          ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22 accept
          ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 3306 limit rate 10/second accept
        }
      }

      """),
  ]
}
