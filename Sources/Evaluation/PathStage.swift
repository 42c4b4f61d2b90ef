import PacketSets
import RuleGraph

/// One base chain on a packet's path, and what holds while it runs.
///
/// **Source:** netfilter_ipv4.h for the fixed priorities (conntrack -200, destination NAT -100, source NAT 100), and
/// nf_nat_core.c for nat chains running there whatever priority they name.
public struct PathStage: Sendable, Hashable {
  /// The graph, as an index into the firewall's graphs.
  public var graph: Int
  /// The base chain in it.
  public var chain: Int
  public var hook: Hook
  /// Whether only first packets of tracked connections meet it.
  public var isNAT: Bool
  /// Whether it runs before connection tracking has seen the packet.
  public var precedesConntrack: Bool
  /// Whether it stands on the outer side of NAT, where packets of a translated connection show the addresses that they
  /// have on the wire: before NAT where packets come in, behind it where they leave.
  public var facesWire: Bool

  /// The base chains that packets of a family and path meet, in order.
  public static func stages(of graphs: [RuleGraph], family: IPFamily, path: Packet.Path) -> [PathStage] {
    hooks(of: path).flatMap { hook in stages(of: graphs, family: family, hook: hook) }
  }

  /// The orders in which the base chains may stand, the likeliest first.
  ///
  /// Chains whose priority is that of NAT itself run before or behind it, as they or NAT were registered first: that
  /// depends on what was loaded before (nf_hook_entries_grow, nf_nat_register_fn).
  public static func orders(of graphs: [RuleGraph], family: IPFamily, path: Packet.Path) -> [[PathStage]] {
    let usual = stages(of: graphs, family: family, path: path)
    let isOpen = hooks(of: path).contains { hook in
      let here = usual.filter { $0.hook == hook }
      return here.contains(where: \.isNAT)
        && here.contains { stage in
          !stage.isNAT && graphs[stage.graph].chains[stage.chain].base?.priority == natPlace(hook)
        }
    }
    guard isOpen else { return [usual] }
    let others = [true, false].map { first in
      hooks(of: path).flatMap { stages(of: graphs, family: family, hook: $0, natFirst: first) }
    }
    return [usual] + others.filter { $0 != usual }
  }

  private static func facesWire(_ hook: Hook, _ priority: Int32) -> Bool {
    switch hook {
    case .prerouting, .output: priority <= natPlace(hook)
    case .input, .postrouting: priority >= natPlace(hook)
    case .ingress, .egress: true
    case .forward: false
    }
  }

  /// Whether nat chains of a family are loaded.
  static func hasNAT(_ graphs: [RuleGraph], _ family: IPFamily) -> Bool {
    graphs.contains { graph in
      graph.chains.contains { chain in
        chain.base?.type == .nat && sees(graph.tables[Int(chain.table)].family, family, at: .prerouting)
      }
    }
  }

  /// Whether some connection of a family may be translated.
  static func translates(_ graphs: [RuleGraph], _ family: IPFamily) -> Bool {
    graphs.contains { graph in
      graph.translations.contains { $0.family ?? family == family }
        && graph.chains.contains { chain in
          chain.base?.type == .nat && sees(graph.tables[Int(chain.table)].family, family, at: .prerouting)
        }
    }
  }

  /// Where nat chains run at a hook.
  private static func natPlace(_ hook: Hook) -> Int32 { hook == .prerouting || hook == .output ? -100 : 100 }

  /// The hooks of a path, in order.
  public static func hooks(of path: Packet.Path) -> [Hook] {
    switch path {
    case .input: [.ingress, .prerouting, .input]
    case .forward: [.ingress, .prerouting, .forward, .postrouting, .egress]
    case .output: [.output, .postrouting, .egress]
    }
  }

  /// The hook that gives a path its name: where the verdict on it is usually taken.
  static func localHook(of path: Packet.Path) -> Hook {
    switch path {
    case .input: .input
    case .forward: .forward
    case .output: .output
    }
  }

  /// Whether tables of a family see IP packets of a family at a hook.
  static func sees(_ table: TableFamily, _ family: IPFamily, at hook: Hook) -> Bool {
    switch table {
    case .ip: family == .v4
    case .ip6: family == .v6
    case .inet: true
    case .netdev: hook == .ingress || hook == .egress
    case .arp, .bridge: false
    }
  }

  private static func stages(
    of graphs: [RuleGraph], family: IPFamily, hook: Hook, natFirst: Bool? = nil
  ) -> [PathStage] {
    var found: [(stage: PathStage, place: Int32, priority: Int32, order: Int)] = []
    for (graphIndex, graph) in graphs.enumerated() {
      for (chainIndex, chain) in graph.chains.enumerated() {
        guard let base = chain.base, base.hook == hook else { continue }
        let table = graph.tables[Int(chain.table)]
        guard !table.isDormant, sees(table.family, family, at: hook) else { continue }
        let isNAT = base.type == .nat
        let place = isNAT ? natPlace(hook) : base.priority
        let stage = PathStage(
          graph: graphIndex, chain: chainIndex, hook: hook, isNAT: isNAT,
          precedesConntrack: (hook == .prerouting || hook == .output) && place < -200 || hook == .ingress,
          facesWire: !isNAT && Self.facesWire(hook, place))
        found.append((stage, place, base.priority, found.count))
      }
    }
    // Of equal priorities the chain that was registered last is called first (nf_hook_entries_grow).
    func rank(_ stage: PathStage) -> Int { natFirst.map { stage.isNAT == $0 ? 0 : 1 } ?? 0 }
    found.sort {
      ($0.place, rank($0.stage), $0.priority, -$0.order) < ($1.place, rank($1.stage), $1.priority, -$1.order)
    }
    return found.map(\.stage)
  }
}

extension Hook {
  /// Whether rules at the hook see the interface of a field; to them it is the empty name otherwise.
  ///
  /// **Source:** the devices that each NF_HOOK call hands over; ip_output.c for postrouting, which still knows both.
  func sees(_ field: Field) -> Bool {
    switch self {
    case .ingress, .prerouting, .input: field == .inputInterface
    case .forward, .postrouting: true
    case .output, .egress: field == .outputInterface
    }
  }

  /// Whether it is the destination that NAT at the hook is about; else the source.
  var blursDestination: Bool { self == .prerouting || self == .output || self == .ingress }

  /// Whether the router has taken its hop off a forwarded packet here (ip_forward, ip6_forward).
  var isBehindHop: Bool { self == .forward || self == .postrouting || self == .egress }
}
