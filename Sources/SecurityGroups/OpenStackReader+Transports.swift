import PacketSets
import RuleGraph
import SourceText
import YAMLDocument

/// Protocols, ports and ICMP types, of the API and of the client's columns.
extension OpenStackReader {
  private static let protocolNames: [String: UInt8] = ["ipip": 4, "ipv6-encap": 41, "pgm": 113]

  /// One or more matches that together are what the rule says.
  mutating func transports(_ node: YAMLNode, _ keys: Keys) -> [TransportMatch] {
    var match = TransportMatch()
    if let (text, place) = given(node[keys.transport]), text.lowercased() != "any" {
      guard let number = protocolNumber(text, at: place.range) else {
        match.isUnparsed = true
        return [match]
      }
      match.protocolNumber = number
    }
    if keys.isColumns { return columnPorts(node["Port Range"], match) }
    let isICMP = match.protocolNumber == IPProtocol.icmp || match.protocolNumber == IPProtocol.icmpv6
    let lower = number(node["port_range_min"], last: isICMP ? 255 : 65535, &match)
    let upper = number(node["port_range_max"], last: isICMP ? 255 : 65535, &match)
    if isICMP {
      match.icmpType = lower.map { UInt8($0) }
      match.icmpCode = upper.map { UInt8($0) }
    } else if let lower, let upper {
      setPorts(lower, upper, at: node["port_range_max"]?.range ?? node.range, &match)
    } else if lower != nil || upper != nil {
      builder.error("a range of ports has port_range_min and port_range_max", at: node.range)
      match.isUnparsed = true
    }
    return [match]
  }

  mutating func number(_ node: YAMLNode?, last: Int, _ match: inout TransportMatch) -> Int? {
    guard let (text, place) = given(node) else { return nil }
    guard let number = ScalarText.integer(text), (0...last).contains(number) else {
      let wanted = last == 255 ? "type or code of ICMP" : "port"
      builder.error("\(ScalarText.shown(text)) is not a \(wanted)", at: place.range)
      match.isUnparsed = true
      return nil
    }
    return number
  }

  mutating func setPorts(_ lower: Int, _ upper: Int, at range: SourceRange, _ match: inout TransportMatch) {
    guard lower <= upper else {
      builder.error("the range of ports ends at \(upper), before it begins at \(lower)", at: range)
      match.isUnparsed = true
      return
    }
    guard match.protocolNumber.map(IPProtocol.hasPorts) ?? false else {
      builder.error("ports need a protocol that has ports", at: range)
      match.isUnparsed = true
      return
    }
    match.destinationPorts = IntervalSet(Interval(UInt32(lower), UInt32(upper)))
  }

  /// The column `Port Range`: `25:25`, or `type=8:code=1` for ICMP; nothing stands for all.
  private mutating func columnPorts(_ node: YAMLNode?, _ match: TransportMatch) -> [TransportMatch] {
    var match = match
    let isICMP = match.protocolNumber == IPProtocol.icmp || match.protocolNumber == IPProtocol.icmpv6
    guard let (text, place) = given(node) else { return isICMP ? icmpColumn(type: nil, code: nil, match) : [match] }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    if isICMP {
      var type: UInt8?
      var code: UInt8?
      for part in parts where !part.isEmpty {
        if part.hasPrefix("type="), let value = UInt8(part.dropFirst(5)) {
          type = value
        } else if part.hasPrefix("code="), let value = UInt8(part.dropFirst(5)) {
          code = value
        } else {
          builder.error("\(ScalarText.shown(text)) is not an ICMP type and code", at: place.range)
          match.isUnparsed = true
          return [match]
        }
      }
      return icmpColumn(type: type, code: code, match)
    }
    let bounds = parts.map { ScalarText.integer(String($0)) }
    guard parts.count <= 2, let lower = bounds.first ?? nil, let upper = bounds.last ?? nil,
      (0...65535).contains(lower), (0...65535).contains(upper)
    else {
      builder.error("\(ScalarText.shown(text)) is not a range of ports", at: place.range)
      match.isUnparsed = true
      return [match]
    }
    setPorts(lower, upper, at: place.range, &match)
    return [match]
  }

  /// The client leaves out an ICMP type or code of 0 as if it were not given: what it prints is sure only for 0.
  private func icmpColumn(type: UInt8?, code: UInt8?, _ match: TransportMatch) -> [TransportMatch] {
    var sure = match
    sure.icmpType = type ?? 0
    sure.icmpCode = code ?? 0
    if code != nil { return [sure] }
    var perhaps = match
    perhaps.icmpType = type
    perhaps.undecidable = "an ICMP \(type == nil ? "type" : "code") of 0, which the list does not show"
    return [sure, perhaps]
  }

  mutating func protocolNumber(_ text: String, at range: SourceRange) -> UInt8? {
    let number =
      Self.protocolNames[text.lowercased()] ?? GroupGraphBuilder.protocolNumber(text)
      ?? IPProtocol.number(named: text)
    if number == nil { builder.error("\(ScalarText.shown(text)) is not a protocol", at: range) }
    return number
  }
}
