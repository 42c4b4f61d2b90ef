import PacketSets
import RuleGraph

/// What rules ask about the original tuple of a connection behind address translation.
///
/// Behind a mapping the packet no longer shows what its connection began with. Rules ask few different things of it
/// (Docker's `--ctorigdstport`), so that the answers are kept in the packet's state: they are settled as the packet
/// enters, when it still is its own original.
struct OriginalQuestions {
  /// One match on the original tuple, without its negation.
  struct Question: Hashable {
    var graph: Int
    var item: RuleItem
  }

  /// The questions; the answer to each is one bit of `PacketState.originals`.
  private(set) var questions: [Question] = []

  /// More questions than these are not kept: states would be too many.
  static let limit = 4

  /// No questions.
  init() {}

  /// Collects from the rules of a path; none where they are too many.
  init(_ graphs: [RuleGraph], _ stages: [PathStage]) {
    for index in Set(stages.map(\.graph)).sorted() {
      for item in graphs[index].items where Self.current(item.field) != nil && Self.kinds.contains(item.kind) {
        let question = Self.question(item, index)
        guard !questions.contains(question) else { continue }
        questions.append(question)
        if questions.count > Self.limit {
          questions = []
          return
        }
      }
    }
  }

  /// Matches that are decided for every value.
  private static let kinds: Set<RuleItem.Kind> = [.range, .wideRange, .set]

  private static func question(_ item: RuleItem, _ graph: Int) -> Question {
    Question(graph: graph, item: RuleItem(item.kind, item.field, item.a, item.b))
  }

  /// The number of a match's question; nil when it is not kept.
  func index(of item: RuleItem, _ graph: Int) -> Int? {
    questions.isEmpty ? nil : questions.firstIndex(of: Self.question(item, graph))
  }

  /// A state for each way to answer the questions; the first answers none.
  func entries(_ state: PacketState) -> [PacketState] {
    (0..<UInt8(1 << questions.count)).map { answers in
      var entry = state
      entry.originals = answers
      return entry
    }
  }

  /// The field of an entering packet that holds what a field of the original tuple does.
  static func current(_ field: Field) -> Field? {
    switch field {
    case .ctOriginalIPv4Source: .ipv4Source
    case .ctOriginalIPv4Destination: .ipv4Destination
    case .ctOriginalIPv6Source: .ipv6Source
    case .ctOriginalIPv6Destination: .ipv6Destination
    case .ctOriginalSourcePort: .sourcePort
    case .ctOriginalDestinationPort: .destinationPort
    default: nil
    }
  }
}

extension PathEvaluator {
  /// The ways to answer the questions about original tuples, each with the packets that answer so.
  func originalClasses() -> [(rewrite: UInt32, packets: Diagram)] {
    var classes: [(answers: Int, packets: Diagram)] = [(0, DiagramStore.passing)]
    for (bit, question) in originals.questions.enumerated() {
      let yes = packets(answering: question)
      classes = classes.flatMap { answers, packets in
        [
          (answers, store.difference(packets, yes)), (answers | 1 << bit, store.intersection(packets, yes)),
        ]
      }
    }
    return classes.filter { $0.packets != DiagramStore.nothing }.map { answers, packets in
      let map = states.states.indices.map { UInt16($0 == 0 ? answers : $0) }
      return (store.intern(Rewrite(stateMap: map)), packets)
    }
  }

  /// The entering packets of which a question is true.
  private func packets(answering question: OriginalQuestions.Question) -> Diagram {
    guard let field = OriginalQuestions.current(question.item.field), let stage = stages.last else {
      return DiagramStore.nothing
    }
    box.reset()
    addFieldMatch(
      RuleItem(question.item.kind, field, question.item.a, question.item.b), question.graph, stage: stage)
    if box.isNever { return DiagramStore.nothing }
    return store.mapped(finishBox(inside: DiagramStore.accepting), .acceptedAsSet)
  }

  /// A summary of packets in all classes as one of packets that have just entered.
  func classified(_ total: Diagram) -> Diagram {
    if originals.questions.isEmpty { return total }
    var result = DiagramStore.nothing
    for (rewrite, packets) in originalClasses() {
      let part = store.applied(rewrite, total)
      result = store.union(result, store.filtered(part, by: packets))
    }
    return result
  }

  /// Adds a match whose question was answered as the packet entered.
  func addOriginalMatch(_ bit: Int, _ item: RuleItem) {
    if let current = OriginalQuestions.current(item.field) { addPresence(of: current) }
    box.sets.append(
      split(byState: { state in
        let answer = state.originals >> UInt8(bit) & 1 == 1
        return state.hasConnection && answer != item.isNegated ? DiagramStore.passing : DiagramStore.nothing
      }))
  }
}
