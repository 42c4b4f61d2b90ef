/// The words that the grammar of nft knows, as its scanner does.
///
/// A word is also a name or a symbolic value where the grammar asks for one.
enum Keyword: String, CaseIterable, Sendable {
  /// Any other word.
  case none
  case accept
  case ackseq
  case add
  case addr
  case ah
  case all
  case appfw
  case arp
  case autoMerge
  case avgpkt
  case bridge
  case broute
  case burst
  case bypass
  case bytes
  case cfi
  case cgroup
  case cgroupv2
  case chain
  case chains
  case check
  case checksum
  case chunk
  case classid
  case code
  case comment
  case comp
  case constant
  case `continue`
  case count
  case counter
  case counters
  case cpi
  case cpu
  case create
  case csumcov
  case ct
  case daddr
  case day
  case dccp
  case define
  case dei
  case delete
  case describe
  case destroy
  case device
  case devices
  case direction
  case dnat
  case doff
  case dport
  case drop
  case dscp
  case dst
  case dup
  case dynamic
  case ecn
  case element
  case elements
  case esp
  case ether
  case event
  case exists
  case expectation
  case expiration
  case expires
  case export
  case exthdr
  case fanout
  case fib
  case flags
  case flow
  case flowlabel
  case flowtable
  case flowtables
  case flush
  case frag
  case fragOff
  case fullyRandom
  case fwd
  case gateway
  case gcInterval
  case geneve
  case get
  case goto
  case gre
  case gretap
  case group
  case handle
  case hbh
  case hdrlength
  case helper
  case helpers
  case hlen
  case hook
  case hooks
  case hoplimit
  case hostfw
  case hour
  case htype
  case ibriport
  case ibrname
  case ibrpvid
  case ibrvproto
  case icmp
  case icmpv6
  case icmpx
  case id
  case igmp
  case ih
  case iif
  case iifgroup
  case iifkind
  case iifname
  case iiftype
  case `import`
  case `in`
  case inc
  case include
  case index
  case inet
  case insert
  case interval
  case ip
  case ip6
  case ipsec
  case jhash
  case jump
  case l3proto
  case l4proto
  case label
  case last
  case lastEntry
  case length
  case level
  case limit
  case limits
  case list
  case ll
  case log
  case lsrr
  case map
  case maps
  case mark
  case masquerade
  case maxDelay
  case maxseg
  case memory
  case meta
  case meter
  case meters
  case mh
  case minute
  case missing
  case mod
  case monitor
  case moreFragments
  case mrt
  case mss
  case mtu
  case name
  case netdev
  case never
  case nexthdr
  case nexthop
  case nfproto
  case nftrace
  case nh
  case nomatch
  case notrack
  case num
  case numgen
  case obriport
  case obrname
  case offload
  case offset
  case oif
  case oifgroup
  case oifkind
  case oifname
  case oiftype
  case operation
  case option
  case options
  case original
  case osf
  case out
  case over
  case packets
  case paramProblem
  case pcp
  case performance
  case persistent
  case pkttype
  case plen
  case policy
  case port
  case position
  case prefix
  case priority
  case protoDst
  case protoSrc
  case `protocol`
  case ptr
  case ptype
  case queue
  case queueThreshold
  case quota
  case quotas
  case ra
  case random
  case rate
  case redefine
  case redirect
  case reject
  case rename
  case replace
  case reply
  case reqid
  case reserved
  case reserved2
  case reset
  case `return`
  case rr
  case rt
  case rt0
  case rt2
  case rtclassid
  case rule
  case rules
  case ruleset
  case sackPerm
  case sackPermitted
  case saddr
  case saddrType
  case sctp
  case sdif
  case sdifname
  case secmark
  case secmarks
  case second
  case seed
  case segLeft
  case seq
  case sequence
  case `set`
  case sets
  case sid
  case size
  case skgid
  case skuid
  case snaplen
  case snat
  case socket
  case spi
  case spnum
  case sport
  case srh
  case ssrr
  case state
  case status
  case symhash
  case synproxy
  case synproxys
  case table
  case tables
  case taddr
  case tag
  case tcp
  case th
  case time
  case timeout
  case timestamp
  case to
  case tproxy
  case transparent
  case ttl
  case `type`
  case typeof
  case udp
  case udplite
  case undefine
  case until
  case update
  case urgptr
  case used
  case value
  case version
  case via
  case vlan
  case vmap
  case vni
  case vtag
  case vxlan
  case week
  case wildcard
  case window
  case with
  case wscale
  case xt
  case zone
  // Operators that are written as words.
  case opEqual
  case opNotEqual
  case opLess
  case opGreater
  case opLessOrEqual
  case opGreaterOrEqual
  case opAnd
  case opOr
  case opXor
  case opNot
  case opShiftLeft
  case opShiftRight

  /// How the word is written.
  var spelling: String {
    switch self {
    case .none: ""
    case .autoMerge: "auto-merge"
    case .fragOff: "frag-off"
    case .fullyRandom: "fully-random"
    case .gcInterval: "gc-interval"
    case .lastEntry: "last-entry"
    case .maxDelay: "max-delay"
    case .moreFragments: "more-fragments"
    case .paramProblem: "param-problem"
    case .protoDst: "proto-dst"
    case .protoSrc: "proto-src"
    case .queueThreshold: "queue-threshold"
    case .sackPerm: "sack-perm"
    case .sackPermitted: "sack-permitted"
    case .saddrType: "saddr-type"
    case .segLeft: "seg-left"
    case .opEqual: "eq"
    case .opNotEqual: "ne"
    case .opLess: "lt"
    case .opGreater: "gt"
    case .opLessOrEqual: "le"
    case .opGreaterOrEqual: "ge"
    case .opAnd: "and"
    case .opOr: "or"
    case .opXor: "xor"
    case .opNot: "not"
    case .opShiftLeft: "lshift"
    case .opShiftRight: "rshift"
    default: rawValue
    }
  }

  /// Whether it is an operator that is written as a word.
  var isOperator: Bool {
    switch self {
    case .opEqual, .opNotEqual, .opLess, .opGreater, .opLessOrEqual, .opGreaterOrEqual, .opAnd, .opOr, .opXor, .opNot,
      .opShiftLeft, .opShiftRight:
      true
    default: false
    }
  }

  /// All words, as `vocabulary` numbers them.
  static let words = Array(allCases)

  /// All words by their bytes.
  static let vocabulary = ByteTable(words.enumerated().dropFirst().map { ($1.spelling, UInt32($0)) })
}
