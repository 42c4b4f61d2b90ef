/// The three answers to whether a match holds.
public enum Ternary: UInt8, Sendable, Hashable {
  case no
  case yes
  case perhaps

  /// The inverse; `perhaps` stays.
  @inlinable
  public var negated: Ternary {
    switch self {
    case .no: .yes
    case .yes: .no
    case .perhaps: .perhaps
    }
  }

  /// Yes or no.
  @inlinable
  public init(_ value: Bool) { self = value ? .yes : .no }

  /// Whether an unknown member of a whole is in a part: yes when all are, no when none is.
  @inlinable
  init(anyOf part: Bool, allOf whole: Bool) { self = whole ? .yes : part ? .perhaps : .no }
}
