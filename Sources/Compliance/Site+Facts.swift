import Evaluation
import PacketSets
import Requirements

extension Site {
  /// What the site knows about the place of one of its firewalls: local addresses, contents of references.
  ///
  /// - Parameter groups: ids of groups by the names under which the site may attach them.
  public func facts(behind entry: FirewallEntry, groups: [String: String] = [:]) -> SiteFacts {
    var references = resolve
    // A group that the site attaches to units stands for those units wherever another rule refers to it.
    for other in firewalls {
      for group in (other.groups ?? []).flatMap({ [$0] + (groups[$0].map { [$0] } ?? []) }) {
        let attached = units(behind: other).reduce(AddressSet()) { $0.union($1.allAddresses) }
        references[group] = (references[group] ?? AddressSet()).union(attached)
      }
    }
    let addresses = units(behind: entry).reduce(AddressSet()) { $0.union($1.allAddresses) }
    return SiteFacts(localAddresses: entry.position == .host ? addresses : nil, references: references)
  }
}

extension Site {
  /// The addresses by which peers call units that have other ones.
  var publishedAddresses: AddressSet {
    units.flatMap(\.published).reduce(AddressSet()) { $0.union(AddressSet($1.address)) }
  }
}

extension LoadedFirewall {
  /// Ids of the firewall's security groups by their names.
  public var groupIDs: [String: String] {
    var ids: [String: String] = [:]
    for group in graphs.flatMap(\.groups) { if let name = group.name { ids[name] = group.id } }
    return ids
  }
}
