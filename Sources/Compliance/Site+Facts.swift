import Evaluation
import PacketSets
import Requirements

extension Site {
  /// What the site knows about the place of one of its firewalls: local addresses, contents of references.
  public func facts(behind entry: FirewallEntry) -> SiteFacts {
    var references = resolve
    // A group that the site attaches to units stands for those units wherever another rule refers to it.
    for other in firewalls {
      for group in other.groups ?? [] {
        let attached = units(behind: other).reduce(AddressSet()) { $0.union($1.allAddresses) }
        references[group] = (references[group] ?? AddressSet()).union(attached)
      }
    }
    let addresses = units(behind: entry).reduce(AddressSet()) { $0.union($1.allAddresses) }
    return SiteFacts(localAddresses: entry.position == .host ? addresses : nil, references: references)
  }
}
