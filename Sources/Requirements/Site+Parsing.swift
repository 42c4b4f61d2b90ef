import PacketSets
import SourceText
import YAMLDocument

/// What came of reading a site file.
public struct SiteDocument: Sendable {
  /// Nil when the document is no mapping or its policy is not known.
  public var site: Site?
  /// The policy that the site names.
  public var policy: Policy?
  /// What is wrong, sorted by place.
  ///
  /// Any error means that the site must not be used; notes say what does not apply.
  public var diagnostics: [Diagnostic]
}

extension Site {
  /// Reads a site file.
  /// - Parameters:
  ///   - findPolicy: gives the policy of a name such as `fortimail-7.6`, nil for names that it does not know.
  ///   - knownCodes: the codes that `severity` may name; empty: any code of the form FW000.
  ///   - checkNames: codes by the names of their checks, which `suppressions` may use as well.
  ///   - limits: bounds of the work.
  public static func parse(
    _ source: SourceFile, findPolicy: (String) -> Policy?, knownCodes: [String] = [],
    checkNames: [String: String] = [:], limits: YAMLLimits = .standard
  ) -> SiteDocument {
    let (documents, problems) = YAMLDocument.parse(source, limits: limits.withoutForeignTags)
    guard let root = documents.first else {
      let nothing = Diagnostic(.error, "the site file is empty", range: SourceRange(0, 0))
      return SiteDocument(diagnostics: problems.isEmpty ? [nothing] : problems)
    }
    var nodes = NodeReader()
    if documents.count > 1 { nodes.error("a site file is a single document", at: documents[1].range) }
    guard root.kind == .mapping else {
      nodes.error("a site file must be a mapping of keys such as policy, units and features", at: root.range)
      return SiteDocument(diagnostics: problems + nodes.diagnostics)
    }
    let entries = nodes.entries(root, "the site file")
    guard let policy = SiteReader.findPolicy(entries, root.range, findPolicy, &nodes) else {
      return SiteDocument(diagnostics: problems + nodes.diagnostics)
    }
    var reader = SiteReader(nodes: nodes, policy: policy, knownCodes: knownCodes, source: source)
    reader.checkNames = checkNames
    reader.read(entries, root.range)
    let diagnostics = (problems + reader.nodes.diagnostics).sorted {
      ($0.range.start, $0.range.end, $0.message) < ($1.range.start, $1.range.end, $1.message)
    }
    return SiteDocument(site: reader.site, policy: policy, diagnostics: diagnostics)
  }
}

/// Reads the parts of a site file in an order of its own, as later parts are checked against earlier ones.
struct SiteReader {
  var nodes: NodeReader
  let policy: Policy
  let knownCodes: [String]
  /// Codes by the names of their checks.
  var checkNames: [String: String] = [:]
  var site: Site
  /// The words under `by`, which are checked when the firewalls are known.
  var translators: [(name: String, range: SourceRange)] = []
  var interceptsRange = SourceRange(0, 0)
  /// The words under `firewall` of suppressions, which are checked when the firewalls are known.
  var suppressedFirewalls: [(path: String, range: SourceRange)] = []

  static let keys = [
    "policy", "mode", "units", "features", "peers", "choices", "ports", "also-open", "intercepts", "resolve",
    "severity", "suppressions", "firewalls",
  ]

  init(nodes: NodeReader, policy: Policy, knownCodes: [String], source: SourceFile) {
    self.nodes = nodes
    self.policy = policy
    self.knownCodes = knownCodes
    self.site = Site(source: source, policyName: policy.identifier)
  }

