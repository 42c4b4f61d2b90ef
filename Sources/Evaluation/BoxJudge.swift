import PacketSets

/// Judges the rules of a chain as boxes: which are shadowed, which redundant.
///
/// **Rationale:** whole-chain diagrams of large chains are not small; how a rule's box meets those of other rules is found
/// in a tree, and what is left of it by taking them away one by one, or by halving it where they are many.
struct BoxJudge: Sendable {
  let chain: ChainBoxes
  let tree: BoxTree
  /// The last rule whose verdict is not acceptance, and the last one whose verdict is not a drop.
  private let lastNotAccepting: Int32
  private let lastNotDropping: Int32

  /// What was found out about one rule.
  enum Judgement: Sendable, Equatable {
    case live
    case redundant
    /// Earlier rules decide all of it; one of them alone where it is named.
    case shadowed(by: Int32?)
  }

  /// A part of a box that is still to be looked at ends with one of these.
  private enum Answer {
    /// Earlier rules decide all of it.
    case covered
    /// Some of it is live, and has another fate without the rule, or may have.
    case differs
    /// Some of it is live, and none has another fate.
    case same
    /// The budget ran out.
    case unknown
  }

  /// Boxes taken away one inside the other before boxes are halved instead.
  private static let depthLimit = 200
  /// Comparisons of two boxes that one question about a rule may take, so that a chain does not take for ever.
  private let stepLimit: Int

  /// Takes the boxes of a chain's rules away to arrange them.
  init(_ chain: inout ChainBoxes) {
    var notAccepting: Int32 = -1
    var notDropping: Int32 = -1
    for (place, rule) in chain.rules.enumerated() where rule.fate != .none {
      if rule.fate != .accept { notAccepting = Int32(place) }
      if rule.fate != .drop { notDropping = Int32(place) }
    }
    stepLimit = min(1_000_000, max(20_000, 1_000_000_000 / max(1, chain.boxes.count)))
    lastNotAccepting = notAccepting
    lastNotDropping = notDropping
    let boxes = chain.boxes
    chain.boxes = []
    self.chain = chain
    tree = BoxTree(boxes)
  }

  /// The places of the rules that can be judged, in the order of the tree's leaves: neighbours meet the same boxes.
  var places: [Int32] {
    var isSeen = [Bool](repeating: false, count: chain.rules.count)
    return tree.entries.compactMap { entry in
      let rule = chain.rules[Int(entry.ordinal)]
      guard rule.isJudged, rule.isExact, !rule.isNever, !isSeen[Int(entry.ordinal)] else { return nil }
      isSeen[Int(entry.ordinal)] = true
      return entry.ordinal
    }
  }

  /// What was found out about a run of rules.
  struct Findings: Sendable {
    var judgements: [Judgement] = []
    /// Rules that shadow others; more than needed where several do it together.
    var causing: Set<Int32> = []
  }

  /// Judges rules at some places of the chain, which must be such as can be judged and match something.
  func judge(_ places: ArraySlice<Int32>) -> Findings {
    var scratch = Scratch()
    var findings = Findings()
    findings.judgements.reserveCapacity(places.count)
    for place in places {
      let judgement = judge(Int(place), &scratch)
      if case .shadowed(let cause) = judgement {
        if let cause { findings.causing.insert(cause) } else { findings.causing.formUnion(scratch.covering) }
      }
      findings.judgements.append(judgement)
    }
    return findings
  }

  private struct Scratch {
    /// Earlier rules' boxes that decide some of the box at hand.
    var earlier: [RuleBox] = []
    /// The rules whose boxes were needed so far to cover the rule at hand.
    var covering: [Int32] = []
    /// Later ones in their order, and whether their packets meet the same fate.
    var later: [(box: RuleBox, ordinal: Int32, isSame: Bool)] = []
    var steps = 0
  }

  private func judge(_ place: Int, _ scratch: inout Scratch) -> Judgement {
    let rule = chain.rules[place]
    scratch.covering.removeAll(keepingCapacity: true)
    var isLive = false
    var isSame = rule.fate == .accept || rule.fate == .drop
    for index in Int(rule.first)..<Int(rule.first + rule.count) {
      let box = tree.box(index)
      if let container = container(of: box, before: place) {
        if rule.count == 1 { return .shadowed(by: container) }
        scratch.covering.append(container)
        continue
      }
      switch judge(box, place, rule.fate, wantsSame: isSame, isLive: isLive, &scratch) {
      case .covered: break
      case .same: isLive = true
      case .differs, .unknown:
        isLive = true
        isSame = false
      }
      if isLive && !isSame { return .live }
    }
    return isLive ? .redundant : .shadowed(by: nil)
  }

