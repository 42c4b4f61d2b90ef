import PacketSets
import Requirements
import SourceText
import Testing

/// Each file of Fixtures/requirements/sites lists what it requires in lines that start with `#= `.
@Suite("What a site requires")
struct SiteRequirementsTests {
  @Test("follows from its features", arguments: Folder.yamlFiles("sites"))
  func requirements(file: String) throws {
    let source = try read("\(Folder.fixtures)/\(file)")
    let lines = LineIndex(source)
    let document = parseSite(source)
    #expect(document.diagnostics.filter { $0.severity != .note }.map { describe($0, lines) } == [])
    let site = try #require(document.site)
    let policy = try #require(document.policy)
    let expected = (1...lines.lineCount).map { source.text(lines.range(ofLine: $0)) }.filter { $0.hasPrefix("#= ") }
    #expect(site.requirements(policy).map { "#= \($0.line)" } == expected)
  }
}

extension Requirement {
  /// The requirement as fixtures write it.
  fileprivate var line: String {
    let texts = alternatives.map { $0.map(\.text).joined(separator: " + ") }
    let state = applicability == .applies ? "" : " \(applicability)"
    let age = isDeprecated ? " deprecated" : ""
    return "\(row) \(feature)\(state)\(age): \(texts.isEmpty ? "nothing" : texts.joined(separator: " | "))"
  }
}

extension RequiredFlow {
  /// The flow as fixtures write it.
  fileprivate var text: String {
    let addresses =
      switch peers {
      case .known(let addresses): addresses.description
      case .any: "any"
      case .unknown: "unknown"
      case .units: "units"
      }
    return "\(role) \(addresses) \(transport)\(needsReply ? "" : " one-way")"
  }
}
