import PacketSets
import RuleGraph
import SourceText

/// Scripts of iptables commands, as they are written by hand and run by a shell.
///
/// Commands at the top level run in their order. What stands inside `if`, loops, `case` or a function may or may not run,
/// so that its rules perhaps match.
extension RulesetReader {
  mutating func readScript() {
    isScript = true
    var lexer = ShellLexer(bytes)
    var depth = 0
    var documents: [(delimiter: [UInt8], stripsTabs: Bool, feedsRestore: IPFamily?)] = []
    while let (command, endsLine) = lexer.next() {
      let restore = command.words.first.flatMap { restoreFamily($0) }
      documents += command.documents.map { ($0.delimiter, $0.stripsTabs, restore) }
      readShellCommand(command, &lexer, &depth)
      guard endsLine else { continue }
      for document in documents {
        let range = lexer.readDocument(document.delimiter, stripsTabs: document.stripsTabs)
        if let family = document.feedsRestore, depth == 0 { readDocument(range, family) }
      }
      documents = []
    }
  }

  private func restoreFamily(_ word: ShellLexer.Word) -> IPFamily? {
    word.text.withUnsafeBufferPointer { buffer in
      let text = ByteText(buffer, 0, buffer.count)
      guard ScriptLine.isRestore(text) else { return nil }
      return HeaderScan.contains(text, "ip6tables") ? .v6 : .v4
    }
  }

  /// Reads the input of an iptables-restore that stands in the script.
  private mutating func readDocument(_ range: Range<Int>, _ family: IPFamily) {
    self.family = family
    isScript = false
    var index = range.lowerBound
    var lineEnd = 0
    while index < range.upperBound {
      readLine(at: index, lineEnd: &lineEnd)
      index = lineEnd + 1
    }
    isScript = true
    current = nil
    lastChain = nil
  }

  private mutating func readShellCommand(
    _ command: ShellLexer.Command, _ lexer: inout ShellLexer, _ depth: inout Int
  ) {
    var words = command.words
    // Words of the shell itself stand before a command.
    while let word = words.first, !word.isQuoted {
      switch String(decoding: word.text, as: UTF8.self) {
      case "if", "while", "until", "for", "case", "{", "select": depth += 1
      case "fi", "done", "esac", "}": depth = max(0, depth - 1)
      case "then", "else", "elif", "do", "sudo", "!", "exec", "command": break
      default:
        assign(&words, &lexer, isCertain: depth == 0)
        return runIfProgram(words, isCertain: depth == 0)
      }
      words.removeFirst()
    }
  }

  /// Keeps `NAME=value` words for later.
  private func assign(_ words: inout [ShellLexer.Word], _ lexer: inout ShellLexer, isCertain: Bool) {
    if let first = words.first, ["export", "readonly", "local"].contains(String(decoding: first.text, as: UTF8.self)) {
      words.removeFirst()
    }
    while let word = words.first, let equals = word.text.firstIndex(of: 0x3D), equals > 0,
      word.text[..<equals].allSatisfy({
        $0 == 0x5F || $0 >= 0x30 && $0 <= 0x39 || $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A
      })
    {
      let name = String(decoding: word.text[..<equals], as: UTF8.self)
      let value = Array(word.text[(equals + 1)...])
      // A value with blanks would become several words.
      let isPlain = isCertain && word.unknown == nil && !value.contains { LineLexer.isBlank($0) }
      lexer.variables[name] = isPlain ? value : nil
      words.removeFirst()
    }
  }

  private mutating func runIfProgram(_ words: [ShellLexer.Word], isCertain: Bool) {
    guard let program = words.first, words.count > 1 else { return }
    let written = ByteText(bytes, program.start, program.end)
    let isProgram = program.text.withUnsafeBufferPointer { ScriptLine.isProgram(ByteText($0, 0, $0.count)) }
    guard isProgram || program.unknown != nil && ScriptLine.isVariable(written) else { return }
    let name = program.unknown == nil ? String(decoding: program.text, as: UTF8.self) : written.string
    family = name.contains("6") ? .v6 : .v4
    var scratch: [UInt8] = []
    arguments.removeAll(keepingCapacity: true)
    var unknown: (String, SourceRange)?
    for word in words.dropFirst() {
      if let reason = word.unknown, unknown == nil { unknown = (reason, SourceRange(word.start, word.end)) }
      let start = scratch.count
      scratch += word.text
      arguments.append(
        Argument(
          start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: scratch.count),
          sourceStart: UInt32(truncatingIfNeeded: word.start), sourceEnd: UInt32(truncatingIfNeeded: word.end)))
      scratch.append(0x20)
    }
    argumentCount = arguments.count
    scratch.withUnsafeBufferPointer { buffer in
      text = buffer
      lastChain = nil
      lastInterface = nil
      runCommand(unknown: unknown, isCertain: isCertain)
      lastChain = nil
      lastInterface = nil
      text = bytes
    }
  }

  private mutating func runCommand(unknown: (reason: String, range: SourceRange)?, isCertain: Bool) {
    var kind = TableKind.filter
    for index in 0..<argumentCount - 1 where argument(index).equals("-t") || argument(index).equals("--table") {
      guard let named = TableKind.named(argument(index + 1)) else {
        return report(.error, "there is no table '\(argument(index + 1).string)'", range(index + 1))
      }
      kind = named
    }
    useTable(kind, range: range(from: 0, to: argumentCount - 1))
    isConditional = !isCertain
    if let unknown {
      report(.error, "\(unknown.reason) is not known", unknown.range)
      // What the last command said is not what this one says.
      draft.reset()
      keepPlace(from: 0)
    } else {
      readCommandLine(from: 0)
    }
    isConditional = false
  }
}
