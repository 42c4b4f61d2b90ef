import PacketSets
import RuleGraph

/// What accepting and translating rules of files at hand say of services: a first guess, for a person to go on from.
struct OpenPorts {
  /// A protocol and a port.
  struct Service: Hashable, Comparable {
    var protocolNumber: UInt8
    var port: UInt16

    /// Such as `tcp/25`.
    var words: String { "\(IPProtocol.name(protocolNumber))/\(port)" }

    static func < (left: Service, right: Service) -> Bool {
      (left.port, left.protocolNumber) < (right.port, right.protocolNumber)
    }
  }

  /// A destination NAT of one service.
  struct Mapping: Hashable {
    var published: IPAddress?
    var unit: IPAddress
  }

  /// Services that some rule accepts, with the source prefixes that such rules name; empty for everybody.
  private(set) var sources: [Service: Set<IPPrefix>] = [:]
  /// Services that some rule accepts from everybody.
  private(set) var unrestricted: Set<Service> = []
  /// Single destinations of accepted services, by how often they are named.
  private(set) var destinations: [Service: [IPAddress: Int]] = [:]
  private(set) var mappings: [Service: Set<Mapping>] = [:]
  /// Rules that accept ports, by the hooks that lead to them.
  private(set) var portRules: [Hook: Int] = [:]

  /// Ports of a rule that are taken apart; wider ranges are about no service in particular.
  private static let rangeLimit: UInt32 = 16

  /// Reads the rules of a file.
  mutating func read(_ graph: RuleGraph) {
    let hooks = hooks(graph)
    for (chainIndex, chain) in graph.chains.enumerated() {
      for index in chain.rules {
        let rule = graph.rules[Int(index)]
        guard rule.verdict.kind == .accept || rule.verdict.kind == .translate else { continue }
        let services = services(of: rule, graph)
        guard !services.isEmpty else { continue }
        if rule.verdict.kind == .translate {
          readTranslation(rule, services, graph)
          continue
        }
        for hook in hooks[UInt32(chainIndex)] ?? [] { portRules[hook, default: 0] += 1 }
        let from = prefixes(of: rule, graph, isSource: true)
        for service in services {
          if let from { sources[service, default: []].formUnion(from) } else { unrestricted.insert(service) }
          for prefix in prefixes(of: rule, graph, isSource: false) ?? []
          where prefix.length == prefix.base.family.addressWidth {
            destinations[service, default: [:]][prefix.base, default: 0] += 1
          }
        }
      }
    }
  }

  /// Whether some rule accepts a service.
  func isOpen(_ service: Service) -> Bool { unrestricted.contains(service) || sources[service] != nil }

  private mutating func readTranslation(_ rule: Rule, _ services: [Service], _ graph: RuleGraph) {
    let translation = graph.translations[Int(rule.verdict.target)]
    guard translation.kind == .destination, let family = translation.family, let new = translation.addresses,
      new.lower == new.upper
    else { return }
    let called = (prefixes(of: rule, graph, isSource: false) ?? []).first { $0.length == $0.base.family.addressWidth }
    let mapping = Mapping(published: called?.base, unit: IPAddress(family, new.lower))
    for service in services { mappings[service, default: []].insert(mapping) }
  }

  /// The hooks from which each chain is reached.
  private func hooks(_ graph: RuleGraph) -> [UInt32: Set<Hook>] {
    var result: [UInt32: Set<Hook>] = [:]
    for (index, chain) in graph.chains.enumerated() {
      guard let hook = chain.base?.hook, chain.base?.type == .filter else { continue }
      var pending = [UInt32(index)]
      while let next = pending.popLast() {
        guard result[next, default: []].insert(hook).inserted else { continue }
        for rule in graph.chains[Int(next)].rules where graph.rules[Int(rule)].verdict.mayCall {
          pending += graph.calls(of: graph.rules[Int(rule)]).map(\.target)
        }
      }
    }
    return result
  }

  // MARK: One rule

  private func services(of rule: Rule, _ graph: RuleGraph) -> [Service] {
    let items = graph.items(of: rule)
    var numbers: [UInt8] = []
    var ports: [UInt32] = []
    for item in items where !item.isNegated {
      switch item.field {
      case .protocolNumber: numbers += values(item, graph).map { UInt8(truncatingIfNeeded: $0) }
      case .destinationPort: ports += values(item, graph)
      default: break
      }
    }
    return numbers.filter(IPProtocol.hasPorts).flatMap { number in
      ports.map { Service(protocolNumber: number, port: UInt16(truncatingIfNeeded: $0)) }
    }
  }

  /// The single values of a match; none of wide ranges.
  private func values(_ item: RuleItem, _ graph: RuleGraph) -> [UInt32] {
    func list(_ lower: UInt32, _ upper: UInt32) -> [UInt32] {
      lower <= upper && upper - lower < Self.rangeLimit ? Array(lower...upper) : []
    }
    switch item.kind {
    case .range: return list(item.a, item.b)
    case .set:
      guard case .narrow(let set) = graph.sets[Int(item.a)] else { return [] }
      return set.intervals.prefix(64).flatMap { list($0.lower, $0.upper) }
    default: return []
    }
  }

  /// The prefixes of one end that a rule names; nil where it names none.
  private func prefixes(of rule: Rule, _ graph: RuleGraph, isSource: Bool) -> [IPPrefix]? {
    for item in graph.items(of: rule) where !item.isNegated {
      switch (item.kind, item.field) {
      case (.range, isSource ? .ipv4Source : .ipv4Destination) where item.a <= item.b:
        return IPPrefix.covering(Interval(UInt128(item.a), UInt128(item.b)), family: .v4)
      case (.wideRange, isSource ? .ipv6Source : .ipv6Destination):
        return IPPrefix.covering(graph.wideRanges[Int(item.a)], family: .v6)
      case (.set, isSource ? .ipv4Source : .ipv4Destination):
        guard case .narrow(let set) = graph.sets[Int(item.a)] else { return nil }
        return set.intervals.prefix(16).flatMap {
          IPPrefix.covering(Interval(UInt128($0.lower), UInt128($0.upper)), family: .v4)
        }
      default: continue
      }
    }
    return nil
  }
}
