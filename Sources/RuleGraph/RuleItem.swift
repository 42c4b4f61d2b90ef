/// One step of a rule, in the rule's order: a match that the packet must pass, or an effect that it then has.
///
/// Twelve bytes without references; what `a` and `b` mean depends on `kind`. Wider operands live in the graph's side
/// tables and are named by index.
public struct RuleItem: Sendable, Hashable {
  /// The kinds of step.
  ///
  /// Matches first, effects after `setField`.
  public enum Kind: UInt8, Sendable {
    /// `a ... b` holds the value of a narrow field.
    case range
    /// `RuleGraph.wideRanges[a]` holds the value of a 128-bit field.
    case wideRange
    /// `RuleGraph.sets[a]` holds the value.
    case set
    /// `value & a == b` of a narrow field.
    case masked
    /// `value & wideMasks[a].mask == wideMasks[a].value` of a 128-bit field.
    case wideMasked
    /// `value & a != 0`.
    case anyBit
    /// Bit number `value` of `a` is set; for fields of fewer than 32 values.
    case bits
    /// The interface's name is `names[a]`, or begins with it when `b` is 1.
    case interface
    /// The tuple of fields is a key of `lookups[a]`.
    case lookup
    /// The value is in contents that are kept elsewhere: `references[a]` names them.
    case reference
    /// Whether the packet matches cannot be known offline; `reasons[a]` says why.
    case undecidable
    /// Never matches; for contradictions that a frontend has seen.
    case never

    /// `field = (field & ~a) ^ b`; addresses and ports are only ever set as a whole (`a` is all ones), and a 128-bit
    /// field becomes `wideMasks[a].value`. A packet without the field stays as it is.
    case setField
    /// `field` gets a value that is not known offline; `reasons[a]` says why.
    ///
    /// For the time to live `b` is 1 when it may become too small to be forwarded; for the state of tracking it is what
    /// tracking, which has yet to see the packet, may think of its checksum.
    case setUnknown
    /// Connection tracking is switched off for the packet.
    case notrack
    /// The packet's mark is saved to the connection's, or restored from it: `field = (the other mark & ~a) ^ b`.
    case copyMark
    /// Bits of the other mark are merged into the field: `field = (field & ~a) ^ (the other mark & b)`.
    case mergeMark
    /// `field` is shifted left by `a` bits, or right when `b` is 1.
    case shiftMark
  }

  /// The kind of step.
  public var kind: Kind
  /// The field that is matched or set; meaningless for `lookup`, `undecidable`, `never` and `notrack`.
  public var field: Field
  /// Whether the match is inverted; a field that is absent still does not match.
  public var isNegated: Bool
  /// First operand.
  public var a: UInt32
  /// Second operand.
  public var b: UInt32

  /// Makes a step.
  @inlinable
  public init(_ kind: Kind, _ field: Field, _ a: UInt32 = 0, _ b: UInt32 = 0, negated: Bool = false) {
    self.kind = kind
    self.field = field
    self.isNegated = negated
    self.a = a
    self.b = b
  }

  /// Whether the step is an effect rather than a match.
  @inlinable
  public var isEffect: Bool { kind.rawValue >= Kind.setField.rawValue }

  /// A match that nothing is known about, for a reason that is interned in the graph.
  @inlinable
  public static func undecidable(reason: UInt32) -> RuleItem { RuleItem(.undecidable, .family, reason) }
}
