import SourceText

/// One check: its code, its name and how much it weighs by default.
public struct Check: Sendable, Hashable {
  public var code: String
  /// Such that "allow NAME" reads well.
  public var name: String
  public var severity: Severity
}

/// Every check, in the order of codes; a code is never used again for something else.
public enum CheckRegistry {
  public static let checks: [Check] = [
    Check(code: "FW101", name: "required-flow-blocked", severity: .error),
    Check(code: "FW102", name: "required-flow-partly-blocked", severity: .error),
    Check(code: "FW103", name: "required-flow-undecided", severity: .warning),
    Check(code: "FW104", name: "reply-blocked", severity: .error),
    Check(code: "FW105", name: "published-address-not-translated", severity: .error),
    Check(code: "FW201", name: "opens-everything", severity: .error),
    Check(code: "FW202", name: "source-too-broad", severity: .warning),
    Check(code: "FW203", name: "port-not-required", severity: .warning),
    Check(code: "FW204", name: "exposed-to-internet", severity: .error),
    Check(code: "FW205", name: "destination-too-broad", severity: .warning),
    Check(code: "FW206", name: "undeclared-feature-open", severity: .warning),
    Check(code: "FW207", name: "opening-undecided", severity: .warning),
    Check(code: "FW301", name: "deprecated-entry", severity: .warning),
    Check(code: "FW302", name: "clear-text-service", severity: .note),
    Check(code: "FW401", name: "shadowed-rule", severity: .note),
    Check(code: "FW402", name: "redundant-rule", severity: .note),
    Check(code: "FW403", name: "unreachable-chain", severity: .note),
    Check(code: "FW404", name: "match-never-true", severity: .warning),
    Check(code: "FW405", name: "empty-set", severity: .note),
    Check(code: "FW406", name: "input-bypassed-by-dnat", severity: .warning),
    Check(code: "FW501", name: "syntax", severity: .error),
    Check(code: "FW502", name: "approximated-match", severity: .note),
    Check(code: "FW503", name: "nothing-understood", severity: .error),
    Check(code: "FW504", name: "unresolved-reference", severity: .note),
    Check(code: "FW901", name: "unused-suppression", severity: .warning),
    Check(code: "FW902", name: "expired-suppression", severity: .warning),
    Check(code: "FW903", name: "suppression-without-reason", severity: .warning),
  ]

  /// Codes that are laid down for checks which this version does not run.
  public static let reserved: Set<String> = []

  /// The check of a code.
  public static func check(_ code: String) -> Check? { checks.first { $0.code == code } }

  /// The default severity of a code.
  public static func severity(of code: String) -> Severity { check(code)?.severity ?? .warning }
}
