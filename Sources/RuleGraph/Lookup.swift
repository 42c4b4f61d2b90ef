import PacketSets
import SourceText

/// A set of values of one field.
public enum ValueSet: Sendable, Hashable {
  /// Values of at most 32 bits.
  case narrow(IntervalSet<UInt32>)
  /// Values of 128 bits.
  case wide(IntervalSet<UInt128>)
}

/// A mask and the value that masked bits must have.
public struct WideMask: Sendable, Hashable {
  public var mask: UInt128
  public var value: UInt128

  /// Makes a masked comparison.
  public init(mask: UInt128, value: UInt128) {
    self.mask = mask
    self.value = value
  }
}

/// A set or verdict map whose keys are tuples of fields: an element matches when every component does.
///
/// Elements are disjoint as the kernel demands, so their order means nothing; where a frontend lets them overlap the
/// first one counts. Single-field sets without verdicts are a `ValueSet` instead.
public struct Lookup: Sendable {
  /// The fields of the key, in order.
  public var fields: [Field]
  /// Component intervals, element after element: `fields.count` of them each.
  ///
  /// Interface components are ids of `RuleGraph.names` (lower == upper); the wildcard `name*` has bit 32 set.
  public var intervals: [Interval<UInt128>]
  /// One verdict an element; empty for sets.
  public var verdicts: [Verdict]
  /// Where each element stands; empty when not kept.
  public var ranges: [SourceRange]

  /// Bit that marks an interface component as a prefix.
  public static let wildcard = UInt128(1) << 32

  /// Makes a lookup without elements.
  public init(fields: [Field]) {
    self.fields = fields
    self.intervals = []
    self.verdicts = []
    self.ranges = []
  }

  /// The number of elements.
  public var count: Int { fields.isEmpty ? 0 : intervals.count / fields.count }
}

/// Contents that are kept outside the file: an ipset, another security group, a prefix list.
public struct Reference: Sendable, Hashable {
  /// What kind of thing is referred to, as it is called: `ipset`, `security group`, `prefix list`, `service tag`.
  public var kind: String
  /// Its name or id, which is the key of the site file's `resolve`.
  public var name: String

  /// Makes a reference.
  public init(kind: String, name: String) {
    self.kind = kind
    self.name = name
  }
}
