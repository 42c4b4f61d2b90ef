import PacketSets
import RuleGraph
import SourceText

/// Reads ipset's commands, one a line, and its listings.
struct IpsetReader {
  let bytes: UnsafeBufferPointer<UInt8>
  var text: UnsafeBufferPointer<UInt8>
  var table = IpsetTable()
  var diagnostics: [Diagnostic] = []
  var arguments: [Argument] = []
  /// The set whose members a listing is giving.
  private var listed: String?
  private var isInMembers = false
  private var toleratesRepetition = false
  /// The last set that an element was added to, so that names are not looked up for each element.
  private var last: (name: ByteText, key: String, plainFamily: IPFamily?)?
  /// Elements of that set that are not yet in the table.
  private var waiting: [Interval<UInt128>] = []

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    text = bytes
  }

  mutating func read() {
    var index = 0
    var lineEnd = 0
    while index < bytes.count {
      if bytes[index] == 0x23 {
        while index < bytes.count, bytes[index] != 0x0A { index += 1 }
        index += 1
        continue
      }
      switch LineLexer.split(bytes, from: index, into: &arguments, lineEnd: &lineEnd) {
      case .plain:
        text = bytes
        readLine()
      case .composite:
        forgetLast()
        let unquoted = LineLexer.unquote(bytes, &arguments)
        unquoted.withUnsafeBufferPointer { buffer in
          text = buffer
          readLine()
          forgetLast()
          text = bytes
        }
      case .openQuote(let offset):
        diagnostics.append(
          Diagnostic(.error, "the quote is not closed", range: SourceRange(offset, max(offset, lineEnd))))
      }
      index = lineEnd + 1
    }
    forgetLast()
  }

  /// Moves waiting elements into the table, before anything but a further element happens.
  private mutating func forgetLast() {
    if let last, !waiting.isEmpty {
      table[last.key]?.intervals += waiting
      waiting.removeAll(keepingCapacity: true)
    }
    last = nil
  }

  func argument(_ index: Int) -> ByteText {
    ByteText(text, Int(arguments[index].start), Int(arguments[index].end))
  }

  func range(_ index: Int) -> SourceRange { arguments[index].sourceRange }

  private mutating func readLine() {
    guard !arguments.isEmpty else { return }
    if addPlain() { return }
    forgetLast()
    do throws(Complaint) {
      if try readListing() { return }
      try readCommand()
    } catch {
      diagnostics.append(Diagnostic(.error, error.message, range: error.range))
    }
  }

  // MARK: Commands

  private mutating func readCommand() throws(Complaint) {
    var index = 0
    if argument(0).equals("ipset") || argument(0).equals("/sbin/ipset") || argument(0).equals("/usr/sbin/ipset") {
      index = 1
    }
    // -exist may stand anywhere; it makes repeated creations and additions no mistakes.
    toleratesRepetition = arguments.indices.contains { !arguments[$0].isQuoted && isIgnored(argument($0)) }
    if toleratesRepetition {
      let kept = arguments.indices.filter { arguments[$0].isQuoted || !isIgnored(argument($0)) }
      arguments = kept.map { arguments[$0] }
    }
    guard index < arguments.count else { return }
    let command = argument(index)
    let rest = index + 1
    switch command.string {
    case "add", "-A", "--add": try add(rest, isDeletion: false)
    case "del", "-D", "--del": try add(rest, isDeletion: true)
    case "create", "-N", "--create", "n": try create(rest)
    case "flush", "-F", "--flush": try withNames(rest) { table, name in table[name]?.removeAll() }
    case "destroy", "-X", "--destroy", "x": try withNames(rest) { table, name in table[name] = nil }
    case "rename", "-E", "--rename", "e": try exchange(rest, keeps: false)
    case "swap", "-W", "--swap", "w": try exchange(rest, keeps: true)
    case "COMMIT", "quit", "-B": return
    case "test", "-T", "list", "-L", "save", "-S": return
    default:
      let names = ["add", "create", "del", "destroy", "flush", "rename", "swap"]
      throw Complaint(
        "there is no command '\(command.string)' of ipset\(Suggestion.hint(for: command.string, among: names))",
        range(index))
    }
  }

  private func isIgnored(_ text: ByteText) -> Bool {
    text.equals("-exist") || text.equals("-!") || text.equals("-q") || text.equals("-quiet")
  }

  private mutating func create(_ index: Int) throws(Complaint) {
    guard index + 1 < arguments.count else { throw Complaint("a set needs a name and a type", range(index - 1)) }
    let name = argument(index).string
    let typeName = argument(index + 1).string
    var family = IPFamily.v4
    var position = index + 2
    while position + 1 < arguments.count {
      if argument(position).equals("family") || argument(position).equals("-6") {
        if argument(position + 1).equals("inet6") || argument(position + 1).equals("ipv6") { family = .v6 }
      }
      position += 1
    }
    guard var set = Ipset(type: typeName, family: family) else {
      throw Complaint(
        "there is no type of sets '\(typeName)'\(Suggestion.hint(for: typeName, among: Ipset.typeNames))",
        range(index + 1))
    }
    if table[name] != nil {
      guard toleratesRepetition else {
        throw Complaint("set '\(name)' exists already", range(index))
      }
      return
    }
    try readCreateOptions(from: index + 2, into: &set)
    table[name] = set
  }

  private func readCreateOptions(from start: Int, into set: inout Ipset) throws(Complaint) {
    var index = start
    while index < arguments.count {
      let option = argument(index)
      let next = index + 1 < arguments.count ? argument(index + 1) : ByteText(text, 0, 0)
      switch option.string {
      case "netmask":
        let width = UInt64(set.family?.addressWidth ?? 32)
        guard let length = next.number(upTo: width), length > 0 else {
          throw Complaint("'\(next.string)' is no prefix length", range(min(index + 1, arguments.count - 1)))
        }
        let all = set.family?.lastAddress ?? .max
        set.mask = all & ~(length == width ? 0 : all >> UInt128(length))
        index += 2
      case "bitmask":
        guard let address = IPAddress(next.string) else {
          throw Complaint("'\(next.string)' is no mask", range(min(index + 1, arguments.count - 1)))
        }
        set.mask = address.bits
        index += 2
      case "markmask":
        guard let mask = next.number(upTo: 0xFFFF_FFFF) else {
          throw Complaint("'\(next.string)' is no mask of 32 bits", range(min(index + 1, arguments.count - 1)))
        }
        set.markMask = UInt32(mask)
        index += 2
      case "range", "family", "hashsize", "maxelem", "timeout", "bucketsize", "initval", "size", "probes", "resize",
        "gc", "from", "to":
        index += 2
      case "counters", "comment", "skbinfo", "forceadd": index += 1
      default: throw Complaint("there is no option '\(option.string)' of this command", range(index))
      }
    }
  }

  private mutating func withNames(
    _ index: Int, _ body: (inout IpsetTable, String) -> Void
  ) throws(Complaint) {
    guard index < arguments.count else {
      for name in table.names { body(&table, name) }
      return
    }
    let name = argument(index).string
    guard table[name] != nil else { throw Complaint("there is no set '\(name)'", range(index)) }
    body(&table, name)
  }

  private mutating func exchange(_ index: Int, keeps: Bool) throws(Complaint) {
    guard index + 1 < arguments.count else { throw Complaint("two names are needed", range(index - 1)) }
    let first = argument(index).string
    let second = argument(index + 1).string
    guard let set = table[first] else { throw Complaint("there is no set '\(first)'", range(index)) }
    guard keeps else {
      table[first] = nil
      table[second] = set
      return
    }
    guard let other = table[second] else { throw Complaint("there is no set '\(second)'", range(index + 1)) }
    table[first] = other
    table[second] = set
  }

  private mutating func add(_ index: Int, isDeletion: Bool) throws(Complaint) {
    guard index + 1 < arguments.count else { throw Complaint("a set and an element are needed", range(index - 1)) }
    let name = argument(index)
    let key = name.string
    guard let set = table[key] else {
      throw Complaint("there is no set '\(key)'\(Suggestion.hint(for: key, among: table.names))", range(index))
    }
    try readElement(index + 1, into: key, isDeletion: isDeletion)
    if !isDeletion, text.baseAddress == bytes.baseAddress { last = (name, key, plainFamily(of: set)) }
  }

  /// The family of a set of plain addresses or networks; nil for sets of other kinds.
  private func plainFamily(of set: Ipset) -> IPFamily? {
    guard set.dimensions.count == 1, set.dimensions[0].isAddress, set.mask == .max else { return nil }
    return set.family
  }

  /// The short way for `add SET ADDRESS` lines that follow one another.
  private mutating func addPlain() -> Bool {
    guard arguments.count == 3, let last, let family = last.plainFamily, argument(0).equals("add"),
      isSame(last.name, argument(1))
    else { return false }
    let element = argument(2)
    switch family {
    case .v4:
      guard case .v4(let mask, let value)? = RulesetReader.plainV4(element) else { return false }
      waiting.append(Interval(UInt128(value), UInt128(value | ~mask)))
    case .v6:
      guard case .v6(let mask, let value)? = RulesetReader.plainV6(element) else { return false }
      waiting.append(Interval(value, value | ~mask))
    }
    return true
  }

  private func isSame(_ left: ByteText, _ right: ByteText) -> Bool {
    guard left.count == right.count else { return false }
    for offset in 0..<left.count where left[offset] != right[offset] { return false }
    return true
  }

  // MARK: Listings

  /// Reads a line of `ipset list` output; false when the line is none.
  private mutating func readListing() throws(Complaint) -> Bool {
    let first = argument(0)
    if first.equals("Name:"), arguments.count > 1 {
      listed = argument(1).string
      isInMembers = false
      return true
    }
    guard let name = listed else { return false }
    if isInMembers {
      if table[name] != nil { try readElement(0, into: name, isDeletion: false) }
      return true
    }
    switch first.string {
    case "Type:":
      guard arguments.count > 1, let set = Ipset(type: argument(1).string, family: .v4) else {
        throw Complaint("there is no such type of sets", range(arguments.count - 1))
      }
      table[name] = set
    case "Header:":
      for index in 1..<arguments.count where argument(index).equals("inet6") {
        if let type = table[name]?.type { table[name] = Ipset(type: type, family: .v6) }
      }
      if var set = table[name] {
        try readCreateOptions(from: 1, into: &set)
        table[name] = set
      }
    case "Members:": isInMembers = true
    default: break
    }
    return true
  }
}
