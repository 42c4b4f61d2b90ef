import RuleGraph
import SourceText

/// What an `include` brings.
public enum IncludeResult: Sendable {
  /// The files that the pattern names, in the order in which they are read; none for a pattern without matches.
  case files([SourceFile])
  /// A sentence why nothing may or can be read.
  case refused(String)
}

/// Bounds of what one set of files may cost.
public struct NftablesLimits: Sendable {
  /// Files that may be read, the named one included.
  public var files: Int
  /// Files that may include one another (nft stops at 16).
  public var includeDepth: Int
  /// Blocks and parentheses that may be nested.
  public var depth: Int
  /// Elements that all variables may expand to.
  public var expansion: Int
  /// Diagnostics that are kept.
  public var diagnostics: Int

  /// The bounds that suit untrusted files.
  public static let standard = NftablesLimits(
    files: 1_000, includeDepth: 16, depth: 64, expansion: 4_000_000, diagnostics: 10_000)

  /// Makes bounds.
  public init(files: Int, includeDepth: Int, depth: Int, expansion: Int, diagnostics: Int) {
    self.files = files
    self.includeDepth = includeDepth
    self.depth = depth
    self.expansion = expansion
    self.diagnostics = diagnostics
  }
}

/// Reads nftables text as nft(8) 0.9 to 1.1 does: rule set listings and scripts of commands.
///
/// First the commands are carried out in order on a model of the rule set, whose rules and elements stay text. Then
/// every rule of the final rule set is parsed and lowered, when all chains and sets are known.
public enum NftablesFrontend {
  /// Reads a file and what it includes.
  ///
  /// - Parameters:
  ///   - source: the file, which becomes `graph.sources[0]`.
  ///   - limits: bounds of the work.
  ///   - resolve: called for every `include` with the text as written and the path of the including file. By default
  ///     nothing may be included.
  public static func parse(
    _ source: SourceFile, limits: NftablesLimits = .standard,
    include resolve: (_ pattern: String, _ from: String) -> IncludeResult = { _, _ in
      .refused("files are not included here")
    }
  ) -> (graph: RuleGraph, diagnostics: [Diagnostic]) {
    withoutActuallyEscaping(resolve) { resolve in
      var reader = RulesetReader(source, limits: limits, resolve: resolve)
      reader.readAll()
      return Lowering.lower(reader.ruleset, limits: limits)
    }
  }

  /// Whether bytes look like nftables text: a shebang of nft, or a first statement that only nft knows.
  public static func recognises(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { buffer in
      if let firstLine = buffer.firstIndex(of: 0x0A).map({ buffer[..<$0] }) ?? Optional(buffer[...]),
        firstLine.starts(with: [0x23, 0x21]), contains(firstLine, "nft")
      {
        return true
      }
      var lexer = Lexer(buffer, skipsNewlines: true)
      var token = lexer.next()
      while token.kind == .semicolon { token = lexer.next() }
      let next = lexer.next()
      let third = lexer.next()
      switch token.keyword {
      case .table: return isTable(next, third)
      case .add, .create, .delete, .destroy, .flush, .insert, .replace, .list, .reset, .rename:
        switch next.keyword {
        case .table, .chain, .rule, .rules, .set, .map, .element, .ruleset, .flowtable, .counter, .quota, .limit:
          return third.kind == .word || next.keyword == .ruleset
        default: return false
        }
      case .define, .redefine: return third.kind == .assign
      case .include: return next.kind == .quoted
      default: return false
      }
    }
  }

  private static func isTable(_ name: Token, _ third: Token) -> Bool {
    guard name.kind == .word else { return false }
    switch name.keyword {
    case .ip, .ip6, .inet, .arp, .bridge, .netdev: return third.kind == .word
    default: return third.kind == .openBrace || third.kind == .end
    }
  }

  private static func contains(_ line: Slice<UnsafeBufferPointer<UInt8>>, _ word: String) -> Bool {
    let word = Array(word.utf8)
    guard line.count >= word.count else { return false }
    return (line.startIndex...line.endIndex - word.count).contains { start in
      line[start..<start + word.count].elementsEqual(word)
    }
  }
}
