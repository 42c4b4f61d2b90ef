import Evaluation
import PacketSets
import Requirements
import RuleGraph
import SourceText

/// FW101 to FW104: required flows that do not get through, or of which that is not known.
struct GapChecks {
  let assessment: FirewallAssessment
  let map: SourceMap

  private var firewall: LoadedFirewall { assessment.firewall }

  /// The verdict on a requirement and what there is to say about it.
  func run(_ requirement: Requirement) -> (status: RequirementStatus, findings: [Finding]) {
    let best = assessment.assess(requirement)
    let status = best.status
    let findings =
      switch status {
      case .open, .notApplicable: [Finding]()
      case .undecided: undecided(requirement, best)
      case .blocked: missing(requirement, best, status)
      case .partial: missing(requirement, best, status) + undecided(requirement, best)
      }
    guard assessment.isExhausted, status != .notApplicable else { return (status, findings) }
    return (.undecided, [exhausted(requirement)])
  }

  /// What is said of a requirement when the evaluation ran out of its budget: nothing but that.
  private func exhausted(_ requirement: Requirement) -> Finding {
    Finding(
      code: "FW103", severity: CheckRegistry.severity(of: "FW103"),
      message: "whether \(requirement.row) (\(requirement.feature)) passes is undecided: the evaluation budget ran out",
      requirements: [requirement.row], firewall: firewall.name, location: firstLine,
      remediation: "split the rule set, or check fewer units and features at a time",
      fingerprint: Fingerprint.make([
        "FW103", Fingerprint.file(firewall.name), requirement.row, requirement.feature, "budget",
      ]))
  }

  // MARK: FW101, FW102, FW104

  /// Lost packets of one phase with the rule or policy that loses them.
  private struct Loss {
    var decider: TraceResult.Decider?
    var jumps: [UInt32]
    var ruleCount: Int
    var isReply: Bool
    /// Whether something before it loses the packets already.
    var isLater: Bool
    var part: FlowPart
    var evaluator: PathEvaluator
    var packets: PacketSelection
  }

  private func missing(
    _ requirement: Requirement, _ best: AlternativeAssessment, _ status: RequirementStatus
  ) -> [Finding] {
    var groups: [[Loss]] = []
    func add(_ loss: Loss) {
      let index = groups.firstIndex { group in
        group.first.map { $0.decider == loss.decider && $0.isReply == loss.isReply } ?? false
      }
      if let index { groups[index].append(loss) } else { groups.append([loss]) }
    }
    for part in best.parts where part.status == .blocked || part.status == .partial {
      let forth = assessment.evaluator(part.part.direction, .first, part.part.family)
      for loss in losses(part.blocked, part.part, forth, isReply: false) { add(loss) }
      guard let reply = part.reply, !reply.blocked.isEmpty else { continue }
      let back = assessment.evaluator(part.part.direction, part.replyPhase, part.part.family)
      for loss in losses(reply.blocked, part.part, back, isReply: true) { add(loss) }
    }
    let failsForth = groups.contains { $0.contains { !$0.isReply } }
    return groups.compactMap { finding(requirement, $0, status, isReplyOnly: !failsForth) }
  }

  /// What loses some packets: every base chain that would, as each has to change before they pass.
  private func losses(
    _ packets: PacketSelection, _ part: FlowPart, _ evaluator: PathEvaluator, isReply: Bool
  ) -> [Loss] {
    let first = Set(evaluator.blameDrops(packets).map(\.decider))
    return evaluator.blameDropsOfEveryChain(packets).map { blame in
      Loss(
        decider: blame.decider, jumps: blame.jumps, ruleCount: blame.ruleCount, isReply: isReply,
        isLater: !first.contains(blame.decider), part: part, evaluator: evaluator, packets: blame.packets)
    }
  }

