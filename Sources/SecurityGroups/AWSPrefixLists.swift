import PacketSets
import SourceText
import YAMLDocument

/// Contents of prefix lists that stand in the same file as the groups.
///
/// `describe-prefix-lists` prints ids with their blocks; `get-managed-prefix-list-entries` prints blocks without
/// saying whose they are. Those belong to the list whose id stands beside them (`PrefixListId`), else to the only one
/// that the document before names, else to the only list that the groups refer to.
struct AWSPrefixLists {
  private var lists: [String: AddressSet] = [:]
  /// Lists of which an entry was not understood: what else they hold is not known.
  private var damaged: Set<String> = []

  /// A prefix list's addresses, or a reference to it when they are not given.
  func contents(of id: String) -> AddressMatch {
    if let set = lists[id], !damaged.contains(id) { return .set(set) }
    return .reference(kind: "prefix list", name: id)
  }

  /// Reads the lists of all documents.
  init(_ documents: [ExportDocument], _ builder: inout GroupGraphBuilder) {
    var lastNamed: [String] = []
    var nameless: [YAMLNode] = []
    for document in documents {
      switch document.kind {
      case .awsPrefixLists: lastNamed = readLists(document.node, &builder)
      case .awsPrefixListEntries:
        if let id = builder.text(document.node["PrefixListId"]) {
          add(entries: document.node, to: id, &builder)
        } else if lastNamed.count == 1 {
          add(entries: document.node, to: lastNamed[0], &builder)
        } else {
          nameless.append(document.node)
        }
        lastNamed = []
      default: lastNamed = []
      }
    }
    if nameless.isEmpty { return }
    let open = Self.references(documents).filter { lists[$0] == nil }
    if nameless.count == 1, open.count == 1 {
      add(entries: nameless[0], to: open[0], &builder)
      return
    }
    for node in nameless {
      builder.warning(
        "these entries do not say which prefix list they belong to; add 'PrefixListId: pl-...' beside Entries",
        at: node.range)
    }
  }

  private mutating func readLists(_ node: YAMLNode, _ builder: inout GroupGraphBuilder) -> [String] {
    var ids: [String] = []
    for list in builder.elements(node["PrefixLists"]) {
      guard let id = builder.text(list["PrefixListId"]) else { continue }
      ids.append(id)
      guard let blocks = list["Cidrs"], blocks.count > 0 else { continue }
      add(builder.elements(blocks), to: id, &builder)
    }
    return ids
  }

  private mutating func add(entries node: YAMLNode, to id: String, _ builder: inout GroupGraphBuilder) {
    add(builder.elements(node["Entries"]).map { $0["Cidr"] ?? $0 }, to: id, &builder)
  }

  private mutating func add(_ blocks: [YAMLNode], to id: String, _ builder: inout GroupGraphBuilder) {
    var prefixes: [IPPrefix] = []
    for block in blocks {
      if case .prefix(let prefix) = builder.block(block) {
        prefixes.append(prefix)
      } else {
        damaged.insert(id)
      }
    }
    lists[id] = (lists[id] ?? AddressSet()).union(AddressSet(prefixes))
  }

  /// The prefix lists that groups and rules refer to, each once.
  private static func references(_ documents: [ExportDocument]) -> [String] {
    var ids: [String] = []
    func add(_ node: YAMLNode?) {
      if let id = node?.scalar, !ids.contains(id) { ids.append(id) }
    }
    for document in documents {
      document.node["SecurityGroupRules"]?.forEachElement { add($0["PrefixListId"]) }
      document.node["SecurityGroups"]?.forEachElement { group in
        for key in ["IpPermissions", "IpPermissionsEgress"] {
          group[key]?.forEachElement { permission in
            permission["PrefixListIds"]?.forEachElement { add($0["PrefixListId"]) }
          }
        }
      }
    }
    return ids
  }
}
