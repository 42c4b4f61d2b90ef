import SourceText
import YAMLDocument

extension SiteReader {
  private static let firewallKeys = ["path", "position", "units", "peers", "interfaces", "groups"]

  /// Reads `firewalls`: a list of files with their place.
  mutating func readFirewalls(_ node: YAMLNode) {
    for item in nodes.items(node, "firewalls") {
      if let firewall = readFirewall(item) { site.firewalls.append(firewall) }
    }
  }

  private mutating func readFirewall(_ node: YAMLNode) -> FirewallEntry? {
    var firewall = FirewallEntry(paths: [], position: .forward, range: node.range)
    var position: FirewallPosition?
    var hasPath = false
    var hasPosition = false
    var groupsRange: SourceRange?
    for entry in nodes.entries(node, "a firewall") {
      switch entry.key {
      case "path":
        hasPath = true
        firewall.paths = readPaths(entry.value)
      case "position":
        hasPosition = true
        position = readPosition(entry.value)
      case "units":
        if entry.value.sequence?.isEmpty ?? false { nodes.error("the firewall guards no unit", at: entry.value.range) }
        firewall.units = unitNames(entry.value)
      case "peers": firewall.peers = roleNames(entry.value, "peers")
      case "interfaces": firewall.interfaces = readInterfaces(entry.value)
      case "groups":
        groupsRange = entry.keyRange
        firewall.groups = nodes.texts(entry.value, "groups")
      default: nodes.unknownKey(entry, of: "a firewall", known: SiteReader.firewallKeys)
      }
    }
    if !hasPath { nodes.error("the firewall has no key 'path'", at: NodeReader.place(node)) }
    if !hasPosition {
      nodes.error("the firewall has no key 'position': forward, host or attached", at: NodeReader.place(node))
    }
    guard let position, !firewall.paths.isEmpty else { return nil }
    firewall.position = position
    if let groupsRange, position != .attached {
      nodes.error("groups are for firewalls whose position is attached", at: groupsRange)
    }
    return firewall
  }

  private mutating func readPaths(_ node: YAMLNode) -> [FirewallPath] {
    var paths: [FirewallPath] = []
    for item in nodes.items(node, "path") {
      guard let path = nodes.text(item, "path") else { continue }
      if paths.contains(where: { $0.path == path }) {
        nodes.error("the path \(NodeReader.quoted(path)) is there twice", at: item.range)
      } else {
        paths.append(FirewallPath(path, range: item.range))
      }
    }
    if paths.isEmpty, node.sequence?.isEmpty == true { nodes.error("the firewall has no path", at: node.range) }
    return paths
  }

  private mutating func readPosition(_ node: YAMLNode) -> FirewallPosition? {
    guard let word = nodes.text(node, "position") else { return nil }
    if let position = FirewallPosition(rawValue: word) { return position }
    nodes.unknownWord(word, "position", among: FirewallPosition.allCases.map(\.rawValue), at: node.range)
    return nil
  }

  private mutating func readInterfaces(_ node: YAMLNode) -> [InterfaceBinding] {
    var bindings: [InterfaceBinding] = []
    for entry in nodes.entries(node, "interfaces") {
      if entry.key != InterfaceBinding.units, policy.role(entry.key) == nil {
        let known = [InterfaceBinding.units] + policy.roles.map(\.name)
        nodes.unknownWord(entry.key, "role", among: known, at: entry.keyRange)
        continue
      }
      let names = nodes.texts(entry.value, "interfaces")
      if names.isEmpty {
        if entry.value.sequence != nil { nodes.error("the list names no interface", at: entry.value.range) }
        continue
      }
      bindings.append(InterfaceBinding(subject: entry.key, interfaces: names, range: entry.keyRange))
    }
    return bindings
  }
}
