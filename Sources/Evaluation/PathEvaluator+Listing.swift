import PacketSets
import RuleGraph

extension PathEvaluator {
  /// A selection as few boxes: addresses, protocols and destination ports; interfaces and source ports are left out.
  ///
  /// - Parameter limit: the number of boxes after which the list stops.
  /// - Returns: the boxes, and whether they are all of it.
  public func boxes(of selection: PacketSelection, limit: Int = 64) -> (boxes: [PacketBox], isComplete: Bool) {
    let start = moment
    defer { forgetResults(since: start) }
    return listed(store.forgetting(unlisted, in: selection.set), limit)
  }

  /// The boxes of a selection that lie in a part of it with all their interfaces and source ports.
  public func boxes(
    wholly part: PacketSelection, of selection: PacketSelection, limit: Int = 64
  ) -> (boxes: [PacketBox], isComplete: Bool) {
    let start = moment
    defer { forgetResults(since: start) }
    let all = store.forgetting(unlisted, in: selection.set)
    let others = store.forgetting(unlisted, in: store.difference(selection.set, part.set))
    return listed(store.difference(all, others), limit)
  }

  /// The levels of which boxes say nothing.
  private var unlisted: [Int] {
    [PacketLayout.state, PacketLayout.inputInterface, PacketLayout.outputInterface, layout.sourcePort]
  }

  private func listed(_ set: Diagram, _ limit: Int) -> (boxes: [PacketBox], isComplete: Bool) {
    var boxes: [PacketBox] = []
    for (protocols, afterProtocol) in store.groups(set, level: PacketLayout.protocolNumber) {
      for (ports, afterPort) in store.groups(afterProtocol, level: PacketLayout.port) {
        guard let sources = addressGroups(afterPort, level: PacketLayout.source) else { return (boxes, false) }
        for (source, afterSource) in sources {
          guard let destinations = addressGroups(afterSource, level: layout.destination) else { return (boxes, false) }
          for (destination, _) in destinations {
            guard boxes.count < limit else { return (boxes, false) }
            boxes.append(
              PacketBox(sources: source, destinations: destination, protocols: protocols, ports: ports))
          }
        }
      }
    }
    return (boxes, true)
  }

  /// All destination addresses, or all source addresses, of a selection; nil when they are too many to list.
  public func addresses(of selection: PacketSelection, isSource: Bool) -> AddressSet? {
    let start = moment
    defer { forgetResults(since: start) }
    let kept = isSource ? PacketLayout.source..<layout.destination : layout.destination..<layout.sourcePort
    let set = store.forgetting((0...layout.sourcePort).filter { !kept.contains($0) }, in: selection.set)
    guard let groups = addressGroups(set, level: kept.lowerBound) else { return nil }
    return groups.reduce(AddressSet()) { $0.union($1.values) }
  }

  func addressGroups(_ set: Diagram, level: Int) -> [(values: AddressSet, rest: Diagram)]? {
    if layout.family == .v4 {
      return store.groups(set, level: level).map { (AddressSet(v4: $0.values), $0.rest) }
    }
    return store.wideGroups(set, firstLevel: level)?.map { (AddressSet(v6: $0.values), $0.rest) }
  }
}

extension PathEvaluator {
  /// How many protocols a selection holds, and the most destination ports that it holds of any one of them.
  public func spread(of selection: PacketSelection) -> (protocols: Int, ports: Int) {
    let start = moment
    defer { forgetResults(since: start) }
    let forgotten = (0...layout.sourcePort).filter { $0 != PacketLayout.protocolNumber && $0 != PacketLayout.port }
    let set = store.forgetting(forgotten, in: selection.set)
    func count(_ values: IntervalSet<UInt32>) -> Int {
      values.intervals.reduce(0) { $0 + Int($1.upper - $1.lower) + 1 }
    }
    var protocols = 0
    var ports = 0
    for (values, rest) in store.groups(set, level: PacketLayout.protocolNumber) {
      protocols += count(values)
      for (portValues, _) in store.groups(rest, level: PacketLayout.port) { ports = max(ports, count(portValues)) }
    }
    return (protocols, ports)
  }
}
