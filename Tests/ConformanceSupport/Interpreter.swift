import IptablesSave
import Nftables
import PacketSets
import RuleGraph
import SourceText

/// Reads rule sets into graphs, as the program under test does, or as a deliberately broken one would.
public struct Interpreter: Sendable {
  /// The graphs of a rule set and the complaints about it.
  public var read: @Sendable (RuleSet) -> (graphs: [RuleGraph], diagnostics: [Diagnostic])

  /// Makes an interpreter.
  public init(_ read: @escaping @Sendable (RuleSet) -> (graphs: [RuleGraph], diagnostics: [Diagnostic])) {
    self.read = read
  }

  /// The frontends as they are.
  public static let fwlint = Interpreter { ruleSet in
    let source = SourceFile(path: "rules", text: ruleSet.text)
    switch ruleSet.loader {
    case .nft:
      let (graph, diagnostics) = NftablesFrontend.parse(source) { pattern, _ in
        // A pattern of files that do not exist here names none.
        pattern.contains("*") ? .files([]) : .refused("rule sets of the suite are single files")
      }
      return ([graph], diagnostics)
    case .legacy, .translated:
      let (sets, complaints) = IpsetFrontend.parse(SourceFile(path: "ipsets", text: ruleSet.ipsets))
      let (graph, diagnostics) = IptablesFrontend.parse(
        source, dialect: ruleSet.family == .v4 ? .iptables : .ip6tables, ipsets: sets)
      return ([graph], complaints + diagnostics)
    }
  }
}
