import PacketSets
import RuleGraph
import SourceText

/// Drafts become rules of the graph.
extension GroupGraphBuilder {
  /// Adds a rule of a group.
  mutating func add(_ draft: RuleDraft, to group: Int, _ direction: TrafficDirection) {
    add(draft, toChain: chain(group, direction))
  }

  /// Adds a rule to the end of a chain: one rule of the graph, or one a family where the ends demand it.
  mutating func add(_ draft: RuleDraft, toChain chain: Int) {
    let isUnparsed =
      draft.isUnparsed || draft.transport.isUnparsed || draft.source == .unparsed || draft.destination == .unparsed
    var isEmpty = true
    switch families(of: draft) {
    case .none: break
    case .both: isEmpty = !addRule(draft, nil, isUnparsed: isUnparsed, to: chain)
    case .one(let family): isEmpty = !addRule(draft, family, isUnparsed: isUnparsed, to: chain)
    case .each:
      for family in IPFamily.allCases where addRule(draft, family, isUnparsed: isUnparsed, to: chain) {
        isEmpty = false
      }
    }
    guard isEmpty else { return }
    // Ends of different families, or an empty list: the rule is there but matches nothing.
    let nothing = isUnparsed && !draft.isNever ? graph.undecidable(Self.notUnderstood) : RuleItem(.never, .family)
    append([nothing], draft, isUnparsed: isUnparsed, to: chain)
  }

  /// Why a rule of `Understanding.unparsed` perhaps matches.
  private static let notUnderstood = "a rule that was not understood"

  /// Adds the rule of one family, or of both with nil; false when no packet of it can match.
  private mutating func addRule(_ draft: RuleDraft, _ family: IPFamily?, isUnparsed: Bool, to chain: Int) -> Bool {
    guard let items = items(of: draft, family, isUnparsed: isUnparsed) else { return false }
    append(items, draft, isUnparsed: isUnparsed, to: chain)
    return true
  }

  private mutating func append(_ items: [RuleItem], _ draft: RuleDraft, isUnparsed: Bool, to chain: Int) {
    let isApproximated = items.contains { $0.kind == .undecidable || $0.kind == .reference }
    let index = graph.appendRule(
      to: chain, items: items, verdict: draft.verdict,
      understanding: isUnparsed ? .unparsed : isApproximated ? .approximated : .exact, range: draft.range)
    if let label = draft.label { graph.labels[index] = label }
  }

  /// The families that a draft becomes rules of.
  private enum Families {
    case none
    /// One rule for both.
    case both
    case one(IPFamily)
    /// A rule for each.
    case each
  }

  private func families(of draft: RuleDraft) -> Families {
    func families(_ match: AddressMatch) -> Families {
      switch match {
      case .any, .undecidable, .unparsed: .both
      case .prefix(let prefix): .one(prefix.base.family)
      case .set, .reference: .each
      }
    }
    var result = families(draft.source)
    if case .both = result { result = families(draft.destination) }
    switch result {
    case .none: return .none
    case .both: return draft.family.map { .one($0) } ?? .both
    case .one(let family):
      guard let only = draft.family ?? draft.transport.family, only != family else { return result }
      return .none
    case .each: return (draft.family ?? draft.transport.family).map { .one($0) } ?? .each
    }
  }

  /// The matches of a rule for a family; nil when nothing of that family can match.
  ///
  /// What can be decided comes first, so that a rule that is out of the question gives no reasons for doubt.
  private mutating func items(of draft: RuleDraft, _ family: IPFamily?, isUnparsed: Bool) -> [RuleItem]? {
    if draft.isNever { return nil }
    var items: [RuleItem] = []
    items.reserveCapacity(4)
    var namesFamily = false
    let source = item(draft.source, family, narrow: .ipv4Source, wide: .ipv6Source, namesFamily: &namesFamily)
    let destination = item(
      draft.destination, family, narrow: .ipv4Destination, wide: .ipv6Destination, namesFamily: &namesFamily)
    if case .impossible = source { return nil }
    if case .impossible = destination { return nil }
    if let family, !namesFamily {
      items.append(RuleItem(.range, .family, UInt32(family.rawValue), UInt32(family.rawValue)))
    }
    if case .item(let item) = source { items.append(item) }
    if case .item(let item) = destination { items.append(item) }
    append(draft.transport, to: &items)
    if case .doubtful(let item) = source { items.append(item) }
    if case .doubtful(let item) = destination { items.append(item) }
    for reason in draft.undecidable { items.append(graph.undecidable(reason)) }
    if isUnparsed { items.append(graph.undecidable(Self.notUnderstood)) }
    return items
  }

  /// What one end asks of packets of a family.
  private enum EndMatch {
    case impossible
    case always
    /// A match that is decided by the packet.
    case item(RuleItem)
    /// A match that may need more than the file says.
    case doubtful(RuleItem)
  }

  private mutating func item(
    _ match: AddressMatch, _ family: IPFamily?, narrow: Field, wide: Field, namesFamily: inout Bool
  ) -> EndMatch {
    switch match {
    case .any, .unparsed: return .always
    case .undecidable(let reason): return .doubtful(graph.undecidable(reason))
    case .prefix(let prefix):
      guard prefix.base.family == family else { return .impossible }
      namesFamily = true
      if family == .v6 { return .item(graph.wideRange(wide, prefix.interval)) }
      let interval = prefix.interval
      return .item(
        RuleItem(
          .range, narrow, UInt32(truncatingIfNeeded: interval.lower), UInt32(truncatingIfNeeded: interval.upper)))
    case .set(let set):
      namesFamily = true
      if family == .v6 { return set.v6.isEmpty ? .impossible : .item(graph.inSet(wide, .wide(set.v6))) }
      return set.v4.isEmpty ? .impossible : .item(graph.inSet(narrow, .narrow(set.v4)))
    case .reference(let kind, let name):
      namesFamily = true
      return .doubtful(reference(family == .v6 ? wide : narrow, kind: kind, name: name))
    }
  }

  /// As `RuleGraph.reference`, in constant time.
  private mutating func reference(_ field: Field, kind: String, name: String) -> RuleItem {
    let reference = Reference(kind: kind, name: name)
    if let index = referenceIndices[reference] { return RuleItem(.reference, field, index) }
    let index = UInt32(graph.references.count)
    referenceIndices[reference] = index
    graph.references.append(reference)
    return RuleItem(.reference, field, index)
  }

  private mutating func append(_ transport: TransportMatch, to items: inout [RuleItem]) {
    if let number = transport.protocolNumber {
      items.append(RuleItem(.range, .protocolNumber, UInt32(number), UInt32(number)))
    }
    if let ports = transport.sourcePorts { items.append(graph.inSet(.sourcePort, .narrow(ports))) }
    if let ports = transport.destinationPorts { items.append(graph.inSet(.destinationPort, .narrow(ports))) }
    if let type = transport.icmpType { items.append(RuleItem(.range, .icmpType, UInt32(type), UInt32(type))) }
    if let code = transport.icmpCode { items.append(RuleItem(.range, .icmpCode, UInt32(code), UInt32(code))) }
    if let reason = transport.undecidable { items.append(graph.undecidable(reason)) }
  }
}
