import SourceText

/// A way into fwlint for bytes that nobody has checked, and what must hold whatever they are.
///
/// The same targets are driven by libFuzzer (`Tests/Fuzzing`) and by a seeded mutator in the ordinary tests.
public enum FuzzTarget: String, CaseIterable, Sendable {
  case nftables
  case iptables
  case ipset
  case yaml
  case groups
  case site
  case policy
  case packets
  /// A whole `check` of a small site, with every report.
  case check
  /// Breaks its promise on purpose, so that a fuzzer that finds nothing is found out.
  case canary

  /// The targets whose promises must hold.
  public static var real: [FuzzTarget] { allCases.filter { $0 != .canary } }

  /// What is wrong with how some bytes were handled; nil when all is well.
  public func violation(of bytes: [UInt8]) -> String? {
    let source = SourceFile(path: "input", bytes: bytes)
    do throws(Violation) {
      switch self {
      case .nftables: try RuleSetProperties.checkNftables(source)
      case .iptables: try RuleSetProperties.checkIptables(source)
      case .ipset: try RuleSetProperties.checkIpset(source)
      case .groups: try RuleSetProperties.checkGroups(source)
      case .yaml: try DocumentProperties.checkYAML(source)
      case .site: try DocumentProperties.checkSite(source)
      case .policy: try DocumentProperties.checkPolicy(source)
      case .packets: try DocumentProperties.checkPackets(source)
      case .check: try ReportProperties.check(source)
      case .canary: try require(!bytes.starts(with: Array("fw!t".utf8)), "the canary sings")
      }
      return nil
    } catch { return error.message }
  }
}

/// A promise that was not kept.
struct Violation: Error {
  var message: String
}

/// Throws unless a promise is kept.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(Violation) {
  if !condition { throw Violation(message: message()) }
}

/// Numbers that depend on nothing but the bytes: the same input is always asked the same questions.
struct InputNumbers {
  private var state: UInt64

  init(_ bytes: [UInt8]) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    state = hash
  }

  /// A number below a bound, which must be positive.
  mutating func below(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }

  mutating func pick<Element>(_ values: [Element], or other: Element) -> Element {
    values.isEmpty ? other : values[below(values.count)]
  }
}
