import PacketSets
import RuleGraph
import SourceText
import YAMLDocument

/// Which way a rule looks, seen from the unit.
enum TrafficDirection: Sendable, Hashable, CaseIterable {
  /// What reaches the unit.
  case ingress
  /// What leaves the unit.
  case egress
}

/// The addresses that a rule names at one end.
enum AddressMatch: Sendable, Hashable {
  /// Every address of both families.
  case any
  case prefix(IPPrefix)
  case set(AddressSet)
  /// Contents that are kept elsewhere, by the kind of thing and its name.
  case reference(kind: String, name: String)
  /// Not known offline, for a reason.
  case undecidable(String)
  /// Not understood; the error has been reported.
  case unparsed
}

/// What a rule says about protocol, ports and ICMP types; nil stands for all.
struct TransportMatch: Sendable, Hashable {
  var protocolNumber: UInt8?
  var sourcePorts: IntervalSet<UInt32>?
  var destinationPorts: IntervalSet<UInt32>?
  var icmpType: UInt8?
  var icmpCode: UInt8?
  /// What of it cannot be known offline.
  var undecidable: String?
  /// Whether a part was not understood; the error has been reported.
  var isUnparsed = false

  /// The family of packets that can carry the protocol at all; nil for both.
  var family: IPFamily? {
    switch protocolNumber {
    case IPProtocol.icmp: .v4
    case IPProtocol.icmpv6: .v6
    default: nil
    }
  }
}

/// A rule of a provider before it becomes one or two rules of the graph.
struct RuleDraft: Sendable {
  var source = AddressMatch.any
  var destination = AddressMatch.any
  /// The only family that the rule is about; nil for both.
  var family: IPFamily?
  var transport = TransportMatch()
  var verdict: Verdict
  /// Further reasons why it may not apply.
  var undecidable: [String] = []
  /// Whether the rule is sure to match nothing.
  var isNever = false
  /// Whether a part was not understood; the error has been reported.
  var isUnparsed = false
  var range: SourceRange
  /// How the provider calls it.
  var label: RuleLabel?

  /// A rule without matches.
  init(_ verdict: Verdict, range: SourceRange) {
    self.verdict = verdict
    self.range = range
  }

  /// Notes the nodes that name and describe the rule.
  mutating func setLabel(name: YAMLNode?, description: YAMLNode?) {
    func place(_ node: YAMLNode?) -> SourceRange? { node.flatMap { $0.isNull || $0.kind != .scalar ? nil : $0.range } }
    let (name, description) = (place(name), place(description))
    if name != nil || description != nil { label = RuleLabel(name: name, description: description) }
  }

  /// The end that is not the unit's.
  mutating func setPeer(_ match: AddressMatch, _ direction: TrafficDirection) {
    switch direction {
    case .ingress: source = match
    case .egress: destination = match
    }
  }

  /// The unit's own end.
  mutating func setLocal(_ match: AddressMatch, _ direction: TrafficDirection) {
    switch direction {
    case .ingress: destination = match
    case .egress: source = match
    }
  }
}
