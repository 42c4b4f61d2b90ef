import IptablesSave
import Nftables
import PacketSets
import RuleGraph
import SecurityGroups
import SourceText

/// What holds when bytes are read as a rule set.
enum RuleSetProperties {
  static func checkNftables(_ source: SourceFile) throws(Violation) {
    var numbers = InputNumbers(source.bytes)
    // Includes come back to the same bytes, so that loops and depths are met.
    let (graph, diagnostics) = NftablesFrontend.parse(source, limits: limits) { pattern, _ in
      pattern.utf8.count % 2 == 0 ? .refused("refused") : .files([SourceFile(path: pattern, bytes: source.bytes)])
    }
    try GraphProperties.check(graph, diagnostics)
    try EvaluationProperties.check(graph, &numbers)
  }

  private static let limits = NftablesLimits(
    files: 4, includeDepth: 3, depth: 64, expansion: 20_000, diagnostics: 10_000)

  static func checkIptables(_ source: SourceFile) throws(Violation) {
    var numbers = InputNumbers(source.bytes)
    let dialect = IptablesFrontend.dialect(of: source.bytes) ?? numbers.pick([.ip6tables], or: .iptables)
    let (graph, diagnostics) = IptablesFrontend.parse(source, dialect: dialect)
    try GraphProperties.check(graph, diagnostics)
    try EvaluationProperties.check(graph, &numbers)
  }

  /// The sets, and a dump that looks all of them up in every way.
  static func checkIpset(_ source: SourceFile) throws(Violation) {
    var numbers = InputNumbers(source.bytes)
    let (sets, diagnostics) = IpsetFrontend.parse(source)
    for diagnostic in diagnostics {
      try GraphProperties.checkRange(diagnostic.range, in: source, "'\(diagnostic.message)'")
    }
    var dump = "*filter\n:INPUT DROP [0:0]\n"
    for name in sets.names.prefix(20) {
      for directions in ["src", "dst,dst", "src,dst,src"] {
        dump += "-A INPUT -m set --match-set \(name) \(directions) -j ACCEPT\n"
      }
    }
    let (graph, complaints) = IptablesFrontend.parse(
      SourceFile(path: "dump", text: dump + "COMMIT\n"), dialect: .iptables, ipsets: sets)
    try GraphProperties.check(graph, complaints)
    try EvaluationProperties.check(graph, &numbers)
  }

  /// As the provider that is recognised, and as any of them whatever it is.
  static func checkGroups(_ source: SourceFile) throws(Violation) {
    var numbers = InputNumbers(source.bytes)
    _ = SecurityGroupFrontend.recognises(source.bytes)
    let providers = Dialect.allCases.filter(\.isSecurityGroup)
    for dialect in [nil, numbers.pick(providers, or: .aws)] {
      let (graph, diagnostics) = SecurityGroupFrontend.parse(source, dialect: dialect)
      guard let graph else {
        for diagnostic in diagnostics {
          try GraphProperties.checkRange(diagnostic.range, in: source, "'\(diagnostic.message)'")
        }
        try require(!diagnostics.isEmpty, "nothing was understood in silence")
        continue
      }
      try GraphProperties.check(graph, diagnostics)
      for group in graph.groups {
        try require(
          Int(group.ingressChain) < graph.chains.count && Int(group.egressChain) < graph.chains.count,
          "a group has no chains")
      }
      try EvaluationProperties.check(graph, &numbers)
      let names = graph.groups.map(\.id).filter { _ in numbers.below(2) == 0 }
      let (selected, unknown) = graph.selecting(groups: names)
      try require(unknown.isEmpty, "a group of the file is not known")
      try GraphProperties.check(selected, diagnostics)
    }
  }
}
