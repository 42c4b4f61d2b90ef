extension CheckExample {
  /// FW9xx: suppressions.
  static let suppressions: [String: CheckExample] = [
    "FW901": ssh(
      """
      table inet edge {
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state established,related accept
          ip saddr 10.1.0.0/24 ip daddr 10.0.10.5 tcp dport 22 accept  # fwlint: allow FW202 reason="until the move"
        }
      }

      """),
    "FW902": ssh(
      """
      table inet edge {
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state established,related accept
          ip saddr 10.0.0.0/8 ip daddr 10.0.10.5 tcp dport 22 accept  # fwlint: allow FW202 until=2020-01-01 reason="until the move"
        }
      }

      """),
    "FW903": CheckExample(
      files: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy drop;
              ct state established,related accept
              ip saddr 10.0.0.0/8 ip daddr 10.0.10.5 tcp dport 22 accept  # fwlint: allow FW202
            }
          }

          """),
        File("fwlint.yaml", sshSite),
      ],
      mended: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy drop;
              ct state established,related accept
              ip saddr 10.0.0.0/8 ip daddr 10.0.10.5 tcp dport 22 accept  # fwlint: allow FW202 until=2999-12-31 reason="the jump hosts move in March"
            }
          }

          """)
      ]),
  ]
}
