import RuleGraph

/// The tables of iptables and the chains that the kernel gives them.
///
/// Source: net/ipv4/netfilter/iptable_*.c and include/uapi/linux/netfilter_ipv4.h for hooks and priorities.
enum TableKind: UInt8, CaseIterable {
  case raw
  case mangle
  case nat
  case filter
  case security

  static func named(_ name: ByteText) -> TableKind? {
    if name.equals("filter") { return .filter }
    if name.equals("nat") { return .nat }
    if name.equals("mangle") { return .mangle }
    if name.equals("raw") { return .raw }
    if name.equals("security") { return .security }
    return nil
  }

  var name: String { "\(self)" }

  /// The hook of a built-in chain; nil for names that the table does not have.
  func hook(_ chain: ByteText) -> Hook? {
    let hook: Hook
    if chain.equals("INPUT") {
      hook = .input
    } else if chain.equals("OUTPUT") {
      hook = .output
    } else if chain.equals("FORWARD") {
      hook = .forward
    } else if chain.equals("PREROUTING") {
      hook = .prerouting
    } else if chain.equals("POSTROUTING") {
      hook = .postrouting
    } else {
      return nil
    }
    return hooks.contains(hook) ? hook : nil
  }

  private var hooks: [Hook] {
    switch self {
    case .raw: [.prerouting, .output]
    case .mangle: [.prerouting, .input, .forward, .output, .postrouting]
    case .nat: [.prerouting, .input, .output, .postrouting]
    case .filter, .security: [.input, .forward, .output]
    }
  }

  /// The base chain at a hook, with the policy of a fresh table.
  func baseChain(_ hook: Hook) -> BaseChain {
    switch self {
    case .raw: BaseChain(type: .filter, hook: hook, priority: -300)
    case .mangle: BaseChain(type: hook == .output ? .route : .filter, hook: hook, priority: -150)
    case .nat:
      BaseChain(type: .nat, hook: hook, priority: hook == .prerouting || hook == .output ? -100 : 100)
    case .filter: BaseChain(type: .filter, hook: hook, priority: 0)
    case .security: BaseChain(type: .filter, hook: hook, priority: 50)
    }
  }
}
