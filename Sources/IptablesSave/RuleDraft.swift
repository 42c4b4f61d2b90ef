import PacketSets

/// What one command says, before it is lowered: arguments by number, options not yet interpreted.
struct RuleDraft {
  /// What a command does to its table.
  enum Command: UInt8 {
    case none
    case append
    case insert
    case delete
    case replace
    case check
    case newChain
    case deleteChain
    case renameChain
    case policy
    case flush
    case zero
    case list
  }

  /// An option's argument, by index, and whether it is inverted.
  struct Operand {
    var argument: Int32 = -1
    var isNegated = false

    var isGiven: Bool { argument >= 0 }
  }

  /// A match or target that was loaded.
  struct Instance {
    /// Index into the catalog; -1 for an extension that nobody knows.
    var syntax: Int32
    /// The argument that names it; -1 when iptables loads it by itself.
    var argument: Int32
    /// Options that were given, as bits.
    var seen: UInt32 = 0
    var isTarget = false
  }

  /// An option of an extension that was given.
  struct Use {
    var instance: Int32
    /// Index into the options of the extension; -1 where the extension is not known.
    var option: Int32
    var isNegated: Bool
    /// The option itself.
    var argument: Int32
    /// The first of its values; -1 when it has none.
    var value: Int32
  }

  var command = Command.none
  var commandArgument: Int32 = -1
  /// The chain that the command is about.
  var chain: Int32 = -1
  /// A second operand of the command: rule number, policy or new name.
  var operand: Int32 = -1
  var table: Int32 = -1
  /// An option that is meant for listings only.
  var listingArgument: Int32 = -1

  var source = Operand()
  var destination = Operand()
  var inputInterface = Operand()
  var outputInterface = Operand()
  var protocolOperand = Operand()
  /// The protocol's number; 0 for any.
  var protocolNumber: UInt8 = 0
  var fragment = Operand()
  var target = Operand()
  var isGoto = false
  /// The family that `-4` or `-6` restricts the rule to.
  var onlyFamily: IPFamily?

  var instances: [Instance] = []
  var uses: [Use] = []

  /// Forgets everything, and keeps the arrays' memory.
  mutating func reset() {
    command = .none
    commandArgument = -1
    chain = -1
    operand = -1
    table = -1
    listingArgument = -1
    source = Operand()
    destination = Operand()
    inputInterface = Operand()
    outputInterface = Operand()
    protocolOperand = Operand()
    protocolNumber = 0
    fragment = Operand()
    target = Operand()
    isGoto = false
    onlyFamily = nil
    instances.removeAll(keepingCapacity: true)
    uses.removeAll(keepingCapacity: true)
  }
}
