import PacketSets
import RuleGraph

/// The rules of a chain as boxes of packets, in a context: a hook, a family, before or after tracking.
struct ChainBoxes: Sendable {
  /// What becomes of the packets of a rule, as far as other rules care.
  enum Fate: UInt8, Sendable {
    /// Nothing: the next rule follows.
    case none
    case accept
    case drop
    /// Some end that is neither, or not known.
    case other
  }

  /// One rule.
  struct Entry: Sendable {
    /// The rule, as an index into the graph's rules.
    var rule: UInt32
    var fate: Fate
    /// Whether no packet in its boxes comes to the next rule.
    var decides = false
    /// Whether it is written, so that it is worth asking whether it can match.
    var isExamined = false
    /// Whether its verdict can be judged at all.
    var isJudged = false
    /// Whether its own matches exclude every packet.
    var isNever = false
    /// Its boxes; none where the next rule follows in any case, as no one asks for them.
    var first: Int32 = 0
    var count: Int32 = 0
    /// Whether the boxes are all that it matches; else they only hold it.
    var isExact = true
  }

  /// By place in the chain.
  var rules: [Entry] = []
  var boxes: [BoxTree.Entry] = []
  /// Whether some rule is no union of a few boxes, or calls a chain: what it covers is not known here.
  var isPartial = false
  /// What becomes of packets that come to the end of the chain.
  var end: Fate

  /// Adds a box of the rule that comes next.
  mutating func append(_ box: RuleBox) {
    boxes.append(BoxTree.Entry(box: box, ordinal: Int32(rules.count), number: Int32(boxes.count)))
  }

  /// Boxes of one rule beyond which it is not listed.
  static let boxLimit = 32
}

extension PathEvaluator {
  /// The rules of a chain as boxes.
  func chainBoxes(_ graphIndex: Int, _ chain: UInt32, stage: PathStage) -> ChainBoxes {
    let graph = graphs[graphIndex]
    let base = graph.chains[Int(chain)].base
    var result = ChainBoxes(end: base.map { $0.policy == .drop ? .drop : .accept } ?? .none)
    let rules = graph.chains[Int(chain)].rules
    result.rules.reserveCapacity(rules.count)
    result.boxes.reserveCapacity(rules.count)
    let allStates: UInt64 = states.states.count >= 64 ? .max : (1 << UInt64(states.states.count)) - 1
    let whole = RuleBox(lastInterface: interfaces.lastValue, states: allStates)
    // Rules that change the state of packets on their way: what an earlier rule saw says little about later ones then.
    let statesChange =
      hasEffects
      && rules.contains { rule in
        graph.rules[Int(rule)].verdict.mayCall || graph.items(of: graph.rules[Int(rule)]).contains(where: \.isEffect)
      }
    // Rules that write headers make packets that meet later rules although earlier ones hold all of their kind.
    let writesHeaders =
      !rewriting.fields.isEmpty
      && rules.contains { rule in
        graph.rules[Int(rule)].verdict.mayCall
          || graph.items(of: graph.rules[Int(rule)]).contains { $0.isEffect && HeaderRewriting.concerns($0.field) }
      }
    if writesHeaders { result.isPartial = true }
    var wide = WideBoxes()
    let mixesRejects = graph.rules.contains { $0.verdict.kind == .reject }
    for index in rules {
      let rule = graph.rules[Int(index)]
      var entry = ChainBoxes.Entry(rule: index, fate: fate(of: rule.verdict, graph, mixesRejects: mixesRejects))
      entry.first = Int32(result.boxes.count)
      let items = graph.items(of: rule)
      let hasEffect = items.contains(where: \.isEffect)
      entry.decides = decides(rule.verdict) && rule.understanding != .unparsed && !hasEffect
      entry.isExamined = rule.isWritten
      entry.isJudged =
        rule.isWritten && rule.understanding != .unparsed && canBeJudged(rule.verdict) && !hasEffect
      if hasEffect {
        // Packets that go on changed do not meet the fate that they meet unchanged.
        result.isPartial = true
        entry.fate = .other
        entry.isExact = false
        result.append(whole)
      } else if !addPlainBox(items, graph, whole, into: &result, &wide, &entry) {
        addBoxes(items, graphIndex, whole, stage: stage, into: &result, &wide, &entry)
      }
      if entry.fate == .none {
        result.boxes.removeLast(result.boxes.count - Int(entry.first))
        wide.forget(from: Int(entry.first))
      }
      if rule.verdict.mayCall { result.isPartial = true }
      if writesHeaders {
        entry.decides = false
        entry.isExact = false
      }
      entry.count = Int32(result.boxes.count) - entry.first
      entry.isNever = entry.isNever && !hasEffect
      if statesChange {
        for place in Int(entry.first)..<result.boxes.count where result.boxes[place].box.states != allStates {
          result.boxes[place].box.states = allStates
          entry.decides = false
          result.isPartial = true
        }
      }
      result.rules.append(entry)
    }
    wide.rank(&result.boxes)
    return result
  }

