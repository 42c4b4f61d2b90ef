import PacketSets

/// What a row needs of the transport layer: one protocol and its destination ports, or its ICMP type and code.
public struct TransportFlow: Sendable, Hashable {
  /// The number in the IP header; ICMP stands for IPv4 only and ICMPv6 for IPv6 only.
  public var protocolNumber: UInt8
  /// The destination ports, all of them; empty for protocols that have none.
  public var ports: IntervalSet<UInt32>
  /// The ICMP or ICMPv6 type; nil: any.
  public var icmpType: UInt8?
  /// The ICMP or ICMPv6 code; nil: any.
  public var icmpCode: UInt8?

  /// Makes a flow over ports.
  public init(protocolNumber: UInt8, ports: IntervalSet<UInt32>) {
    self.protocolNumber = protocolNumber
    self.ports = ports
  }

  /// Makes a flow of ICMP messages, or of a protocol without ports.
  public init(protocolNumber: UInt8, icmpType: UInt8? = nil, icmpCode: UInt8? = nil) {
    self.protocolNumber = protocolNumber
    self.ports = IntervalSet()
    self.icmpType = icmpType
    self.icmpCode = icmpCode
  }

  /// Every port.
  public static let allPorts = IntervalSet<UInt32>(Interval(0, 65535))

  /// Reads `PROTOCOL`, `PROTOCOL/PORT`, `PROTOCOL/FIRST-LAST`, and for ICMP `PROTOCOL/TYPE` or `PROTOCOL/TYPE:CODE`.
  ///
  /// Protocols are names of /etc/protocols or numbers; ports are 1 to 65535.
  public init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first, let number = TransportFlow.protocolNumber(String(Substring(name))) else { return nil }
    if IPProtocol.hasPorts(number) {
      guard parts.count == 2 else {
        self.init(protocolNumber: number, ports: TransportFlow.allPorts)
        return
      }
      guard let ports = TransportFlow.portRange(Substring(parts[1])) else { return nil }
      self.init(protocolNumber: number, ports: IntervalSet(ports))
    } else if number == IPProtocol.icmp || number == IPProtocol.icmpv6 {
      self.init(protocolNumber: number)
      guard parts.count == 2 else { return }
      let fields = parts[1].split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
      guard let type = TransportFlow.decimal(fields[0], upTo: 255) else { return nil }
      self.icmpType = UInt8(type)
      guard fields.count == 2 else { return }
      guard let code = TransportFlow.decimal(fields[1], upTo: 255) else { return nil }
      self.icmpCode = UInt8(code)
    } else {
      guard parts.count == 1 else { return nil }
      self.init(protocolNumber: number)
    }
  }

  /// Reads a protocol's name or its number.
  static func protocolNumber(_ text: String) -> UInt8? {
    switch text {
    case "tcp": IPProtocol.tcp
    case "udp": IPProtocol.udp
    default: decimal(text.utf8, upTo: 255).map(UInt8.init) ?? IPProtocol.number(named: text)
    }
  }

  /// Reads `PORT` or `FIRST-LAST`, each from 1 to 65535, in order.
  static func portRange(_ text: some StringProtocol) -> Interval<UInt32>? {
    let parts = text.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first.flatMap({ decimal($0, upTo: 65535) }), first > 0 else { return nil }
    guard parts.count == 2 else { return Interval(first) }
    guard let last = decimal(parts[1], upTo: 65535), last >= first else { return nil }
    return Interval(first, last)
  }

  /// Reads a decimal number of at most seven digits that is not above a limit.
  ///
  /// Zeros in front are refused: to some readers of YAML they make a number octal.
  static func decimal(_ digits: some Collection<UInt8>, upTo limit: UInt32) -> UInt32? {
    guard !digits.isEmpty, digits.count <= 7, digits.first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
    var value: UInt32 = 0
    for digit in digits {
      guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + UInt32(digit - UInt8(ascii: "0"))
    }
    return value <= limit ? value : nil
  }

  /// The same flow with its ports moved by a distance; nil when a port would leave 1 to 65535.
  func moved(by distance: Int) -> TransportFlow? {
    if distance == 0 || ports.isEmpty { return self }
    var moved: [Interval<UInt32>] = []
    for interval in ports.intervals {
      let lower = Int(interval.lower) + distance
      let upper = Int(interval.upper) + distance
      guard lower >= 1, upper <= 65535 else { return nil }
      moved.append(Interval(UInt32(lower), UInt32(upper)))
    }
    return TransportFlow(protocolNumber: protocolNumber, ports: IntervalSet(moved))
  }
}

extension TransportFlow: CustomStringConvertible {
  /// The text that `init(_:)` reads; several port ranges are separated by commas.
  public var description: String {
    let name = IPProtocol.name(protocolNumber)
    if let icmpType { return "\(name)/\(icmpType)" + (icmpCode.map { ":\($0)" } ?? "") }
    if ports.isEmpty || ports == TransportFlow.allPorts { return name }
    let ranges = ports.intervals.map { $0.lower == $0.upper ? "\($0.lower)" : "\($0.lower)-\($0.upper)" }
    return "\(name)/\(ranges.joined(separator: ","))"
  }
}

/// What a row needs: any one of the alternatives, and all flows of that alternative.
///
/// "UDP and TCP" is one alternative of two flows; "53 or 8888" with "UDP or TCP" is four alternatives of one.
public struct TransportNeeds: Sendable, Hashable {
  /// At least one alternative, each with at least one flow.
  public var alternatives: [[TransportFlow]]

  /// Makes needs of alternatives.
  public init(alternatives: [[TransportFlow]]) { self.alternatives = alternatives }

  /// All flows of all alternatives.
  public var flows: [TransportFlow] { alternatives.flatMap { $0 } }
}

extension TransportNeeds: CustomStringConvertible {
  /// Such as `udp/20000 and tcp/20000`, or `tcp/443 or tcp/8890`.
  public var description: String {
    alternatives.map { $0.map(\.description).joined(separator: " and ") }.joined(separator: " or ")
  }
}
