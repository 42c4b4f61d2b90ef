import Evaluation
import PacketSets
import Requirements
import RuleGraph
import SourceText

/// A firewall whose files have been read.
public struct LoadedFirewall: Sendable {
  /// How it is called in reports: the path of its first file, as the site file writes it.
  public var name: String
  /// The site's entry; nil for files that no site lists.
  public var entry: FirewallEntry?
  /// One rule graph a file; ipsets are resolved and groups selected already.
  public var graphs: [RuleGraph]
  /// What the parsers had to say, a list for each graph.
  public var diagnostics: [[Diagnostic]]

  /// Makes a loaded firewall.
  public init(name: String, entry: FirewallEntry?, graphs: [RuleGraph], diagnostics: [[Diagnostic]]) {
    self.name = name
    self.entry = entry
    self.graphs = graphs
    self.diagnostics = diagnostics
  }

  /// Whether its files say anything about packets of a family.
  ///
  /// An iptables-save dump is silent on IPv6; an nftables rule set without a table for a family lets it pass.
  func speaks(of family: IPFamily) -> Bool {
    graphs.contains { graph in
      switch graph.dialect {
      case .iptables: family == .v4
      case .ip6tables: family == .v6
      case .ipset: false
      case .nftables, .aws, .openstack, .gcp, .azure, .cloudformation: true
      }
    }
  }
}

/// Everything that the checks look at.
public struct CheckInput: Sendable {
  /// The policy; nil without a site.
  public var policy: Policy?
  public var site: Site?
  public var firewalls: [LoadedFirewall]
  /// Edges of the packet sets of one firewall, all questions together; what needs more is undecided.
  public var edgeLimit = usualEdgeLimit
  /// The budget unless another is asked for.
  public static let usualEdgeLimit = 32_000_000

  /// Makes an input.
  public init(policy: Policy?, site: Site?, firewalls: [LoadedFirewall]) {
    self.policy = policy
    self.site = site
    self.firewalls = firewalls
  }
}
