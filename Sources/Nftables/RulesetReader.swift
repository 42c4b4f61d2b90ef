import RuleGraph
import SourceText

/// Carries out the commands of nftables files on a model of the rule set.
struct RulesetReader {
  var ruleset: Ruleset
  /// The kinds of block that may include files.
  enum Block {
    case commands
    case table(Int)
    case chain(Int, Int)
  }

  let limits: NftablesLimits
  let resolve: (_ pattern: String, _ from: String) -> IncludeResult

  var lexer = Lexer(UnsafeBufferPointer(start: nil, count: 0))
  var token = Token.none
  var file = 0
  /// Files that are being read, outermost first.
  var openFiles: [Int] = []
  /// What the statements of the current block belong to.
  var block = Block.commands
  var environment: UInt32 = 0
  var scope = 0
  var order: UInt32 = 0
  var depth = 0
  /// Whether the last block has ended without its brace, which has been reported.
  var isBraceMissing = false
  /// Whether some block was never closed.
  var hasOpenBlock = false
  /// Whether braces of rules close on their line unless it ends with a comma or a brace.
  var closesBracesEarly = false
  /// Just past the token before this one.
  var lastEnd: UInt32 = 0

  // The last table and chain that commands named.
  var lastTable = 0
  var lastTableName: [UInt8] = []
  var lastChain = 0
  var lastChainName: [UInt8] = []
  var lastFamily = TableFamily.ip

  /// Starts with a file.
  init(
    _ source: SourceFile, limits: NftablesLimits,
    resolve: @escaping (_ pattern: String, _ from: String) -> IncludeResult
  ) {
    ruleset = Ruleset(sources: [source])
    self.limits = limits
    self.resolve = resolve
  }

  /// Reads the first file and what it includes.
  ///
  /// Where some block is never closed, some rule has opened a brace too many: then the files are read again, and
  /// braces of rules close on their line unless the line is to be continued.
  mutating func readAll() {
    let start = self
    read(0)
    guard hasOpenBlock else { return }
    self = start
    closesBracesEarly = true
    read(0)
  }

  /// Reads one file as if it stood at the current place.
  mutating func read(_ index: Int) {
    let bytes = ruleset.sources[index].bytes
    let saved = (lexer, token, file)
    openFiles.append(index)
    bytes.withUnsafeBufferPointer { buffer in
      file = index
      let start = buffer.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      lexer = Lexer(buffer, from: start)
      advance()
      readCommands()
      checkLastLine(buffer)
      checkCarriageReturns(buffer)
    }
    openFiles.removeLast()
    (lexer, token, file) = saved
  }

  /// Reports a comment on a last line without line end, which nft's scanner does not know as a comment.
  private mutating func checkLastLine(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let last = bytes.last, last != 0x0A else { return }
    let start = (bytes.lastIndex(of: 0x0A) ?? -1) + 1
    var lexer = Lexer(bytes, from: start)
    var end = start
    while true {
      let token = lexer.next()
      if token.kind == .end { break }
      end = Int(token.end)
    }
    guard let comment = bytes[end...].firstIndex(of: 0x23) else { return }
    report(
      .error, "a comment needs a line end, which is missing at the end of the file",
      span(from: UInt32(comment), to: UInt32(bytes.count)))
  }

