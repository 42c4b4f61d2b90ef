extension CheckRegistry {
  private static let appendix = "FortiMail 7.6 Administration Guide, Appendix C: Port Numbers"

  /// FW1xx: required flows that do not get through.
  static let gapDocumentation: [String: CheckDocumentation] = [
    "FW101": CheckDocumentation(
      what: "No packet of a flow that a declared feature requires gets through this firewall: first packets or their "
        + "replies are surely dropped for every peer, unit and port of the row.",
      why: "The feature does not work behind this firewall.",
      mend:
        "Add the rule that the finding prints before the place where the packet is dropped, or take the feature out "
        + "of the site file.",
      references: [appendix]),
    "FW102": CheckDocumentation(
      what: "A part of a required flow is surely dropped and another part is not; the finding lists exactly what is "
        + "missing, in prefixes and ports.",
      why: "The feature works for some peers, units or ports only, which is harder to notice than an outage.",
      mend: "Widen the rule by the missing part that the finding prints.",
      references: [appendix]),
    "FW103": CheckDocumentation(
      what: "Whether a required flow passes cannot be known from the files: it depends on a rate limit, on a set that "
        + "is filled at run time, on an interface or a peer that the site file does not name.",
      why: "A guess would be wrong half of the time. The finding names what the answer depends on.",
      mend: "Bind the role, declare the interface, give the contents under resolve:, or decide the flow before the "
        + "undecidable rule."),
    "FW104": CheckDocumentation(
      what: "First packets of a required flow pass, but the answers to them are surely dropped.",
      why: "Nothing works one way: a TCP connection never comes to be.",
      mend: "Accept established connections early in the chain: ct state established,related accept.",
      references: ["nft(8), CT EXPRESSION", "iptables-extensions(8), conntrack"]),
    "FW105": CheckDocumentation(
      what: "A listed firewall should translate a published address to a unit, and nothing in its rules does.",
      why: "Peers call the published address; their packets go nowhere, or to the firewall itself.",
      mend: "Add the destination NAT rule, or correct published: in the site file.",
      references: ["nft(8), NAT STATEMENTS", "iptables-extensions(8), DNAT"]),
  ]
}
