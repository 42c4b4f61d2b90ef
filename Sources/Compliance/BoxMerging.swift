import Evaluation
import PacketSets

/// Puts boxes together that differ in one dimension only, so that a region is said in few of them.
///
/// Addresses are only put together where that takes no more words: "any public address" and a private block stay two.
enum BoxMerging {
  /// The same packets in as few boxes as joining pairs of them gives; the order of the first ones stays.
  static func merged(_ boxes: [(PacketBox, IPFamily)]) -> [(PacketBox, IPFamily)] {
    var result: [(PacketBox, IPFamily)] = []
    for (box, family) in boxes {
      var box = box
      var place = result.count
      // A box that has grown may fit another one.
      while let index = result.indices.first(where: {
        result[$0].1 == family && joined(result[$0].0, box, family) != nil
      }) {
        box = joined(result[index].0, box, family) ?? box
        result.remove(at: index)
        place = min(place, index)
      }
      result.insert((box, family), at: min(place, result.count))
    }
    return result
  }

  /// The union of two boxes where it is a box; nil elsewhere.
  private static func joined(_ left: PacketBox, _ right: PacketBox, _ family: IPFamily) -> PacketBox? {
    guard left.sourcePorts == right.sourcePorts, left.inputInterfaces == right.inputInterfaces,
      left.outputInterfaces == right.outputInterfaces
    else { return nil }
    let sameProtocols = left.protocols == right.protocols
    let samePorts = left.ports == right.ports
    let sameSources = left.sources == right.sources
    let sameDestinations = left.destinations == right.destinations
    var box = left
    switch (sameProtocols, samePorts, sameSources, sameDestinations) {
    case (true, true, true, true): break
    case (true, true, true, false):
      guard let both = union(left.destinations, right.destinations, family) else { return nil }
      box.destinations = both
    case (true, true, false, true):
      guard let both = union(left.sources, right.sources, family) else { return nil }
      box.sources = both
    case (true, false, true, true): box.ports = union(left.ports, right.ports)
    case (false, true, true, true): box.protocols = union(left.protocols, right.protocols)
    default: return nil
    }
    return box
  }

  /// The union, where it is said in fewer words than its parts.
  private static func union(_ left: AddressSet?, _ right: AddressSet?, _ family: IPFamily) -> AddressSet? {
    guard let left, let right else { return .all }
    let both = left.union(right)
    func length(_ set: AddressSet) -> Int { RegionText.words(set, family: family).utf8.count }
    return length(both) <= length(left) + length(right) + 2 ? both : nil
  }

  private static func union(_ left: IntervalSet<UInt32>?, _ right: IntervalSet<UInt32>?) -> IntervalSet<UInt32>? {
    guard let left, let right else { return nil }
    return left.union(right)
  }
}
