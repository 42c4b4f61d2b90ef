extension CheckRegistry {
  /// FW4xx: rules that do not do what they seem to do.
  static let graphDocumentation: [String: CheckDocumentation] = [
    "FW401": CheckDocumentation(
      what: """
        No packet reaches this rule: earlier rules, together, decide everything that it matches. A rule of which they \
        decide a part only is no finding, as that is how exceptions are written.
        """,
      why: "The rule has no effect, whatever its author meant it to have.",
      mend: "Move the rule before those that shadow it, or delete it."),
    "FW402": CheckDocumentation(
      what: "The rule decides some packets, and without it every one of them would meet the same fate.",
      why: "It is noise that the next reader has to understand.",
      mend: "Delete the rule."),
    "FW403": CheckDocumentation(
      what: "No base chain leads to this chain.",
      why: "Its rules are never tried. Often the jump to it was lost.",
      mend: "Jump to the chain, or delete it."),
    "FW404": CheckDocumentation(
      what: "The matches of this rule contradict one another, or the packets of this hook, so that it never matches.",
      why: "A rule that can never match is a mistake of its author.",
      mend: "Correct the matches."),
    "FW405": CheckDocumentation(
      what: "A rule looks a packet up in a named set without elements, which nothing in the file fills.",
      why: "The rule never matches until something fills the set at run time.",
      mend: "Give the set its elements, or delete the rule."),
    "FW406": CheckDocumentation(
      what:
        "Rules at the input hook guard a port whose packets are translated before they get there, and so go through "
        + "the forward hook instead.",
      why: "The port looks closed in the input chain and is open to everybody: containers' published ports do this.",
      mend: "Filter in the forward hook (DOCKER-USER), or match the original destination port.",
      references: ["iptables-extensions(8), conntrack --ctorigdstport"]),
  ]

  /// FW5xx: what of the input was not understood; FW9xx: suppressions.
  static let inputDocumentation: [String: CheckDocumentation] = [
    "FW501": CheckDocumentation(
      what:
        "A statement is not valid in the file's language, or fwlint cannot read it. It counts as a rule that perhaps "
        + "matches, with any verdict.",
      why: "nft and iptables-restore load a file whole or not at all: with an error in it, none of it is in force.",
      mend: "Correct the statement."),
    "FW502": CheckDocumentation(
      what: "A rule was read, but whether it matches cannot be known offline; the construct is named.",
      why: "Every answer that depends on the rule is undecided.",
      mend: "Nothing, if the uncertainty is meant; else decide the declared flows before this rule."),
    "FW503": CheckDocumentation(
      what: "Nothing in the file was understood: it is empty, holds comments only, or is no firewall configuration.",
      why: "A gate that passes on a file it could not read is no gate. The run ends with exit code 2.",
      mend: "Name the right file."),
    "FW504": CheckDocumentation(
      what: "A rule refers to contents that are kept elsewhere: an ipset, another security group, a prefix list.",
      why: "Neither any nor none: answers that depend on it are undecided.",
      mend: "List the ipset save in the firewall's path, or give the contents under resolve:."),
    "FW901": CheckDocumentation(
      what: "A suppression has no effect: there is no such finding where it stands, it names an unknown check, or the "
        + "finding is one that cannot be suppressed (FW501, FW503, FW204, and FW201 for what comes in).",
      why:
        "It hides the finding of tomorrow. A comment speaks of the rule on its line, or below it when it stands on a "
        + "line of its own; suppressions: in the site file speaks of findings without a line.",
      mend: "Delete the suppression, or correct it."),
    "FW902": CheckDocumentation(
      what: "A suppression is past its end; what it suppressed is reported again. The day under until= is the last one "
        + "on which it holds.",
      why: "Somebody promised to mend this by then.", mend: "Mend the finding, or extend the suppression knowingly."),
    "FW903": CheckDocumentation(
      what: "A suppression gives no reason. It has its effect all the same.",
      why: "Nobody can tell later whether it still holds.", mend: "Add reason=\"...\"."),
  ]
}
