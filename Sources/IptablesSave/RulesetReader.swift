import PacketSets
import RuleGraph
import SourceText

/// Reads iptables-save dumps, rules files and command scripts into a rule graph, in one pass over the bytes.
///
/// Flat and without a String per token: arguments are index ranges, chains are found through a byte-keyed table, and
/// matches are appended straight to the graph's items.
struct RulesetReader {
  /// A table while it is being read.
  struct TableState {
    var index: Int
    var family: IPFamily
    var kind: TableKind?
    var chains = ByteKeyTable()
    /// Where `*table` stands.
    var range: SourceRange
    var isOpen: Bool
  }

  /// A jump to a chain that was not known when the rule was read.
  struct PendingJump {
    var rule: UInt32
    var table: Int
    var name: String
    var range: SourceRange
    var isGoto: Bool
  }

  let source: SourceFile
  let bytes: UnsafeBufferPointer<UInt8>
  let ipsets: IpsetTable
  let catalog = ExtensionCatalog.shared
  var graph: RuleGraph
  var diagnostics: [Diagnostic] = []

  private var hasReportedCR = false
  /// The family of the section that is being read.
  var family: IPFamily
  /// Whether common rules are read the short way; tests compare both.
  var takesShortWay = true
  /// Whether headers inside the file switch the family: the first one tells whether they agree with what was asked for.
  private var followsHeaders: Bool?
  var tables: [TableState] = []
  /// The table that rules go to, as an index into `tables`.
  var current: Int?
  var pending: [PendingJump] = []
  /// Rules with NETMAP in chains that several hooks may call.
  var prefixRules: [(rule: UInt32, chain: Int)] = []
  /// Names of sets that rules fill at run time.
  var filledSets: Set<String> = []
  /// Items that stand for matches of sets, with the set and the rule.
  var setItems: [(name: String, item: Int, rule: UInt32)] = []
  /// Whether commands name their tables themselves.
  var isScript = false
  /// Whether the command stands where it may not run.
  var isConditional = false

  // The line that is being read.
  var text: UnsafeBufferPointer<UInt8>
  var arguments: [Argument] = []
  /// Arguments that stand on the line; values of `--option=value` follow them.
  var argumentCount = 0
  var draft = RuleDraft()
  /// Whether a match or effect of the rule that is being lowered is only approximated.
  var isApproximated = false
  /// Whether iptables makes several rules of this one, of which a packet may match more than one.
  var mayRepeat = false
  /// The argument that names a chain or target that is not known yet.
  var pendingJump: Int?

  /// The last chain that a rule was appended to, and the bytes of its name.
  var lastChain: (table: Int, name: ByteText, chain: Int)?
  /// Lookups of connection states and status bits, by both.
  var stateLookups: [UInt32: UInt32] = [:]
  /// Set matches that were lowered already.
  var loweredSets: [LoweredSetKey: LoweredSet] = [:]
  /// The last interface name, and its id.
  var lastInterface: (name: ByteText, id: UInt32)?

  init(source: SourceFile, bytes: UnsafeBufferPointer<UInt8>, dialect: Dialect, ipsets: IpsetTable) {
    self.source = source
    self.bytes = bytes
    self.ipsets = ipsets
    self.text = bytes
    self.family = dialect == .ip6tables ? .v6 : .v4
    graph = RuleGraph(dialect: dialect, source: source)
    arguments.reserveCapacity(64)
  }

  /// Reads the whole file.
  mutating func read() {
    reserve()
    if HeaderScan.isScript(bytes) {
      readScript()
    } else {
      readDump()
    }
    finish()
  }

  /// Makes room in proportion to the number of lines, which the first ones tell.
  private mutating func reserve() {
    let sample = min(bytes.count, 65536)
    var lines = 0
    for index in 0..<sample where bytes[index] == 0x0A { lines += 1 }
    let estimate = sample == 0 ? 0 : Int(Double(lines) / Double(sample) * Double(bytes.count)) + 16
    graph.rules.reserveCapacity(estimate)
    graph.items.reserveCapacity(estimate * 3)
  }

  private mutating func readDump() {
    // The output of `iptables -S` names no table: it is that of filter.
    if !HeaderScan.hasTable(bytes) { useTable(.filter, range: SourceRange(0, 0)) }
    var index = 0
    var lineEnd = 0
    while index < bytes.count {
      readLine(at: index, lineEnd: &lineEnd)
      index = lineEnd + 1
    }
  }

  /// Reads the line that begins at an offset and finds its end.
  mutating func readLine(at start: Int, lineEnd: inout Int) {
    switch bytes[start] {
    case 0x23:
      lineEnd = endOfLine(from: start)
      readComment(start, lineEnd)
      return
    case 0x0A:
      lineEnd = start
      return
    default: break
    }
    let result = LineLexer.split(bytes, from: start, into: &arguments, lineEnd: &lineEnd)
    argumentCount = arguments.count
    if bytes[start] <= 0x20 || lineEnd > start && bytes[lineEnd - 1] <= 0x20 { checkBlanks(start, lineEnd) }
    switch result {
    case .plain:
      text = bytes
      if takesShortWay, bytes[start] == 0x2D, readCommonRule() { return }
      readStatement()
    case .composite:
      let unquoted = LineLexer.unquote(bytes, &arguments)
      unquoted.withUnsafeBufferPointer { buffer in
        text = buffer
        // Caches of names point into the text.
        lastChain = nil
        lastInterface = nil
        readStatement()
        lastChain = nil
        lastInterface = nil
        text = bytes
      }
    case .openQuote(let offset):
      text = bytes
      recordUnparsed(
        "the quote is not closed", SourceRange(offset, trimmedEnd(offset, lineEnd)), from: start, to: lineEnd)
    }
  }