  /// The policy that the site names; reports why there is none.
  static func findPolicy(
    _ entries: [NodeReader.Entry], _ whole: SourceRange, _ find: (String) -> Policy?, _ nodes: inout NodeReader
  ) -> Policy? {
    guard let entry = entries.first(where: { $0.key == "policy" }) else {
      for entry in entries where !keys.contains(entry.key) {
        nodes.unknownKey(entry, of: "a site file", known: keys)
      }
      nodes.error("the site file names no policy; add 'policy: \(Policy.embeddedNames[0])'", at: start(of: whole))
      return nil
    }
    guard let name = nodes.text(entry.value, "policy") else { return nil }
    if let policy = find(name) { return policy }
    nodes.unknownWord(name, "policy", among: Policy.embeddedNames, at: entry.value.range)
    return nil
  }

  /// The place for what is missing from a whole file.
  static func start(of range: SourceRange) -> SourceRange { SourceRange(range.start, range.start) }

  mutating func read(_ entries: [NodeReader.Entry], _ whole: SourceRange) {
    var values: [String: YAMLNode] = [:]
    for entry in entries {
      if SiteReader.keys.contains(entry.key) {
        values[entry.key] = entry.value
      } else {
        nodes.unknownKey(entry, of: "a site file", known: SiteReader.keys)
      }
    }
    for key in ["mode", "units", "features"] where values[key] == nil && !(key == "mode" && policy.modes.isEmpty) {
      let hint = key == "mode" ? "; one of \(policy.modes.joined(separator: ", "))" : ""
      nodes.error("the site file has no key '\(key)'\(hint)", at: SiteReader.start(of: whole))
    }
    if let value = values["mode"] { readMode(value) }
    if let value = values["features"] { readFeatures(value) }
    if let value = values["units"] { readUnits(value) }
    if let value = values["peers"] { readPeers(value) }
    if let value = values["ports"] { readPorts(value) }
    if let value = values["choices"] { readChoices(value) }
    if let value = values["also-open"] { readAlsoOpen(value) }
    if let value = values["intercepts"] { readIntercepts(value) }
    if let value = values["resolve"] { readResolve(value) }
    if let value = values["severity"] { readSeverities(value) }
    if let value = values["suppressions"] { readSuppressions(value) }
    if let value = values["firewalls"] { readFirewalls(value) }
    checkRoles()
    checkUnits()
    checkModes()
    checkSuppressions()
  }

  private mutating func readMode(_ node: YAMLNode) {
    guard let mode = nodes.text(node, "mode") else { return }
    if policy.modes.contains(mode) {
      site.mode = mode
    } else {
      nodes.unknownWord(mode, "mode", among: policy.modes, at: node.range)
    }
  }

  private mutating func readFeatures(_ node: YAMLNode) {
    var seen: Set<String> = []
    for item in nodes.items(node, "features") {
      guard let name = featureName(item) else { continue }
      if seen.insert(name).inserted {
        site.features.append(DeclaredFeature(name, range: item.range))
      } else {
        nodes.error("the feature '\(name)' is declared twice", at: item.range)
      }
    }
  }

  /// The name of a feature of the policy; reports others.
  mutating func featureName(_ node: YAMLNode) -> String? {
    guard let name = nodes.text(node, "a feature") else { return nil }
    if policy.feature(name) != nil { return name }
    nodes.unknownWord(name, "feature", among: policy.features.map(\.name), at: node.range)
    return nil
  }

  /// The names of roles of the policy; reports others.
  mutating func roleNames(_ node: YAMLNode, _ what: String) -> [String] {
    nodes.items(node, what).compactMap { item in
      guard let name = nodes.text(item, "a role") else { return nil }
      if policy.role(name) != nil { return name }
      nodes.unknownWord(name, "role", among: policy.roles.map(\.name), at: item.range)
      return nil
    }
  }

  /// The names of units of the site; reports others.
  mutating func unitNames(_ node: YAMLNode) -> [String] {
    nodes.items(node, "units").compactMap { item in
      guard let name = nodes.text(item, "a unit") else { return nil }
      if site.unit(name) != nil { return name }
      nodes.unknownWord(name, "unit", among: site.units.map(\.name), at: item.range)
      return nil
    }
  }
}
