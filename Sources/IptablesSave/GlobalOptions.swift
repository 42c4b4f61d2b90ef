/// The options that every iptables command has.
///
/// Source: iptables(8), sections COMMANDS, PARAMETERS and OTHER OPTIONS.
enum GlobalOption: UInt8 {
  case append, insert, delete, replace, check, newChain, deleteChain, renameChain, policy, flush, zero, list
  case source, destination, inputInterface, outputInterface, protocolNumber, fragment, jump, goto, match, table
  case setCounters, onlyIPv4, onlyIPv6, flag, listingFlag, optionalNumber, modprobe

  /// Whether a value follows.
  var takesValue: Bool {
    switch self {
    case .append, .insert, .delete, .replace, .check, .newChain, .renameChain, .policy, .source, .destination,
      .inputInterface, .outputInterface, .protocolNumber, .jump, .goto, .match, .table, .modprobe:
      true
    case .deleteChain, .flush, .zero, .list, .fragment, .setCounters, .onlyIPv4, .onlyIPv6, .flag, .listingFlag,
      .optionalNumber:
      false
    }
  }

  /// Whether `!` may stand before it.
  var isInvertible: Bool {
    switch self {
    case .source, .destination, .inputInterface, .outputInterface, .protocolNumber, .fragment: true
    default: false
    }
  }

  /// Whether it is a flag that changes nothing of what a command does.
  var isFlag: Bool { self == .flag || self == .listingFlag }

  /// Long names.
  static let long: [(name: StaticString, option: GlobalOption)] = [
    ("append", .append), ("insert", .insert), ("delete", .delete), ("replace", .replace), ("check", .check),
    ("new-chain", .newChain), ("delete-chain", .deleteChain), ("rename-chain", .renameChain),
    ("policy", .policy), ("flush", .flush), ("zero", .zero), ("list", .list), ("list-rules", .list),
    ("source", .source), ("src", .source), ("destination", .destination), ("dst", .destination),
    ("protocol", .protocolNumber), ("in-interface", .inputInterface),
    ("out-interface", .outputInterface), ("fragments", .fragment), ("jump", .jump), ("goto", .goto),
    ("match", .match), ("table", .table), ("set-counters", .setCounters), ("ipv4", .onlyIPv4), ("ipv6", .onlyIPv6),
    ("verbose", .flag), ("numeric", .listingFlag), ("exact", .listingFlag), ("line-numbers", .listingFlag),
    ("wait", .optionalNumber),
    ("wait-interval", .optionalNumber), ("modprobe", .modprobe),
  ]

  /// One-letter names.
  static func short(_ letter: UInt8) -> GlobalOption? {
    switch letter {
    case 0x41: .append
    case 0x49: .insert
    case 0x44: .delete
    case 0x52: .replace
    case 0x43: .check
    case 0x4E: .newChain
    case 0x58: .deleteChain
    case 0x45: .renameChain
    case 0x50: .policy
    case 0x46: .flush
    case 0x5A: .zero
    case 0x4C, 0x53: .list
    case 0x73: .source
    case 0x64: .destination
    case 0x69: .inputInterface
    case 0x6F: .outputInterface
    case 0x70: .protocolNumber
    case 0x66: .fragment
    case 0x6A: .jump
    case 0x67: .goto
    case 0x6D: .match
    case 0x74: .table
    case 0x63: .setCounters
    case 0x34: .onlyIPv4
    case 0x36: .onlyIPv6
    case 0x76: .flag
    case 0x6E, 0x78: .listingFlag
    case 0x77, 0x57: .optionalNumber
    case 0x4D: .modprobe
    default: nil
    }
  }
}
