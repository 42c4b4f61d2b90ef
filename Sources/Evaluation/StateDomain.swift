import PacketSets
import RuleGraph

/// The packet states that can come about in a rule set from the entry state, as values of one diagram level.
struct StateDomain {
  /// The states; the first ones are those in which packets enter.
  private(set) var states: [PacketState]
  private var indices: [PacketState: Int]
  /// Whether there were too many: marks are then treated as unknown once set.
  private(set) var isCapped = false

  /// Whether packets may get into a state in which they are not followed.
  private(set) var hasOpaqueStates = false

  /// Whether rules write headers without translation: mappings then change packets that look as if they did not.
  private let isRewritten: Bool

  static let limit = 1024

  /// Collects the states reachable from some entry states by effects and mappings, and by the hop of forwarded packets.
  init(
    entries: [PacketState], effects: some Collection<RuleItem>, translations: some Collection<Translation>,
    isForwarded: Bool, isRewritten: Bool
  ) {
    self.isRewritten = isRewritten
    states = []
    indices = [:]
    for entry in entries { add(entry) }
    if collect(effects, translations, isForwarded) { return }
    // Few states again: whatever sets a mark makes it unknown, which is sound.
    states = []
    indices = [:]
    for entry in entries { add(entry) }
    isCapped = true
    _ = collect(Set(effects.map(Self.blurred)), translations, isForwarded)
  }

  /// Whether all reachable states were found within the limit.
  private mutating func collect(
    _ effects: some Collection<RuleItem>, _ translations: some Collection<Translation>, _ isForwarded: Bool
  ) -> Bool {
    var next = 0
    while next < states.count {
      let state = states[next]
      next += 1
      for effect in effects { add(state.after(effect, precedesConntrack: false)) }
      for effect in effects where effect.kind == .notrack || effect.field == .ctState {
        add(state.after(effect, precedesConntrack: true))
      }
      for translation in translations {
        let isOneAddress = translation.addresses.map { $0.lower == $0.upper } ?? true
        let isPlain = translation.kind == .destination || translation.kind == .source
        let isKnown = isPlain && isOneAddress && translation.isChangeKnown
        add(state.after(translation))
        add(state.after(translation, isChange: isKnown ? .no : .perhaps))
        if translation.kind == .redirect || isRewritten { add(state.after(translation, isChange: .no)) }
      }
      if isForwarded { add(state.afterHop()) }
      if states.count > Self.limit { return false }
    }
    return true
  }

  private static func blurred(_ effect: RuleItem) -> RuleItem {
    switch effect.kind {
    // A time to live that is set to some value may be too small to be forwarded.
    case .setField, .copyMark, .mergeMark, .shiftMark:
      RuleItem(.setUnknown, effect.field, 0, effect.field == .timeToLive ? 1 : 0)
    default: effect
    }
  }

  private mutating func add(_ state: PacketState) {
    guard indices[state] == nil else { return }
    indices[state] = states.count
    states.append(state)
    if state.isOpaque { hasOpaqueStates = true }
  }

  /// The new state of each old one under a change.
  func map(_ change: (PacketState) -> PacketState) -> [UInt16] {
    states.map { UInt16(indices[change($0)] ?? 0) }
  }

  /// The new state of each old one under an effect of a rule.
  func map(_ effect: RuleItem, precedesConntrack: Bool) -> [UInt16] {
    let effect = isCapped ? Self.blurred(effect) : effect
    return map { $0.after(effect, precedesConntrack: precedesConntrack) }
  }

  /// The last value of the level.
  var lastValue: UInt32 { UInt32(states.count - 1) }
}