  /// A rule before a place that decides all of a box.
  private func container(of box: RuleBox, before place: Int) -> Int32? {
    var container: Int32?
    _ = tree.forEach(before: Int32(place), holding: box) { entry in
      guard chain.rules[Int(entry.ordinal)].decides else { return true }
      container = entry.ordinal
      return false
    }
    return container
  }

  /// Collects the earlier rules that decide some of a box, up to a number of them.
  ///
  /// - Returns: whether these are all.
  private func gatherEarlier(_ place: Int, _ box: RuleBox, limit: Int, _ scratch: inout Scratch) -> Bool {
    scratch.earlier.removeAll(keepingCapacity: true)
    return tree.forEach(before: Int32(place), meeting: box) { entry in
      guard chain.rules[Int(entry.ordinal)].decides else { return true }
      guard scratch.earlier.count < limit else { return false }
      scratch.earlier.append(entry.box)
      scratch.covering.append(entry.ordinal)
      return true
    }
  }

  private func judge(
    _ box: RuleBox, _ place: Int, _ fate: ChainBoxes.Fate, wantsSame: Bool, isLive: Bool, _ scratch: inout Scratch
  ) -> Answer {
    // A packet that no earlier rule decides, and what comes of it further on, settle most questions.
    for number in 0..<Self.sampleCount {
      let sample = self.sample(number, of: box)
      guard container(of: sample, before: place) == nil else { continue }
      guard wantsSame, mayBeSame(fate, place), nextIsSame(sample, place, fate) else { return .differs }
      for other in number + 1..<Self.sampleCount {
        let sample = self.sample(other, of: box)
        if container(of: sample, before: place) == nil, !nextIsSame(sample, place, fate) { return .differs }
      }
      _ = gatherEarlier(place, box, limit: .max, &scratch)
      return hasSameFate(box, place, fate, &scratch) ? .same : .differs
    }
    // Where very many meet the box a few of them mostly hold it all.
    let covering = scratch.covering.count
    for limit in [64, 512, .max] {
      scratch.covering.removeLast(scratch.covering.count - covering)
      let isAll = gatherEarlier(place, box, limit: limit, &scratch)
      if covers(scratch.earlier, box, &scratch) { return .covered }
      if isAll { break }
    }
    guard wantsSame, mayBeSame(fate, place) else { return .differs }
    return hasSameFate(box, place, fate, &scratch) ? .same : .differs
  }

  /// Whether a single packet meets a fate behind a place in the chain.
  private func nextIsSame(_ sample: RuleBox, _ place: Int, _ fate: ChainBoxes.Fate) -> Bool {
    var next: Int32 = .max
    _ = tree.forEach(after: Int32(place), meeting: sample) { entry in
      let rule = chain.rules[Int(entry.ordinal)]
      // A rule that perhaps has this fate changes nothing either way.
      if rule.decides || rule.fate != fate { next = min(next, entry.ordinal) }
      return true
    }
    return next == .max ? chain.end == fate : chain.rules[Int(next)].fate == fate
  }

  /// Whether packets of a rule can at all meet its fate without it.
  private func mayBeSame(_ fate: ChainBoxes.Fate, _ place: Int) -> Bool {
    // Where the end has another fate, a later rule must have this one; the search for it is cheap.
    chain.end == fate || place + 1 < chain.rules.count
  }

  private static let sampleCount = 8

  /// Corners and the middle of a box: one of them that no other box holds settles most questions.
  private func sample(_ number: Int, of box: RuleBox) -> RuleBox {
    var sample = box
    for dimension in 0..<RuleBox.dimensions {
      let values = box[dimension]
      let value =
        number == 7
        ? values.lower + (values.upper - values.lower) / 2
        : number >> (dimension % 3) & 1 == 0 ? values.lower : values.upper
      sample[dimension] = Interval(value)
    }
    // One state of those that there are.
    sample.states = number & 1 == 0 ? box.states & (~box.states &+ 1) : Self.highest(box.states)
    return sample
  }

