import PacketSets
import RuleGraph
import SourceText

extension Lowering {
  /// Forgets the last rule.
  mutating func startRule() {
    items.removeAll(keepingCapacity: true)
    verdict = .none
    isTerminated = false
    isApproximated = false
    hasEffect = false
    context = RuleContext()
    pendingMap = nil
    fork = nil
    unresolved = nil
    needs.removeAll(keepingCapacity: true)
    depth = 0
  }

  /// Parses a rule and appends it to a chain of the graph.
  mutating func lowerRule(_ rule: RuleText, into chain: Int) {
    startRule()
    openRule(rule)
    let range = SourceRange(rule.start, rule.end)
    do throws(SyntaxFault) {
      if let brace = rule.openBrace {
        throw SyntaxFault(
          message: "this brace is never closed", span: TextSpan(file: rule.file, start: brace, end: brace &+ 1))
      }
      try statements()
      if !rule.isPlaced {
        appendUndecidable(graph.reasons.intern("a rule whose place depends on a handle"))
      }
      appendRule(to: chain, range, rule.file)
      for need in needs { chainNeeds.append((chain, need)) }
    } catch {
      let fault = longText(rule, before: error.span) ?? error
      report(.error, fault.message, fault.span)
      graph.appendRule(
        to: chain, items: [], verdict: Verdict(.unknown), understanding: .unparsed, file: rule.file, range: range)
    }
  }

  /// A fault about a text before another fault that goes on over a line end, most likely for want of a quote.
  private func longText(_ rule: RuleText, before fault: TextSpan) -> SyntaxFault? {
    guard fault.file == rule.file, Int(rule.file) < buffers.count else { return nil }
    var lexer = Lexer(buffers[Int(rule.file)], from: Int(rule.start), to: Int(rule.end), skipsNewlines: true)
    while true {
      let token = lexer.next()
      guard token.kind != .end, token.start <= fault.start else { return nil }
      guard token.kind == .quoted,
        let lineEnd = lexer.bytes[Int(token.start)..<Int(token.end)].firstIndex(of: 0x0A)
      else { continue }
      return SyntaxFault(
        message: "this text goes on over the line end: a '\"' must be missing",
        span: TextSpan(file: rule.file, start: token.start, end: UInt32(truncatingIfNeeded: lineEnd)))
    }
  }

  /// Starts to read a rule; the lexer stays when the file is the same.
  private mutating func openRule(_ rule: RuleText) {
    environment = rule.environment
    if file != Int(rule.file) || lexer.bytes.baseAddress != buffers[Int(rule.file)].baseAddress {
      file = Int(rule.file)
      lexer = Lexer(buffers[file])
    }
    lexer.position = Int(rule.start)
    lexer.end = Int(rule.end)
    lexer.skipsNewlines = true
    lastEnd = rule.start
    token = lexer.next()
  }

  /// Appends what was read: the rule itself, and what else it takes to say all that it does.
  ///
  /// Parts beside the rule itself stand in an empty range, so that they do not count as written rules.
  private mutating func appendRule(to chain: Int, _ range: SourceRange, _ file: UInt16) {
    let nowhere = SourceRange(range.start, range.start)
    if let map = pendingMap {
      let behind = (items, verdict, isApproximated)
      let decides = map.isContinued && map.isReached && map.lookup != nil && (verdict.kind != .none || hasEffect)
      (items, verdict, isApproximated) = (map.items, map.verdict, map.isApproximated)
      graph.appendRule(
        to: chain, items: items, verdict: verdict, understanding: isApproximated ? .approximated : .exact, file: file,
        range: range)
      if decides {
        graph.appendRule(
          to: chain, items: behind.0, verdict: behind.1, understanding: behind.2 ? .approximated : .exact,
          file: file, range: nowhere)
      }
      return
    }
    finishRule()
    let isForked = fork != nil && (verdict.kind != .none || hasEffect)
    graph.appendRule(
      to: chain, items: items, verdict: verdict,
      understanding: isApproximated || isForked ? .approximated : .exact, file: file, range: range)
    if isForked, let fork {
      var other = Array(items[..<min(fork.start, items.count)])
      other += fork.replacement
      other += items[min(fork.end, items.count)...].filter { !fork.dropsPorts || !Self.isPort($0) }
      graph.appendRule(
        to: chain, items: other, verdict: verdict.kind == .lookup ? Verdict(.unknown) : verdict,
        understanding: .approximated, file: file, range: nowhere)
    }
  }

