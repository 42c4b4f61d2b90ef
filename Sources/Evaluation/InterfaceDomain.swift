import PacketSets
import RuleGraph

/// The interface names that a rule set can tell apart, as values of one diagram level.
///
/// Each exact name is a value; each wildcard prefix stands for its further interfaces by one made-up name; the last
/// value is every other interface. Names that agree on all patterns are the same to every rule, so this is exact.
struct InterfaceDomain {
  /// Names by value: loopback first, then the empty name (no interface), the made-up ones last.
  private(set) var names: [String] = ["lo", ""]
  private var values: [String: UInt32] = ["lo": 0, "": 1]
  /// Values from here on are made up.
  private(set) var firstMadeUp = 2
  /// The value that stands for the further interfaces of each prefix; longer prefixes come after their own prefixes.
  private(set) var standIns: [(prefix: String, value: UInt32)] = []

  /// The value of loopback; an unknown interface is any value but this and `absent`.
  static let loopback: UInt32 = 0
  /// The value of "no interface".
  static let absent: UInt32 = 1

  /// Collects the names of some exact names and prefixes.
  init(exact: some Sequence<String>, prefixes: some Sequence<String>) {
    for name in Set(exact).sorted() { add(name) }
    firstMadeUp = names.count
    for prefix in Set(prefixes).sorted() {
      let name = unused(prefix)
      add(name)
      standIns.append((prefix, values[name] ?? 0))
    }
    add(unused("other"))
  }

  private mutating func add(_ name: String) {
    guard values[name] == nil else { return }
    values[name] = UInt32(names.count)
    names.append(name)
  }

  private func unused(_ prefix: String) -> String {
    var number = 0
    while values["\(prefix)\(number)"] != nil { number += 1 }
    return "\(prefix)\(number)"
  }

  /// The last value of the level.
  var lastValue: UInt32 { UInt32(names.count - 1) }

  /// The values that an unknown interface may have: all but loopback and none.
  var unknown: Interval<UInt32> { Interval(Self.absent + 1, lastValue) }

  /// Whether a value stands for every interface that no rule names.
  func isAnyOther(_ value: UInt32) -> Bool { value == lastValue && unknown.lower == unknown.upper }

  /// The value of a name; names that were not collected have the value that stands for their like.
  func value(of name: String) -> UInt32 {
    values[name] ?? standIns.last { name.hasPrefix($0.prefix) }?.value ?? lastValue
  }

  /// The values that a pattern matches.
  func values(matching pattern: String, isPrefix: Bool) -> IntervalSet<UInt32> {
    guard isPrefix else { return IntervalSet(values[pattern].map { [Interval($0)] } ?? []) }
    return IntervalSet(names.indices.filter { names[$0].hasPrefix(pattern) }.map { Interval(UInt32($0)) })
  }
}
