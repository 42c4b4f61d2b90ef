/// A change of packet fields as a function: what later matches see in place of the original values.
public struct Rewrite: Sendable, Hashable {
  /// New values by level; one of an interval, not known which, when it holds several.
  public var assignments: [Assignment]
  /// New state for each old one; empty when states stay.
  public var stateMap: [UInt16]
  /// Whether only what looks at the new values is meant: the packet itself stays as it was.
  public var isTransient = false

  /// A level and its new values.
  public struct Assignment: Sendable, Hashable {
    public var level: Int
    public var values: Interval<UInt32>

    /// Makes an assignment.
    public init(level: Int, values: Interval<UInt32>) {
      self.level = level
      self.values = values
    }
  }

  /// The rewrite that changes nothing.
  public static let identity = Rewrite(assignments: [], stateMap: [])

  /// Makes a rewrite; assignments are kept in the order of levels.
  public init(assignments: [Assignment] = [], stateMap: [UInt16] = []) {
    self.assignments = assignments.sorted { $0.level < $1.level }
    let isIdentity = stateMap.indices.allSatisfy { Int(stateMap[$0]) == $0 }
    self.stateMap = isIdentity ? [] : stateMap
  }

  /// The rewrite that does this one first and another after it.
  public func followed(by later: Rewrite) -> Rewrite {
    let kept = assignments.filter { own in !later.assignments.contains { $0.level == own.level } }
    let map: [UInt16]
    if later.stateMap.isEmpty {
      map = stateMap
    } else if stateMap.isEmpty {
      map = later.stateMap
    } else {
      map = stateMap.map { later.stateMap[Int($0)] }
    }
    return Rewrite(assignments: kept + later.assignments, stateMap: map)
  }
}