  private static func isPort(_ item: RuleItem) -> Bool {
    guard !item.isEffect, item.kind != .undecidable, item.kind != .lookup else { return false }
    switch item.field {
    case .sourcePort, .destinationPort, .ctOriginalSourcePort, .ctOriginalDestinationPort, .ctReplySourcePort,
      .ctReplyDestinationPort:
      return true
    default: return false
    }
  }

  /// What a rule without verdict and effect matches decides nothing, known or not.
  ///
  /// Rules of families bridge and arp are met by no packet that the model follows.
  private mutating func finishRule() {
    if isApproximated, family == .bridge || family == .arp {
      items.removeAll { $0.kind == .undecidable }
      items.insert(RuleItem(.never, .family), at: 0)
      isApproximated = false
      fork = nil
    }
    guard verdict.kind == .none, !hasEffect, isApproximated else { return }
    items.removeAll { $0.kind == .undecidable }
    isApproximated = false
  }

  /// The statements of a rule up to its end.
  private mutating func statements() throws(SyntaxFault) {
    guard token.kind != .end else { throw expected("a statement") }
    while token.kind != .end {
      if pendingMap != nil, token.keyword != .comment { continueBehindMap() }
      if isTerminated, token.keyword != .comment {
        throw foreign() ?? fault("nothing is reached behind the verdict of a rule")
      }
      try statement()
    }
  }

  static let statementWords = [
    "accept", "drop", "reject", "return", "jump", "goto", "continue", "queue", "log", "counter", "limit", "quota",
    "snat", "dnat", "masquerade", "redirect", "tproxy", "notrack", "comment", "ct", "meta", "ip", "ip6", "tcp", "udp",
    "icmp", "icmpv6", "iif", "iifname", "oif", "oifname", "fib", "ether", "sctp", "mark",
  ]

  private mutating func statement() throws(SyntaxFault) {
    switch token.keyword {
    case .accept:
      advance()
      end(.accept)
    case .drop:
      advance()
      end(.drop)
    case .return:
      advance()
      end(.returning)
    case .continue:
      advance()
      end(.none)
    case .jump, .goto: try jump()
    case .hook: throw expected("'type' before the hook")
    case .counter: try counter()
    case .log: try log()
    case .limit: try limit()
    case .quota: try quota()
    case .comment: try comment()
    case .reject: try reject()
    case .snat, .dnat: try addressTranslation()
    case .masquerade, .redirect: try portTranslation()
    case .tproxy: try transparentProxy()
    case .queue: try queue()
    case .notrack:
      advance()
      items.append(RuleItem(.notrack, .ctState))
      hasEffect = true
    case .flow: try flow()
    case .dup, .fwd: try duplicate()
    case .synproxy: try synproxy()
    case .meter: try meter()
    case .set, .add, .update, .delete: try setUpdate()
    case .last: try last()
    case .reset: try resetOption()
    case .xt: try legacyExtension()
    case .ct: try conntrackStatement()
    case .secmark: try objectReference("secmark", decides: false)
    case .vmap: throw expected("a key before vmap")
    default:
      if token.kind == .word, token.keyword == .none {
        throw foreign() ?? expected("a match or a statement", among: Self.statementWords)
      }
      try expressionStatement()
    }
  }

  /// Remembers a verdict map, behind which more statements may follow.
  ///
  /// - Parameter lookup: the map in the graph; nil when its verdicts are not known.
  mutating func noteMap(_ lookup: UInt32?, hasCatchAll: Bool) {
    guard pendingMap == nil else {
      // Only one map has a place in the graph's rules.
      appendUndecidable(graph.reasons.intern("several verdict maps in one rule"))
      verdict = Verdict(.unknown)
      return
    }
    pendingMap = PendingMap(
      items: items, verdict: verdict, isApproximated: isApproximated, lookup: lookup, hasCatchAll: hasCatchAll)
  }

