import Evaluation
import PacketSets
import Requirements
import RuleGraph
import SourceText

/// FW301 and FW302 on the site file, and FW301 for rule sets without a site.
struct AgeChecks {
  let map: SourceMap

  /// Declared features that are deprecated, or clear text with an encrypted sibling.
  func run(_ requirements: [Requirement], _ site: Site) -> [Finding] {
    var findings: [Finding] = []
    var seen: Set<String> = []
    for requirement in requirements where requirement.applicability == .applies {
      if requirement.isDeprecated, seen.insert("FW301 \(requirement.feature)").inserted {
        findings.append(
          finding(
            "FW301", requirement, site,
            "feature \(requirement.feature) is deprecated (\(requirement.row))",
            "take \(requirement.feature) out of features: and close its port"))
      }
      if requirement.clearText == .clear, let sibling = requirement.encryptedSibling,
        seen.insert("FW302 \(requirement.feature)").inserted
      {
        findings.append(
          finding(
            "FW302", requirement, site,
            "feature \(requirement.feature) is clear text (\(requirement.row)); \(sibling) does the same encrypted",
            "declare \(sibling) instead of \(requirement.feature) and open its port"))
      }
    }
    return findings
  }

  private func finding(
    _ code: String, _ requirement: Requirement, _ site: Site, _ message: String, _ remedy: String
  ) -> Finding {
    let isWritten = requirement.range.end > requirement.range.start
    return Finding(
      code: code, severity: CheckRegistry.severity(of: code), message: message, requirements: [requirement.row],
      location: isWritten ? map.location(site.source, requirement.range) : nil, remediation: remedy,
      fingerprint: Fingerprint.make([code, requirement.feature]))
  }

  /// Rules that admit a deprecated row's flow, for files without a site: whatever the addresses.
  ///
  /// - Returns: the findings, and whether the budget of diagram edges ran out before all were looked for.
  func run(
    _ firewall: LoadedFirewall, _ policy: Policy, edgeLimit: Int
  ) -> (findings: [Finding], isExhausted: Bool) {
    var isExhausted = false
    /// In the order of rows, flows, paths and families, of which the first names a rule.
    var admissions: [(order: [Int], decider: TraceResult.Decider, finding: Finding)] = []
    let rows = policy.rows.filter(\.isDeprecated)
    for (pathOrder, path) in [Packet.Path.input, .output, .forward].enumerated() {
      let concerned = rows.enumerated().filter { path == .forward || path == Self.ownPath($0.element.direction) }
      for (familyOrder, family) in IPFamily.allCases.enumerated()
      where !concerned.isEmpty && firewall.speaks(of: family) {
        let evaluator = PathEvaluator(
          graphs: firewall.graphs, question: PathQuestion(family: family, path: path, phase: .first),
          edgeLimit: edgeLimit)
        for (rowOrder, row) in concerned {
          for (flowOrder, transport) in row.needs.flows.enumerated() {
            let all = evaluator.select(
              PacketBox(protocols: IntervalSet(Interval(UInt32(transport.protocolNumber)))))
            let flow = evaluator.restrict(evaluator.surelyAllowed(all), to: .transport(transport))
            guard !flow.isEmpty else { continue }
            for blame in evaluator.blameAccepts(flow) {
              guard let decider = blame.decider, decider.rule != nil, looksAtPorts(decider, firewall) else { continue }
              admissions.append(
                (
                  [rowOrder, flowOrder, pathOrder, familyOrder], decider,
                  admitted(row, blame, evaluator, firewall, family)
                ))
            }
          }
        }
        isExhausted = isExhausted || evaluator.isExhausted
      }
    }
    admissions.sort { $0.order.lexicographicallyPrecedes($1.order) }
    var seen: Set<TraceResult.Decider> = []
    return (admissions.filter { seen.insert($0.decider).inserted }.map(\.finding), isExhausted)
  }

  /// The path on which a unit's own host sees packets of a direction.
  private static func ownPath(_ direction: Direction) -> Packet.Path { direction == .incoming ? .input : .output }

  /// Whether a rule is about some ports rather than all.
  private func looksAtPorts(_ decider: TraceResult.Decider, _ firewall: LoadedFirewall) -> Bool {
    guard let rule = decider.rule else { return false }
    let graph = firewall.graphs[decider.graph]
    return graph.items(of: graph.rules[Int(rule)]).contains { item in
      item.field == .destinationPort
        || item.kind == .lookup && graph.lookups[Int(item.a)].fields.contains(.destinationPort)
    }
  }

  private func admitted(
    _ row: RequirementRow, _ blame: Blame, _ evaluator: PathEvaluator, _ firewall: LoadedFirewall, _ family: IPFamily
  ) -> Finding {
    let boxes = evaluator.boxes(of: blame.packets, limit: 8).boxes
    let regions = boxes.map { RegionText.region($0, family: family) }
    let decision = DeciderText(firewall: firewall, map: map).describe(blame.decider, ruleCount: blame.ruleCount)
    return Finding(
      code: "FW301", severity: CheckRegistry.severity(of: "FW301"),
      message: "this rule admits a flow that is deprecated (\(row.id)): "
        + regions.prefix(1).map(\.phrase).joined(),
      requirements: [row.id], firewall: firewall.name, location: decision.location,
      packet: evaluator.witness(of: blame.packets), region: regions, remediation: "delete this rule",
      fingerprint: Fingerprint.make(["FW301", Fingerprint.file(firewall.name), decision.key]),
      fix: deletion(blame, row, firewall))
  }

  /// The rule taken away; what it lets through may be nothing but the deprecated flow.
  private func deletion(_ blame: Blame, _ row: RequirementRow, _ firewall: LoadedFirewall) -> Fix? {
    guard let decider = blame.decider, let rule = decider.rule else { return nil }
    guard var fix = Remedy(firewall: firewall).delete(rule, in: firewall.graphs[decider.graph], isSafe: true) else {
      return nil
    }
    fix.effect = .narrows
    fix.asked = row.needs.flows.flatMap { transport in
      IPFamily.allCases.flatMap { family in
        [Packet.Path.input, .forward, .output].map {
          Fix.Flow(family: family, path: $0, box: .transport(transport), isReply: false)
        }
      }
    }
    return fix
  }
}
