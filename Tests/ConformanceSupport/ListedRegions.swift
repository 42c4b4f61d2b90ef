import Compliance
import Evaluation
import PacketSets

/// The regions that findings list as missing or undecided, read back from their words.
struct ListedRegions {
  private enum Kind {
    case first
    case answer
    case undecided
  }

  private struct Box {
    var kind: Kind
    var sources: AddressSet
    var destinations: AddressSet
    var protocols: String
    var ports: IntervalSet<UInt32>
  }

  private var boxes: [Box] = []
  /// Whether some region was too long to be listed whole.
  private(set) var isCut = false

  private static let kinds: [String: Kind] = [
    "FW101": .first, "FW102": .first, "FW103": .undecided, "FW104": .answer,
  ]

  /// Reads the regions of findings on gaps.
  init(_ findings: [Finding]) {
    for finding in findings {
      guard let kind = Self.kinds[finding.code] else { continue }
      if finding.region.count >= 16 { isCut = true }
      for region in finding.region {
        guard let sources = Self.addresses(region.source), let destinations = Self.addresses(region.destination),
          let ports = Self.ports(region.ports)
        else {
          isCut = true
          continue
        }
        boxes.append(
          Box(
            kind: kind, sources: sources, destinations: destinations,
            protocols: region.protocolName, ports: ports))
      }
    }
  }

  /// Whether a first packet is listed as missing.
  func holdFirst(_ packet: Packet) -> Bool { hold(packet, .first) }

  /// Whether an answer is listed as missing.
  func holdAnswer(_ packet: Packet) -> Bool { hold(packet, .answer) }

  /// Whether the fate of a first packet or an answer is listed as undecided.
  func holdUndecided(_ packet: Packet) -> Bool { hold(packet, .undecided) }

  private func hold(_ packet: Packet, _ kind: Kind) -> Bool {
    boxes.contains { box in
      box.kind == kind && box.sources.contains(packet.source) && box.destinations.contains(packet.destination)
        && (box.protocols == "any"
          || box.protocols.split(separator: ", ").contains(Substring(IPProtocol.name(packet.protocolNumber))))
        && box.ports.contains(UInt32(packet.destinationPort ?? 0))
    }
  }

  private static func addresses(_ text: String) -> AddressSet? {
    if text == "any" { return .all }
    var prefixes: [IPPrefix] = []
    for part in text.split(separator: ", ") {
      guard let prefix = IPPrefix(part) else { return nil }
      prefixes.append(prefix)
    }
    return AddressSet(prefixes)
  }

  private static func ports(_ text: String) -> IntervalSet<UInt32>? {
    if text == "any" { return .all }
    var intervals: [Interval<UInt32>] = []
    for part in text.split(separator: ", ") {
      let ends = part.split(separator: "-").compactMap { UInt32($0) }
      guard let first = ends.first, let last = ends.last else { return nil }
      intervals.append(Interval(first, last))
    }
    return IntervalSet(intervals)
  }
}
