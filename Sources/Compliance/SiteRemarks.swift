import Requirements
import RuleGraph
import SourceText

/// What a site file says to no effect, which only the firewalls' files can tell.
struct SiteRemarks {
  let site: Site
  let firewalls: [LoadedFirewall]

  /// One remark for each key of `resolve` that no file refers to; none while some firewall was not looked at.
  func run() -> [String] {
    guard !site.resolve.isEmpty, site.firewalls.count == firewalls.count(where: { $0.entry != nil }) else { return [] }
    let names = Set(firewalls.flatMap { $0.graphs.flatMap { $0.references.map(\.name) } })
    let lines = LineIndex(site.source)
    return site.resolve.keys.filter { !names.contains($0) }.map { key -> (UInt32, String) in
      let start = site.resolveRanges[key]?.start ?? 0
      let position = lines.position(at: start)
      let hint = Suggestion.hint(for: key, among: names.sorted())
      return (
        start,
        "\(site.source.path):\(position.line):\(position.column): no file refers to '\(key)' of resolve:, or what it "
          + "stands for is in the files already\(hint)"
      )
    }.sorted { $0 < $1 }.map(\.1)
  }
}