  /// Reports the first carriage return outside of comments and texts, which nft's scanner does not take.
  ///
  /// The file is read all the same, as if it had plain line ends.
  private mutating func checkCarriageReturns(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard bytes.contains(0x0D) else { return }
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case 0x0D:
        return report(
          .error, "nft takes no carriage returns: line ends have to be LF alone, not CR LF",
          span(from: UInt32(truncatingIfNeeded: index), to: UInt32(truncatingIfNeeded: index + 1)))
      case 0x23: while index < bytes.count, bytes[index] != 0x0A { index += 1 }
      case 0x22:
        if let close = bytes[(index + 1)...].firstIndex(of: 0x22) { index = close }
      default: break
      }
      index += 1
    }
  }

  // MARK: Tokens

  mutating func advance() {
    lastEnd = token.end
    token = lexer.next()
  }

  /// Continues at an offset.
  mutating func move(to offset: Int) {
    lexer.position = offset
    advance()
  }

  var span: TextSpan { TextSpan(file: UInt16(truncatingIfNeeded: file), start: token.start, end: token.end) }

  func span(from start: UInt32, to end: UInt32) -> TextSpan {
    TextSpan(file: UInt16(truncatingIfNeeded: file), start: start, end: max(start, end))
  }

  /// The text of a token.
  func text(_ token: Token) -> String {
    let start = Int(token.start)
    let end = Int(token.end)
    guard start < end, end <= lexer.bytes.count else { return "" }
    let slice = lexer.bytes[start..<end]
    if token.kind == .quoted { return String(decoding: slice.dropFirst().dropLast(), as: UTF8.self) }
    return String(decoding: slice, as: UTF8.self)
  }

  /// The fault that something else was expected here.
  func expected(_ what: String) -> SyntaxFault {
    SyntaxFault(message: "expected \(what), found \(Self.describe(token, text(token)))", span: span)
  }

  /// The fault that something else was expected here, and what may have been meant.
  func expected(_ what: String, among candidates: [String]) -> SyntaxFault {
    var fault = expected(what)
    if token.kind == .word { fault.message += Hint.text(for: text(token), among: candidates) }
    return fault
  }

  /// The fault that a keyword was expected here.
  func misspelt(_ keyword: String) -> SyntaxFault { expected("'\(keyword)'", among: [keyword]) }

  /// How a token is named in messages.
  static func describe(_ token: Token, _ text: String) -> String {
    switch token.kind {
    case .end: "end of file"
    case .newline: "end of line"
    case .quoted: "\"\(text.prefix(60))\""
    case .junk where text == "\"": "'\"', which no other quote closes"
    case .junk where text == "'": "a single quote, and nft knows double ones only"
    default: "'\(text.prefix(60))'"
    }
  }

  mutating func expect(_ kind: Token.Kind, _ what: String) throws(SyntaxFault) {
    guard token.kind == kind else { throw expected(what) }
    advance()
  }

  mutating func report(_ fault: SyntaxFault) { report(.error, fault.message, fault.span) }

  mutating func report(_ severity: Severity, _ message: String, _ span: TextSpan) {
    guard ruleset.diagnostics.count < limits.diagnostics else { return }
    ruleset.diagnostics.append(Diagnostic(severity, message, file: Int(span.file), range: span.range))
  }

  /// A name: any word; a reserved one is reported and read all the same, so that what follows is not lost.
  mutating func identifier(_ what: String) throws(SyntaxFault) -> (name: String, span: TextSpan) {
    guard token.kind == .word else { throw expected(what) }
    let result = (text(token), span)
    if token.keyword.isReserved {
      report(.error, "expected \(what), found '\(result.0)', which is a word of the language", result.1)
    }
    advance()
    return result
  }

  /// The end of a statement: a line end, a semicolon, a closing brace or the end of the file.
  var isAtSeparator: Bool {
    switch token.kind {
    case .newline, .semicolon, .end: true
    default: false
    }
  }

  mutating func endStatement() throws(SyntaxFault) {
    guard isAtSeparator else {
      if token.kind == .closeBrace { return reportMissingSeparator() }
      throw expected("a line end or ';'")
    }
    if token.kind != .end { advance() }
  }

  /// The end of an include or a definition, which the end of a file is not.
  mutating func endCommon() throws(SyntaxFault) {
    if token.kind == .end { report(.error, "expected a line end or ';', found end of file", span) }
    try endStatement()
  }

  mutating func skipNewlines() { while token.kind == .newline { advance() } }

  /// Passes an opening brace that may stand on a later line.
  mutating func openBlock() throws(SyntaxFault) {
    try expect(.openBrace, "'{'")
    depth += 1
  }

  /// Skips the statement that began at an offset: to the line end or semicolon outside all braces.
  mutating func skipStatement(from start: UInt32) {
    let scan = scanStatement(from: Int(start), marksUpdates: false)
    move(to: max(scan.next, Int(start)))
    if Int(token.start) <= Int(start), token.kind != .end { advance() }
  }

  // MARK: Scopes

  mutating func openScope() -> Int {
    let outer = scope
    ruleset.scopes.append(scope)
    ruleset.bindings.append([:])
    scope = ruleset.scopes.count - 1
    renewEnvironment()
    return outer
  }

  mutating func closeScope(_ outer: Int) {
    scope = outer
    renewEnvironment()
  }

  mutating func renewEnvironment() {
    let next = Environment(scope: UInt32(scope), order: order)
    if ruleset.environments.last == next {
      environment = UInt32(ruleset.environments.count - 1)
      return
    }
    environment = UInt32(ruleset.environments.count)
    ruleset.environments.append(next)
  }
}

