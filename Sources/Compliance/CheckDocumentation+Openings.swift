extension CheckRegistry {
  /// FW2xx: what is open beyond what is declared.
  static let openingDocumentation: [String: CheckDocumentation] = [
    "FW201": CheckDocumentation(
      what: "A rule or policy lets nearly every protocol and port through between a unit and at least half of the "
        + "Internet.",
      why: "The firewall does nothing for the unit; every service that ever listens there is public.",
      mend: "Set the policy to drop and accept what the declared features need."),
    "FW202": CheckDocumentation(
      what: "A declared incoming service is open to more sources than the site file binds for its roles.",
      why: "Everyone in the excess can talk to the service; the site says they need not.",
      mend: "Narrow the source to the role's addresses, or bind the role wider."),
    "FW203": CheckDocumentation(
      what: "A rule opens ports that no row of the policy asks for.",
      why: "Nobody has said what it is for. Forgotten openings are what attackers find.",
      mend: "Delete the rule, or list it under also-open: with its reason."),
    "FW204": CheckDocumentation(
      what: "Public addresses reach a port that must never be public: administration, directories, HA and the like.",
      why: "Such services are attacked within minutes of being reachable.",
      mend: "Restrict the sources to the administrators' addresses.",
      references: ["IANA IPv4 and IPv6 Special-Purpose Address Registries (what counts as public)"]),
    "FW205": CheckDocumentation(
      what: "A unit may reach more destinations for a declared outgoing service than the site file binds.",
      why: "A compromised unit can use the service against anybody, or carry data out through it.",
      mend: "Narrow the destination to the role's addresses, or bind the role wider."),
    "FW207": CheckDocumentation(
      what:
        "A rule perhaps lets through more than is declared: whether it does depends on an interface that the site file "
        + "does not name, a rate limit, a field that the sender chooses, or contents that are not in the files.",
      why: "An opening that cannot be ruled out is one that somebody has to look at.",
      mend: "Bind interfaces, give the contents under resolve:, or narrow the rule to what is declared."),
    "FW206": CheckDocumentation(
      what: "A rule opens ports that only features use which the site does not declare.",
      why: "Either the site file is incomplete, and then gaps of that feature go unseen, or the opening is a leftover.",
      mend: "Declare the feature, or close the port."),
  ]

  /// FW3xx: what is out of date.
  static let ageDocumentation: [String: CheckDocumentation] = [
    "FW301": CheckDocumentation(
      what: "A rule admits the flow of a row that the policy marks as deprecated, or the site declares such a feature.",
      why: "The service is gone from current releases; the opening serves nobody but attackers.",
      mend: "Delete the rule; take the feature out of the site file.",
      references: ["FortiMail 7.6 Administration Guide, Appendix C: Port Numbers"]),
    "FW302": CheckDocumentation(
      what: "A declared feature sends clear text, and the policy knows a feature that does the same encrypted.",
      why: "Passwords and mail can be read on the way.",
      mend:
        "Declare and open the encrypted sibling, then close the clear-text port. Switch the check off with severity: "
        + "{FW302: off}."),
  ]
}
