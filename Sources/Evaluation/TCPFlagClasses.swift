import PacketSets
import RuleGraph

/// The values of the TCP flags byte, in classes that no rule tells apart.
///
/// Rules ask few different questions of the flags, so that the class is a small part of the packet's state.
struct TCPFlagClasses: Sendable {
  /// The members of each class; a single class of all values where nobody asks.
  private(set) var members: [[UInt8]] = [Array(UInt8.min...UInt8.max)]

  /// Classes beyond which flags are not told apart: with five states of tracking they fit a word of bits.
  static let limit = 12

  /// All flags in one class.
  init() {}

  /// The classes of what the rules of some graphs ask.
  init(_ graphs: [RuleGraph]) {
    for graph in graphs {
      var asked: Set<RuleItem> = []
      for item in graph.items where item.field == .tcpFlags && !item.isEffect {
        var question = item
        question.isNegated = false
        guard asked.insert(question).inserted else { continue }
        let parts = members.flatMap { part in
          let yes = part.filter { FieldMatching.decide(question, Interval(UInt32($0)), graph) == .yes }
          let no = part.filter { FieldMatching.decide(question, Interval(UInt32($0)), graph) != .yes }
          return [yes, no].filter { !$0.isEmpty }
        }
        if parts.count > Self.limit { return }
        members = parts
      }
    }
  }

  /// The states in which packets of each class enter, for those in which packets enter at all.
  func entries(_ state: PacketState) -> [PacketState] {
    members.indices.map { index in
      var state = state
      state.tcpFlagClass = UInt8(index)
      return state
    }
  }

  /// Whether a match holds for the flags of each class, before negation.
  func answers(_ item: RuleItem, _ graph: RuleGraph) -> [Ternary] {
    members.map { part in
      let answers = part.lazy.map { FieldMatching.decide(item, Interval(UInt32($0)), graph) }
      guard let first = answers.first else { return .no }
      // Matches inside of maps were not asked when the classes were made.
      return answers.allSatisfy { $0 == first } ? first : .perhaps
    }
  }
}
