import Compliance
import Evaluation
import FoundationEssentials
import PacketSets
import Reporting
import Requirements
import SourceText
import YAMLDocument

/// What holds when bytes are read as YAML and what is written in it.
enum DocumentProperties {
  // MARK: YAML

  /// Children lie inside of their parents; what was read and printed reads as the same.
  static func checkYAML(_ source: SourceFile) throws(Violation) {
    let limits = YAMLLimits(nodes: 20_000)
    let (documents, diagnostics) = YAMLDocument.parse(source, limits: limits)
    for diagnostic in diagnostics {
      try GraphProperties.checkRange(diagnostic.range, in: source, "'\(diagnostic.message)'")
    }
    for document in documents {
      try checkRanges(document, source)
      guard let text = printed(document) else { continue }
      let (again, _) = YAMLDocument.parse(SourceFile(path: "printed", text: text))
      try require(again.count == 1, "what was printed is no document: \(text)")
      let second = printed(again[0])
      try require(second == text, "reading what was printed gives something else: \(text) became \(second ?? "-")")
    }
  }

  private static func checkRanges(_ node: YAMLNode, _ source: SourceFile) throws(Violation) {
    try GraphProperties.checkRange(node.range, in: source, "a node")
    for child in children(node) { try checkRanges(child, source) }
  }

  private static func children(_ node: YAMLNode) -> [YAMLNode] {
    switch node.kind {
    case .scalar: []
    case .sequence: node.sequence ?? []
    case .mapping: (node.mapping ?? []).flatMap { [$0.key, $0.value] }
    }
  }

  /// The node as YAML on one line, every scalar in quotes; nil where a key is a collection.
  private static func printed(_ node: YAMLNode) -> String? {
    switch node.kind {
    case .scalar: return node.scalar.map(quoted)
    case .sequence:
      var parts: [String] = []
      for element in node.sequence ?? [] {
        guard let part = printed(element) else { return nil }
        parts.append(part)
      }
      return "[" + parts.joined(separator: ", ") + "]"
    case .mapping:
      var parts: [String] = []
      for (key, value) in node.mapping ?? [] {
        guard let key = key.scalar, key.utf8.count < 300, let part = printed(value) else { return nil }
        // Explicit, as libyaml takes other keys only up to a length.
        parts.append("? \(quoted(key)) : \(part)")
      }
      return "{" + parts.joined(separator: ", ") + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      let digits = String(scalar.value, radix: 16)
      result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    }
    return result + "\""
  }

  // MARK: Sites and policies

  static func checkSite(_ source: SourceFile) throws(Violation) {
    let document = Site.parse(
      source, findPolicy: { $0 == "fortimail-7.6" ? policy : nil }, knownCodes: CheckRegistry.checks.map(\.code))
    for diagnostic in document.diagnostics {
      try GraphProperties.checkRange(diagnostic.range, in: source, "'\(diagnostic.message)'")
    }
    let isUsable = !document.diagnostics.contains { $0.severity == .error }
    guard isUsable else { return }
    guard let site = document.site, let policy = document.policy else {
      throw Violation(message: "there is no site, and nobody says why")
    }
    try require(!site.units.isEmpty, "a site without units has no mistake")
    for requirement in site.requirements(policy) { try require(!requirement.row.isEmpty, "a requirement of no row") }
  }

  static let policy: Policy? = Policy.embedded(named: "fortimail-7.6", withWords: false).policy

  static func checkPolicy(_ source: SourceFile) throws(Violation) {
    let (policy, diagnostics) = Policy.parse(source)
    for diagnostic in diagnostics {
      try GraphProperties.checkRange(diagnostic.range, in: source, "'\(diagnostic.message)'")
    }
    try require(
      policy != nil || diagnostics.contains { $0.severity == .error }, "there is no policy, and nobody says why")
  }

  // MARK: Packets

  /// What was read and printed reads as the same packets.
  static func checkPackets(_ source: SourceFile) throws(Violation) {
    let (packets, mistakes) = PacketReader.read(source)
    for mistake in mistakes { try GraphProperties.checkRange(mistake.range, in: source, "'\(mistake.message)'") }
    guard mistakes.isEmpty else { return }
    let tracer = PacketTracer(graphs: [])
    let reports = packets.map { TracedPacketReport(packet: $0, result: tracer.trace($0), rule: nil) }
    guard let fields = try? JSONDecoder().decode([PacketFields].self, from: Data(TraceReport.json(reports).utf8)),
      let data = try? JSONEncoder().encode(fields)
    else { throw Violation(message: "an answer is no JSON") }
    let (again, doubts) = PacketReader.read(SourceFile(path: "printed", bytes: Array(data)))
    try require(doubts.isEmpty, "what was printed has a mistake: \(doubts.first?.message ?? "")")
    try require(again == packets, "reading what was printed gives other packets")
  }
}

/// The fields of a packet that `trace` reads, as its answers repeat them.
private struct PacketFields: Codable {
  var hook: String
  var src: String
  var dst: String
  var proto: String
  var sport: Int?
  var dport: Int?
  var type: Int?
  var code: Int?
  var iif: String?
  var oif: String?
  var state: String
  var flags: [String]?
  var mark: UInt32
  var ttl: Int?
  var dscp: Int?
  var length: Int?
}
