import PacketSets
import RuleGraph

extension PathEvaluator {
  /// What one rule makes of packets: its verdict where it matches, pass elsewhere.
  func ruleDiagram(_ graph: Int, _ index: UInt32, stage: PathStage, depth: Int) -> Diagram {
    let rule = graphs[graph].rules[Int(index)]
    let inside = verdictDiagram(rule.verdict, graph, stage: stage, depth: depth)
    return itemsDiagram(graphs[graph].items(of: rule), graph, inside: inside, stage: stage)
  }

  /// A verdict as a diagram: a terminal, or the summary of the chain that is called.
  func verdictDiagram(_ verdict: Verdict, _ graph: Int, stage: PathStage, depth: Int) -> Diagram {
    switch verdict.kind {
    case .jump:
      let target = chainSummary(graph, verdict.target, stage: stage, depth: depth + 1)
      return store.mapped(target.diagram, .returnToPass)
    case .goto:
      let target = chainSummary(graph, verdict.target, stage: stage, depth: depth + 1)
      return store.mapped(target.diagram, .passToReturn)
    case .lookup: return verdictMapDiagram(graph, verdict.target, stage: stage, depth: depth)
    case .translate where isKeptHere(graphs[graph].translations[Int(verdict.target)], at: stage):
      return DiagramStore.dropping
    case .translate: return translationDiagram(graphs[graph].translations[Int(verdict.target)], hook: stage.hook)
    default: return terminal(of: verdict)
    }
  }

  /// The terminal of a verdict that calls nothing.
  func terminal(of verdict: Verdict) -> Diagram {
    switch verdict.kind {
    case .none: DiagramStore.passing
    case .accept: DiagramStore.accepting
    case .drop, .reject: DiagramStore.dropping
    case .returning: DiagramStore.returning
    case .queue: DiagramStore.accepting | DiagramStore.dropping
    case .jump, .goto, .lookup, .translate, .unknown:
      DiagramStore.passing | DiagramStore.accepting | DiagramStore.dropping
    }
  }

  /// Matches and effects in their order, then a diagram.
  func itemsDiagram(
    _ items: ArraySlice<RuleItem>, _ graph: Int, inside: Diagram, stage: PathStage
  ) -> Diagram {
    if let last = items.lastIndex(where: \.isEffect) {
      let rest = itemsDiagram(items[(last + 1)...], graph, inside: inside, stage: stage)
      let changed = effectDiagram(items[last], graph, rest: rest, stage: stage)
      return itemsDiagram(items[..<last], graph, inside: changed, stage: stage)
    }
    return orPerhaps(isUnconditional: items.isEmpty, store.union(inside, DiagramStore.passing)) {
      box.reset()
      for item in items {
        add(item, graph, stage: stage)
        if box.isNever { return DiagramStore.passing }
      }
      return finishBox(inside: inside)
    }
  }

  /// A diagram for ordinary packets, and another for those that rules have changed beyond following.
  func orPerhaps(isUnconditional: Bool = false, _ perhaps: @autoclosure () -> Diagram, _ diagram: () -> Diagram)
    -> Diagram
  {
    let ordinary = diagram()
    guard hasOpaqueStates, !isUnconditional else { return ordinary }
    let opaque = split(byState: { $0.isOpaque ? DiagramStore.passing : DiagramStore.nothing })
    let transparent = split(byState: { $0.isOpaque ? DiagramStore.nothing : DiagramStore.passing })
    return store.union(store.filtered(perhaps(), by: opaque), store.filtered(ordinary, by: transparent))
  }

  /// The collected matches around a diagram; pass outside of them.
  func finishBox(inside: Diagram) -> Diagram {
    if box.isNever || inside == DiagramStore.passing { return DiagramStore.passing }
    var result: Diagram
    if inside < DiagramStore.firstNode {
      let inside = box.isPerhaps ? store.union(inside, DiagramStore.passing) : inside
      result = box.diagram(in: &store, inside: inside, outside: DiagramStore.passing)
    } else {
      let set = box.diagram(
        in: &store, inside: box.isPerhaps ? DiagramStore.maybe : DiagramStore.passing, outside: DiagramStore.nothing)
      result = store.guarded(set, inside)
    }
    for set in box.sets { result = store.guarded(set, result) }
    return result
  }

