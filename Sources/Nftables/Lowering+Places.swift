import RuleGraph
import SourceText

/// What a rule demands of the base chains that lead to it, as the validate functions of the kernel's expressions do.
struct PlaceNeed: Sendable {
  /// Places that suit, as bits of `Lowering.place`.
  var places: UInt32
  /// The demand as a sentence.
  var message: String
  var span: TextSpan
}

extension Lowering {
  /// Base chains by what matters to statements: the hook, and whether the type is nat.
  private static func place(_ base: BaseChain) -> UInt32 {
    1 << (UInt32(base.hook.rawValue) + (base.type == .nat ? 0 : 16))
  }

  /// Demands that the rule can only be met at some hooks.
  ///
  /// - Parameters:
  ///   - what: the statement or expression, as the subject of a sentence.
  ///   - isNAT: whether the base chain has to be of type nat, too.
  mutating func require(
    _ hooks: [Hook], for what: String, isNAT: Bool = false, _ place: TextSpan
  ) throws(SyntaxFault) {
    guard !isTypeof else { return }
    let bits = hooks.reduce(UInt32(0)) { $0 | 1 << UInt32($1.rawValue) }
    let names = hooks.map(\.keyword).joined(separator: " or ")
    let need = PlaceNeed(
      places: isNAT ? bits : bits | bits << 16,
      message: "\(what) needs a \(isNAT ? "nat " : "")chain at hook \(names)", span: place)
    guard let base else { return needs.append(need) }
    if need.places & Self.place(base) == 0 { throw SyntaxFault(message: need.message, span: place) }
  }

  /// Reports rules of other chains to which base chains lead where they cannot work.
  mutating func checkPlaces(_ calls: [[(target: UInt32, rule: UInt32)]]) {
    guard !chainNeeds.isEmpty else { return }
    var places = graph.chains.map { $0.base.map(Self.place) ?? 0 }
    var pending = graph.chains.indices.filter { places[$0] != 0 }
    while let chain = pending.popLast() {
      for call in calls[chain] where places[chain] & ~places[Int(call.target)] != 0 {
        places[Int(call.target)] |= places[chain]
        pending.append(Int(call.target))
      }
    }
    for (chain, need) in chainNeeds {
      let wrong = places[chain] & ~need.places
      guard wrong != 0 else { continue }
      let bit = UInt8(wrong.trailingZeroBitCount)
      let hook = Hook(rawValue: bit & 15)?.keyword ?? ""
      let kind = bit < 16 ? "nat chain" : "chain of another type than nat"
      report(.error, "\(need.message), and a \(kind) at hook \(hook) leads here", need.span)
    }
  }
}