  private func finding(
    _ requirement: Requirement, _ losses: [Loss], _ status: RequirementStatus, isReplyOnly: Bool
  ) -> Finding? {
    guard let first = losses.first else { return nil }
    let code = first.isReply ? "FW104" : status == .blocked ? "FW101" : "FW102"
    let listed = losses.map { loss in (loss, loss.evaluator.boxes(of: loss.packets, limit: 16)) }
    let isComplete = listed.allSatisfy(\.1.isComplete)
    let boxes = BoxMerging.merged(listed.flatMap { loss, list in list.boxes.map { ($0, loss.part.family) } })
    let regions = boxes.map { RegionText.region($0.0, family: $0.1) }
    let advice = advice(
      on: listed.flatMap { loss, list in list.boxes.map { (loss, $0) } }, requirement, isComplete: isComplete)
    let decision = DeciderText(firewall: firewall, map: map).describe(first.decider, ruleCount: first.ruleCount)
    let what =
      first.isReply
      ? "the answers of \(requirement.row) (\(requirement.feature)) are blocked"
      : status == .blocked
        ? "\(requirement.row) (\(requirement.feature)) is blocked"
        : "\(requirement.row) (\(requirement.feature)) is partly blocked"
    let shown = regions.prefix(3).map(\.phrase).joined(separator: "; ")
    let more = regions.count > 3 ? " and \(regions.count - 3) more" : ""
    let jumps = DeciderText(firewall: firewall, map: map).jumpLocations(first.decider, first.jumps)
    return Finding(
      code: code, severity: CheckRegistry.severity(of: code),
      message: "\(what): \(shown)\(more) \(first.isLater ? "also " : "")\(decision.verb)",
      requirements: [requirement.row],
      firewall: firewall.name, location: decision.location, related: jumps,
      packet: first.evaluator.witness(of: first.packets), region: Array(regions.prefix(16)),
      remediation: advice.text,
      fingerprint: Fingerprint.make([
        code, Fingerprint.file(firewall.name), requirement.row, requirement.feature, decision.key,
      ]), fix: advice.fix)
  }

  /// The rules that let the lost packets through: written for packets as the deciding rule meets them.
  private func advice(
    on lost: [(loss: Loss, box: PacketBox)], _ requirement: Requirement, isComplete: Bool
  ) -> Remedy.Advice {
    guard let first = lost.first?.loss else { return Remedy.Advice(text: "") }
    let hook = first.decider.flatMap { firewall.graphs[$0.graph].chains[Int($0.chain)].base?.hook }
    let isBehindNAT = hook != .prerouting && hook != .ingress
    let isHost = assessment.entry.position == .host
    var boxes: [FamilyBox] = []
    var asked: [Fix.Flow] = []
    for (loss, box) in lost {
      var called = box
      widen(&called, to: loss.part.flow.peers, requirement.direction)
      var met = isBehindNAT && !loss.isReply ? assessment.translated(called, for: requirement.feature) : called
      if isHost { met = met.withoutHost(assessment.unitAddresses, requirement.direction) }
      boxes.append((met, loss.part.family))
      // Rules cannot tell who called a unit by its own address from who called the published one.
      for box in Set([called, met]) {
        asked.append(
          Fix.Flow(family: loss.part.family, path: loss.evaluator.path, box: box, isReply: loss.isReply))
      }
    }
    // Who they are is for the site to say before anything is opened to them.
    let isKnown = lost.allSatisfy { !$0.loss.part.hasUnknownPeers || $0.loss.isReply }
    return Remedy(firewall: firewall).allow(
      PacketBox.joined(boxes), decider: first.decider, direction: requirement.direction, isReply: first.isReply,
      asked: isComplete && isKnown ? asked : [])
  }

  /// All peers that may get through, where they are fewer words than the ones that are missing.
  private func widen(_ box: inout PacketBox, to peers: PeerAddresses, _ direction: Direction) {
    guard let permitted = peers.permitted else { return }
    let own = direction == .incoming ? box.sources : box.destinations
    guard let own, own.prefixCount > permitted.prefixCount, permitted.isSuperset(of: own) else { return }
    let wide = permitted == .all ? nil : permitted
    if direction == .incoming { box.sources = wide } else { box.destinations = wide }
  }

  // MARK: FW103