  private static func highest(_ states: UInt64) -> UInt64 {
    states == 0 ? 0 : 1 << UInt64(63 - states.leadingZeroBitCount)
  }

  // MARK: Taking boxes away

  /// Whether some boxes hold all of another one; false where that takes too long to find out.
  private func covers(_ boxes: [RuleBox], _ box: RuleBox, _ scratch: inout Scratch) -> Bool {
    if boxes.isEmpty { return false }
    // The largest first: they leave least to the others.
    let sizes = boxes.map { $0.clipped(to: box).size }
    let sorted = boxes.indices.sorted { sizes[$0] > sizes[$1] }.map { boxes[$0] }
    scratch.steps = 0
    switch subtract(sorted, from: 0, box, depth: 0, &scratch) {
    case .covered: return true
    case .unknown: break
    default: return false
    }
    scratch.steps = 0
    return halve(sorted, box, &scratch) == .covered
  }

  /// Takes boxes away from the first on and stops at the first piece that none of them holds.
  private func subtract(
    _ boxes: [RuleBox], from first: Int, _ box: RuleBox, depth: Int, _ scratch: inout Scratch
  ) -> Answer {
    var index = first
    while index < boxes.count, !boxes[index].overlaps(box) { index += 1 }
    scratch.steps += index - first + 1
    guard scratch.steps <= stepLimit, depth < Self.depthLimit else { return .unknown }
    guard index < boxes.count else { return .differs }
    var answer = Answer.covered
    _ = box.forEachPiece(without: boxes[index]) { piece in
      answer = subtract(boxes, from: index + 1, piece, depth: depth + 1, &scratch)
      return answer == .covered
    }
    return answer
  }

  /// Halves a box until each part is held by one box, or by none.
  private func halve(_ boxes: [RuleBox], _ box: RuleBox, _ scratch: inout Scratch) -> Answer {
    if boxes.isEmpty { return .differs }
    if boxes.contains(where: { $0.contains(box) }) { return .covered }
    // Cutting a box takes about as long as comparing sixteen.
    scratch.steps += 16 * boxes.count
    guard scratch.steps <= 4 * stepLimit, let (left, right) = halves(box, boxes) else { return .unknown }
    for half in [left, right] {
      let answer = halve(boxes.filter { $0.overlaps(half) }, half, &scratch)
      if answer != .covered { return answer }
    }
    return .covered
  }

  /// A box cut at the middle one of the bounds that others have inside of it, in the dimension with most of them.
  private func halves(_ box: RuleBox, _ boxes: [RuleBox]) -> (RuleBox, RuleBox)? {
    var best: [UInt32] = []
    var bestDimension = 0
    for dimension in 0..<RuleBox.dimensions {
      let own = box[dimension]
      var bounds: [UInt32] = []
      for other in boxes {
        let values = other[dimension]
        if values.lower > own.lower, values.lower <= own.upper { bounds.append(values.lower) }
        if values.upper < own.upper, values.upper >= own.lower { bounds.append(values.upper + 1) }
      }
      if bounds.count > best.count {
        best = bounds
        bestDimension = dimension
      }
    }
    var left = box
    var right = box
    guard !best.isEmpty else {
      // Only the states tell the boxes apart.
      let bit = box.states & (~box.states &+ 1)
      guard box.states != bit else { return nil }
      left.states = bit
      right.states = box.states & ~bit
      return (left, right)
    }
    best.sort()
    let cut = best[best.count / 2]
    left[bestDimension] = Interval(box[bestDimension].lower, cut - 1)
    right[bestDimension] = Interval(cut, box[bestDimension].upper)
    return (left, right)
  }

  // MARK: The fate of packets without a rule