  /// Whether packets that would be forwarded end at the host instead, to which they are redirected.
  private func isKeptHere(_ translation: Translation, at stage: PathStage) -> Bool {
    translation.kind == .redirect && question.path == .forward && stage.hook == .prerouting
  }

  /// A mapping as a diagram: packets that have the new values already are mapped without a trace in their status.
  private func translationDiagram(_ translation: Translation, hook: Hook) -> Diagram {
    func mapped(_ isChange: Ternary) -> Diagram {
      let rewrite = rewrite(of: translation, hook: hook, isChange: isChange)
      return store.terminal([Outcome(.accept, rewrite: rewrite)])
    }
    guard let level = addressLevel(of: translation) else { return mapped(.yes) }
    let isDestination = translation.mapsDestination
    if rewriting.concerns(destination: isDestination) {
      // The connection's end, which is what changes, may be another than the one that the packet shows.
      let changed = rewrite(of: translation, hook: hook, isChange: .yes, isRewritten: true)
      let unchanged = store.intern(Rewrite(stateMap: states.map { $0.after(translation, isChange: .no) }))
      return store.terminal([Outcome(.accept, rewrite: changed), Outcome(.accept, rewrite: unchanged)])
    }
    let addresses = newAddresses(of: translation, hook: hook)
    let isKnown = translation.isChangeKnown && (addresses.map { $0.lower == $0.upper } ?? true)
    let changed = mapped(.yes)
    let portLevel = isDestination ? PacketLayout.port : layout.sourcePort
    var same = mapped(isKnown ? .no : .perhaps)
    func narrowPort() {
      guard let ports = translation.ports else { return }
      same = store.split(level: portLevel, IntervalSet(ports), inside: same, outside: changed)
    }
    // Deeper levels first.
    if !isDestination { narrowPort() }
    if let addresses {
      same =
        layout.family == .v4
        ? store.split(
          level: level,
          IntervalSet(
            Interval(UInt32(truncatingIfNeeded: addresses.lower), UInt32(truncatingIfNeeded: addresses.upper))),
          inside: same, outside: changed)
        : store.splitWide(firstLevel: level, [addresses], inside: same, outside: changed)
    }
    if isDestination { narrowPort() }
    return mappedOneByOne(translation, hook: hook, level: level) ?? same
  }

  /// Addresses of a question up to which a mapping of prefixes is worked out for each of them.
  private static let mappedAddressLimit = 256

  /// A mapping of prefixes that gives each address of the question its own; nil where it cannot, or they are too many.
  ///
  /// Packets meet one mapping of each end at most, so that what it maps is what they entered with.
  private func mappedOneByOne(_ translation: Translation, hook: Hook, level: Int) -> Diagram? {
    guard translation.kind == .destinationPrefix || translation.kind == .sourcePrefix, layout.family == .v4,
      translation.family ?? .v4 == .v4, let block = translation.addresses,
      let entered = translation.mapsDestination ? question.destinations : question.sources
    else { return nil }
    let count = entered.v4.intervals.reduce(0) { $0 + Int($1.upper - $1.lower) + 1 }
    guard count <= Self.mappedAddressLimit else { return nil }
    let cases = entered.v4.intervals.flatMap { Array($0.lower...$0.upper) }.map { address in
      let new = TracedPacket.mapPrefix(Interval(UInt128(address)), onto: block)
      var single = translation
      single.addresses = new
      let isChange: Ternary = new.lower == UInt128(address) ? .perhaps : .yes
      let rewrite = rewrite(of: single, hook: hook, isChange: isChange)
      return (values: Interval(address), diagram: store.terminal([Outcome(.accept, rewrite: rewrite)]))
    }
    let any = rewrite(of: translation, hook: hook, isChange: .perhaps)
    return store.split(level: level, cases: cases, outside: store.terminal([Outcome(.accept, rewrite: any)]))
  }

