extension CheckExample {
  /// FW2xx: what is open beyond what is declared.
  static let openings: [String: CheckExample] = [
    "FW201": CheckExample(
      files: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy accept;
              ct state established,related accept
            }
          }

          """),
        File("fwlint.yaml", sshSite),
      ],
      mended: [
        File("edge.nft", sshRules)
      ]),
    "FW202": CheckExample(
      files: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy drop;
              ct state established,related accept
              ip saddr 10.0.0.0/8 ip daddr 10.0.10.5 tcp dport 22 accept
            }
          }

          """),
        File("fwlint.yaml", sshSite),
      ],
      mended: [
        File("edge.nft", sshRules)
      ]),
    "FW203": CheckExample(
      files: [
        File(
          "edge.nft",
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
        File("fwlint.yaml", sshSite),
      ],
      mended: [
        File("edge.nft", sshRules)
      ]),
    "FW204": CheckExample(
      files: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy drop;
              ct state established,related accept
              ip daddr 10.0.10.5 tcp dport 22 accept
            }
          }

          """),
        File("fwlint.yaml", sshSite),
      ],
      mended: [
        File("edge.nft", sshRules)
      ]),
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
    "FW206": CheckExample(
      files: [
        File(
          "edge.nft",
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
        File("fwlint.yaml", sshSite),
      ],
      mended: [
        File("edge.nft", sshRules)
      ]),
    "FW207": CheckExample(
      files: [
        File(
          "edge.nft",
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
        File("fwlint.yaml", sshSite),
      ],
      mended: [
        File("edge.nft", sshRules)
      ]),
  ]
}
