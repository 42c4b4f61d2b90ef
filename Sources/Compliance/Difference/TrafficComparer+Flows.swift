import Evaluation
import PacketSets
import Requirements
import RuleGraph

extension TrafficComparer {
  /// A change as plain data, by the rules that are responsible and by what the site declares.
  func flows(
    _ change: PathComparison.Change, _ survey: Survey, _ kind: PacketKind, unit: String?, _ comparison: PathComparison
  ) -> [TrafficFlow] {
    comparison.blame(change).flatMap { part -> [TrafficFlow] in
      standings(of: part.packets, change, survey, kind, comparison).map { standing, packets in
        let listed = comparison.after.detailedBoxes(of: packets, limit: boxLimit)
        return TrafficFlow(
          change: word(for: change), before: change.before, after: change.after, packets: kind, unit: unit,
          direction: survey.direction, path: survey.path, formerDecider: decider(part.before, words.before),
          decider: decider(part.after, words.after),
          regions: listed.boxes.map { region($0, survey.family) }, isComplete: listed.isComplete,
          rows: rows(of: packets, survey, kind, comparison), reasons: part.reasons,
          packet: comparison.after.witness(of: packets), standing: standing)
      }
    }
  }

  private func word(for change: PathComparison.Change) -> TrafficChange {
    if change.isRewriting { return .rewritten }
    switch change.after {
    case .open: return .letIn
    case .undecided: return .undecided
    case .blocked: return .blocked
    }
  }

