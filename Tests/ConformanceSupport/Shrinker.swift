import Evaluation
import PacketSets

/// Makes a disagreement small: fewer lines, fewer words, an ordinary packet.
public struct Shrinker {
  private let comparer: Comparer
  private var attempts = 0
  private let limit: Int

  /// Makes a shrinker that loads at most `limit` rule sets.
  public init(_ comparer: Comparer, limit: Int = 250) {
    self.comparer = comparer
    self.limit = limit
  }

  /// The smallest disagreement that is found.
  public mutating func shrink(_ disagreement: Disagreement) throws -> Disagreement {
    var best = disagreement
    best = try withoutLines(best)
    best = try withoutWords(best)
    return try withOrdinaryFields(best)
  }

  private mutating func attempt(_ ruleSet: RuleSet, _ packet: Packet) throws -> Disagreement? {
    guard attempts < limit else { return nil }
    attempts += 1
    let comparison = try comparer.compare(ruleSet, [packet], summarised: 1)
    return comparison.disagreements.first
  }

  private mutating func withoutLines(_ disagreement: Disagreement) throws -> Disagreement {
    var best = disagreement
    var size = max(1, lines(best).count / 2)
    while size >= 1, attempts < limit {
      var start = 0
      var removed = false
      while start < lines(best).count {
        var rest = lines(best)
        let run = removable(rest, from: start, size: size)
        rest.removeSubrange(run)
        var ruleSet = best.ruleSet
        ruleSet.text = rest.map { "\($0)\n" }.joined()
        if !run.isEmpty, let smaller = try attempt(ruleSet, best.packet) {
          best = smaller
          removed = true
        } else {
          start += size
        }
      }
      if size == 1, !removed { break }
      size = size == 1 ? 1 : size / 2
    }
    return best
  }

  private func lines(_ disagreement: Disagreement) -> [Substring] {
    disagreement.ruleSet.text.split(separator: "\n")
  }

  /// A run of lines; one that begins with an opening brace goes to its closing one.
  private func removable(_ lines: [Substring], from start: Int, size: Int) -> Range<Int> {
    guard lines[start].hasSuffix("{") else { return start..<min(lines.count, start + size) }
    var depth = 0
    for index in start..<lines.count {
      if lines[index].hasSuffix("{") { depth += 1 }
      if lines[index] == "}" { depth -= 1 }
      if depth == 0 { return start..<index + 1 }
    }
    return start..<lines.count
  }

  private mutating func withoutWords(_ disagreement: Disagreement) throws -> Disagreement {
    var best = disagreement
    for index in lines(best).indices.reversed() {
      for size in [4, 3, 2, 1] {
        var start = 0
        while attempts < limit, index < lines(best).count {
          var words = lines(best)[index].split(separator: " ")
          guard words.count > size, start + size <= words.count else { break }
          words.removeSubrange(start..<start + size)
          var changed = lines(best).map(String.init)
          changed[index] = words.joined(separator: " ")
          var ruleSet = best.ruleSet
          ruleSet.text = changed.map { "\($0)\n" }.joined()
          if let smaller = try attempt(ruleSet, best.packet) { best = smaller } else { start += 1 }
        }
      }
    }
    return best
  }

  private mutating func withOrdinaryFields(_ disagreement: Disagreement) throws -> Disagreement {
    var best = disagreement
    let changes: [(inout Packet) -> Void] = [
      { $0.timeToLive = 64 }, { $0.dscp = 0 }, { $0.mark = 0 },
      { $0.length = UInt16(WirePacket.leastLength($0.family, $0.protocolNumber)) },
      { if $0.sourcePort != nil { $0.sourcePort = 40000 } },
      {
        if $0.tcpFlags != nil {
          $0.tcpFlags = 2
          $0.state = .new
        }
      },
    ]
    for change in changes {
      var packet = best.packet
      change(&packet)
      if packet != best.packet, let smaller = try attempt(best.ruleSet, packet) { best = smaller }
    }
    return best
  }
}
