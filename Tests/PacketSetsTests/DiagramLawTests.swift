import PacketSets
import Testing

/// The algebra of diagrams against a model that lists every packet of a small world.
struct DiagramLawTests {
  /// Three levels of 4, 8 and 8 values: 256 packets.
  static let last: [UInt32] = [3, 7, 7]
  static let packets: [[UInt32]] = (0...3).flatMap { first in
    (0...7).flatMap { second in (0...7).map { [UInt32(first), UInt32(second), UInt32($0)] } }
  }

  /// A repeatable source of random numbers (SplitMix64).
  struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  /// A random box: an interval on each level.
  static func box(_ random: inout Generator) -> [Interval<UInt32>] {
    last.map { last in
      let one = UInt32.random(in: 0...last, using: &random)
      let two = UInt32.random(in: 0...last, using: &random)
      return Interval(min(one, two), max(one, two))
    }
  }

  static func diagram(
    _ box: [Interval<UInt32>], inside: Diagram, outside: Diagram, in store: inout DiagramStore
  ) -> Diagram {
    box.indices.reversed().reduce(inside) { store.split(level: $1, box[$1], inside: $0, outside: outside) }
  }

  static func holds(_ box: [Interval<UInt32>], _ packet: [UInt32]) -> Bool {
    zip(box, packet).allSatisfy { $0.contains($1) }
  }

  /// A union of random boxes, and the same as a list of packets.
  static func set(_ random: inout Generator, in store: inout DiagramStore) -> (Diagram, Set<[UInt32]>) {
    var set = DiagramStore.nothing
    var model: Set<[UInt32]> = []
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      let box = box(&random)
      let one = diagram(box, inside: DiagramStore.passing, outside: DiagramStore.nothing, in: &store)
      set = store.union(set, one)
      model.formUnion(packets.filter { holds(box, $0) })
    }
    return (set, model)
  }

  static func members(_ set: Diagram, _ store: borrowing DiagramStore) -> Set<[UInt32]> {
    var members: Set<[UInt32]> = []
    for packet in packets where store.terminal(of: set, at: packet) == DiagramStore.passing { members.insert(packet) }
    return members
  }

  @Test func setsFollowTheirModel() {
    var random = Generator(state: 7)
    for _ in 0..<200 {
      var store = DiagramStore(lastValues: Self.last)
      let (left, leftModel) = Self.set(&random, in: &store)
      let (right, rightModel) = Self.set(&random, in: &store)
      let union = store.union(left, right)
      let intersection = store.intersection(left, right)
      let difference = store.difference(left, right)
      #expect(Self.members(union, store) == leftModel.union(rightModel))
      #expect(Self.members(intersection, store) == leftModel.intersection(rightModel))
      #expect(Self.members(difference, store) == leftModel.subtracting(rightModel))
      let isSubset = store.isSubset(left, of: right)
      #expect(isSubset == leftModel.isSubset(of: rightModel))
      // Canonical: equal sets are the same handle, however they came about.
      let rebuilt = store.union(difference, intersection)
      #expect(rebuilt == left)
      let complement = store.mapped(left, .complement)
      let twice = store.mapped(complement, .complement)
      #expect(twice == left)
      let without = store.intersection(right, complement)
      let swapped = store.difference(right, left)
      #expect(without == swapped)
      #expect((left == right) == (leftModel == rightModel))
      let witness = store.witness(left, preferring: [nil, nil, nil], from: [0, 0, 0])
      #expect(witness.map { leftModel.contains($0) } ?? leftModel.isEmpty)
    }
  }

  /// Chains of rules: the first that matches decides; joined in any way they are the same diagram.
  @Test func chainsAreTheirRulesInOrder() {
    var random = Generator(state: 11)
    for _ in 0..<200 {
      var store = DiagramStore(lastValues: Self.last)
      var rules: [(box: [Interval<UInt32>], terminal: Diagram)] = []
      for _ in 0..<5 {
        let terminal = [DiagramStore.accepting, DiagramStore.dropping].randomElement(using: &random)
        rules.append((Self.box(&random), terminal ?? DiagramStore.accepting))
      }
      var diagrams: [Diagram] = []
      for rule in rules {
        diagrams.append(Self.diagram(rule.box, inside: rule.terminal, outside: DiagramStore.passing, in: &store))
      }
      var fromLeft = DiagramStore.passing
      for diagram in diagrams { fromLeft = store.then(fromLeft, diagram) }
      var fromRight = DiagramStore.passing
      for diagram in diagrams.reversed() { fromRight = store.then(diagram, fromRight) }
      #expect(fromLeft == fromRight)
      for packet in Self.packets {
        let expected = rules.first { Self.holds($0.box, packet) }?.terminal ?? DiagramStore.passing
        #expect(store.terminal(of: fromLeft, at: packet) == expected)
      }
    }
  }

  /// A rewrite and what follows: each packet meets the second diagram with its new values.
  @Test func rewritesAreFollowed() {
    var random = Generator(state: 13)
    for _ in 0..<100 {
      var store = DiagramStore(lastValues: Self.last)
      let value = UInt32.random(in: 0...7, using: &random)
      let rewrite = store.intern(Rewrite(assignments: [Rewrite.Assignment(level: 1, values: Interval(value))]))
      let (set, model) = Self.set(&random, in: &store)
      let image = store.applied(rewrite, set)
      let preimage = store.mapped(image, .isInhabitedSet)
      let expected = Set(Self.packets.filter { model.contains([$0[0], value, $0[2]]) })
      #expect(Self.members(preimage, store) == expected)
    }
  }

  /// What was made before a moment stays as it was when what came after it is forgotten, and can be built on.
  @Test func forgottenResultsLeaveNoTrace() {
    var random = Generator(state: 19)
    var store = DiagramStore(lastValues: Self.last)
    var kept: [(set: Diagram, model: Set<[UInt32]>)] = []
    for _ in 0..<60 {
      kept.append(Self.set(&random, in: &store))
      let mark = store.mark
      for _ in 0..<40 {
        let (other, _) = Self.set(&random, in: &store)
        let common = store.intersection(kept[0].set, kept[kept.count - 1].set)
        _ = store.union(other, common)
        _ = store.mapped(other, .complement)
      }
      store.release(to: mark)
      let after = store.mark
      #expect(after == mark)
      for index in kept.indices {
        #expect(Self.members(kept[index].set, store) == kept[index].model)
        let again = store.union(kept[index].set, kept[0].set)
        #expect(Self.members(again, store) == kept[index].model.union(kept[0].model))
      }
      // Canonical still: the same set made anew is the same handle.
      let last = kept[kept.count - 1].set
      let complement = store.mapped(last, .complement)
      let twice = store.mapped(complement, .complement)
      #expect(twice == last)
    }
  }

  @Test func budgetsEndInAnyAnswerRatherThanAWrongOne() {
    var random = Generator(state: 17)
    var store = DiagramStore(lastValues: Self.last, edgeLimit: 40)
    var set = DiagramStore.nothing
    for _ in 0..<50 {
      let one = Self.diagram(Self.box(&random), inside: DiagramStore.passing, outside: DiagramStore.nothing, in: &store)
      set = store.union(set, one)
    }
    let isExhausted = store.isExhausted
    #expect(isExhausted)
    #expect(set == DiagramStore.anything)
  }
}
