import SourceText

extension RulesetReader {
  /// `include`, `define`, `redefine` and `undefine`, which may stand in every block.
  mutating func readCommon() throws(SyntaxFault) {
    switch token.keyword {
    case .include: try readInclude()
    case .define: try readDefinition(replaces: false)
    case .redefine: try readDefinition(replaces: true)
    default:
      advance()
      let (name, span) = try identifier("the name of a variable")
      try endCommon()
      order &+= 1
      if end(name) { renewEnvironment() } else { reportUnknown(name, span) }
    }
  }

  private mutating func reportUnknown(_ name: String, _ span: TextSpan) {
    let hint = Suggestion.hint(for: name, among: ruleset.names(in: environment))
    // nft does not mind.
    report(.warning, "there is no variable '\(name)'\(hint)", span)
  }

  /// Ends the binding of a name in the current scope.
  private mutating func end(_ name: String) -> Bool {
    guard let last = ruleset.bindings[scope][name]?.indices.last,
      ruleset.bindings[scope][name]?[last].endOrder == .max
    else { return false }
    ruleset.bindings[scope][name]?[last].endOrder = order
    return true
  }

  private mutating func readDefinition(replaces: Bool) throws(SyntaxFault) {
    advance()
    let (name, nameSpan) = try identifier("the name of a variable")
    try expect(.assign, "'='")
    let start = token.start
    guard !isAtSeparator else { throw expected("a value") }
    let scan = scanStatement(from: Int(start), marksUpdates: false)
    let value = span(from: start, to: UInt32(truncatingIfNeeded: scan.end))
    var isFaulty = false
    if let brace = scan.openBrace {
      isFaulty = true
      report(.error, "this brace is never closed", span(from: brace, to: brace &+ 1))
    } else {
      do throws(SyntaxFault) {
        try checkValue(value)
      } catch {
        isFaulty = true
        report(error)
      }
    }
    let inner = environment
    order &+= 1
    if end(name), !replaces {
      report(.error, "the variable '\(name)' is defined already (redefine replaces it)", nameSpan)
    }
    ruleset.bindings[scope][name, default: []].append(
      Binding(value: value, environment: inner, order: order, isFaulty: isFaulty))
    renewEnvironment()
    move(to: scan.next)
    try endCommon()
  }

  private mutating func readInclude() throws(SyntaxFault) {
    advance()
    guard token.kind == .quoted else { throw expected("a path in quotes") }
    let pattern = text(token)
    let place = span
    advance()
    try endCommon()
    guard openFiles.count < limits.includeDepth else {
      return report(.error, "files include one another more than \(limits.includeDepth) deep", place)
    }
    let from = ruleset.sources[file].path
    switch resolve(pattern, from) {
    case .refused(let reason): report(.error, "cannot include \"\(pattern)\": \(reason)", place)
    case .files(let files):
      for source in files {
        guard ruleset.sources.count < min(limits.files, Int(UInt16.max)) else {
          return report(.error, "more than \(limits.files) files are included", place)
        }
        guard !openFiles.contains(where: { ruleset.sources[$0].path == source.path }) else {
          report(.error, "\"\(source.path)\" includes itself", place)
          continue
        }
        ruleset.sources.append(source)
        includeFile(ruleset.sources.count - 1)
      }
    }
  }
}
