import SourceText
import YAMLDocument

extension Policy {
  /// Reads a policy document.
  ///
  /// The policy is nil when the document is no mapping or does not say its name. Any error among the diagnostics means
  /// that the policy must not be used.
  public static func parse(_ source: SourceFile) -> (policy: Policy?, diagnostics: [Diagnostic]) {
    parse(source, isTrusted: false)
  }

  /// Reads a policy document; one that is trusted is not checked for names that do not exist, and may lack its words.
  static func parse(_ source: SourceFile, isTrusted: Bool) -> (policy: Policy?, diagnostics: [Diagnostic]) {
    let (documents, diagnostics) = YAMLDocument.parse(source)
    guard let root = documents.first else {
      let nothing = Diagnostic(.error, "the policy is empty", range: SourceRange(0, 0))
      return (nil, diagnostics.isEmpty ? [nothing] : diagnostics)
    }
    var reader = PolicyReader(isTrusted: isTrusted)
    reader.read(root)
    if documents.count > 1 { reader.nodes.error("a policy is a single document", at: documents[1].range) }
    if !isTrusted { reader.checkReferences() }
    let policy = reader.policy.name.isEmpty || reader.policy.version.isEmpty ? nil : reader.policy
    return (policy, diagnostics + reader.nodes.diagnostics)
  }
}

/// Reads the parts of a policy document.
struct PolicyReader {
  /// Whether names are known to exist, so that where they stand need not be remembered.
  let isTrusted: Bool
  var nodes = NodeReader()
  var policy = Policy(name: "", version: "")
  /// Where names are defined.
  var definitions: [Place] = []
  /// Where names are used that must be defined.
  var uses: [Place] = []
  /// Where names are explained.
  var explanations: [Place] = []
  /// Where rows name their mirrors.
  var mirrors: [Place] = []

  /// A name, and where it stands.
  struct Place {
    enum Kind: String {
      case feature
      case role
      case setting
      case mode
      case row
    }
    var kind: Kind
    var name: String
    var range: SourceRange
  }

  private static let keys = [
    "policy", "version", "modes", "settings", "roles", "encrypted", "incoming", "outgoing", "unlisted", "words",
  ]

  mutating func read(_ root: YAMLNode) {
    var encrypted: [NodeReader.Entry] = []
    var words: NodeReader.Entry?
    for entry in nodes.entries(root, "the policy") {
      let value = entry.value
      if words != nil {
        nodes.error("'words' must be the last key, and \(entry.key) stands after it", at: entry.keyRange)
      }
      switch entry.key {
      case "policy": policy.name = nodes.text(value, "policy") ?? ""
      case "version": policy.version = nodes.text(value, "version") ?? ""
      case "modes":
        policy.modes = nodes.texts(value, "modes")
        for mode in policy.modes { define(.mode, mode, value.range) }
      case "settings": readSettings(value)
      case "roles": readRoles(value)
      case "encrypted": encrypted = nodes.entries(value, "encrypted")
      case "incoming": readRows(value, .incoming, into: \.rows)
      case "outgoing": readRows(value, .outgoing, into: \.rows)
      case "unlisted": readUnlisted(value)
      case "words": words = entry
      default: nodes.unknownKey(entry, of: "a policy", known: PolicyReader.keys)
      }
    }
    if policy.name.isEmpty { nodes.error("the policy has no name under 'policy'", at: NodeReader.place(root)) }
    if policy.version.isEmpty { nodes.error("the policy has no version under 'version'", at: NodeReader.place(root)) }
    policy.index()
    linkMirrors()
    for entry in encrypted { readEncrypted(entry) }
    if let words {
      readWords(words.value)
    } else if !isTrusted {
      nodes.error("the policy has no key 'words'", at: NodeReader.place(root))
    }
  }

  private mutating func readSettings(_ node: YAMLNode) {
    for entry in nodes.entries(node, "settings") {
      define(.setting, entry.key, entry.keyRange)
      guard let port = nodes.number(entry.value, "the default port", from: 1, to: 65535) else { continue }
      policy.settings.append(Setting(name: entry.key, defaultPort: UInt16(port), configuredBy: ""))
    }
  }

  /// Reads roles, by what they stand for while a site does not bind them.
  private mutating func readRoles(_ node: YAMLNode) {
    for entry in nodes.entries(node, "roles") {
      let meaning = RoleDefault(rawValue: entry.key)
      if meaning == nil, entry.key != "bind" {
        nodes.unknownKey(entry, of: "roles", known: ["bind", "any", "units"])
        continue
      }
      for item in nodes.items(entry.value, "roles") {
        guard let name = nodes.text(item, "a role") else { continue }
        define(.role, name, item.range)
        policy.roles.append(Role(name: name, explanation: "", defaultMeaning: meaning))
      }
    }
  }

  private mutating func readUnlisted(_ node: YAMLNode) {
    for entry in nodes.entries(node, "unlisted") {
      guard let direction = Direction(rawValue: entry.key) else {
        nodes.unknownKey(entry, of: "unlisted", known: Direction.allCases.map(\.rawValue))
        continue
      }
      readRows(entry.value, direction, into: \.unlistedRows)
    }
  }

  private mutating func readEncrypted(_ entry: NodeReader.Entry) {
    guard let sibling = nodes.text(entry.value, "the encrypted feature") else { return }
    use(.feature, entry.key, entry.keyRange)
    use(.feature, sibling, entry.value.range)
    guard let feature = policy.features.firstIndex(where: { $0.name == entry.key }) else { return }
    policy.features[feature].encryptedSibling = sibling
  }

  /// A row names its mirror once; the other row learns of it here.
  private mutating func linkMirrors() {
    for row in policy.rows.indices {
      guard let mirror = policy.rows[row].mirror, mirror != policy.rows[row].id,
        let other = policy.rows.firstIndex(where: { $0.id == mirror })
      else { continue }
      policy.rows[other].mirror = policy.rows[row].id
    }
  }
}

// MARK: Where names stand

extension PolicyReader {
  /// Remembers where a name is defined.
  mutating func define(_ kind: Place.Kind, _ name: String, _ range: SourceRange) {
    if !isTrusted { definitions.append(Place(kind: kind, name: name, range: range)) }
  }

  /// Remembers where a name is used.
  mutating func use(_ kind: Place.Kind, _ name: String, _ range: SourceRange) {
    if !isTrusted { uses.append(Place(kind: kind, name: name, range: range)) }
  }

  /// Remembers where a name is explained.
  mutating func explain(_ kind: Place.Kind, _ name: String, _ range: SourceRange) {
    if !isTrusted { explanations.append(Place(kind: kind, name: name, range: range)) }
  }
}