extension Keyword {
  /// Whether nft's scanner knows the word everywhere, so that it cannot be a name.
  var isReserved: Bool { Self.reservedWords.contains(self) }

  private static let reservedWords: Set<Keyword> = [
    .include, .define, .redefine, .undefine, .describe, .hook, .device, .devices, .table, .chain, .rule, .set,
    .element, .map, .flowtable, .handle, .ruleset, .socket, .tproxy, .accept, .drop, .continue, .jump, .goto, .return,
    .inet, .netdev, .add, .replace, .update, .create, .insert, .delete, .get, .list, .reset, .flush, .rename, .import,
    .export, .monitor, .position, .comment, .constant, .interval, .dynamic, .autoMerge, .timeout, .gcInterval,
    .elements, .expires, .policy, .size, .flow, .offload, .meter, .counter, .log, .queue, .limit, .quota, .hour, .day,
    .reject, .snat, .dnat, .masquerade, .redirect, .random, .th, .bridge, .ether, .type, .typeof, .vlan, .arp, .ip,
    .ecn, .time, .icmp, .icmpv6, .igmp, .ip6, .priority, .ah, .esp, .comp, .flags, .udp, .udplite, .tcp, .dccp, .sctp,
    .rt, .rt0, .rt2, .srh, .hbh, .frag, .dst, .mh, .meta, .mark, .iif, .iifname, .iiftype, .oif, .oifname, .oiftype,
    .skuid, .skgid, .nftrace, .rtclassid, .ibriport, .ibrname, .obriport, .obrname, .pkttype, .cpu, .iifgroup,
    .oifgroup, .cgroup, .ct, .numgen, .jhash, .symhash, .dup, .fwd, .fib, .osf, .synproxy, .notrack, .all, .exists,
    .missing, .exthdr, .ipsec, .secmark, .vmap,
  ]
}

extension RulesetReader {
  /// Reads an included file in the middle of the current one.
  mutating func includeFile(_ index: Int) {
    switch block {
    case .commands: read(index)
    case .table(let table):
      readIncluded(index) { reader throws(SyntaxFault) in try reader.readTableStatement(table) }
    case .chain(let table, let chain):
      readIncluded(index) { reader throws(SyntaxFault) in try reader.readChainStatement(table, chain) }
    }
  }

  private mutating func readIncluded(
    _ index: Int, _ statement: (inout RulesetReader) throws(SyntaxFault) -> Void
  ) {
    let bytes = ruleset.sources[index].bytes
    let saved = (lexer, token, file)
    openFiles.append(index)
    bytes.withUnsafeBufferPointer { buffer in
      file = index
      lexer = Lexer(buffer, from: buffer.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
      advance()
      checkCarriageReturns(buffer)
      while token.kind != .end {
        readStatements(statement)
        if token.kind == .closeBrace {
          report(.error, "this brace closes no block of its file", span)
          advance()
        } else if token.kind != .end {
          report(.error, "expected a statement of the block that includes this file", span)
          skipStatement(from: token.start)
        }
      }
    }
    openFiles.removeLast()
    (lexer, token, file) = saved
  }
}
