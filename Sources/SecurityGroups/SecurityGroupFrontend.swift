import RuleGraph
import SourceText
import YAMLDocument

/// Reads exports of cloud security groups: YAML, and so JSON too.
public enum SecurityGroupFrontend {
  /// Reads an export; `dialect` of the graph says which provider was recognised.
  ///
  /// Without a graph nothing was understood: the file is no YAML, or its documents are no security-group export, and
  /// the diagnostics say what they were recognised as. What is not understood inside of an export is an error at its
  /// node and an unparsed rule at its place.
  ///
  /// - Parameters:
  ///   - dialect: the only provider whose documents are read; nil takes that of the first document.
  ///   - limits: bounds of the work.
  public static func parse(
    _ source: SourceFile, dialect: Dialect? = nil, limits: YAMLLimits = .standard
  ) -> (graph: RuleGraph?, diagnostics: [Diagnostic]) {
    // Only templates have tags; elsewhere they must not be read past.
    let plain = read(source, dialect, limits.withoutForeignTags)
    guard plain.graph?.dialect == .cloudformation, source.bytes.contains(UInt8(ascii: "!")) else { return plain }
    return read(source, dialect, limits)
  }

  private static func read(
    _ source: SourceFile, _ dialect: Dialect?, _ limits: YAMLLimits
  ) -> (graph: RuleGraph?, diagnostics: [Diagnostic]) {
    let (nodes, problems) = YAMLDocument.parse(source, limits: limits)
    let documents = nodes.map(ExportDocument.init)
    let found = documents.compactMap(\.dialect)
    let wanted = dialect.flatMap { $0.isSecurityGroup ? $0 : nil }
    guard let chosen = wanted ?? found.first, found.contains(chosen) else {
      return (nil, problems + unrecognised(documents, wanted: wanted, problems, source))
    }
    var builder = GroupGraphBuilder(dialect: chosen, source: source)
    builder.diagnostics = problems
    for document in documents where document.dialect != chosen { passOver(document, chosen, &builder) }
    let own = documents.filter { $0.dialect == chosen }
    let unread = problems.filter { $0.severity == .error }.map(\.range)
    let graph = read(own, chosen, unread: unread, &builder)
    guard !builder.groups.isEmpty else {
      if !builder.diagnostics.contains(where: { $0.severity == .error }) {
        let range = own.first?.node.range ?? SourceRange(0, 0)
        builder.error("an export of \(chosen.title) that holds no security group", at: range)
      }
      return (nil, builder.diagnostics)
    }
    return (graph, builder.diagnostics)
  }

  private static func read(
    _ documents: [ExportDocument], _ dialect: Dialect, unread: [SourceRange], _ builder: inout GroupGraphBuilder
  ) -> RuleGraph {
    switch dialect {
    case .aws:
      let prefixLists = AWSPrefixLists(documents, &builder)
      var reader = AWSReader(builder: builder, prefixLists: prefixLists)
      for document in documents { reader.read(document) }
      builder = reader.builder
      return builder.finish(AWSReader.surroundings(unread: unread))
    case .openstack:
      var reader = OpenStackReader(builder: builder, documents: documents)
      for document in documents { reader.read(document) }
      builder = reader.builder
      return builder.finish(reader.surroundings(unread: unread))
    case .gcp:
      var reader = GCPReader(builder: builder)
      for document in documents { reader.read(document) }
      reader.finish()
      builder = reader.builder
      return builder.finish(GCPReader.surroundings(unread: unread))
    case .azure:
      var reader = AzureReader(builder: builder)
      for document in documents { reader.read(document) }
      reader.finish()
      builder = reader.builder
      return builder.finish(reader.surroundings(unread: unread))
    case .cloudformation:
      for document in documents {
        var reader = CloudFormationReader(builder: builder, document: document)
        reader.read()
        builder = reader.builder
      }
      return builder.finish(AWSReader.surroundings(unread: unread))
    case .nftables, .iptables, .ip6tables, .ipset:
      return builder.finish([:])
    }
  }

  private static func passOver(_ document: ExportDocument, _ chosen: Dialect, _ builder: inout GroupGraphBuilder) {
    switch document.kind {
    case .empty: break
    case .foreign(let name):
      builder.note("passed over: \(name)", at: document.node.range)
    default:
      let other = document.dialect.map(\.title) ?? "another provider"
      builder.error("this document is an export of \(other), the file one of \(chosen.title)", at: document.node.range)
    }
  }

  private static func unrecognised(
    _ documents: [ExportDocument], wanted: Dialect?, _ problems: [Diagnostic], _ source: SourceFile
  ) -> [Diagnostic] {
    let wantedText = wanted.map { " of \($0.title)" } ?? ""
    let errors = documents.compactMap { document -> Diagnostic? in
      let name: String
      switch document.kind {
      case .empty: return nil
      case .foreign(let text): name = text
      default: name = document.dialect.map { "an export of \($0.title)" } ?? "an export"
      }
      return Diagnostic(.error, "\(name), not a security-group export\(wantedText)", range: document.node.range)
    }
    if !errors.isEmpty || problems.contains(where: { $0.severity == .error }) { return errors }
    return [Diagnostic(.error, "the file holds no document", range: SourceRange(0, source.bytes.count))]
  }
}

extension Dialect {
  /// The provider's name in messages.
  var title: String {
    switch self {
    case .aws: "AWS"
    case .openstack: "OpenStack"
    case .gcp: "Google Cloud"
    case .azure: "Azure"
    case .cloudformation: "CloudFormation"
    case .nftables, .iptables, .ip6tables, .ipset: rawValue
    }
  }
}

extension AWSReader {
  /// Reads one document.
  mutating func read(_ document: ExportDocument) {
    let node = document.node
    switch document.kind {
    case .awsGroups: list(node, key: "SecurityGroups").forEach { readGroup($0) }
    case .awsRules: list(node, key: "SecurityGroupRules").forEach { readRule($0) }
    case .awsNetworkACLs: list(node, key: "NetworkAcls").forEach { readNetworkACL($0) }
    default: break
    }
    // Of a stream of pages the last one has no token when all are there.
    if let last = builder.elements(node).last, let token = last["NextToken"], !token.isNull {
      builder.warning("the export is one page of several: its NextToken names the next one", at: token.range)
    }
  }

  /// The elements under the usual key, of all pages, of a bare list, or the one element that the document is.
  private func list(_ node: YAMLNode, key: String) -> [YAMLNode] {
    if let list = node[key] { return builder.elements(list) }
    return builder.elements(node).flatMap { element in element[key].map { builder.elements($0) } ?? [element] }
  }
}
