import PacketSets
import SourceText

/// The languages that fwlint reads.
public enum Dialect: String, Sendable, Hashable, CaseIterable {
  case nftables
  case iptables
  case ip6tables
  case ipset
  case aws
  case openstack
  case gcp
  case azure
  case cloudformation

  /// Whether the file describes security groups rather than a host's rule set.
  public var isSecurityGroup: Bool {
    switch self {
    case .aws, .openstack, .gcp, .azure, .cloudformation: true
    case .nftables, .iptables, .ip6tables, .ipset: false
    }
  }
}

/// A rule set of any dialect, normalised: tables, chains, rules and their matches in flat arrays.
///
/// **Invariant:** every index held by a rule, item, chain or lookup is valid in its array; rules of a chain are in
/// the order in which the kernel (or the cloud) would try them. Nothing of the input is missing: what was not
/// understood is a rule with `Understanding.unparsed`, in its place.
///
/// Security groups become one table per file, family `inet`, with a base chain `ingress` (hook input) and `egress`
/// (hook output) that call one chain per group and direction; see `groups`.
public struct RuleGraph: Sendable {
  /// The language it was read from.
  public var dialect: Dialect
  /// The files it was read from: the one that was named, then those it included.
  public var sources: [SourceFile]
  public var tables: [Table] = []
  public var chains: [Chain] = []
  public var rules: [Rule] = []
  /// The steps of all rules, each rule's in one run.
  public var items: [RuleItem] = []
  public var wideRanges: [Interval<UInt128>] = []
  public var wideMasks: [WideMask] = []
  public var sets: [ValueSet] = []
  public var lookups: [Lookup] = []
  public var translations: [Translation] = []
  public var references: [Reference] = []
  /// Names of tables, chains, interfaces and groups.
  public var names = StringTable()
  /// Why matches are undecidable: short noun phrases such as `limit rate`, `set blocked is filled at run time`.
  public var reasons = StringTable()
  /// Security groups in the file's order; empty for host rule sets.
  public var groups: [SecurityGroup] = []
  /// How the provider calls rules of security groups, by rule.
  public var labels: [UInt32: RuleLabel] = [:]
  /// Named sets and maps declared, for `inspect`.
  public var namedSetCount = 0
  /// Elements of the named sets and maps, for `inspect`.
  public var namedElementCount = 0

  /// An empty graph of a file.
  public init(dialect: Dialect, source: SourceFile) {
    self.dialect = dialect
    self.sources = [source]
  }

  /// The steps of a rule.
  @inlinable
  public func items(of rule: Rule) -> ArraySlice<RuleItem> {
    items[Int(rule.firstItem)..<Int(rule.firstItem + rule.itemCount)]
  }
}

/// The places of a rule's own name or id and of its description, in the rule's file.
public struct RuleLabel: Sendable, Hashable {
  /// The name or id by which the provider's calls know the rule.
  public var name: SourceRange?
  /// What somebody wrote about it.
  public var description: SourceRange?

  /// Makes a label.
  public init(name: SourceRange?, description: SourceRange?) {
    self.name = name
    self.description = description
  }
}

extension RuleGraph {
  /// The name or id of a rule, if its provider gives it one.
  public func labelName(ofRule rule: UInt32) -> String? { labels[rule]?.name.flatMap { scalar($0, of: rule) } }

  /// What somebody wrote about a rule.
  public func labelDescription(ofRule rule: UInt32) -> String? {
    labels[rule]?.description.flatMap { scalar($0, of: rule) }
  }

  /// The text of a scalar of YAML, without its quotes and in one line; nil when nothing is left.
  private func scalar(_ range: SourceRange, of rule: UInt32) -> String? {
    let written = sources[Int(rules[Int(rule)].file)].text(range)
    var words = written.split(whereSeparator: \.isWhitespace).joined(separator: " ")[...]
    if let first = words.first, first == "'" || first == "\"", words.count > 1, words.last == first {
      words = words.dropFirst().dropLast()
    }
    return words.isEmpty || words == "null" || words == "~" ? nil : String(words)
  }
}

/// One security group of a cloud's export and the chains made of it.
public struct SecurityGroup: Sendable, Hashable {
  /// The provider's id, which site files name.
  public var id: String
  /// The display name, if any.
  public var name: String?
  /// The chain with the rules for what reaches the unit.
  public var ingressChain: UInt32
  /// The chain with the rules for what leaves the unit.
  public var egressChain: UInt32

  /// Makes a group.
  public init(id: String, name: String?, ingressChain: UInt32, egressChain: UInt32) {
    self.id = id
    self.name = name
    self.ingressChain = ingressChain
    self.egressChain = egressChain
  }
}
