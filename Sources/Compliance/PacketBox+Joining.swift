import Evaluation
import PacketSets
import Requirements

/// Packets of one family, for remedies.
typealias FamilyBox = (box: PacketBox, family: IPFamily)

/// Packets of one family that come to units or leave them.
struct DirectedBox: Hashable {
  var box: PacketBox
  var family: IPFamily
  var direction: Direction

  var familyBox: FamilyBox { (box, family) }

  /// The units' side.
  var ownEnd: WritableKeyPath<PacketBox, AddressSet?> {
    if direction == .incoming { return \.destinations }
    return \.sources
  }

  /// The peers' side.
  var peerEnd: WritableKeyPath<PacketBox, AddressSet?> {
    if direction == .incoming { return \.sources }
    return \.destinations
  }

  /// The box whatever the addresses of one side.
  func without(_ end: KeyPath<DirectedBox, WritableKeyPath<PacketBox, AddressSet?>>) -> DirectedBox {
    var result = self
    result.box[keyPath: self[keyPath: end]] = nil
    return result
  }
}

extension PacketBox {
  /// Boxes without those that others hold, and with those joined that differ in one field.
  static func joined(_ boxes: [FamilyBox]) -> [FamilyBox] {
    var result: [FamilyBox] = []
    for next in boxes {
      var (box, family) = next
      // What a box was joined with may now be joined with others.
      while let index = result.firstIndex(where: { $0.family == family && $0.box.joined(with: box, family) != nil }) {
        box = result[index].box.joined(with: box, family) ?? box
        result.remove(at: index)
      }
      result.append((box, family))
    }
    return result
  }

  /// The box of the packets of both, where that is a box.
  private func joined(with other: PacketBox, _ family: IPFamily) -> PacketBox? {
    if holds(other, family) { return self }
    if other.holds(self, family) { return other }
    func isSame(_ left: AddressSet?, _ right: AddressSet?) -> Bool {
      (left ?? .all).restricted(to: family) == (right ?? .all).restricted(to: family)
    }
    guard sourcePorts == other.sourcePorts, inputInterfaces == other.inputInterfaces,
      outputInterfaces == other.outputInterfaces
    else { return nil }
    let sameSources = isSame(sources, other.sources)
    let sameDestinations = isSame(destinations, other.destinations)
    let isSameTransport = protocols == other.protocols && ports == other.ports
    var box = self
    if sameSources, sameDestinations, protocols == other.protocols, let ports, let more = other.ports {
      box.ports = ports.union(more)
    } else if sameSources, isSameTransport, let destinations, let more = other.destinations {
      box.destinations = destinations.union(more)
    } else if sameDestinations, isSameTransport, let sources, let more = other.sources {
      box.sources = sources.union(more)
    } else {
      return nil
    }
    return box
  }

  /// Whether every packet of another box of a family is in this one; by fields, so that only boxes count.
  func holds(_ other: PacketBox, _ family: IPFamily) -> Bool {
    func holds(_ own: AddressSet?, _ other: AddressSet?) -> Bool {
      guard let own else { return true }
      return own.isSuperset(of: (other ?? .all).restricted(to: family))
    }
    func holds(_ own: IntervalSet<UInt32>?, _ other: IntervalSet<UInt32>?) -> Bool {
      guard let own else { return true }
      return other.map { own.isSuperset(of: $0) } ?? false
    }
    return holds(sources, other.sources) && holds(destinations, other.destinations)
      && holds(protocols, other.protocols) && holds(ports, other.ports)
      && (sourcePorts == nil || sourcePorts == other.sourcePorts)
      && (inputInterfaces == nil || inputInterfaces == other.inputInterfaces)
      && (outputInterfaces == nil || outputInterfaces == other.outputInterfaces)
  }

  /// On the unit's own host its addresses go without saying.
  func withoutHost(_ own: AddressSet, _ direction: Direction) -> PacketBox {
    func isAll(_ set: AddressSet?) -> Bool {
      guard let set else { return false }
      return set.v4 == (set.v4.isEmpty ? set.v4 : own.v4) && set.v6 == (set.v6.isEmpty ? set.v6 : own.v6)
    }
    var box = self
    if direction == .incoming, isAll(destinations) { box.destinations = nil }
    if direction == .outgoing, isAll(sources) { box.sources = nil }
    return box
  }
}