  /// The addresses that a mapping may give; nil where it keeps the old one.
  private func newAddresses(of translation: Translation, hook: Hook) -> Interval<UInt128>? {
    let all = Interval<UInt128>(0, layout.family.lastAddress)
    switch translation.kind {
    case .masquerade: return all
    case .redirect: return hook == .output ? Interval(layout.family == .v4 ? 0x7F00_0001 : 1) : all
    default:
      let addresses = translation.family.map { $0 == layout.family } ?? true ? translation.addresses : nil
      return addresses ?? (translation.unknown == nil ? nil : all)
    }
  }

  /// First level of the address that a mapping changes; nil where there is none.
  private func addressLevel(of translation: Translation) -> Int? {
    switch translation.kind {
    case .destination, .destinationPrefix, .redirect: layout.destination
    case .source, .sourcePrefix, .masquerade: PacketLayout.source
    case .transparentProxy: nil
    }
  }

  /// A mapping as a rewrite of levels.
  ///
  /// - Parameter isRewritten: whether the end may have been rewritten before, so that what the mapping keeps of the
  ///   connection's end is not what the packet shows.
  private func rewrite(
    of translation: Translation, hook: Hook, isChange: Ternary, isRewritten: Bool = false
  ) -> UInt32 {
    var assignments: [Rewrite.Assignment] = []
    let all = Interval<UInt128>(0, layout.family.lastAddress)
    let addresses = translation.family.map { $0 == layout.family } ?? true ? translation.addresses : nil
    let isKnown = translation.unknown == nil && !isRewritten
    func assign(_ values: Interval<UInt128>, at level: Int) {
      for word in 0..<layout.words {
        let shift = UInt128(32 * (layout.words - 1 - word))
        let isShared = word == 0 || values.lower >> (shift + 32) == values.upper >> (shift + 32)
        let low = UInt32(truncatingIfNeeded: values.lower >> shift)
        let high = UInt32(truncatingIfNeeded: values.upper >> shift)
        assignments.append(
          Rewrite.Assignment(level: level + word, values: isShared ? Interval(low, high) : .all))
      }
    }
    func assignPorts(at level: Int) {
      if let ports = translation.ports {
        assignments.append(Rewrite.Assignment(level: level, values: ports))
      } else if !isKnown {
        assignments.append(Rewrite.Assignment(level: level, values: Interval(0, 65535)))
      }
    }
    switch translation.kind {
    case .destination, .destinationPrefix:
      if let target = addresses ?? (isKnown ? nil : all) { assign(target, at: layout.destination) }
      assignPorts(at: PacketLayout.port)
    case .redirect:
      let loopback: UInt128 = layout.family == .v4 ? 0x7F00_0001 : 1
      assign(hook == .output ? Interval(loopback) : all, at: layout.destination)
      assignPorts(at: PacketLayout.port)
    case .source, .sourcePrefix:
      if let target = addresses ?? (isKnown ? nil : all) { assign(target, at: PacketLayout.source) }
      assignPorts(at: layout.sourcePort)
    case .masquerade:
      assign(all, at: PacketLayout.source)
      assignPorts(at: layout.sourcePort)
    case .transparentProxy: break
    }
    return store.intern(
      Rewrite(assignments: assignments, stateMap: states.map { $0.after(translation, isChange: isChange) }))
  }

  /// A verdict map: for each key the verdict of its element, pass elsewhere.
  private func verdictMapDiagram(_ graph: Int, _ index: UInt32, stage: PathStage, depth: Int) -> Diagram {
    let key = LookupKey(
      graph: graph, lookup: index, hook: stage.hook, precedesConntrack: stage.precedesConntrack, isVerdictMap: true)
    if let known = lookupSets[key] { return known }
    let lookup = graphs[graph].lookups[Int(index)]
    let verdicts = lookup.verdicts
    var diagrams: [Verdict: Diagram] = [:]
    for verdict in Set(verdicts).sorted(by: { $0.order < $1.order }) {
      diagrams[verdict] = verdictDiagram(verdict, graph, stage: stage, depth: depth)
    }
    let every = diagrams.values.sorted().reduce(DiagramStore.passing) { store.union($0, $1) }
    // Neighbours mostly have the same verdict.
    var last: (verdict: Verdict, diagram: Diagram)?
    let result = orPerhaps(every) {
      lookupDiagram(graph, lookup, stage: stage) { element in
        let verdict = verdicts[element]
        if let last, last.verdict == verdict { return last.diagram }
        let diagram = diagrams[verdict] ?? DiagramStore.anything
        last = (verdict, diagram)
        return diagram
      }
    }
    lookupSets[key] = result
    keepAll()
    return result
  }

