extension CheckExample {
  /// FW4xx: rules that do not do what they seem to do.
  static let graph: [String: CheckExample] = [
    "FW401": CheckExample(
      files: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy accept;
              ip saddr 0.0.0.0/1 drop
              ip saddr 128.0.0.0/1 drop
              ip saddr 10.0.0.5 accept
            }
          }

          """)
      ],
      mended: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy accept;
              ip saddr 10.0.0.5 accept
              ip saddr 0.0.0.0/1 drop
              ip saddr 128.0.0.0/1 drop
            }
          }

          """)
      ]),
    "FW402": CheckExample(
      files: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy accept;
              tcp dport 23 drop
              tcp dport 25 accept
            }
          }

          """)
      ],
      mended: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy accept;
              tcp dport 23 drop
            }
          }

          """)
      ]),
    "FW403": CheckExample(
      files: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain blocklist {
              ip saddr 192.0.2.1 drop
            }
            chain forward {
              type filter hook forward priority filter; policy drop;
              tcp dport 25 accept
            }
          }

          """)
      ],
      mended: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain blocklist {
              ip saddr 192.0.2.1 drop
            }
            chain forward {
              type filter hook forward priority filter; policy drop;
              jump blocklist
              tcp dport 25 accept
            }
          }

          """)
      ]),
    "FW404": CheckExample(
      files: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy drop;
              tcp dport 22 tcp dport 2222 accept
            }
          }

          """)
      ],
      mended: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy drop;
              tcp dport { 22, 2222 } accept
            }
          }

          """)
      ]),
    "FW405": CheckExample(
      files: [
        File(
          "edge.nft",
          """
          table inet edge {
            set blocked {
              type ipv4_addr
            }
            chain forward {
              type filter hook forward priority filter; policy drop;
              ip saddr @blocked drop
              tcp dport 25 accept
            }
          }

          """)
      ],
      mended: [
        File(
          "edge.nft",
          """
          table inet edge {
            set blocked {
              type ipv4_addr
              elements = { 192.0.2.1 }
            }
            chain forward {
              type filter hook forward priority filter; policy drop;
              ip saddr @blocked drop
              tcp dport 25 accept
            }
          }

          """)
      ]),
    "FW406": CheckExample(
      files: [
        File(
          "rules.v4",
          """
          *nat
          :PREROUTING ACCEPT [0:0]
          -A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
          COMMIT
          *filter
          :INPUT ACCEPT [0:0]
          :FORWARD ACCEPT [0:0]
          -A INPUT -p tcp -m tcp --dport 8080 -j DROP
          COMMIT

          """)
      ],
      mended: [
        File(
          "rules.v4",
          """
          *nat
          :PREROUTING ACCEPT [0:0]
          -A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
          COMMIT
          *filter
          :INPUT ACCEPT [0:0]
          :FORWARD ACCEPT [0:0]
          -A FORWARD -p tcp -m conntrack --ctorigdstport 8080 -j DROP
          COMMIT

          """)
      ]),
  ]
}
