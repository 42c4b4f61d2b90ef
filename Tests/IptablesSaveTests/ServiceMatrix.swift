import PacketSets
import SourceText

/// What a verified analyser of iptables printed about a rule set of 4,800 rules: who may reach whom at a port.
///
/// The text is the golden file of fffuu's own tests: the rules as it simplified them, and for some ports classes of
/// addresses with the pairs of classes between which packets perhaps pass (its upper closure).
struct ServiceMatrix {
  /// The addresses that come in by each interface, which fffuu was told.
  var interfaces: [(name: String, sources: AddressSet)] = []
  /// Classes and pairs of classes, by destination port.
  var ports: [Int: (classes: [Substring: AddressSet], pairs: [(Substring, Substring)])] = [:]
  /// The simplified rules, in order.
  var rules: [SimpleRule] = []

  /// A rule of fffuu's simplified firewall.
  struct SimpleRule {
    var isAccept: Bool
    /// Nil for all.
    var protocolName: Substring?
    var source: IntervalSet<UInt32>
    var destination: IntervalSet<UInt32>
    var sourcePorts: ClosedRange<Int>?
    var ports: ClosedRange<Int>?

    /// Whether the rule is about TCP packets from port 10000 to a port.
    func concerns(_ port: Int) -> Bool {
      (protocolName == nil || protocolName == "tcp") && sourcePorts?.contains(10000) != false
        && ports?.contains(port) != false
    }
  }

  /// Reads the golden file, and the file that says which addresses are behind which interface.
  init(_ golden: SourceFile, assignment: SourceFile) {
    interfaces = Self.interfaces(assignment.text(SourceRange(0, assignment.bytes.count)))
    var port: Int?
    var isSimple = false
    for line in golden.text(SourceRange(0, golden.bytes.count)).split(separator: "\n") {
      if line.hasPrefix("==") {
        isSimple = line.hasPrefix("== to even-simpler firewall")
        port = line.firstRange(of: "10000->").flatMap { Int(line[$0.upperBound...].prefix { $0.isNumber }) }
        if let port { ports[port] = ([:], []) }
      } else if isSimple {
        if let rule = Self.rule(line) { rules.append(rule) }
      } else if let port {
        let words = line.split(separator: " ")
        if line.first == "(" {
          let names = line.dropFirst().dropLast().split(separator: ",")
          if names.count == 2 { ports[port]?.pairs.append((names[0], names[1])) }
        } else if words.count > 2, words[1] == "|->" {
          ports[port]?.classes[words[0]] = AddressSet(v4: Self.ranges(words.dropFirst(2)))
        }
      }
    }
  }

  /// Reads `{a .. b} u c u ...`, a union of ranges.
  private static func ranges(_ words: ArraySlice<Substring>) -> IntervalSet<UInt32> {
    var intervals: [Interval<UInt32>] = []
    var isRange = false
    for word in words {
      if word == ".." { isRange = true }
      guard let address = IPAddress(word.filter { $0 != "{" && $0 != "}" }) else { continue }
      let value = UInt32(address.bits)
      if isRange, let last = intervals.popLast() {
        intervals.append(Interval(last.lower, value))
      } else {
        intervals.append(Interval(value))
      }
      isRange = false
    }
    return IntervalSet(intervals)
  }

  /// Reads `ACCEPT tcp -- 10.0.0.0/8 0.0.0.0/0 sports: 1:2 dports: 25`.
  private static func rule(_ line: Substring) -> SimpleRule? {
    let words = line.split(separator: " ")
    guard words.count >= 5, let source = IPPrefix(words[3]), let destination = IPPrefix(words[4]) else { return nil }
    func block(_ prefix: IPPrefix) -> IntervalSet<UInt32> { AddressSet([prefix]).v4 }
    var rule = SimpleRule(
      isAccept: words[0] == "ACCEPT", protocolName: words[1] == "all" ? nil : words[1], source: block(source),
      destination: block(destination))
    for (index, word) in words.enumerated() where word.hasSuffix("ports:") && index + 1 < words.count {
      let bounds = words[index + 1].filter { $0 != "(" && $0 != ")" }.split(separator: ":").compactMap { Int($0) }
      guard let first = bounds.first, let last = bounds.last else { return nil }
      if word == "sports:" { rule.sourcePorts = first...last } else { rule.ports = first...last }
    }
    return rule
  }

  private static func interfaces(_ text: String) -> [(name: String, sources: AddressSet)] {
    let words = text.split { " \n,[]".contains($0) }
    var result: [(name: String, sources: AddressSet)] = []
    var isInverted = false
    for (index, word) in words.enumerated() {
      if index + 1 < words.count, words[index + 1] == "=" {
        finish()
        result.append((String(word), AddressSet()))
        isInverted = false
      } else if word == "all_but_those_ips" {
        isInverted = true
      } else if !result.isEmpty, word != "=" {
        let ends = word.split(separator: "-").compactMap { IPAddress($0) }
        let part =
          ends.count == 2
          ? AddressSet(v4: IntervalSet(Interval(UInt32(ends[0].bits), UInt32(ends[1].bits))))
          : AddressSet([IPPrefix(word)].compactMap { $0 })
        result[result.count - 1].sources = result[result.count - 1].sources.union(part)
      }
    }
    finish()
    return result

    func finish() {
      guard isInverted, let last = result.last else { return }
      result[result.count - 1].sources = AddressSet(v4: last.sources.v4.complement())
    }
  }
}
