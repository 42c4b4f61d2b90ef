import PacketSets

extension RequirementRow {
  /// What the row needs of a feature after the site's changed ports; nil when a port leaves 1 to 65535.
  ///
  /// A setting moves all ports of the row by the distance between its new and its default value.
  public func needs(of feature: RowFeature, moved distances: [String: Int]) -> TransportNeeds? {
    let distance = (feature.setting ?? setting).flatMap { distances[$0] } ?? 0
    if distance == 0 { return needs }
    var alternatives: [[TransportFlow]] = []
    for alternative in needs.alternatives {
      var flows: [TransportFlow] = []
      for flow in alternative {
        guard let moved = flow.moved(by: distance) else { return nil }
        flows.append(moved)
      }
      alternatives.append(flows)
    }
    return TransportNeeds(alternatives: alternatives)
  }

  /// What a site may pin besides, after the site's changed ports.
  func alsoValid(for feature: RowFeature, moved distances: [String: Int]) -> [TransportFlow] {
    let distance = (feature.setting ?? setting).flatMap { distances[$0] } ?? 0
    return alsoValid.compactMap { $0.moved(by: distance) }
  }
}

/// The most alternatives that a choice may leave; no row comes near it.
private let alternativesMaximum = 64

extension TransportNeeds {
  /// The needs that are left when a site pins or narrows a row; nil when the row does not allow the choice.
  ///
  /// Every port of the choice is wanted over every protocol of the choice. Each such pair takes what fits from the
  /// row's own alternatives, else from what is valid besides, else, where any port may be pinned, that port over the
  /// row's own protocols.
  func narrowed(by choice: Choice, alsoValid: [TransportFlow], allowsAnyPort: Bool) -> TransportNeeds? {
    var result: [[TransportFlow]] = [[]]
    for port in choice.ports.isEmpty ? [nil] : choice.ports.map(Optional.some) {
      for number in choice.protocols.isEmpty ? [nil] : choice.protocols.map(Optional.some) {
        var options = fitting(alternatives, port, number)
        if options.isEmpty { options = fitting(alsoValid.map { [$0] }, port, number) }
        if options.isEmpty, allowsAnyPort, let port { options = moved(to: port, number) }
        guard !options.isEmpty, result.count * options.count <= alternativesMaximum else { return nil }
        result = result.flatMap { left in options.map { merge(left, $0) } }
      }
    }
    var distinct: [[TransportFlow]] = []
    for alternative in result where !distinct.contains(alternative) { distinct.append(alternative) }
    return TransportNeeds(alternatives: distinct)
  }

  /// The parts of alternatives that are within a port range and a protocol, of those that have the whole range.
  private func fitting(
    _ alternatives: [[TransportFlow]], _ port: Interval<UInt32>?, _ number: UInt8?
  ) -> [[TransportFlow]] {
    alternatives.compactMap { alternative in
      let flows = alternative.filter { number == nil || number == $0.protocolNumber }
      guard let port else { return flows.isEmpty ? nil : flows }
      let wanted = IntervalSet(port)
      let parts = flows.compactMap { flow in
        let common = flow.ports.intersection(wanted)
        return common.isEmpty ? nil : TransportFlow(protocolNumber: flow.protocolNumber, ports: common)
      }
      let covered = parts.reduce(IntervalSet<UInt32>()) { $0.union($1.ports) }
      return covered == wanted ? parts : nil
    }
  }

  /// The alternatives with all of their ports replaced.
  private func moved(to port: Interval<UInt32>, _ number: UInt8?) -> [[TransportFlow]] {
    alternatives.compactMap { alternative in
      let flows = alternative.filter { !$0.ports.isEmpty && (number == nil || number == $0.protocolNumber) }
      return flows.isEmpty
        ? nil : flows.map { TransportFlow(protocolNumber: $0.protocolNumber, ports: IntervalSet(port)) }
    }
  }

  /// Two lists of flows that are all needed, as one flow per protocol.
  private func merge(_ left: [TransportFlow], _ right: [TransportFlow]) -> [TransportFlow] {
    var result = left
    for flow in right {
      if let index = result.firstIndex(where: { $0.protocolNumber == flow.protocolNumber && !$0.ports.isEmpty }) {
        result[index].ports = result[index].ports.union(flow.ports)
      } else if !result.contains(flow) {
        result.append(flow)
      }
    }
    return result
  }
}
