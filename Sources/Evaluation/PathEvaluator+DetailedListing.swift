import PacketSets

/// A box of packets with everything that a report may have to say of it.
public struct DetailedBox: Sendable, Hashable {
  /// Addresses, protocols and ports; its interfaces are not set.
  public var box: PacketBox
  /// Names of incoming interfaces, further ones with a prefix as `eth*`; nil where it does not matter.
  public var inputInterfaces: [String]?
  /// Names of outgoing interfaces.
  public var outputInterfaces: [String]?
}

extension PathEvaluator {
  /// A selection as few boxes, with interfaces and source ports where they matter.
  ///
  /// - Parameter limit: the number of boxes after which the list stops.
  /// - Returns: the boxes, and whether they are all of it.
  public func detailedBoxes(of selection: PacketSelection, limit: Int = 64) -> (boxes: [DetailedBox], isComplete: Bool)
  {
    let set = store.forgetting([PacketLayout.state], in: selection.set)
    var boxes: [DetailedBox] = []
    for (protocols, afterProtocol) in store.groups(set, level: PacketLayout.protocolNumber) {
      for (ports, afterPort) in store.groups(afterProtocol, level: PacketLayout.port) {
        for (input, afterInput) in store.groups(afterPort, level: PacketLayout.inputInterface) {
          for (output, afterOutput) in store.groups(afterInput, level: PacketLayout.outputInterface) {
            guard let sources = addressGroups(afterOutput, level: PacketLayout.source) else { return (boxes, false) }
            for (source, afterSource) in sources {
              guard let destinations = addressGroups(afterSource, level: layout.destination) else {
                return (boxes, false)
              }
              for (destination, afterDestination) in destinations {
                for (sourcePorts, _) in store.groups(afterDestination, level: layout.sourcePort) {
                  guard boxes.count < limit else { return (boxes, false) }
                  let isAll = sourcePorts.intervals.first == Interval(0, 65535)
                  boxes.append(
                    DetailedBox(
                      box: PacketBox(
                        sources: source, destinations: destination, protocols: protocols, ports: ports,
                        sourcePorts: isAll ? nil : sourcePorts),
                      inputInterfaces: labels(input), outputInterfaces: labels(output)))
                }
              }
            }
          }
        }
      }
    }
    return (boxes, true)
  }

  /// The names of interface values; nil for all that a packet on this path may have.
  private func labels(_ values: IntervalSet<UInt32>) -> [String]? {
    if values.isSuperset(of: IntervalSet(interfaces.unknown)) { return nil }
    if values.intervals == [Interval(InterfaceDomain.absent)] { return nil }
    return values.intervals.flatMap { ($0.lower...$0.upper).compactMap(interfaces.label) }
  }
}

extension InterfaceDomain {
  /// How reports call the interfaces of a value; nil for the one that is none.
  func label(_ value: UInt32) -> String? {
    if value == Self.absent { return nil }
    if value == lastValue { return "any other" }
    if let standIn = standIns.first(where: { $0.value == value }) { return "\(standIn.prefix)*" }
    return names[Int(value)]
  }
}