  /// Reports blanks where iptables-restore takes none, as it compares whole lines; the line is read all the same.
  private mutating func checkBlanks(_ start: Int, _ end: Int) {
    if end > start, bytes[end - 1] == 0x0D, !hasReportedCR {
      hasReportedCR = true
      report(.error, "lines end with CR and LF, of which iptables-restore takes only LF", SourceRange(end - 1, end))
    }
    let textEnd = end > start && bytes[end - 1] == 0x0D ? end - 1 : end
    guard argumentCount > 0 else {
      if textEnd > start {
        report(.error, "a line of blanks, which iptables-restore refuses", SourceRange(start, textEnd))
      }
      return
    }
    let first = ByteText(bytes, Int(arguments[0].sourceStart), Int(arguments[0].sourceEnd))
    if LineLexer.isBlank(bytes[start]),
      first[0] == 0x2A || first[0] == 0x3A || first[0] == 0x23 || first.equals("COMMIT")
    {
      report(
        .error, "blanks at the beginning of the line, which iptables-restore refuses",
        SourceRange(start, first.start))
    }
    if first.equals("COMMIT"), first.end < textEnd, argumentCount == 1 {
      report(.error, "blanks behind COMMIT, which iptables-restore refuses", SourceRange(first.end, textEnd))
    }
  }

  func endOfLine(from start: Int) -> Int {
    var index = start
    while index < bytes.count, bytes[index] != 0x0A { index += 1 }
    return index
  }

  /// The end of a line without the blanks at its end.
  func trimmedEnd(_ start: Int, _ end: Int) -> Int {
    var end = end
    while end > start, LineLexer.isBlank(bytes[end - 1]) { end -= 1 }
    return end
  }

  private mutating func readComment(_ start: Int, _ end: Int) {
    guard let named = HeaderScan.family(ofHeader: ByteText(bytes, start, end)) else { return }
    let follows = followsHeaders ?? (named == family)
    followsHeaders = follows
    if follows { family = named }
  }

  /// Reads the arguments of one line of iptables-restore input.
  private mutating func readStatement() {
    guard argumentCount > 0 else { return }
    let first = argument(0)
    guard !first.isEmpty else { return recordStatementError("an empty word where a command should stand", 0) }
    switch first[0] {
    case 0x2A where !arguments[0].isQuoted: openTable()
    case 0x3A where !arguments[0].isQuoted: declareChain()
    case 0x43 where first.equals("COMMIT"): commit()
    case 0x23 where !arguments[0].isQuoted: return
    default: readCommandLine(from: 0)
    }
  }

  // MARK: Arguments

  /// The bytes of an argument.
  @inline(__always)
  func argument(_ index: Int) -> ByteText {
    ByteText(text, Int(arguments[index].start), Int(arguments[index].end))
  }

  @inline(__always)
  func argument(_ index: Int32) -> ByteText { argument(Int(index)) }

  /// Where an argument stands in the file.
  func range(_ index: Int) -> SourceRange { arguments[index].sourceRange }

  func range(_ index: Int32) -> SourceRange { range(Int(index)) }

  /// From one argument to another.
  func range(from first: Int, to last: Int) -> SourceRange {
    SourceRange(arguments[first].sourceStart, arguments[last].sourceEnd)
  }

  // MARK: Mistakes

  /// Whether suggestions are still given: in a file of nothing but mistakes they would take all the time.
  var givesHints: Bool { diagnostics.count < 200 }

  mutating func report(_ severity: Severity, _ message: String, _ range: SourceRange) {
    diagnostics.append(Diagnostic(severity, message, range: range))
  }

  private mutating func recordStatementError(_ message: String, _ argument: Int) {
    report(.error, message, range(argument))
  }

  /// Reports a line that is no command, and keeps its place in the chain when it names one.
  private mutating func recordUnparsed(_ message: String, _ range: SourceRange, from start: Int, to end: Int) {
    report(.error, message, range)
    argumentCount = arguments.count
    guard current != nil, let position = arguments.indices.first(where: { isAppend(argument($0)) }),
      position + 1 < arguments.count, let chain = findChain(argument(position + 1))
    else { return }
    let lineStart = arguments.first.map { Int($0.sourceStart) } ?? start
    graph.appendRule(
      to: chain, items: [], verdict: Verdict(.unknown), understanding: .unparsed,
      range: SourceRange(lineStart, trimmedEnd(start, end)))
  }

  private func isAppend(_ text: ByteText) -> Bool {
    text.equals("-A") || text.equals("--append") || text.equals("-I") || text.equals("--insert")
  }
}
