/// What the value of an option looks like.
enum OptionArgument: Sendable {
  /// No value.
  case none
  /// Any text of at most so many bytes.
  case text(maximum: Int)
  /// Text of at least one byte.
  case name(maximum: Int)
  /// A number within bounds.
  case number(UInt64, UInt64)
  /// `a`, `a:b`, `:b`, `a:` or `:`, up to a maximum.
  case numberRange(UInt64)
  /// A decimal fraction between 0 and 1.
  case probability
  /// A number with an optional mask, 32 bits each.
  case mark
  /// A type of service, by value, value/mask or name.
  case typeOfService
  /// A level of syslog, by number or name.
  case syslogLevel
  /// One address.
  case host
  /// An address with an optional mask.
  case network
  /// A protocol, by number or name.
  case protocolNumber
  /// A port, by number or name.
  case port
  /// A range of ports.
  case portRange
  /// A prefix length, or a mask.
  case prefixLength
  /// An Ethernet address.
  case mac
  /// One of some words.
  case word([StaticString])
  /// Several of some words, separated by commas.
  case words([StaticString])
  /// A number of events per time: `5/sec`, and bytes per second where those are allowed.
  case rate(bytes: Bool)
  /// A value that is only taken when the next argument is no option.
  case optionalText
  /// Several arguments in a row.
  case texts(Int)
  /// Read by the extension's own code when the rule is lowered.
  case own(Int)

  /// The number of arguments that follow the option.
  var count: Int {
    switch self {
    case .none, .optionalText: 0
    case .texts(let count), .own(let count): count
    default: 1
    }
  }
}

/// An option of a match or target extension.
///
/// Source: the option tables that `iptables -m NAME -h` prints and iptables-extensions(8) describes.
struct OptionSyntax: Sendable {
  struct Traits: OptionSet, Sendable {
    let rawValue: UInt8
    /// `!` may stand before it.
    static let invertible = Traits(rawValue: 1)
    /// The extension is refused without it.
    static let mandatory = Traits(rawValue: 2)
    /// May be given several times.
    static let repeatable = Traits(rawValue: 4)
  }

  let name: StaticString
  /// Which option it is: alternative spellings share a number below 32.
  let id: UInt8
  let argument: OptionArgument
  let traits: Traits
  /// Numbers of the options that may not stand beside it, as bits.
  let excludes: UInt32
  /// Numbers of the options of which it needs one, as bits.
  let needs: UInt32

  init(
    _ name: StaticString, _ id: UInt8, _ argument: OptionArgument = .none, _ traits: Traits = [],
    excludes: UInt32 = 0, needs: UInt32 = 0
  ) {
    self.name = name
    self.id = id
    self.argument = argument
    self.traits = traits
    self.excludes = excludes
    self.needs = needs
  }
}

/// The grammar of a match or target extension, and what it means.
struct ExtensionSyntax: Sendable {
  /// Which families have it.
  enum Families: Sendable {
    case both
    case ip
    case ip6
  }

  /// What rules with it mean.
  enum Meaning: Sendable {
    case match(MatchMeaning)
    case target(TargetMeaning)
  }

  let name: StaticString
  let families: Families
  let meaning: Meaning
  /// Protocols of which the rule must name one, not inverted; empty when any will do.
  let protocols: [UInt8]
  let options: [OptionSyntax]
  /// Options of which at least one must be given, as bits; 0 when none is needed.
  let oneOf: UInt32

  init(
    _ name: StaticString, _ meaning: MatchMeaning, families: Families = .both, protocols: [UInt8] = [],
    oneOf: UInt32 = 0, _ options: [OptionSyntax] = []
  ) {
    self.name = name
    self.families = families
    self.meaning = .match(meaning)
    self.protocols = protocols
    self.options = options
    self.oneOf = oneOf
  }

  init(
    target name: StaticString, _ meaning: TargetMeaning, families: Families = .both, protocols: [UInt8] = [],
    oneOf: UInt32 = 0, _ options: [OptionSyntax] = []
  ) {
    self.name = name
    self.families = families
    self.meaning = .target(meaning)
    self.protocols = protocols
    self.options = options
    self.oneOf = oneOf
  }
}

/// How a match extension is lowered.
enum MatchMeaning: Sendable {
  /// Matches every packet.
  case always
  /// tcp, udp and their kin: ports, flags.
  case ports
  case multiport
  case icmp
  case conntrack
  case mark
  case connectionMark
  case addressRange
  case addressType
  case packetType
  case length
  case timeToLive
  case dscp
  case typeOfService
  case explicitCongestion
  case set
  /// Not decidable offline, with the reason as a noun phrase.
  case undecidable(StaticString)
}

/// How a target extension is lowered.
enum TargetMeaning: Sendable {
  /// The packet goes on; nothing modelled changes.
  case proceed
  case reject
  case mark
  case connectionMark
  case timeToLive
  case dscp
  case typeOfService
  /// Congestion bits change, which the flags of later TCP matches may see.
  case explicitCongestion
  /// The packet goes on with a mark that is not known.
  case unknownMark
  case destinationNAT
  case sourceNAT
  case masquerade
  case redirect
  case prefixNAT
  case transparentProxy
  case notrack
  case conntrack
  case queue
  case setUpdate
  /// Any verdict is possible.
  case unknown
}
