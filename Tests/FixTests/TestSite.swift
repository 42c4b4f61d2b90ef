import Compliance
import FoundationEssentials
import IptablesSave
import Nftables
import Requirements
import RuleGraph
import SecurityGroups
import SourceText

/// A site with its files in memory.
struct TestSite {
  let policy: Policy
  let site: Site
  /// The files by path, as the site file writes them.
  var files: [String: SourceFile]

  /// The folder of the repository.
  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// A site of the fixtures, such as `gateway/clean`; nil when it cannot be read.
  init?(fixture: String) {
    let folder = "\(Self.repository)/Fixtures/sites/\(fixture)/"
    guard let text = Self.bytes(folder + "fwlint.yaml") else { return nil }
    self.init(site: SourceFile(path: "fwlint.yaml", bytes: text)) { Self.bytes(folder + $0) }
  }

  /// A site given as text, with one firewall file.
  init?(_ text: String, files: [String: String]) {
    self.init(site: SourceFile(path: "fwlint.yaml", text: text)) { files[$0].map { Array($0.utf8) } }
  }

  private init?(site source: SourceFile, read: (String) -> [UInt8]?) {
    let document = Site.parse(source, findPolicy: { Policy.embedded(named: $0, withWords: false).policy })
    guard let site = document.site, let policy = document.policy else { return nil }
    self.site = site
    self.policy = policy
    files = [:]
    for path in site.firewalls.flatMap(\.paths).map(\.path) {
      guard let bytes = read(path) else { return nil }
      files[path] = SourceFile(path: path, bytes: bytes)
    }
  }

  private static func bytes(_ path: String) -> [UInt8]? {
    FileManager.default.contents(atPath: path).map { [UInt8]($0) }
  }

  /// What the checks look at.
  var input: CheckInput {
    CheckInput(policy: policy, site: site, firewalls: site.firewalls.map { Self.load($0, files) })
  }

  /// Reads a firewall from some files.
  static func load(_ entry: FirewallEntry, _ files: [String: SourceFile]) -> LoadedFirewall {
    var graphs: [RuleGraph] = []
    var diagnostics: [[Diagnostic]] = []
    let sources = entry.paths.compactMap { files[$0.path] }
    var ipsets = IpsetTable()
    for source in sources where IpsetFrontend.recognises(source.bytes) {
      ipsets.merge(IpsetFrontend.parse(source).sets)
    }
    for source in sources where !IpsetFrontend.recognises(source.bytes) {
      let read: (graph: RuleGraph?, diagnostics: [Diagnostic])
      if source.path.hasSuffix(".nft") {
        read = NftablesFrontend.parse(source)
      } else if source.path.hasSuffix(".yaml") {
        read = SecurityGroupFrontend.parse(source)
      } else {
        read = IptablesFrontend.parse(
          source, dialect: source.path.hasSuffix("6") ? .ip6tables : .iptables, ipsets: ipsets)
      }
      guard var graph = read.graph else { continue }
      if let groups = entry.groups { graph = graph.selecting(groups: groups).graph }
      graphs.append(graph)
      diagnostics.append(read.diagnostics)
    }
    return LoadedFirewall(name: entry.paths[0].path, entry: entry, graphs: graphs, diagnostics: diagnostics)
  }

  /// Makes the fixes that can be proved.
  func fixed(unsafe: Bool) -> FixOutcome {
    FixSession(includesUnsafe: unsafe) { firewall, files in
      guard let entry = firewall.entry else { return firewall }
      return Self.load(entry, self.files.merging(files) { $1 })
    }.run(input)
  }

  /// What `check` finds.
  func findings(_ input: CheckInput) -> [Finding] { Checker().run(input).findings }
}
