import PacketSets
import RuleGraph

/// What the rules of a path speak of: interface names, effects, mappings; found in one pass over the items.
struct PathVocabulary {
  /// Names of interfaces, and what further names begin with.
  var exactNames: Set<String>
  var namePrefixes: Set<String>
  var effects: Set<RuleItem> = []
  var translations: Set<Translation> = []

  /// Collects from the graphs that have a chain on the path.
  init(
    graphs: [RuleGraph], stages: [PathStage], interfaces extra: Set<String> = [],
    interfacePrefixes extraPrefixes: Set<String> = []
  ) {
    var exact = extra
    var prefixes = extraPrefixes
    for index in Set(stages.map(\.graph)).sorted() {
      let graph = graphs[index]
      var seenNames: Set<UInt64> = []
      var effects: Set<RuleItem> = []
      graph.items.withUnsafeBufferPointer { items in
        for item in items {
          if item.kind == .interface {
            guard seenNames.insert(UInt64(item.a) << 1 | UInt64(item.b)).inserted else { continue }
            if item.b == 1 { prefixes.insert(graph.names[item.a]) } else { exact.insert(graph.names[item.a]) }
          } else if item.isEffect {
            effects.insert(item)
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
    translations.map { (key: "\($0)", value: $0) }.sorted { $0.key < $1.key }.map(\.value)
  }
}
