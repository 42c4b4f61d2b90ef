import Compliance
import ConformanceSupport
import Evaluation
import FoundationEssentials
import IptablesSave
import Nftables
import PacketSets
import RuleGraph
import SourceText

/// One dump and what iptables-restore-translate makes of it.
struct Migration {
  var path: String
  var dump: RuleSet
  var successor: RuleSet

  /// Translates a dump; nil when the tool does not accept it.
  init?(_ entry: Corpus.Entry) throws {
    let folder = FileManager.default.temporaryDirectory.path
    let file = "\(folder)/fwlint-\(UInt64.random(in: 0...UInt64.max)).rules"
    try Data(entry.ruleSet.text.utf8).write(to: URL(filePath: file))
    defer { try? FileManager.default.removeItem(atPath: file) }
    let tool = entry.ruleSet.family == .v4 ? "iptables-restore-translate" : "ip6tables-restore-translate"
    let outcome = try Subprocess.run([tool, "-f", file], timeout: 60)
    guard outcome.status == 0, outcome.output.contains("add table") else { return nil }
    path = entry.path
    dump = entry.ruleSet
    successor = RuleSet(.nft, entry.ruleSet.family, outcome.output)
  }

  /// What the translation changes, as fwlint sees it.
  func difference() -> (difference: TrafficDifference, graphs: (before: RuleGraph, after: RuleGraph)) {
    let old = SourceFile(path: path, text: dump.text)
    let new = SourceFile(path: "\(path).nft", text: successor.text)
    let (before, complaints) = IptablesFrontend.parse(old, dialect: dump.family == .v4 ? .iptables : .ip6tables)
    let (after, objections) = NftablesFrontend.parse(new)
    let comparer = TrafficComparer(
      before: .init(
        firewall: LoadedFirewall(name: old.path, entry: nil, graphs: [before], diagnostics: [complaints])),
      after: .init(firewall: LoadedFirewall(name: new.path, entry: nil, graphs: [after], diagnostics: [objections])),
      policy: nil)
    return (comparer.compare(), (before, after))
  }

  /// What comes of comparing.
  enum Verdict {
    case same
    /// The same where it can be decided; what the rest depends on.
    case sameButUndecided([String])
    /// Flows that differ, each with whether the kernel shows it, or why that cannot be shown.
    case different([(flow: String, kernel: KernelAnswer)])
    case exhausted
  }

  enum KernelAnswer: Equatable {
    case confirmed
    case refuted
    /// One of the two tools refuses the rules, or the packet cannot be sent.
    case unanswered(String)
  }

  /// Compares, and asks the kernel about one packet of each flow that differs.
  func judge(_ world: FirewallWorld?) throws -> Verdict {
    let (difference, _) = difference()
    if difference.isExhausted { return .exhausted }
    if difference.flows.isEmpty {
      guard !difference.undecided.isEmpty else { return .same }
      return .sameButUndecided(Array(Set(difference.undecided.flatMap { $0.reasons + $0.formerReasons })).sorted())
    }
    return .different(
      try difference.flows.map { flow in
        let text =
          "\(flow.change.rawValue) \(flow.packets.rawValue) \(flow.path.rawValue): "
          + (TrafficRegion.phrases(flow.regions).first ?? "") + " | was \(flow.formerDecider?.text ?? "-") | now "
          + "\(flow.decider?.text ?? "-") | \(flow.reasons.joined(separator: ", "))"
        return (text, try ask(world, flow))
      })
  }

  /// Whether the kernel treats a flow's packet in the two ways that are claimed.
  private func ask(_ world: FirewallWorld?, _ flow: TrafficFlow) throws -> KernelAnswer {
    guard let world else { return .unanswered("no kernel to ask") }
    guard var packet = flow.packet, flow.packets == .first else { return .unanswered("only first packets are sent") }
    guard flow.before != .undecided, flow.after != .undecided else { return .unanswered("undecided") }
    if packet.path != .output, packet.inputInterface == nil { packet.inputInterface = "eth0" }
    if packet.path != .input, packet.outputInterface == nil { packet.outputInterface = "eth1" }
    for name in [packet.inputInterface, packet.outputInterface].compactMap({ $0 })
    where !name.isEmpty && !FirewallWorld.interfaces.contains(name) {
      return .unanswered("interface \(name)")
    }
    var fates: [Bool] = []
    for (ruleSet, fate) in [(dump, flow.before), (successor, flow.after)] {
      if let complaint = try world.load(ruleSet) { return .unanswered("refused: \(complaint.prefix(80))") }
      let seen = try world.fates(of: [packet], expected: [fate == .open], separately: true)
      fates.append(seen[0] != nil)
    }
    let isTrue = fates == [flow.before == .open, flow.after == .open]
    if !isTrue { print("refuted: \(packet.summary), passes before and after: \(fates)") }
    return isTrue ? .confirmed : .refuted
  }
}
