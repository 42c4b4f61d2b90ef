import Evaluation
import PacketSets
import RuleGraph
import SourceText

/// FW406: ports that rules at the input hook guard, and that destination NAT takes past those rules.
///
/// What is rewritten in prerouting to an address that is not the host's own goes through the forward hook, and no rule at
/// the input hook sees it. Containers' published ports do this. A finding needs three things: the packets surely pass, on
/// their way to elsewhere; the input hook would surely drop them if they were not rewritten; and a rule at the input hook
/// names the port, so that somebody meant it to be decided there.
struct BypassChecks {
  let firewall: LoadedFirewall
  let facts: SiteFacts
  let map: SourceMap
  /// Addresses that the site says are translated here on purpose.
  let published: AddressSet
  let edgeLimit: Int

  /// Stands for the host's own address where that is not known, of the documentation ranges.
  private static let standIns: [IPFamily: String] = [.v4: "192.0.2.1", .v6: "2001:db8::1"]
  /// Boxes of one translation that are looked at.
  private static let boxLimit = 16

  /// All findings, one for each rule that translates.
  func run() -> [Finding] {
    guard firewall.graphs.contains(where: { $0.translations.contains(where: \.mapsDestination) }) else { return [] }
    var findings: [Finding] = []
    var seen: Set<TraceResult.Decider> = []
    for family in IPFamily.allCases {
      for bypass in bypasses(family) where seen.insert(bypass.translator).inserted { findings.append(finding(bypass)) }
    }
    return findings
  }

  private struct Bypass {
    /// The rule that rewrites.
    var translator: TraceResult.Decider
    /// The rule at the input hook that names the port.
    var guardian: TraceResult.Decider
    var packet: Packet
    var forward: TraceResult
    var boxes: [PacketBox]
    var family: IPFamily
    /// Whether the host's address had to be made up.
    var isAssumed: Bool
  }

  // MARK: What goes past

  private func bypasses(_ family: IPFamily) -> [Bypass] {
    let known = facts.localAddresses?.restricted(to: family)
    let own = known ?? Self.standIns[family].flatMap { IPAddress($0) }.map { AddressSet($0) } ?? AddressSet()
    let called = own.subtracting(published)
    guard !called.isEmpty else { return [] }
    var assumed = facts
    assumed.localAddresses = (facts.localAddresses ?? AddressSet()).union(own)
    let forward = PathEvaluator(
      graphs: firewall.graphs, facts: assumed,
      question: PathQuestion(family: family, path: .forward, phase: .first, destinations: called), edgeLimit: edgeLimit)
    let guards = firewall.graphs.map(Self.withoutTranslation)
    let input = PathEvaluator(
      graphs: guards, facts: assumed,
      question: PathQuestion(family: family, path: .input, phase: .first, destinations: called), edgeLimit: edgeLimit)
    let everyone = forward.select(
      PacketBox(sources: AddressSet.possibleHosts.restricted(to: family).subtracting(own), destinations: called))
    let elsewhere = AddressSet.all.restricted(to: family).subtracting(own)
    var result: [Bypass] = []
    for translated in forward.translations(of: forward.surelyAllowed(everyone), into: elsewhere) {
      guard translated.isAccepted else { continue }
      for box in forward.boxes(of: translated.packets, limit: Self.boxLimit).boxes {
        let arriving = input.select(box)
        let dropped = input.difference(arriving, input.possiblyAllowed(arriving))
        guard var packet = input.witness(of: dropped), let port = packet.destinationPort,
          let guardian = guardian(of: port, packet.protocolNumber, guards)
        else { continue }
        packet.path = .forward
        let trace = PacketTracer(graphs: firewall.graphs, facts: assumed).trace(packet, recordingSteps: true)
        guard trace.verdict == .accept,
          let step = trace.steps.first(where: { step in
            step.match == .yes && step.verdict.kind == .translate && step.hook == .prerouting
          })
        else { continue }
        result.append(
          Bypass(
            translator: TraceResult.Decider(graph: step.graph, rule: step.rule, chain: step.chain), guardian: guardian,
            packet: packet, forward: trace, boxes: input.boxes(of: dropped, limit: 4).boxes, family: family,
            isAssumed: known == nil))
      }
    }
    return forward.isExhausted || input.isExhausted ? [] : result
  }

  /// The rules as they would be met without destination NAT.
  private static func withoutTranslation(_ graph: RuleGraph) -> RuleGraph {
    var graph = graph
    for index in graph.chains.indices where graph.chains[index].base?.type == .nat {
      if graph.chains[index].base?.hook == .prerouting { graph.chains[index].base = nil }
    }
    return graph
  }

