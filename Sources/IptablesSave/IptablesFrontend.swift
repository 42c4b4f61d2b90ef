import PacketSets
import RuleGraph
import SourceText

/// Reads iptables-save and ip6tables-save dumps, rules files for iptables-restore, and scripts of iptables commands.
///
/// Source: iptables(8), iptables-extensions(8), iptables-restore(8) and the kernel's net/netfilter/xt_*.c.
public enum IptablesFrontend {
  /// Reads a file; never fails, but reports what it does not understand and keeps its place in the chain.
  ///
  /// - Parameters:
  ///   - source: The file.
  ///   - dialect: `.iptables` or `.ip6tables`; headers of several dumps in one file override it section by section.
  ///   - ipsets: Sets whose contents are known. Matches of other sets become references of kind `ipset` where one
  ///     address is looked up, and undecidable matches otherwise.
  /// - Returns: The rule graph, and diagnostics in the order in which they were found.
  public static func parse(
    _ source: SourceFile, dialect: Dialect, ipsets: IpsetTable = IpsetTable()
  ) -> (graph: RuleGraph, diagnostics: [Diagnostic]) {
    source.bytes.withUnsafeBufferPointer { bytes in
      var reader = RulesetReader(source: source, bytes: bytes, dialect: dialect, ipsets: ipsets)
      reader.read()
      return (reader.graph, reader.diagnostics)
    }
  }
}
