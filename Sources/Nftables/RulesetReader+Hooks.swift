import RuleGraph
import SourceText

extension RulesetReader {
  /// `type T hook H [device D] priority P`.
  mutating func readHook(_ table: Int, _ chain: Int) throws(SyntaxFault) {
    let start = token.start
    advance()
    let type: ChainType
    switch text(token) {
    case "filter": type = .filter
    case "nat": type = .nat
    case "route": type = .route
    default:
      throw SyntaxFault(
        message: "expected a chain type (filter, nat or route), found "
          + Self.describe(token, text(token)) + Suggestion.hint(for: text(token), among: ["filter", "nat", "route"]),
        span: span)
    }
    let typeSpan = span
    advance()
    guard token.keyword == .hook else { throw misspelt("hook") }
    advance()
    guard let hook = Hook.allCases.first(where: { $0.keyword == text(token) }) else {
      throw SyntaxFault(
        message: "expected a hook, found " + Self.describe(token, text(token))
          + Suggestion.hint(for: text(token), among: Hook.allCases.map(\.keyword)),
        span: span)
    }
    let hookSpan = span
    advance()
    if token.keyword == .device || token.keyword == .devices { try readDevices(table, chain) }
    guard token.keyword == .priority else { throw misspelt("priority") }
    advance()
    let family = ruleset.tables[table].family
    let priority: Int32
    do throws(SyntaxFault) {
      priority = try readPriority(family: family, hook: hook)
    } catch {
      // Type and hook are known: the chain keeps them.
      report(error)
      priority = 0
      skipToSeparator()
    }
    checkHook(type, hook, family: family, typeSpan, hookSpan)
    let whole = span(from: start, to: token.start)
    if type == .nat, priority <= Self.trackingPriority {
      report(
        .error, "a nat chain needs a priority above \(Self.trackingPriority), where connections are tracked", whole)
    }
    let devices = ruleset.tables[table].chains[chain].devices
    if hook == .ingress || hook == .egress, devices.isEmpty {
      report(.error, "a chain at hook \(hook.keyword) needs a device", hookSpan)
    }
    if let known = ruleset.tables[table].chains[chain].base {
      if known.hook != hook || known.type != type || known.priority != priority {
        report(.error, "the chain exists already with another type, hook or priority", whole)
      }
      return
    }
    ruleset.tables[table].chains[chain].base = BaseChain(type: type, hook: hook, priority: priority)
    if let policy = ruleset.tables[table].chains[chain].pendingPolicy {
      ruleset.tables[table].chains[chain].base?.policy = policy.kind
      ruleset.tables[table].chains[chain].base?.policyRange = policy.span.range
    }
  }

  /// `NF_IP_PRI_CONNTRACK` of netfilter_ipv4.h; the kernel takes nat chains behind it only.
  private static let trackingPriority: Int32 = -200

  private mutating func checkHook(
    _ type: ChainType, _ hook: Hook, family: TableFamily, _ typeSpan: TextSpan, _ hookSpan: TextSpan
  ) {
    let hooks: [Hook] =
      switch family {
      case .netdev: [.ingress, .egress]
      case .arp: [.input, .output]
      case .inet: [.ingress, .prerouting, .input, .forward, .output, .postrouting]
      default: [.prerouting, .input, .forward, .output, .postrouting]
      }
    guard hooks.contains(hook) else {
      return report(.error, "family \(family.keyword) has no hook \(hook.keyword)", hookSpan)
    }
    switch type {
    case .nat where hook == .forward || hook == .ingress || hook == .egress:
      report(.error, "a nat chain cannot stand at hook \(hook.keyword)", hookSpan)
    case .route where hook != .output:
      report(.error, "a route chain can only stand at hook output", hookSpan)
    case .nat where [.arp, .bridge, .netdev].contains(family), .route where [.arp, .bridge, .netdev].contains(family):
      report(.error, "family \(family.keyword) has no \(type) chains", typeSpan)
    default: break
    }
  }

  /// A number, a name, or a name with an offset.
  private mutating func readPriority(family: TableFamily, hook: Hook) throws(SyntaxFault) -> Int32 {
    if token.kind == .dollar {
      return try withVariable { reader throws(SyntaxFault) in try reader.readPriority(family: family, hook: hook) }
    }
    if token.kind == .quoted {
      // A variable may hold `"filter + 10"` as one text.
      let words = text(token).split { $0 == " " || $0 == "\t" }
      if let first = words.first, let base = Self.priority(String(first), family: family, hook: hook) {
        let offset = words.count == 3 ? Int32(words[2]) ?? 0 : 0
        advance()
        return words.count == 3 && words[1] == "-" ? base &- offset : base &+ offset
      }
      if let value = Int32(text(token)) {
        advance()
        return value
      }
      throw expected("a priority")
    }
    var isNegative = false
    if token.kind == .dash {
      isNegative = true
      advance()
    }
    if token.kind == .number {
      guard !token.isMalformed, token.number <= UInt64(Int32.max) else { throw expected("a priority of 32 bits") }
      let value = Int32(truncatingIfNeeded: token.number)
      advance()
      return isNegative ? -value : value
    }
    guard !isNegative, token.kind == .word else { throw expected("a priority") }
    let name = text(token)
    guard let base = Self.priority(name, family: family, hook: hook) else {
      let names = ["raw", "mangle", "dstnat", "filter", "security", "srcnat", "out"].filter {
        Self.priority($0, family: family, hook: hook) != nil
      }
      throw SyntaxFault(
        message: "there is no priority '\(name)' at hook \(hook.keyword) of family \(family.keyword)"
          + Suggestion.hint(for: name, among: names), span: span)
    }
    advance()
    guard token.kind == .plus || token.kind == .dash else { return base }
    let isBelow = token.kind == .dash
    advance()
    guard token.kind == .number, token.number <= UInt64(Int32.max) else { throw expected("a number") }
    let offset = Int32(truncatingIfNeeded: token.number)
    advance()
    return isBelow ? base &- offset : base &+ offset
  }

