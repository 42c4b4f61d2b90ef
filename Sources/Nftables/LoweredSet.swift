import PacketSets
import RuleGraph
import SourceText

/// The elements of a set or map, read.
struct SetContents {
  /// Intervals of a set of values with at most 32 bits.
  var narrow: [Interval<UInt32>] = []
  /// Key intervals of any other set, component after component.
  ///
  /// Interface components are ids of `RuleGraph.names`,
  /// with `Lookup.wildcard` for patterns.
  var keys: [Interval<UInt128>] = []
  /// One verdict an element of a verdict map.
  var verdicts: [Verdict] = []
  /// Data intervals of other maps, component after component.
  var data: [Interval<UInt128>] = []
  /// Where each element of a map stands.
  var ranges: [SourceRange] = []
  /// The number of elements.
  var count = 0
  /// The place of the element `*`, which stands for all other keys.
  var catchAll: Int?
  /// Set when an element is not known offline.
  var unknown: UInt32?
}

/// The types of a set's keys and of a map's values.
struct SetSignature {
  var types: [DataType] = []
  /// Widths of the key's components in bits.
  var widths: [Int] = []
  /// Types of a map's values; empty for sets and verdict maps.
  var data: [DataType] = []
  var isVerdictMap = false
  /// Whether values name counters, limits and the like.
  var isObjectMap = false
  var isMap: Bool { isVerdictMap || isObjectMap || !data.isEmpty }

  /// Whether elements are plain values of at most 32 bits.
  var isNarrow: Bool { types.count == 1 && !isMap && types[0].bits <= 32 && !types[0].isInterface }
}

/// A named set or map of the model, read.
struct LoweredSet {
  var signature = SetSignature()
  var contents = SetContents()
  /// Whether type and elements were understood.
  var isValid = false
  /// Why the contents are not known, as an id of `RuleGraph.reasons`.
  var unknown: UInt32?
  /// The set in `RuleGraph.sets`, once a rule has asked for it.
  var valueSet: UInt32?
  /// Lookups in `RuleGraph.lookups` that rules have asked for, by fields.
  var lookups: [[Field]: UInt32] = [:]
}
