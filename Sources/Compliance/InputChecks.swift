import RuleGraph
import SourceText

/// FW501 to FW504: what of the input was not understood, or only as "perhaps".
struct InputChecks {
  let map: SourceMap
  /// Findings of one kind in a file before they are summed up.
  static let limit = 200

  /// All findings about a firewall's files.
  func run(_ firewall: LoadedFirewall) -> [Finding] {
    var findings: [Finding] = []
    for (index, graph) in firewall.graphs.enumerated() {
      let diagnostics = index < firewall.diagnostics.count ? firewall.diagnostics[index] : []
      findings += syntax(graph, diagnostics, firewall)
      findings += approximated(graph, firewall)
      findings += references(graph, firewall)
    }
    return findings
  }

  private func syntax(_ graph: RuleGraph, _ diagnostics: [Diagnostic], _ firewall: LoadedFirewall) -> [Finding] {
    diagnostics.filter { $0.severity > .note && $0.file < graph.sources.count }.map { diagnostic in
      let source = graph.sources[diagnostic.file]
      let isRefused = diagnostic.severity == .error && !graph.dialect.isSecurityGroup
      let loads = isRefused ? "; the kernel would load none of this file" : ""
      return Finding(
        code: "FW501", severity: diagnostic.severity, message: diagnostic.message + loads,
        firewall: firewall.name, location: map.location(source, diagnostic.range),
        remediation: "correct the statement",
        fingerprint: Fingerprint.make([
          "FW501", Fingerprint.file(source.path), RuleKey.text(source.text(diagnostic.range)),
        ]))
    }
  }

  private func approximated(_ graph: RuleGraph, _ firewall: LoadedFirewall) -> [Finding] {
    var findings: [Finding] = []
    var omitted = 0
    for (index, rule) in graph.rules.enumerated() where rule.understanding == .approximated && rule.isWritten {
      guard findings.count < Self.limit else {
        omitted += 1
        continue
      }
      // References have a code of their own.
      let unknown = graph.approximations(of: UInt32(index)).filter { !$0.reason.hasPrefix("contents of ") }
      guard let first = unknown.first else { continue }
      findings.append(
        Finding(
          code: "FW502", severity: CheckRegistry.severity(of: "FW502"),
          message: Self.message(unknown), firewall: firewall.name,
          location: map.location(ofRule: UInt32(index), in: graph), remediation: RemedyText.undecided(first.reason),
          fingerprint: Fingerprint.make([
            "FW502", Fingerprint.file(firewall.name), RuleKey.make(UInt32(index), in: graph),
          ])))
    }
    if omitted > 0 { findings.append(further("FW502", "\(omitted) more rules are understood only in part", firewall)) }
    return findings
  }

  /// What stands for the findings of a kind that were left out.
  private func further(_ code: String, _ message: String, _ firewall: LoadedFirewall) -> Finding {
    Finding(
      code: code, severity: CheckRegistry.severity(of: code), message: message, firewall: firewall.name,
      fingerprint: Fingerprint.make([code, firewall.name, "further"]))
  }

  /// What is not known, and what decides it, in one sentence.
  private static func message(_ unknown: [Approximation]) -> String {
    let parts: [(Approximation.Part, String)] = [
      (.match, "whether this rule matches"), (.verdict, "what becomes of the packets that this rule matches"),
      (.effect, "what this rule writes"),
    ]
    let clauses = parts.compactMap { part, words -> String? in
      let reasons = unknown.filter { $0.part == part }.map(\.reason)
      return reasons.isEmpty ? nil : "\(words) is not known offline: \(reasons.joined(separator: ", "))"
    }
    return clauses.joined(separator: "; ")
  }

  private func references(_ graph: RuleGraph, _ firewall: LoadedFirewall) -> [Finding] {
    var findings: [Finding] = []
    var seen: Set<UInt32> = []
    var omitted = 0
    for (index, rule) in graph.rules.enumerated() where rule.isWritten {
      for item in graph.items(of: rule) where item.kind == .reference && seen.insert(item.a).inserted {
        guard findings.count < Self.limit else {
          omitted += 1
          continue
        }
        let reference = graph.references[Int(item.a)]
        findings.append(
          Finding(
            code: "FW504", severity: CheckRegistry.severity(of: "FW504"),
            message: "the contents of \(reference.kind) \(reference.name) are not in this file",
            firewall: firewall.name, location: map.location(ofRule: UInt32(index), in: graph),
            remediation: "give them in the site file:\n  resolve:\n    \(reference.name): [192.0.2.0/24]",
            fingerprint: Fingerprint.make(["FW504", Fingerprint.file(firewall.name), reference.kind, reference.name])))
      }
    }
    if omitted > 0 { findings.append(further("FW504", "\(omitted) more references are not resolved", firewall)) }
    return findings
  }
}
