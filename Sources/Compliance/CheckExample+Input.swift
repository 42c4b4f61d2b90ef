extension CheckExample {
  /// FW5xx: what of the input was not understood.
  static let input: [String: CheckExample] = [
    "FW501": CheckExample(
      files: [
        File(
          "edge.nft",
          """
          table inet edge {
            chain forward {
              type filter hook forward priority filter; policy drop;
              tcp dprot 25 accept
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
              tcp dport 25 accept
            }
          }

          """)
      ]),
    "FW502": CheckExample(
      files: [
        File(
          "rules.v4",
          """
          *filter
          :INPUT DROP [0:0]
          -A INPUT -m recent --update --seconds 60 --name DEFAULT --mask 255.255.255.255 --rsource -j DROP
          -A INPUT -p tcp -m tcp --dport 25 -j ACCEPT
          COMMIT

          """)
      ],
      mended: [
        File(
          "rules.v4",
          """
          *filter
          :INPUT DROP [0:0]
          -A INPUT -p tcp -m tcp --dport 25 -j ACCEPT
          COMMIT

          """)
      ]),
    "FW503": CheckExample(
      files: [
        File(
          "rules.v4",
          """
          # no rules yet

          """)
      ],
      mended: [
        File(
          "rules.v4",
          """
          *filter
          :INPUT DROP [0:0]
          -A INPUT -p tcp -m tcp --dport 25 -j ACCEPT
          COMMIT

          """)
      ]),
    "FW504": CheckExample(
      files: [
        File(
          "rules.v4",
          """
          *filter
          :INPUT DROP [0:0]
          :OUTPUT DROP [0:0]
          -A INPUT -m set --match-set admins src -p tcp -m tcp --dport 22 -j ACCEPT
          -A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
          COMMIT

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
            - path: rules.v4
              position: host

          """),
      ],
      mended: [
        File(
          "ipset.save",
          """
          create admins hash:net family inet hashsize 1024 maxelem 65536
          add admins 10.1.0.0/24

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
            - path: [rules.v4, ipset.save]
              position: host

          """),
      ]),
  ]
}
