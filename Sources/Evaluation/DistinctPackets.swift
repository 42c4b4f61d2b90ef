/// Packets without repetitions, in the order in which they came.
///
/// Nearly always there is one, so that hashing begins only where there are many.
struct DistinctPackets {
  private(set) var packets: [TracedPacket] = []
  private var seen: Set<TracedPacket> = []

  private static let smallCount = 8

  /// Adds a packet unless it is there already; whether it was new.
  @discardableResult
  mutating func insert(_ packet: TracedPacket) -> Bool {
    if packets.count < Self.smallCount {
      if packets.contains(packet) { return false }
    } else {
      if seen.isEmpty { seen = Set(packets) }
      if !seen.insert(packet).inserted { return false }
    }
    packets.append(packet)
    return true
  }
}
