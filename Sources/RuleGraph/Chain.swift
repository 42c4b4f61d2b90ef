import SourceText

/// Where in the kernel's path a base chain is called.
public enum Hook: UInt8, Sendable, Hashable, CaseIterable {
  case ingress
  case prerouting
  case input
  case forward
  case output
  case postrouting
  case egress

  /// The keyword of nft.
  public var keyword: String { "\(self)" }
}

/// What a base chain may do.
public enum ChainType: UInt8, Sendable, Hashable {
  /// Filters at its own priority.
  case filter
  /// Meets first packets of tracked connections only, at the fixed places of NAT.
  case nat
  /// Filters, and routes again when header or mark changed (output).
  case route
}

/// The hook of a base chain.
public struct BaseChain: Sendable, Hashable {
  /// What the chain may do.
  public var type: ChainType
  /// Where it is called.
  public var hook: Hook
  /// Lower priorities come first.
  public var priority: Int32
  /// Verdict of packets that run out of rules: accept or drop.
  public var policy: Verdict.Kind
  /// Where the policy is written; empty when it is the default.
  public var policyRange: SourceRange
  /// Interfaces of an ingress or egress chain, as ids of `RuleGraph.names`; empty elsewhere.
  public var devices: [UInt32]

  /// Makes a hook.
  public init(
    type: ChainType, hook: Hook, priority: Int32, policy: Verdict.Kind = .accept,
    policyRange: SourceRange = SourceRange(0, 0), devices: [UInt32] = []
  ) {
    self.type = type
    self.hook = hook
    self.priority = priority
    self.policy = policy
    self.policyRange = policyRange
    self.devices = devices
  }
}

/// A chain of rules.
public struct Chain: Sendable {
  /// Name, as an id of `RuleGraph.names`.
  public var name: UInt32
  /// The table, by index.
  public var table: UInt32
  /// The hook of a base chain; nil for chains that are only jumped to.
  public var base: BaseChain?
  /// Indices of the rules, in order.
  public var rules: [UInt32] = []
  /// The file where the chain is declared.
  public var file: UInt16
  /// Where it is declared (its name); empty when only implied.
  public var range: SourceRange

  /// Makes a chain without rules.
  public init(
    name: UInt32, table: UInt32, base: BaseChain? = nil, file: UInt16 = 0, range: SourceRange = SourceRange(0, 0)
  ) {
    self.name = name
    self.table = table
    self.base = base
    self.file = file
    self.range = range
  }
}

/// The address families of tables.
public enum TableFamily: UInt8, Sendable, Hashable, CaseIterable {
  case ip
  case ip6
  case inet
  case arp
  case bridge
  case netdev

  /// The keyword of nft.
  public var keyword: String { "\(self)" }
}

/// A table of chains.
public struct Table: Sendable {
  /// Name, as an id of `RuleGraph.names`.
  public var name: UInt32
  /// The family of its packets.
  public var family: TableFamily
  /// Whether the table is switched off (`flags dormant`).
  public var isDormant: Bool
  /// The file where it is declared.
  public var file: UInt16
  /// Where it is declared (its name); empty when only implied.
  public var range: SourceRange

  /// Makes a table.
  public init(
    name: UInt32, family: TableFamily, isDormant: Bool = false, file: UInt16 = 0,
    range: SourceRange = SourceRange(0, 0)
  ) {
    self.name = name
    self.family = family
    self.isDormant = isDormant
    self.file = file
    self.range = range
  }
}