  /// Whether all packets of a box that no earlier rule decides meet a fate without the rule at a place.
  private func hasSameFate(
    _ box: RuleBox, _ place: Int, _ fate: ChainBoxes.Fate, _ scratch: inout Scratch
  ) -> Bool {
    let lastOther = fate == .accept ? lastNotAccepting : lastNotDropping
    if lastOther <= Int32(place), chain.end == fate { return true }
    scratch.later.removeAll(keepingCapacity: true)
    var hasSame = false
    _ = tree.forEach(after: Int32(place), meeting: box) { entry in
      let rule = chain.rules[Int(entry.ordinal)]
      let isSame = rule.fate == fate
      // A rule that perhaps has this fate changes nothing either way.
      if isSame && !rule.decides { return true }
      hasSame = hasSame || isSame
      scratch.later.append((entry.box, entry.ordinal, isSame))
      return true
    }
    if !hasSame, chain.end != fate { return false }
    if chain.end == fate, scratch.later.allSatisfy(\.isSame) { return true }
    scratch.later.sort { ($0.ordinal, $0.box.source.lower) < ($1.ordinal, $1.box.source.lower) }
    for number in 0..<Self.sampleCount {
      let sample = self.sample(number, of: box)
      if scratch.earlier.contains(where: { $0.contains(sample) }) { continue }
      let next = scratch.later.first { $0.box.contains(sample) }
      guard next?.isSame ?? (chain.end == fate) else { return false }
    }
    let steps = scratch.earlier.map { (box: $0, isSame: true) } + scratch.later.map { (box: $0.box, isSame: $0.isSame) }
    scratch.steps = 0
    return follow(steps, from: 0, box, endsSame: chain.end == fate, depth: 0, &scratch)
  }

  /// Follows the packets of a box from one box to the next: whether none of them meets one that differs.
  private func follow(
    _ boxes: [(box: RuleBox, isSame: Bool)], from first: Int, _ box: RuleBox, endsSame: Bool, depth: Int,
    _ scratch: inout Scratch
  ) -> Bool {
    var index = first
    while index < boxes.count, !boxes[index].box.overlaps(box) { index += 1 }
    scratch.steps += index - first + 1
    guard scratch.steps <= stepLimit, depth < Self.depthLimit else { return false }
    guard index < boxes.count else { return endsSame }
    guard boxes[index].isSame else { return false }
    return box.forEachPiece(without: boxes[index].box) { piece in
      follow(boxes, from: index + 1, piece, endsSame: endsSame, depth: depth + 1, &scratch)
    }
  }

  // MARK: Causes

  /// The rules before a shadowed one that decide its packets: one that does it alone, else as few as were found.
  func causes(of place: Int, limit: Int) -> [Int] {
    let rule = chain.rules[place]
    let own = (Int(rule.first)..<Int(rule.first + rule.count)).map { tree.box($0) }
    let ordered = candidates(for: place).sorted().map { Int($0) }
    if let alone = ordered.first(where: { remainder(of: own, without: $0).isEmpty }) { return [alone] }
    var remaining = own
    var causes: [Int] = []
    for candidate in ordered {
      guard !remaining.isEmpty, causes.count <= limit else { break }
      let left = remainder(of: remaining, without: candidate)
      if left != remaining { causes.append(candidate) }
      remaining = left
    }
    guard remaining.isEmpty else { return causes }
    // What the others cover without it is no cause.
    for candidate in causes {
      let others = causes.filter { $0 != candidate }
      if others.reduce(own, { remainder(of: $0, without: $1) }).isEmpty { causes = others }
    }
    return causes
  }

  /// The rules before one that decide some of its packets.
  private func candidates(for place: Int) -> Set<Int32> {
    let rule = chain.rules[place]
    var earlier: Set<Int32> = []
    for index in Int(rule.first)..<Int(rule.first + rule.count) {
      let box = tree.box(index)
      _ = tree.forEach(before: Int32(place), meeting: box) { entry in
        if chain.rules[Int(entry.ordinal)].decides { earlier.insert(entry.ordinal) }
        return true
      }
    }
    return earlier
  }

  /// Some boxes without those of a rule; those that the rule does not meet stay as they are.
  private func remainder(of boxes: [RuleBox], without place: Int) -> [RuleBox] {
    let rule = chain.rules[place]
    var remaining = boxes
    for index in Int(rule.first)..<Int(rule.first + rule.count) {
      let taken = tree.box(index)
      var next: [RuleBox] = []
      next.reserveCapacity(remaining.count)
      for box in remaining {
        if !box.overlaps(taken) {
          next.append(box)
        } else {
          _ = box.forEachPiece(without: taken) { piece in
            next.append(piece)
            return true
          }
        }
      }
      remaining = next
    }
    return remaining
  }
}
