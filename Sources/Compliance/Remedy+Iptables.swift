import Evaluation
import PacketSets

extension Remedy {
  /// Lines with the stand-in CHAIN; one for each pair of prefixes, as iptables has no lists.
  func iptablesRules(_ box: PacketBox, _ family: IPFamily, isReply: Bool, target: String) -> String {
    if isReply { return "-A CHAIN -m conntrack --ctstate ESTABLISHED,RELATED -j \(target)" }
    func options(_ set: AddressSet?, _ option: String) -> [String] {
      guard let set, set.restricted(to: family) != AddressSet.all.restricted(to: family) else { return [""] }
      let prefixes = set.restricted(to: family).prefixes
      return prefixes.count > 8 ? [""] : prefixes.map { " \(option) \($0)" }
    }
    var transport = ""
    if let number = singleProtocol(box) {
      transport = " -p \(IPProtocol.name(number))"
      let ports = RegionText.ports(box.ports, protocols: box.protocols)
      if number == IPProtocol.icmp || number == IPProtocol.icmpv6 {
        if let type = box.ports?.intervals.first, ports != "any" {
          transport +=
            number == IPProtocol.icmp ? " --icmp-type \(type.lower >> 8)" : " --icmpv6-type \(type.lower >> 8)"
        }
      } else if IPProtocol.hasPorts(number), ports != "any" {
        let list = ports.split(separator: ", ").map { $0.split(separator: "-").joined(separator: ":") }
        transport +=
          list.count > 1 ? " -m multiport --dports \(list.joined(separator: ","))" : " --dport \(list.joined())"
      }
    }
    return options(box.sources, "-s").flatMap { source in
      options(box.destinations, "-d").map { "-A CHAIN\(source)\($0)\(transport) -j \(target)" }
    }.joined(separator: "\n")
  }
}