  private func undecided(_ requirement: Requirement, _ best: AlternativeAssessment) -> [Finding] {
    var findings: [Finding] = []
    func add(_ next: Finding) {
      guard let index = findings.firstIndex(where: { $0.fingerprint == next.fingerprint }) else {
        return findings.append(next)
      }
      findings[index].region += next.region.filter { !findings[index].region.contains($0) }
    }
    for part in best.parts {
      switch part.status {
      case .undecided where part.isSilent: add(silent(requirement, part))
      case .undecided where part.part.hasUnknownPeers && !part.lost.isEmpty: add(unbound(requirement, part))
      case .undecided: add(undecidedRule(requirement, part, isReply: part.undecided.isEmpty))
      case .partial:
        // What is neither listed as missing nor as undecided passes.
        if !part.undecided.isEmpty { add(undecidedRule(requirement, part, isReply: false)) }
        if !(part.reply?.undecided.isEmpty ?? true) { add(undecidedRule(requirement, part, isReply: true)) }
      case .open, .blocked, .notApplicable: break
      }
    }
    return findings
  }

  private func silent(_ requirement: Requirement, _ part: PartAssessment) -> Finding {
    let family = part.part.family == .v4 ? "IPv4" : "IPv6"
    let tool = part.part.family == .v4 ? "iptables-save" : "ip6tables-save"
    return undecidedFinding(
      requirement, part, location: firstLine, reason: "the file says nothing of \(family)",
      remedy: "list the output of \(tool) of the same host in this firewall's path", key: family)
  }

  private func unbound(_ requirement: Requirement, _ part: PartAssessment) -> Finding {
    let role = part.part.flow.role
    let location = map.location(assessment.site.source, requirement.range)
    return undecidedFinding(
      requirement, part, location: requirement.range.end > requirement.range.start ? location : firstLine,
      reason: "some addresses pass and others do not, and the site does not say who \(role) are",
      remedy: "bind \(role) under peers: in the site file, for example\n  peers:\n    \(role): [192.0.2.0/24]",
      key: "role " + role, packets: part.lost)
  }

  private func undecidedRule(_ requirement: Requirement, _ part: PartAssessment, isReply: Bool) -> Finding {
    let evaluator = assessment.evaluator(part.part.direction, isReply ? part.replyPhase : .first, part.part.family)
    let packets = isReply ? part.reply?.undecided ?? part.undecided : part.undecided
    let packet = evaluator.witness(of: packets)
    let result = packet.map { PacketTracer(graphs: firewall.graphs, facts: assessment.facts).trace($0) }
    let decision = DeciderText(firewall: firewall, map: map).describe(
      result?.undecidedAt ?? result?.decider, ruleCount: 1)
    let reason = result?.reasons.first ?? "the evaluation budget ran out"
    return undecidedFinding(
      requirement, part, location: decision.location ?? firstLine, reason: "it depends on \(reason)",
      remedy: RemedyText.undecided(reason),
      key: decision.key + reason + (isReply && !part.undecided.isEmpty ? " of answers" : ""), packets: packets,
      isReply: isReply, packet: packet)
  }

  private func undecidedFinding(
    _ requirement: Requirement, _ part: PartAssessment, location: Location?, reason: String, remedy: String,
    key: String, packets: PacketSelection? = nil, isReply: Bool = false, packet: Packet? = nil
  ) -> Finding {
    // Sets belong to the evaluator that made them.
    let evaluator = assessment.evaluator(part.part.direction, isReply ? part.replyPhase : .first, part.part.family)
    let boxes = packets.map { evaluator.boxes(of: $0, limit: 16).boxes } ?? [part.part.first]
    let regions = boxes.map { RegionText.region($0, family: part.part.family) }
    let shown = regions.prefix(2).map(\.phrase).joined(separator: "; ")
    return Finding(
      code: "FW103", severity: CheckRegistry.severity(of: "FW103"),
      message: "whether \(requirement.row) (\(requirement.feature)) passes is undecided: \(reason)"
        + (shown.isEmpty ? "" : " (\(shown))"),
      requirements: [requirement.row], firewall: firewall.name, location: location,
      packet: packet, region: regions, remediation: remedy,
      fingerprint: Fingerprint.make([
        "FW103", Fingerprint.file(firewall.name), requirement.row, requirement.feature, key,
      ]))
  }

  private var firstLine: Location? {
    firewall.graphs.first?.sources.first.map { map.location($0, SourceRange(0, 0)) }
  }
}