  /// The named priorities of nft(8), which depend on family and hook.
  static func priority(_ name: String, family: TableFamily, hook: Hook) -> Int32? {
    if family == .bridge {
      switch (name, hook) {
      case ("dstnat", .prerouting): return -300
      case ("filter", _): return -200
      case ("out", .output): return 100
      case ("srcnat", .postrouting): return 300
      default: return nil
      }
    }
    switch (name, hook) {
    case ("filter", _): return 0
    case _ where family == .netdev || family == .arp: return nil
    case ("raw", _): return -300
    case ("mangle", _): return -150
    case ("dstnat", .prerouting), ("dstnat", .output): return -100
    case ("security", _): return 50
    case ("srcnat", .postrouting), ("srcnat", .input): return 100
    default: return nil
    }
  }

  /// `policy accept` or `policy drop`.
  mutating func readPolicy(_ table: Int, _ chain: Int) throws(SyntaxFault) {
    let start = token.start
    advance()
    let kind: Verdict.Kind
    if token.kind == .dollar {
      let word = try withVariable { reader throws(SyntaxFault) in
        let keyword = reader.token.keyword
        guard keyword == .accept || keyword == .drop else { throw reader.expected("accept or drop") }
        reader.advance()
        return keyword
      }
      kind = word == .drop ? .drop : .accept
    } else {
      switch token.keyword {
      case .accept: kind = .accept
      case .drop: kind = .drop
      default: throw expected("accept or drop")
      }
      advance()
    }
    let end = lastEnd
    let place = span(from: start, to: end)
    ruleset.tables[table].chains[chain].pendingPolicy = (kind, place)
    ruleset.tables[table].chains[chain].base?.policy = kind
    ruleset.tables[table].chains[chain].base?.policyRange = place.range
  }

  /// `device D` or `devices = { ... }`.
  mutating func readDevices(_ table: Int, _ chain: Int) throws(SyntaxFault) {
    let isList = token.keyword == .devices
    advance()
    var names: [String] = []
    if isList {
      try expect(.assign, "'='")
      try readDeviceList(&names)
    } else {
      try readDevice(&names)
    }
    ruleset.tables[table].chains[chain].devices += names
  }

  private mutating func readDeviceList(_ names: inout [String]) throws(SyntaxFault) {
    guard token.kind == .openBrace else { return try readDevice(&names) }
    depth += 1
    guard depth < limits.depth else { throw SyntaxFault(message: "braces are nested too deep", span: span) }
    advance()
    skipNewlines()
    while token.kind != .closeBrace {
      try readDevice(&names)
      skipNewlines()
      guard token.kind == .comma else { break }
      advance()
      skipNewlines()
    }
    depth -= 1
    try expect(.closeBrace, "'}' or ','")
  }

  private mutating func readDevice(_ names: inout [String]) throws(SyntaxFault) {
    if token.kind == .dollar {
      let found = try withVariable { reader throws(SyntaxFault) in
        var inner: [String] = []
        try reader.readDeviceList(&inner)
        return inner
      }
      names += found
      return
    }
    guard token.kind == .word || token.kind == .quoted || token.kind == .pattern else {
      throw expected("the name of a device")
    }
    names.append(text(token))
    advance()
  }

  /// Reads a variable's value in place of `$name`.
  mutating func withVariable<Value>(
    _ body: (inout RulesetReader) throws(SyntaxFault) -> Value
  ) throws(SyntaxFault) -> Value {
    advance()
    guard token.kind == .word else { throw expected("the name of a variable") }
    let name = text(token)
    guard let binding = ruleset.binding(name, in: environment) else {
      let hint = Suggestion.hint(for: name, among: ruleset.names(in: environment))
      throw SyntaxFault(message: "there is no variable '\(name)'\(hint)", span: span)
    }
    let place = span
    let bytes = ruleset.sources[Int(binding.value.file)].bytes
    let saved = (lexer, token, file, environment)
    depth += 1
    defer { depth -= 1 }
    guard depth < limits.depth else { throw SyntaxFault(message: "variables are nested too deep", span: place) }
    let result: Result<Value, SyntaxFault> = bytes.withUnsafeBufferPointer { buffer in
      file = Int(binding.value.file)
      environment = binding.environment
      lexer = Lexer(
        buffer, from: Int(binding.value.start), to: Int(binding.value.end), skipsNewlines: true)
      advance()
      do throws(SyntaxFault) {
        return .success(try body(&self))
      } catch {
        return .failure(error)
      }
    }
    (lexer, token, file, environment) = saved
    advance()
    switch result {
    case .success(let value): return value
    case .failure(let fault):
      throw SyntaxFault(message: "in the variable '\(name)': \(fault.message)", span: place)
    }
  }
}