  /// A rule at the input hook that names a port; ranges of very many ports name none.
  private func guardian(of port: UInt16, _ number: UInt8, _ graphs: [RuleGraph]) -> TraceResult.Decider? {
    for (index, graph) in graphs.enumerated() {
      var pending = graph.chains.indices.filter { graph.chains[$0].base?.hook == .input }.map { UInt32($0) }
      var seen: Set<UInt32> = []
      while let chain = pending.popLast() {
        guard seen.insert(chain).inserted else { continue }
        for rule in graph.chains[Int(chain)].rules {
          let written = graph.rules[Int(rule)]
          if written.isWritten, names(port, number, written, graph) {
            return TraceResult.Decider(graph: index, rule: rule, chain: chain)
          }
          if written.verdict.mayCall { pending += graph.calls(of: written).map(\.target) }
        }
      }
    }
    return nil
  }

  private func names(_ port: UInt16, _ number: UInt8, _ rule: Rule, _ graph: RuleGraph) -> Bool {
    var isNamed = false
    for item in graph.items(of: rule) where !item.isNegated {
      switch (item.kind, item.field) {
      case (.range, .protocolNumber):
        if UInt32(number) < item.a || UInt32(number) > item.b { return false }
      case (.range, .destinationPort):
        if item.a <= item.b, item.b - item.a <= 1024, item.a <= UInt32(port), UInt32(port) <= item.b { isNamed = true }
      case (.set, .destinationPort):
        if case .narrow(let set) = graph.sets[Int(item.a)], set.contains(UInt32(port)) { isNamed = true }
      default: break
      }
    }
    return isNamed
  }

  // MARK: Words

  private func finding(_ bypass: Bypass) -> Finding {
    let words = DeciderText(firewall: firewall, map: map)
    let translator = words.describe(bypass.translator, ruleCount: 1)
    let guardian = words.describe(bypass.guardian, ruleCount: 1)
    let port = bypass.packet.destinationPort ?? 0
    let name = IPProtocol.name(bypass.packet.protocolNumber)
    var related: [RelatedLocation] = []
    if let place = guardian.location {
      related.append(
        RelatedLocation(location: place, message: "this rule names the port, and does not see these packets"))
    }
    let passing = words.describe(bypass.forward.decider, ruleCount: 1)
    if let place = passing.location {
      related.append(RelatedLocation(location: place, message: "the packets pass here, in the forward hook"))
    }
    let target = bypass.forward.newDestination.map { "\($0)" } ?? "elsewhere"
    let newPort = bypass.forward.newDestinationPort.map { ":\($0)" } ?? ""
    let regions = bypass.boxes.map { RegionText.region($0, family: bypass.family) }
    let who = regions.first.map { " (\($0.phrase))" } ?? ""
    return Finding(
      code: "FW406", severity: CheckRegistry.severity(of: "FW406"),
      message:
        "\(name)/\(port) goes past the rules at the input hook: this rule sends it to \(target)\(newPort) through "
        + "the forward hook, which lets it pass; the input hook would drop it\(bypass.isAssumed ? "" : who)",
      firewall: firewall.name, location: translator.location, related: related,
      // Where the host's address is made up, no trace of the file alone could confirm it.
      packet: bypass.isAssumed && dependsOnAddress(bypass) ? nil : bypass.packet, region: regions,
      remediation: remedy(bypass, port: port, name: name),
      fingerprint: Fingerprint.make(["FW406", Fingerprint.file(firewall.name), translator.key]))
  }

  private func dependsOnAddress(_ bypass: Bypass) -> Bool {
    PacketTracer(graphs: firewall.graphs, facts: facts).trace(bypass.packet).verdict != .accept
  }

  private func remedy(_ bypass: Bypass, port: UInt16, name: String) -> String {
    let graph = firewall.graphs[bypass.translator.graph]
    if graph.dialect == .nftables {
      return "filter it where it passes, by the port that was called, for example at the start of a forward chain:\n"
        + "  meta l4proto \(name) ct original proto-dst \(port) ip saddr != 192.0.2.0/24 drop"
    }
    let hasDocker = graph.chains.contains { graph.names[$0.name] == "DOCKER-USER" }
    return "filter it where it passes, by the port that was called, before the rules that accept:\n"
      + "  -I \(hasDocker ? "DOCKER-USER" : "FORWARD") -p \(name) -m conntrack --ctorigdstport \(port) --ctdir ORIGINAL "
      + "! -s 192.0.2.0/24 -j DROP"
  }
}
