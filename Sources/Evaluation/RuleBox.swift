import PacketSets

/// A box of packets that a rule is about: an interval on each level of the packet, and states.
///
/// IPv6 addresses stand as ranks of the addresses at which the chain's rules begin and end, so that a box is 64 bytes in
/// both families.
struct RuleBox: Sendable, Equatable {
  var source = Interval<UInt32>.all
  var destination = Interval<UInt32>.all
  var port = Interval<UInt32>(0, 65535)
  var sourcePort = Interval<UInt32>(0, 65535)
  var protocolNumber = Interval<UInt32>(0, 255)
  var input: Interval<UInt32>
  var output: Interval<UInt32>
  /// One bit for each state of the packet.
  var states: UInt64

  /// Every packet.
  init(lastInterface: UInt32, states: UInt64) {
    input = Interval(0, lastInterface)
    output = Interval(0, lastInterface)
    self.states = states
  }

  /// The number of dimensions that are intervals.
  static let dimensions = 7

  /// How far each dimension is shifted to compare widths: all have about 32 bits then.
  static func scale(_ dimension: Int) -> UInt64 { [0, 0, 16, 16, 24, 24, 24][dimension] }

  subscript(dimension: Int) -> Interval<UInt32> {
    @inline(__always)
    get {
      switch dimension {
      case 0: source
      case 1: destination
      case 2: port
      case 3: sourcePort
      case 4: protocolNumber
      case 5: input
      default: output
      }
    }
    @inline(__always)
    set {
      switch dimension {
      case 0: source = newValue
      case 1: destination = newValue
      case 2: port = newValue
      case 3: sourcePort = newValue
      case 4: protocolNumber = newValue
      case 5: input = newValue
      default: output = newValue
      }
    }
  }

  /// Whether the two share a packet.
  @inline(__always)
  func overlaps(_ other: RuleBox) -> Bool {
    source.overlaps(other.source) && destination.overlaps(other.destination) && port.overlaps(other.port)
      && protocolNumber.overlaps(other.protocolNumber) && sourcePort.overlaps(other.sourcePort)
      && states & other.states != 0 && input.overlaps(other.input) && output.overlaps(other.output)
  }

  /// Whether every packet of another box is in this one.
  @inline(__always)
  func contains(_ other: RuleBox) -> Bool {
    source.contains(other.source) && destination.contains(other.destination) && port.contains(other.port)
      && protocolNumber.contains(other.protocolNumber) && sourcePort.contains(other.sourcePort)
      && other.states & ~states == 0 && input.contains(other.input) && output.contains(other.output)
  }

  /// The smallest box that holds both.
  mutating func widen(toHold other: RuleBox) {
    for dimension in 0..<Self.dimensions {
      let own = self[dimension]
      let added = other[dimension]
      self[dimension] = Interval(min(own.lower, added.lower), max(own.upper, added.upper))
    }
    states |= other.states
  }

  /// The part of this box in another that it overlaps.
  func clipped(to other: RuleBox) -> RuleBox {
    var result = self
    for dimension in 0..<Self.dimensions {
      let own = self[dimension]
      let limit = other[dimension]
      result[dimension] = Interval(max(own.lower, limit.lower), min(own.upper, limit.upper))
    }
    result.states &= other.states
    return result
  }

  /// The disjoint boxes that make up this one without another that it overlaps.
  @inline(__always)
  func forEachPiece(without other: RuleBox, _ visit: (RuleBox) -> Bool) -> Bool {
    var rest = self
    for dimension in 0..<Self.dimensions {
      let own = rest[dimension]
      let taken = other[dimension]
      if own.lower < taken.lower {
        var piece = rest
        piece[dimension] = Interval(own.lower, taken.lower - 1)
        if !visit(piece) { return false }
      }
      if own.upper > taken.upper {
        var piece = rest
        piece[dimension] = Interval(taken.upper + 1, own.upper)
        if !visit(piece) { return false }
      }
      rest[dimension] = Interval(max(own.lower, taken.lower), min(own.upper, taken.upper))
    }
    if rest.states & ~other.states != 0 {
      rest.states &= ~other.states
      return visit(rest)
    }
    return true
  }

  /// A size for comparing boxes: the logarithm does as well as the volume.
  var size: Float {
    var product: Float = Float(states.nonzeroBitCount)
    for dimension in 0..<Self.dimensions {
      let own = self[dimension]
      product *= (Float(own.upper - own.lower) + 1) / Float(1 << (32 - Self.scale(dimension)))
    }
    return product
  }
}