  private func decides(_ verdict: Verdict) -> Bool {
    switch verdict.kind {
    case .accept, .drop, .reject, .returning, .queue, .translate, .goto: true
    case .none, .jump, .lookup, .unknown: false
    }
  }

  private func fate(of verdict: Verdict, _ graph: RuleGraph, mixesRejects: Bool) -> ChainBoxes.Fate {
    switch verdict.kind {
    case .none: .none
    case .accept: .accept
    case .drop: mixesRejects ? .other : .drop
    case .reject, .returning, .queue, .translate, .goto, .jump, .lookup, .unknown: .other
    }
  }

  /// Adds the box of a rule of nothing but plain intervals; false where it takes a closer look.
  private func addPlainBox(
    _ items: ArraySlice<RuleItem>, _ graph: RuleGraph, _ whole: RuleBox, into result: inout ChainBoxes,
    _ wide: inout WideBoxes, _ entry: inout ChainBoxes.Entry
  ) -> Bool {
    var box = whole
    var source: Interval<UInt128>?
    var destination: Interval<UInt128>?
    var hasPorts = false
    func narrowed(_ own: Interval<UInt32>, _ item: RuleItem) -> Interval<UInt32>? {
      guard item.a <= item.b else { return nil }
      return own.intersection(Interval(item.a, item.b))
    }
    for item in items {
      guard !item.isNegated else { return false }
      switch (item.kind, item.field) {
      case (.range, .ipv4Source):
        guard question.family == .v4, let values = narrowed(box.source, item) else { return never(&entry) }
        box.source = values
      case (.range, .ipv4Destination):
        guard question.family == .v4, let values = narrowed(box.destination, item) else { return never(&entry) }
        box.destination = values
      case (.wideRange, .ipv6Source):
        guard question.family == .v6 else { return never(&entry) }
        guard source == nil else { return false }
        source = graph.wideRanges[Int(item.a)]
      case (.wideRange, .ipv6Destination):
        guard question.family == .v6 else { return never(&entry) }
        guard destination == nil else { return false }
        destination = graph.wideRanges[Int(item.a)]
      case (.range, .protocolNumber):
        guard let values = narrowed(box.protocolNumber, item) else { return never(&entry) }
        box.protocolNumber = values
      case (.range, .sourcePort):
        guard let values = narrowed(box.sourcePort, item) else { return never(&entry) }
        box.sourcePort = values
        hasPorts = true
      case (.range, .destinationPort):
        guard let values = narrowed(box.port, item) else { return never(&entry) }
        box.port = values
        hasPorts = true
      default: return false
      }
    }
    if hasPorts {
      guard box.protocolNumber.lower == box.protocolNumber.upper,
        IPProtocol.hasPorts(UInt8(truncatingIfNeeded: box.protocolNumber.lower))
      else { return false }
    }
    wide.append(source, destination, place: result.boxes.count)
    result.append(box)
    return true
  }

  private func never(_ entry: inout ChainBoxes.Entry) -> Bool {
    entry.isNever = true
    return true
  }