  /// Accept for the keys of a verdict map that have one verdict, pass elsewhere.
  func verdictKeys(_ graph: Int, _ index: UInt32, _ verdict: Verdict, stage: PathStage) -> Diagram {
    let lookup = graphs[graph].lookups[Int(index)]
    return orPerhaps(DiagramStore.accepting | DiagramStore.passing) {
      lookupDiagram(graph, lookup, stage: stage) { element in
        lookup.verdicts[element] == verdict ? DiagramStore.accepting : DiagramStore.passing
      }
    }
  }

  /// The set of packets whose tuple is in a lookup.
  func lookupSet(_ graph: Int, _ index: UInt32, stage: PathStage) -> Diagram {
    let key = LookupKey(
      graph: graph, lookup: index, hook: stage.hook, precedesConntrack: stage.precedesConntrack, isVerdictMap: false)
    if let known = lookupSets[key] { return known }
    // Accept inside, pass outside; then read as a set: yes, no, or maybe where both are possible.
    let decided = lookupDiagram(graph, graphs[graph].lookups[Int(index)], stage: stage) { _ in DiagramStore.accepting }
    let result = store.mapped(decided, .acceptedAsSet)
    lookupSets[key] = result
    keepAll()
    return result
  }

  /// Elements in order, each a box around its diagram; joined pairwise.
  private func lookupDiagram(
    _ graph: Int, _ lookup: Lookup, stage: PathStage, inside: (Int) -> Diagram
  ) -> Diagram {
    if let single = singleFieldDiagram(lookup, inside: inside) { return single }
    var parts: [Diagram] = []
    parts.reserveCapacity(lookup.count)
    for element in 0..<lookup.count {
      box.reset()
      for (component, field) in lookup.fields.enumerated() {
        let interval = lookup.intervals[element * lookup.fields.count + component]
        addComponent(field, interval, graph, stage: stage)
      }
      if !box.isNever { parts.append(finishBox(inside: inside(element))) }
    }
    while parts.count > 1 {
      var next: [Diagram] = []
      next.reserveCapacity((parts.count + 1) / 2)
      var index = 0
      while index + 1 < parts.count {
        next.append(store.then(parts[index], parts[index + 1]))
        index += 2
      }
      if index < parts.count { next.append(parts[index]) }
      parts = next
    }
    return parts.first ?? DiagramStore.passing
  }

  /// A lookup of one narrow address with terminals inside becomes one node without any joining.
  private func singleFieldDiagram(_ lookup: Lookup, inside: (Int) -> Diagram) -> Diagram? {
    guard lookup.fields.count == 1, layout.family == .v4, lookup.count > 8 else { return nil }
    let level: Int
    switch lookup.fields[0] {
    case .ipv4Source: level = PacketLayout.source
    case .ipv4Destination: level = layout.destination
    default: return nil
    }
    var cases: [(values: Interval<UInt32>, diagram: Diagram)] = []
    cases.reserveCapacity(lookup.count)
    for element in 0..<lookup.count {
      let diagram = inside(element)
      guard diagram < DiagramStore.firstNode else { return nil }
      let interval = lookup.intervals[element]
      cases.append(
        (
          Interval(UInt32(truncatingIfNeeded: interval.lower), UInt32(truncatingIfNeeded: interval.upper)), diagram
        ))
    }
    cases.sort { $0.values.lower < $1.values.lower }
    for index in cases.indices.dropFirst() where cases[index].values.lower <= cases[index - 1].values.upper {
      return nil
    }
    return store.split(level: level, cases: cases, outside: DiagramStore.passing)
  }
}