  private func decider(_ decider: TraceResult.Decider?, _ words: DeciderText) -> TrafficFlow.Decider? {
    guard let decider, decider.graph < words.firewall.graphs.count else { return nil }
    let graph = words.firewall.graphs[decider.graph]
    let place = words.describe(decider, ruleCount: 1).location
    var text: String
    if let rule = decider.rule {
      let written = graph.rules[Int(rule)]
      text = written.isWritten ? graph.sources[Int(written.file)].text(written.range) : "a rule that is implied"
      text = text.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }.joined(separator: " ")
    } else {
      let chain = graph.chains[Int(decider.chain)]
      let policy = chain.base?.policy == .drop ? "drop" : "accept"
      text =
        graph.dialect.isSecurityGroup
        ? "no rule of the security groups" : "policy \(policy) of chain \(graph.names[chain.name])"
    }
    return TrafficFlow.Decider(decider: decider, location: place, text: text)
  }

  private func region(_ detailed: DetailedBox, _ family: IPFamily) -> TrafficRegion {
    TrafficRegion(
      family: family, region: RegionText.region(detailed.box, family: family),
      sourcePorts: detailed.box.sourcePorts.map { RegionText.ranges($0) },
      inputInterfaces: detailed.inputInterfaces, outputInterfaces: detailed.outputInterfaces)
  }

  /// Packets that neither version decides; nil when there are none.
  func undecided(
    _ packets: PacketSelection, _ survey: Survey, _ kind: PacketKind, unit: String?, _ comparison: PathComparison
  ) -> UndecidedTraffic? {
    guard !packets.isEmpty, let packet = comparison.after.witness(of: packets) else { return nil }
    func reasons(_ version: Version, _ facts: SiteFacts?) -> [String] {
      PacketTracer(graphs: version.firewall.graphs, facts: facts ?? SiteFacts()).trace(packet).reasons
    }
    return UndecidedTraffic(
      path: survey.path, packets: kind, unit: unit, direction: survey.direction,
      regions: comparison.after.detailedBoxes(of: packets, limit: 4).boxes.map { region($0, survey.family) },
      formerReasons: reasons(before, survey.context?.formerFacts),
      reasons: reasons(after, survey.context?.assessment.facts), packet: packet)
  }

  // MARK: What the site declares

  /// Splits packets by how the change agrees with the site; parts that are empty are left out.
  private func standings(
    of packets: PacketSelection, _ change: PathComparison.Change, _ survey: Survey, _ kind: PacketKind,
    _ comparison: PathComparison
  ) -> [(standing: TrafficFlow.Standing, packets: PacketSelection)] {
    guard let context = survey.context, let direction = survey.direction else { return [(.unknown, packets)] }
    let evaluator = comparison.after
    let isGain = change.after == .open && change.before != .open || change.before == .blocked
    let boxes: [PacketBox]
    switch (kind, isGain) {
    case (.first, true), (.other, true): boxes = excused(direction, survey.family, context)
    case (.first, false): boxes = needed(direction, context)
    case (.reply, false): boxes = needed(direction == .incoming ? .outgoing : .incoming, context).map(\.mirrored)
    case (.reply, true), (.other, false): return [(.harmless, packets)]
    }
    let named = evaluator.intersection(packets, comparison.select(boxes))
    let others = evaluator.difference(packets, named)
    var parts: [(TrafficFlow.Standing, PacketSelection)]
    if !isGain {
      parts = [(.needed, named), (.harmless, others)]
    } else if kind == .other {
      // Untracked packets are first packets that tracking does not see; the others belong to something that passed.
      let untracked = evaluator.intersection(others, comparison.select([PacketBox()], untracked: true))
      parts = [(.excess, untracked), (.harmless, evaluator.difference(packets, untracked))]
    } else {
      parts = [(.excess, others), (.harmless, named)]
    }
    parts.removeAll { $0.1.isEmpty }
    return parts
  }

  /// What may be let in: declared flows, and what is never excess.
  private func excused(_ direction: Direction, _ family: IPFamily, _ context: SiteContext) -> [PacketBox] {
    let assessment = context.assessment
    var boxes = context.regions.declared(direction, units: assessment.units)
    boxes += [PolicyRegions.housekeeping(family), PolicyRegions.foreignICMP(family)]
    // Between units: what comes in at one end is judged there.
    if direction == .outgoing { boxes.append(PacketBox(destinations: assessment.unitAddresses)) }
    return boxes
  }

  /// What must not be lost: flows of declared rows that leave no choice, and what the site declares open besides.
  private func needed(_ direction: Direction, _ context: SiteContext) -> [PacketBox] {
    let units = context.assessment.units
    let firm = context.regions.permitted(direction, units: units).filter { $0.requirement.alternatives.count == 1 }
    return firm.map(\.box) + context.regions.alsoOpen(direction, units: units)
  }

  /// The rows of the policy whose ports some packets use.
  private func rows(
    of packets: PacketSelection, _ survey: Survey, _ kind: PacketKind, _ comparison: PathComparison
  ) -> [String] {
    guard let context = survey.context, let direction = survey.direction else { return [] }
    let isReply = kind == .reply
    let served: Direction = isReply ? (direction == .incoming ? .outgoing : .incoming) : direction
    return context.regions.services(served).filter { service in
      let boxes = service.transports.map { transport -> PacketBox in
        let box = PacketBox.transport(transport)
        return isReply ? box.mirrored : box
      }
      return !comparison.after.intersection(packets, comparison.select(boxes)).isEmpty
    }.map(\.row)
  }
}

extension PolicyRegions {
  /// What the site declares in either direction as far as it concerns some units, for packets in one direction.
  func declared(_ direction: Direction, units: [Unit]) -> [PacketBox] {
    let opposite: Direction = direction == .incoming ? .outgoing : .incoming
    var boxes = permitted(direction, units: units).map(\.box) + alsoOpen(direction, units: units)
    // What goes from one unit to another may be wanted at either end.
    boxes += permitted(opposite, units: units).map(\.box) + alsoOpen(opposite, units: units)
    return boxes
  }
}

extension PacketBox {
  /// The answers to the packets of a box; of protocols without ports, all of the protocol.
  var mirrored: PacketBox {
    let hasPorts = protocols?.intervals.allSatisfy {
      $0.lower == $0.upper && IPProtocol.hasPorts(UInt8($0.lower & 255))
    }
    guard hasPorts ?? true else {
      return PacketBox(sources: destinations, destinations: sources, protocols: protocols)
    }
    return PacketBox(
      sources: destinations, destinations: sources, protocols: protocols, ports: sourcePorts, sourcePorts: ports)
  }
}
