import Glibc
import IptablesSave
import Nftables
import PacketSets
import RuleGraph
import SourceText

/// A rule set as text, and the tool that loads it.
public struct RuleSet: Sendable, Hashable {
  /// The tools of the kernel that the suite loads rule sets with.
  public enum Loader: String, Sendable, Hashable, CaseIterable {
    case nft
    /// iptables-legacy-restore, ip6tables-legacy-restore.
    case legacy
    /// iptables-nft-restore, ip6tables-nft-restore.
    case translated
  }

  public var loader: Loader
  /// The family of the packets that are sent; for iptables also that of the rules.
  public var family: IPFamily
  public var text: String
  /// Input of `ipset restore`; empty without ipsets.
  public var ipsets = ""

  /// Makes a rule set.
  public init(_ loader: Loader, _ family: IPFamily, _ text: String, ipsets: String = "") {
    self.loader = loader
    self.family = family
    self.text = text
    self.ipsets = ipsets
  }

  /// Whether the text could rewrite addresses; connections then influence one another.
  public var mayTranslate: Bool {
    ["nat", "masquerade", "redirect", "NETMAP", "tproxy"].contains { text.contains($0) } || mayRewrite
  }

  /// Whether the text could write headers without translation.
  public var mayRewrite: Bool {
    ["addr set ", "port set ", "nexthdr set ", "protocol set ", "flags set "].contains { text.contains($0) }
      || text.contains("@nh,") || text.contains("@th,")
  }

  /// The program and arguments that load it from standard input.
  var command: [String] {
    switch loader {
    case .nft: ["nft", "-f", "-"]
    case .legacy: [family == .v4 ? "iptables-legacy-restore" : "ip6tables-legacy-restore", "-w"]
    case .translated: [family == .v4 ? "iptables-nft-restore" : "ip6tables-nft-restore"]
    }
  }
}

extension FirewallWorld {
  /// Replaces whatever rules are loaded by a rule set; the kernel may refuse it.
  ///
  /// - Returns: the tool's complaint, or nil when the rule set is in force.
  public func load(_ ruleSet: RuleSet) throws -> String? {
    try clear()
    try forgetConnections()
    if !ruleSet.ipsets.isEmpty {
      let outcome = try run(["ipset", "restore"], input: ruleSet.ipsets)
      hasIPSets = true
      guard outcome.status == 0 else { return outcome.errors }
    }
    switch ruleSet.loader {
    case .nft, .translated: hasTables = true
    case .legacy:
      let names = ruleSet.text.split(separator: "\n").filter { $0.hasPrefix("*") }.map { String($0.dropFirst()) }
        .filter { Self.openChains[$0] != nil }
      legacyTables[ruleSet.family, default: []].formUnion(names)
    }
    let outcome = try run(ruleSet.command, input: ruleSet.text)
    // A line that asks for help ends the tool in peace, with nothing loaded.
    let isHelp = outcome.output.contains("Usage:")
    return outcome.status == 0 && !isHelp ? nil : outcome.errors + outcome.output
  }

  /// Removes all rules and ipsets.
  public func clear() throws {
    if hasTables {
      let outcome = try run(["nft", "flush", "ruleset"])
      guard outcome.status == 0 else { throw KernelFailure("nft flush ruleset: \(outcome.errors)") }
      hasTables = false
    }
    for (family, tables) in legacyTables where !tables.isEmpty {
      // Without --noflush a table is replaced by what is given: here by nothing but its policies.
      let text = tables.sorted().map { "*\($0)\n\(Self.openChains[$0] ?? "")COMMIT\n" }.joined()
      let outcome = try run(RuleSet(.legacy, family, text).command, input: text)
      guard outcome.status == 0 else { throw KernelFailure("emptying iptables: \(outcome.errors)") }
      legacyTables[family] = []
    }
    if hasIPSets {
      hasIPSets = false
      // Lists hold their members; rules let go of their sets some time after they are gone.
      _ = try run(["ipset", "flush"])
      var outcome = try run(["ipset", "destroy"])
      for _ in 0..<100 where outcome.status != 0 {
        usleep(10_000)
        outcome = try run(["ipset", "destroy"])
      }
      guard outcome.status == 0 else { throw KernelFailure("ipset destroy: \(outcome.errors)") }
    }
  }

  private static let openChains: [String: String] = [
    "raw": [":PREROUTING ACCEPT", ":OUTPUT ACCEPT"],
    "mangle": [
      ":PREROUTING ACCEPT", ":INPUT ACCEPT", ":FORWARD ACCEPT", ":OUTPUT ACCEPT", ":POSTROUTING ACCEPT",
    ],
    "nat": [":PREROUTING ACCEPT", ":INPUT ACCEPT", ":OUTPUT ACCEPT", ":POSTROUTING ACCEPT"],
    "filter": [":INPUT ACCEPT", ":FORWARD ACCEPT", ":OUTPUT ACCEPT"],
    "security": [":INPUT ACCEPT", ":FORWARD ACCEPT", ":OUTPUT ACCEPT"],
  ].mapValues { $0.map { "\($0)\n" }.joined() }
}
