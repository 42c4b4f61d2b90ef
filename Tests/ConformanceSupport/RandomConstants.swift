import PacketSets

/// A small world of constants, so that the rules of a random rule set often speak of the same packets.
struct RandomConstants {
  let family: IPFamily

  /// An address of one of eight blocks.
  func address(_ random: inout SeededGenerator, block: Int? = nil) -> IPAddress {
    let block = block ?? random.number(0...7)
    let host = random.pick([0, 1, 2, 3, 7, 8, 100, 254, 255])
    guard family == .v6 else {
      return IPAddress(v4: 0x0A00_0000 | UInt32(block) << 8 | UInt32(host))
    }
    let bits = UInt128(0x2001_0DB8) << 96 | UInt128(block) << 64 | UInt128(host)
    return IPAddress(.v6, random.chance(20) ? bits | 1 << 40 : bits)
  }

  /// A prefix of one of the blocks, or of all of them.
  func prefix(_ random: inout SeededGenerator, block: Int? = nil) -> IPPrefix {
    let width = family.addressWidth
    let longest = [width, width - 1, width - 2, width - 3, width - 8]
    let length = random.pick(
      block == nil && family == .v4 ? longest + [22, 16, 8] : longest + [block == nil ? 61 : 64])
    return IPPrefix(address(&random, block: block), length: length)
  }

  /// A range of addresses, inside a block when one is given.
  func range(_ random: inout SeededGenerator, block: Int? = nil) -> String {
    let ends = [address(&random, block: block), address(&random, block: block)].sorted()
    return ends[0] == ends[1] ? "\(ends[0])" : "\(ends[0])-\(ends[1])"
  }

  static let ports = [1, 22, 25, 53, 80, 443, 1024, 8080, 65535]

  /// Where a port of a block of ports lies; blocks do not overlap.
  func port(_ random: inout SeededGenerator, block: Int? = nil) -> Int {
    guard let block else { return random.pick(Self.ports) }
    return [1, 22, 53, 80, 443, 1024, 8080, 60000][block % 8] + random.number(0...5)
  }

  func portRange(_ random: inout SeededGenerator, block: Int? = nil, separator: String = "-") -> String {
    if let block {
      let first = [1, 22, 53, 80, 443, 1024, 8080, 60000][block % 8]
      return "\(first + random.number(0...5))\(separator)\(first + random.number(6...12))"
    }
    let ends = [port(&random), port(&random)].sorted()
    return ends[0] == ends[1] ? "\(ends[0] - 1)\(separator)\(ends[0])" : "\(ends[0])\(separator)\(ends[1])"
  }
}

extension SeededGenerator {
  /// Some different numbers below a limit.
  mutating func distinct(_ count: Int, below limit: Int) -> [Int] {
    Array(Array(0..<limit).shuffled(using: &self).prefix(count))
  }
}
