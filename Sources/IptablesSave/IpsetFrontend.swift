import PacketSets
import RuleGraph
import SourceText

/// Reads the output of `ipset save`, files for `ipset restore`, and the output of `ipset list`.
///
/// Source: ipset(8).
public enum IpsetFrontend {
  /// Reads a file; never fails, but reports what it does not understand.
  ///
  /// - Returns: The sets, and diagnostics in the order in which they were found.
  public static func parse(_ source: SourceFile) -> (sets: IpsetTable, diagnostics: [Diagnostic]) {
    source.bytes.withUnsafeBufferPointer { bytes in
      var reader = IpsetReader(bytes)
      reader.read()
      return (reader.table, reader.diagnostics)
    }
  }

  /// Whether the bytes look like the output of `ipset save` or `ipset list`.
  ///
  /// The first line that is no comment creates a set, or names one and the next line its type.
  public static func recognises(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { buffer in
      var answer = false
      var hasName = false
      HeaderScan.forEachLine(buffer) { line in
        let line = HeaderScan.trimmed(line)
        guard !line.isEmpty, line[0] != 0x23 else { return true }
        if hasName {
          answer = line.hasPrefix("Type: ")
          return false
        }
        if line.hasPrefix("Name: ") {
          hasName = true
          return true
        }
        answer = isCreation(line)
        return false
      }
      return answer
    }
  }

  private static func isCreation(_ line: ByteText) -> Bool {
    var words: [ByteText] = []
    var rest = line
    while !rest.isEmpty, words.count < 4 {
      let word = HeaderScan.firstWord(rest)
      words.append(word)
      rest = HeaderScan.trimmed(rest.dropFirst(word.count))
    }
    if let first = words.first, first.equals("ipset") || first.equals("/sbin/ipset") || first.equals("/usr/sbin/ipset")
    {
      words.removeFirst()
    }
    guard words.count >= 3, words[0].equals("create") || words[0].equals("-N") || words[0].equals("n") else {
      return false
    }
    return Ipset(type: words[2].string, family: .v4) != nil
  }
}
