import PacketSets
import RuleGraph

/// What the rules of a path speak of: interface names, effects, mappings; found in one pass over the items.
struct PathVocabulary {
  /// Names of interfaces, and what further names begin with.
  var exactNames: Set<String>
  var namePrefixes: Set<String>
  var effects: Set<RuleItem> = []
  var translations: Set<Translation> = []
  /// Addresses and ports that rules write into headers without translation.
  let rewriting: HeaderRewriting

  /// Collects from the graphs that have a chain on the path.
  init(
    graphs: [RuleGraph], stages: [PathStage], interfaces extra: Set<String> = [],
    interfacePrefixes extraPrefixes: Set<String> = []
  ) {
    var exact = extra
    var prefixes = extraPrefixes
    var written = HeaderRewriting()
    for index in Set(stages.map(\.graph)).sorted() {
      let graph = graphs[index]
      var seenNames: Set<UInt64> = []
      var effects: Set<RuleItem> = []
      graph.items.withUnsafeBufferPointer { items in
        for item in items {
          if item.kind == .interface {
            guard seenNames.insert(UInt64(item.a) << 1 | UInt64(item.b)).inserted else { continue }
            if item.b == 1 { prefixes.insert(graph.names[item.a]) } else { exact.insert(graph.names[item.a]) }
          } else if item.isEffect, effects.insert(item).inserted {
            written.add(item, graph)
          }
        }
      }
      self.effects.formUnion(effects)
      for lookup in graph.lookups {
        for (component, field) in lookup.fields.enumerated() where field.isInterface {
          for element in 0..<lookup.count {
            let value = lookup.intervals[element * lookup.fields.count + component].lower
            let name = graph.names[UInt32(truncatingIfNeeded: value)]
            if value & Lookup.wildcard != 0 { prefixes.insert(name) } else { exact.insert(name) }
          }
        }
      }
      for chain in graph.chains { for device in chain.base?.devices ?? [] { exact.insert(graph.names[device]) } }
      if !graph.translations.isEmpty, stages.contains(where: { $0.graph == index && $0.isNAT }) {
        translations.formUnion(graph.translations)
      }
    }
    exactNames = exact
    namePrefixes = prefixes
    rewriting = written
  }

  /// The interfaces that can be told apart.
  var interfaces: InterfaceDomain { InterfaceDomain(exact: exactNames, prefixes: namePrefixes) }
}

extension PathVocabulary {
  /// The effects in a fixed order: what comes of them must not depend on how sets are hashed.
  var orderedEffects: [RuleItem] {
    effects.sorted {
      ($0.kind.rawValue, $0.field.rawValue, $0.a, $0.b) < ($1.kind.rawValue, $1.field.rawValue, $1.a, $1.b)
    }
  }

  /// The mappings in a fixed order.
  var orderedTranslations: [Translation] {
    guard translations.count > 1 else { return Array(translations) }
    return translations.sorted { left, right in
      if left.order != right.order { return left.order.lexicographicallyPrecedes(right.order) }
      return (left.addresses?.lower ?? 0, left.addresses?.upper ?? 0)
        < (right.addresses?.lower ?? 0, right.addresses?.upper ?? 0)
    }
  }
}

extension Translation {
  /// Any fixed order of everything but the addresses.
  fileprivate var order: [UInt64] {
    func code(_ value: UInt32?) -> UInt64 { value.map { UInt64($0) + 1 } ?? 0 }
    return [
      kind.order, code(family.map { $0 == .v4 ? 4 : 6 }), addresses == nil ? 0 : 1, code(ports?.lower),
      code(ports?.upper), code(unknown),
    ]
  }
}

extension Translation.Kind {
  fileprivate var order: UInt64 {
    switch self {
    case .destination: 0
    case .source: 1
    case .masquerade: 2
    case .redirect: 3
    case .destinationPrefix: 4
    case .sourcePrefix: 5
    case .transparentProxy: 6
    }
  }
}
