/// Something about a rule that cannot be known offline.
public struct Approximation: Sendable, Hashable {
  /// What of the rule it is.
  public enum Part: UInt8, Sendable, Hashable {
    /// Whether the rule matches.
    case match
    /// What it writes into the packet or its connection.
    case effect
    /// What becomes of the packets that it matches.
    case verdict
  }

  /// What of the rule it is.
  public var part: Part
  /// The construct that decides it, as a noun phrase.
  public var reason: String

  /// Makes one.
  public init(_ part: Part, _ reason: String) {
    self.part = part
    self.reason = reason
  }
}

extension RuleGraph {
  /// What of a written rule is not known offline, each once, in the order of the rule.
  ///
  /// Frontends say what one written rule does by several where they must; the others follow it in `rules`, in an empty
  /// range at its start, and their reasons are its reasons.
  public func approximations(of index: UInt32) -> [Approximation] {
    let written = rules[Int(index)]
    var found: [Approximation] = []
    func add(_ part: Approximation.Part, _ reason: String) {
      let new = Approximation(part, reason)
      if !found.contains(new) { found.append(new) }
    }
    var next = Int(index)
    repeat {
      let rule = rules[next]
      for item in items(of: rule) {
        switch item.kind {
        case .undecidable: add(rule.verdict.kind == .unknown ? .verdict : .match, reasons[item.a])
        case .setUnknown: add(.effect, reasons[item.a])
        case .reference: add(.match, "contents of a \(references[Int(item.a)].kind)")
        default: break
        }
      }
      switch rule.verdict.kind {
      case .queue: add(.verdict, "queue to a process")
      case .translate:
        if let reason = translations[Int(rule.verdict.target)].unknown { add(.effect, reasons[reason]) }
      default: break
      }
      next += 1
    } while next < rules.count && rules[next].file == written.file && !rules[next].isWritten
      && rules[next].range.start == written.range.start
    return found
  }
}
