import Evaluation
import PacketSets
import Requirements
import RuleGraph

/// The chains through which a declared flow goes at a firewall, or in which it ends.
public struct FlowRoute: Sendable {
  /// A chain by graph and index.
  public struct ChainID: Sendable, Hashable {
    public var graph: Int
    public var chain: UInt32

    /// Makes an id.
    public init(graph: Int, chain: UInt32) {
      self.graph = graph
      self.chain = chain
    }
  }

  /// Row and feature, such as `IN-06 (smtp)`.
  public var name: String
  /// Whether it gets through here; a flow that partly does has both kinds of route.
  public var passes: Bool
  /// From a base chain to the chain that decides.
  public var chains: [ChainID]

  /// Makes a route.
  public init(name: String, passes: Bool, chains: [ChainID]) {
    self.name = name
    self.passes = passes
    self.chains = chains
  }

  /// The routes of all declared flows at a firewall; first packets only.
  public static func routes(at firewall: LoadedFirewall, _ site: Site, _ policy: Policy, edgeLimit: Int) -> [FlowRoute]
  {
    guard let entry = firewall.entry else { return [] }
    let assessment = FirewallAssessment(
      firewall: firewall, entry: entry, site: site, policy: policy, edgeLimit: edgeLimit)
    var routes: [FlowRoute] = []
    for requirement in site.requirements(policy) where requirement.applicability == .applies {
      let name = "\(requirement.row) (\(requirement.feature))"
      for part in assessment.assess(requirement).parts where !part.isSilent {
        let evaluator = assessment.evaluator(part.part.direction, .first, part.part.family)
        for blame in evaluator.blameAccepts(evaluator.surelyAllowed(part.wanted)) {
          routes.append(FlowRoute(name: name, passes: true, chains: chains(of: blame)))
        }
        for blame in evaluator.blameDrops(part.blocked) {
          routes.append(FlowRoute(name: name, passes: false, chains: chains(of: blame)))
        }
      }
    }
    return assessment.isExhausted ? [] : routes.filter { !$0.chains.isEmpty }
  }

  private static func chains(of blame: Blame) -> [ChainID] {
    guard let decider = blame.decider else { return [] }
    return (blame.jumps + [decider.chain]).map { ChainID(graph: decider.graph, chain: $0) }
  }

  /// The ways of a traced packet: one for each chain that it met.
  public static func routes(of trace: TraceResult, named name: String) -> [FlowRoute] {
    var stack: [ChainID] = []
    var routes: [FlowRoute] = []
    var seen: Set<[ChainID]> = []
    for step in trace.steps {
      stack = Array(stack.prefix(step.depth)) + [ChainID(graph: step.graph, chain: step.chain)]
      if seen.insert(stack).inserted { routes.append(FlowRoute(name: name, passes: true, chains: stack)) }
    }
    // Only where it ends it does not pass.
    if trace.verdict == .drop || trace.verdict == .reject, let last = routes.indices.last {
      let end = routes.lastIndex { $0.chains.last?.chain == trace.decider?.chain } ?? last
      routes[end].passes = false
    }
    return routes
  }
}
