import RuleGraph
import SourceText
import Testing

@testable import IptablesSave

/// Rule sets of real hosts and routers.
@Suite struct CorpusTests {
  /// Files in which iptables-restore finds something to refuse, by the end of their paths, with the first line of it.
  ///
  /// Everything else must be read without an error.
  private static let refused: [String: Int] = [
    "configs_ipv6_server/webserver": 46,
    "config_veroneau.net/iptables-save": 269,
    "found_online/lafibre.info/iptable-save.txt": 2,
    "found_online/linux.gda.pl/firewallp.txt": 6,
    "found_online/openwrt.org/iptables-save-AA.txt": 1,
    "found_online/pastebin.com_2hux32dS/iptables-save": 2,
    "found_online/pastebin.com_FNwfaEED/iptables-save": 1,
    "config_vsrv/iptables-save.txt": 2,
    "iptables-save-2015-05-15_15-23-41": 1684,
    "iptables-save-2015-05-15_14-14-46": 1684,
    "iptables-save-2015-05-15_15-11-14": 1684,
    "iptables-save-2015-05-15_14-35-03": 1684,
    "iptables_20.10.2013": 1154,
    "iptables-save-2016-06-27_16-29-01": 1826,
    "iptables-save-2015-09-03_15-56-50": 1794,
    "iptables-save-2016-03-16_13-53-28": 1808,
    // iptables 1.8.9 still loads a range of UDP ports that ends before it begins; later versions do not.
    "iptables_25.07.2014": 1366,
    "iptables-save-2015-05-13_10-53-20": 1549,
    "blog_a-unikernel-firewall-for-qubesos/iptables-save": 1,
    "config_private_root/iptables-save": 23,
    // iptables-restore stops at -h and prints its help.
    "testconfigs/unsupported_command": 18,
    // Refused by the kernel, which `iptables-restore -t` does not ask.
    "testconfigs/unsupported_rule_spec_options": 10,
  ]

  /// Files that are no rule sets, though some hold pieces of them.
  private static let others = [
    "/info", "/README.md", "/ORIGIN.txt", "/docker.txt", "/bash_history-iptables.txt", "/vpn.sh", "nft-ruleset",
    "fffuu.out.txt", ".gitattributes",
  ]

  private func check(_ path: String, counts: inout (rules: Int, exact: Int)) throws {
    let source = try read(path)
    guard let detected = IptablesFrontend.dialect(of: source.bytes) else {
      Issue.record("\(path) is not recognised")
      return
    }
    let isV6 = path.hasSuffix(".v6") || path.contains("ip6tables")
    let (graph, diagnostics) = IptablesFrontend.parse(source, dialect: isV6 ? .ip6tables : detected)
    let own = graph.counts
    #expect(own.exact + own.approximated + own.unparsed == own.rules, "\(path)")
    counts.rules += own.rules
    counts.exact += own.exact
    let first = diagnostics.filter { $0.severity == .error }.map(\.range.start).min()
    let line = first.map { LineIndex(source).line(at: $0) }
    let expected = Self.refused.first { path.hasSuffix($0.key) }?.value
    #expect(line == expected, "\(path)")
    if expected == nil { #expect(own.unparsed == 0, "\(path)") }
  }

  private static let corpora: [(String, Int)] = [
    ("net-network", 51_000), ("batfish-iptables", 40), ("router-repos", 200), ("moby-bridge", 2_500),
  ]

  @Test(arguments: corpora) func readsAllThatIptablesRestoreTakes(corpus: String, rules: Int) throws {
    guard Folder.hasCorpus(corpus) else { return }
    var counts = (rules: 0, exact: 0)
    for path in Folder.files(below: "\(Folder.corpora)/\(corpus)") {
      if Self.others.contains(where: { path.hasSuffix($0) }) { continue }
      if corpus == "router-repos", !path.contains("/iptables/") { continue }
      if corpus == "moby-bridge", !path.hasSuffix("tables.golden") { continue }
      try check(path, counts: &counts)
    }
    #expect(counts.rules >= rules)
    #expect(counts.exact * 100 >= counts.rules * 60)
  }

  /// The short way gives what the general way gives.
  @Test(arguments: ["net-network", "moby-bridge"]) func shortWayChangesNothing(corpus: String) throws {
    guard Folder.hasCorpus(corpus) else { return }
    let paths = Folder.files(below: "\(Folder.corpora)/\(corpus)").filter { path in
      corpus == "net-network"
        ? !path.contains("Architectures") || path.hasSuffix("2016-06-27_16-29-01")
        : path.hasSuffix("tables.golden")
    }
    for path in paths {
      let source = try read(path)
      let dialect: Dialect = path.contains("ip6tables") ? .ip6tables : .iptables
      let short = graph(source, dialect, takesShortWay: true)
      let long = graph(source, dialect, takesShortWay: false)
      #expect(short.items == long.items, "\(path)")
      #expect(short.rules.map(\.verdict) == long.rules.map(\.verdict), "\(path)")
      #expect(short.rules.map(\.range) == long.rules.map(\.range), "\(path)")
      #expect(short.rules.map(\.understanding) == long.rules.map(\.understanding), "\(path)")
      #expect(short.chains.map(\.rules) == long.chains.map(\.rules), "\(path)")
    }
  }

  private func graph(_ source: SourceFile, _ dialect: Dialect, takesShortWay: Bool) -> RuleGraph {
    source.bytes.withUnsafeBufferPointer { bytes in
      var reader = RulesetReader(source: source, bytes: bytes, dialect: dialect, ipsets: IpsetTable())
      reader.takesShortWay = takesShortWay
      reader.read()
      return reader.graph
    }
  }
}