  /// Begins the statements behind a verdict map.
  ///
  /// A key that is not in the map breaks the rule (nft_lookup_eval): only packets whose element says `continue` go on.
  private mutating func continueBehindMap() {
    guard let map = pendingMap, !map.isContinued else { return }
    pendingMap?.isContinued = true
    verdict = .none
    hasEffect = false
    // Effects before the map have happened.
    items.removeAll { $0.isEffect }
    guard let index = map.lookup else { return }
    let lookup = graph.lookups[Int(index)]
    let goesOn = map.hasCatchAll && lookup.verdicts.last == Verdict.none
    let width = lookup.fields.count
    var part = Lookup(fields: lookup.fields)
    for element in 0..<lookup.count where (lookup.verdicts[element] == .none) != goesOn {
      part.intervals += lookup.intervals[element * width..<(element + 1) * width]
    }
    if part.count == 0, !goesOn {
      pendingMap?.isReached = false
    } else if part.count == 0 {
      for field in lookup.fields { appendPresence(field) }
    } else {
      graph.lookups.append(part)
      items.append(
        RuleItem(.lookup, lookup.fields[0], UInt32(graph.lookups.count - 1), 0, negated: goesOn))
    }
  }

  /// Sets the verdict of the rule.
  mutating func end(_ verdict: Verdict) {
    self.verdict = verdict
    isTerminated = true
  }

  private mutating func comment() throws(SyntaxFault) {
    advance()
    guard token.isText else { throw expected("a text") }
    guard token.end - token.start <= 130 else { throw fault("a comment has at most 128 characters") }
    advance()
    guard token.kind == .end else { throw expected("the end of the rule behind its comment") }
  }

  // MARK: Jumps

  private mutating func jump() throws(SyntaxFault) {
    let kind: Verdict.Kind = token.keyword == .jump ? .jump : .goto
    advance()
    if token.kind == .openBrace { return end(Verdict(kind, try anonymousChain())) }
    end(Verdict(kind, try chainReference()))
  }

  /// `{ rules }` behind jump or goto.
  private mutating func anonymousChain() throws(SyntaxFault) -> UInt32 {
    let open = span
    guard chainDepth < 16 else { throw fault("chains are nested too deep") }
    chainDepth += 1
    defer { chainDepth -= 1 }
    anonymousChains += 1
    let chain = graph.chains.count
    graph.chains.append(
      Chain(
        name: graph.names.intern("__chain\(anonymousChains)"), table: graphTable, file: open.file,
        range: SourceRange(open.start, open.start + 1)))
    // The outer rule waits while the inner ones are read.
    let outer = (items, context, isApproximated, hasEffect, lexer, depth, base)
    let outerParts = (pendingMap, fork, needs)
    let bytes = lexer.bytes
    var position = Int(open.end)
    let limit = lexer.end
    base = nil
    while position < limit {
      let byte = bytes[position]
      if byte <= 0x20 || byte == 0x3B {
        position += 1
        continue
      }
      if byte == 0x23 {
        while position < limit, bytes[position] != 0x0A { position += 1 }
        continue
      }
      if byte == 0x7D { break }
      var scanner = RulesetReader(graph.sources[0], limits: limits, resolve: { _, _ in .refused("") })
      scanner.lexer = Lexer(bytes, from: position, to: limit)
      let scan = scanner.scanStatement(from: position, marksUpdates: false)
      let inner = RuleText(
        start: UInt32(truncatingIfNeeded: position), end: UInt32(truncatingIfNeeded: scan.end),
        environment: environment, file: UInt16(truncatingIfNeeded: file))
      lowerRule(inner, into: chain)
      depth = outer.5
      position = max(scan.next, position + 1)
      if scan.next < limit, bytes[scan.next] == 0x7D {
        position = scan.next
        let place = UInt32(truncatingIfNeeded: position)
        report(
          .error, "expected a line end or ';' before '}'",
          TextSpan(file: UInt16(truncatingIfNeeded: file), start: place, end: place &+ 1))
      }
    }
    (items, context, isApproximated, hasEffect, lexer, depth, base) = outer
    (pendingMap, fork, needs) = outerParts
    verdict = .none
    isTerminated = false
    guard position < limit else { throw SyntaxFault(message: "this brace is never closed", span: open) }
    lexer.position = position + 1
    advance()
    return UInt32(chain)
  }
}
