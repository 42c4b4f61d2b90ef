import Evaluation
import PacketSets
import Requirements
import RuleGraph

/// What became of one piece of a flow: which packets surely fail, and which are undecided.
struct PartAssessment {
  var part: FlowPart
  /// All first packets of the piece.
  var wanted: PacketSelection
  /// First packets that surely do not pass.
  var blocked: PacketSelection
  /// First packets that perhaps pass.
  var undecided: PacketSelection
  /// The same of the answers; nil when nothing comes back.
  var reply: (wanted: PacketSelection, blocked: PacketSelection, undecided: PacketSelection)?
  /// What the answers are to connection tracking.
  var replyPhase = PathQuestion.Phase.reply
  /// Whether the files are silent on the family.
  var isSilent: Bool
  /// First packets whose round trip surely fails, either way.
  var lost: PacketSelection

  /// The verdict on the piece alone.
  var status: RequirementStatus {
    if isSilent { return .undecided }
    let hasUndecided = !undecided.isEmpty || !(reply?.undecided.isEmpty ?? true)
    let isAllLost = lost == wanted || reply.map { !$0.wanted.isEmpty && $0.blocked == $0.wanted } ?? false
    if isAllLost { return .blocked }
    let hasLost = !lost.isEmpty || !(reply?.blocked.isEmpty ?? true)
    // Of peers that are not known some may be the ones that pass.
    if part.hasUnknownPeers, hasLost { return .undecided }
    return hasLost ? .partial : hasUndecided ? .undecided : .open
  }
}

/// What became of one alternative of a requirement, or of the best of them.
struct AlternativeAssessment {
  var parts: [PartAssessment]

  /// All of it blocked, some of it, undecided, or open.
  var status: RequirementStatus {
    let statuses = parts.map(\.status)
    if statuses.isEmpty { return .notApplicable }
    if statuses.allSatisfy({ $0 == .blocked }) { return .blocked }
    if statuses.contains(.blocked) || statuses.contains(.partial) { return .partial }
    return statuses.contains(.undecided) ? .undecided : .open
  }
}

extension FirewallAssessment {
  /// The best alternative of a requirement at this firewall; without parts when none crosses it.
  func assess(_ requirement: Requirement) -> AlternativeAssessment {
    guard requirement.applicability == .applies else { return AlternativeAssessment(parts: []) }
    let ranking: [RequirementStatus] = [.open, .undecided, .partial, .blocked, .notApplicable]
    var best: (rank: Int, assessment: AlternativeAssessment)?
    for alternative in requirement.alternatives {
      let parts = alternative.flatMap { self.parts(of: $0, requirement) }.map { assess($0) }
      let assessment = AlternativeAssessment(parts: parts)
      let rank = ranking.firstIndex(of: assessment.status) ?? ranking.count
      if best.map({ rank < $0.rank }) ?? true { best = (rank, assessment) }
      if rank == 0 { break }
    }
    return best?.assessment ?? AlternativeAssessment(parts: [])
  }

  private func assess(_ part: FlowPart) -> PartAssessment {
    let evaluator = evaluator(part.direction, .first, part.family)
    let first = split(part.first, evaluator)
    var result = PartAssessment(
      part: part, wanted: first.wanted, blocked: first.blocked, undecided: first.undecided, reply: nil,
      isSilent: !firewall.speaks(of: part.family), lost: first.blocked)
    guard let box = part.reply else { return result }
    let (reply, phase) = answers(box, to: first.wanted, part, evaluator)
    let back = self.evaluator(part.direction, phase, part.family)
    result.replyPhase = phase
    result.reply = reply
    guard !reply.blocked.isEmpty, reply.blocked != reply.wanted, !first.blocked.isEmpty else { return result }
    // Some first packets are lost and some answers: together that may be all of the flow.
    let mirrored = back.boxes(wholly: reply.blocked, of: reply.wanted, limit: 1024)
    guard mirrored.isComplete else { return result }
    for box in mirrored.boxes {
      var forth = part.first
      forth.sources = forth.sources?.intersection(box.destinations ?? .all)
      if forth.sourcePorts != nil { forth.sourcePorts = forth.sourcePorts?.intersection(box.ports ?? .all) }
      if part.first.destinations == part.reply?.sources {
        forth.destinations = forth.destinations?.intersection(box.sources ?? .all)
      } else if !(box.sources ?? .all).isSuperset(of: part.reply?.sources ?? .all) {
        // Which of the addresses behind a published one answers is not known here.
        continue
      }
      result.lost = evaluator.union(result.lost, evaluator.select(forth))
    }
    return result
  }

  /// What becomes of the answers: those to packets that left no connection are no answers to tracking.
  private func answers(
    _ box: PacketBox, to wanted: PacketSelection, _ part: FlowPart, _ evaluator: PathEvaluator
  ) -> ((wanted: PacketSelection, blocked: PacketSelection, undecided: PacketSelection), PathQuestion.Phase) {
    let established = split(box, self.evaluator(part.direction, .reply, part.family))
    let allowed = evaluator.possiblyAllowed(wanted)
    let lacking = evaluator.lackingConnection(allowed)
    guard !lacking.isEmpty else { return (established, .reply) }
    let transport = part.flow.transport
    let state = ConntrackState.ofFirstPacket(
      family: part.family, protocolNumber: transport.protocolNumber, tcpFlags: 0x12,
      icmpType: transport.icmpType.flatMap { IPProtocol.icmpReply(to: $0, family: part.family) })
    let phase = PathQuestion.Phase.unsolicited(state)
    let bare = split(box, self.evaluator(part.direction, phase, part.family))
    if lacking == allowed { return (bare, phase) }
    let isSame =
      established.undecided.isEmpty && bare.undecided.isEmpty
      && (established.blocked.isEmpty && bare.blocked.isEmpty
        || established.blocked == established.wanted && bare.blocked == bare.wanted)
    if isSame { return (established, .reply) }
    var open = established
    open.blocked = PacketSelection.none(like: established.blocked)
    open.undecided = established.wanted
    return (open, .reply)
  }

  private func split(
    _ box: PacketBox, _ evaluator: PathEvaluator
  ) -> (wanted: PacketSelection, blocked: PacketSelection, undecided: PacketSelection) {
    let wanted = evaluator.select(box)
    let possible = evaluator.possiblyAllowed(wanted)
    let sure = evaluator.surelyAllowed(wanted)
    return (wanted, evaluator.difference(wanted, possible), evaluator.difference(possible, sure))
  }
}