  /// Adds the boxes of any other rule, or one that holds it where they are too many.
  private func addBoxes(
    _ items: ArraySlice<RuleItem>, _ graphIndex: Int, _ whole: RuleBox, stage: PathStage,
    into result: inout ChainBoxes, _ wide: inout WideBoxes, _ entry: inout ChainBoxes.Entry
  ) {
    box.reset()
    for item in items {
      add(item, graphIndex, stage: stage)
      if box.isNever {
        _ = never(&entry)
        return
      }
    }
    if box.isPerhaps {
      entry.decides = false
    }
    var states = whole.states
    for set in box.sets {
      guard let mask = stateMask(set) else {
        // Neither boxes nor states: only the diagram knows whether it matches anything.
        result.isPartial = true
        entry.isExact = false
        entry.decides = false
        entry.isNever = matching(items, graphIndex, stage: stage) == DiagramStore.nothing
        if !entry.isNever {
          result.append(whole)
        }
        return
      }
      if mask.perhaps != 0 {
        entry.decides = false
        result.isPartial = result.isPartial || mask.surely != 0
      }
      states &= mask.surely | mask.perhaps
    }
    guard states != 0 else {
      _ = never(&entry)
      return
    }
    var start = whole
    start.states = states
    let count = box.narrow.reduce(1) { min($0, 1 << 20) * $1.values.intervals.count }
    let total = box.wide.reduce(count) { min($0, 1 << 20) * $1.values.intervals.count }
    guard total <= ChainBoxes.boxLimit else {
      result.isPartial = true
      entry.isExact = false
      entry.decides = false
      result.append(start)
      return
    }
    var pieces = [(box: start, source: Interval<UInt128>?.none, destination: Interval<UInt128>?.none)]
    for narrow in box.narrow {
      let dimension = dimension(of: narrow.level)
      pieces = pieces.flatMap { piece in
        narrow.values.intervals.compactMap { interval in
          guard let common = interval.intersection(piece.box[dimension]) else { return nil }
          var piece = piece
          piece.box[dimension] = common
          return piece
        }
      }
    }
    for wide in box.wide {
      pieces = pieces.flatMap { piece in
        wide.values.intervals.map { interval in
          var piece = piece
          if wide.level == PacketLayout.source { piece.source = interval } else { piece.destination = interval }
          return piece
        }
      }
    }
    for piece in pieces {
      wide.append(piece.source, piece.destination, place: result.boxes.count)
      result.append(piece.box)
    }
    if pieces.isEmpty { _ = never(&entry) }
  }

  /// The dimension of a level that is no 128-bit address.
  private func dimension(of level: Int) -> Int {
    switch level {
    case PacketLayout.protocolNumber: 4
    case PacketLayout.port: 2
    case PacketLayout.inputInterface: 5
    case PacketLayout.outputInterface: 6
    case PacketLayout.source: 0
    case layout.destination: 1
    default: 3
    }
  }

  /// The states in which a set surely or perhaps holds; nil of a set that looks at anything else.
  private func stateMask(_ set: Diagram) -> (surely: UInt64, perhaps: UInt64)? {
    guard states.states.count <= 64 else { return nil }
    var surely: UInt64 = 0
    var perhaps: UInt64 = 0
    var packet = [UInt32](repeating: 0, count: layout.sourcePort + 1)
    guard store.looksOnly(at: PacketLayout.state, set) else { return nil }
    for state in states.states.indices {
      packet[PacketLayout.state] = UInt32(state)
      switch store.terminal(of: set, at: packet) {
      case DiagramStore.nothing: break
      case DiagramStore.passing: surely |= 1 << UInt64(state)
      default: perhaps |= 1 << UInt64(state)
      }
    }
    return (surely, perhaps)
  }
}

/// The 128-bit addresses of boxes until all are known, when their order takes their place.
private struct WideBoxes {
  private var intervals: [(place: Int, isSource: Bool, values: Interval<UInt128>)] = []

  mutating func append(_ source: Interval<UInt128>?, _ destination: Interval<UInt128>?, place: Int) {
    if let source { intervals.append((place, true, source)) }
    if let destination { intervals.append((place, false, destination)) }
  }

  /// Forgets what was said of boxes from a place on.
  mutating func forget(from place: Int) {
    while let last = intervals.last, last.place >= place { intervals.removeLast() }
  }

  /// Puts the rank of each address among all that begin or end an interval in its place.
  func rank(_ boxes: inout [BoxTree.Entry]) {
    for isSource in [true, false] {
      let own = intervals.filter { $0.isSource == isSource }
      if own.isEmpty { continue }
      var bounds: [UInt128] = [0]
      bounds.reserveCapacity(2 * own.count + 1)
      for entry in own {
        bounds.append(entry.values.lower)
        if entry.values.upper < .max { bounds.append(entry.values.upper + 1) }
      }
      bounds.sort()
      var kept = 0
      for bound in bounds where kept == 0 || bounds[kept - 1] != bound {
        bounds[kept] = bound
        kept += 1
      }
      /// The number of bounds up to a value, less one.
      func rank(_ value: UInt128) -> UInt32 {
        var low = 0
        var high = kept
        while low < high {
          let middle = (low + high) / 2
          if bounds[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return UInt32(low - 1)
      }
      let last = UInt32(kept - 1)
      for place in boxes.indices {
        if isSource {
          boxes[place].box.source = Interval(0, last)
        } else {
          boxes[place].box.destination = Interval(0, last)
        }
      }
      for entry in own {
        let ranks = Interval(rank(entry.values.lower), rank(entry.values.upper))
        if isSource { boxes[entry.place].box.source = ranks } else { boxes[entry.place].box.destination = ranks }
      }
    }
  }
}
