import PacketSets
import RuleGraph
import SourceText

/// Reads the output of `ipset save`.
///
/// Source: ipset(8).
public enum IpsetFrontend {
  /// Reads a file; never fails, but reports what it does not understand.
  ///
  /// - Returns: The sets, and diagnostics in the order in which they were found.
  public static func parse(_ source: SourceFile) -> (sets: IpsetTable, diagnostics: [Diagnostic]) {
    (IpsetTable(), [])
  }

  /// Whether the bytes look like the output of `ipset save`: a line that creates a set of a known type.
  public static func recognises(_ bytes: [UInt8]) -> Bool {
    false
  }
}
