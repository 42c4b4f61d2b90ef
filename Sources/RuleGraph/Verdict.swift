import PacketSets

/// What a rule does with a packet that passed all its matches.
public struct Verdict: Sendable, Hashable {
  /// The kinds of verdict.
  public enum Kind: UInt8, Sendable {
    /// No verdict: the next rule follows.
    case none
    /// Ends this base chain; the packet goes on to the next one.
    case accept
    /// Ends the packet.
    case drop
    /// Ends the packet and tells the sender.
    case reject
    /// Back to the rule after the jump; in a base chain, its policy.
    case returning
    /// To chain `target`, and back here when it runs out.
    case jump
    /// To chain `target`, and back to the last jump when it runs out.
    case goto
    /// The verdict of the element of `lookups[target]` that the packet's tuple falls into; none when there is none.
    case lookup
    /// To a process in user space, whose verdict is not known offline.
    case queue
    /// A translation `translations[target]`; ends a nat chain as accept does.
    case translate
    /// Any verdict is possible: the rule was not understood.
    case unknown
  }

  /// The kind.
  public var kind: Kind
  /// The chain, lookup or translation, by index; 0 otherwise.
  public var target: UInt32

  /// Makes a verdict.
  @inlinable
  public init(_ kind: Kind, _ target: UInt32 = 0) {
    self.kind = kind
    self.target = target
  }

  public static let none = Verdict(.none)
  public static let accept = Verdict(.accept)
  public static let drop = Verdict(.drop)
  public static let reject = Verdict(.reject)
  public static let returning = Verdict(.returning)
}

/// A rewriting of addresses or ports by a nat rule.
public struct Translation: Sendable, Hashable {
  /// Which end is rewritten, and how.
  public enum Kind: UInt8, Sendable {
    /// The destination becomes `addresses` and `ports`.
    case destination
    /// The source becomes `addresses` and `ports`.
    case source
    /// The source becomes an address of the outgoing interface.
    case masquerade
    /// The destination becomes this host: loopback on output, else an address of the incoming interface.
    case redirect
    /// The prefix of the destination is replaced by that of `addresses`; host bits stay.
    case destinationPrefix
    /// The prefix of the source is replaced by that of `addresses`; host bits stay.
    case sourcePrefix
    /// Handed to a local socket without rewriting (TPROXY).
    case transparentProxy
  }

  /// Which end, and how.
  public var kind: Kind
  /// The new address; one of an interval is chosen when it holds several; nil keeps the old one.
  public var addresses: Interval<UInt128>?
  /// The family of `addresses`.
  public var family: IPFamily?
  /// The new port; nil keeps the old one where it is free.
  public var ports: Interval<UInt32>?
  /// Index of a reason when the new values come from a lookup that is not known offline.
  public var unknown: UInt32?

  /// Makes a translation.
  public init(
    _ kind: Kind, family: IPFamily? = nil, addresses: Interval<UInt128>? = nil, ports: Interval<UInt32>? = nil,
    unknown: UInt32? = nil
  ) {
    self.kind = kind
    self.family = family
    self.addresses = addresses
    self.ports = ports
    self.unknown = unknown
  }
}
