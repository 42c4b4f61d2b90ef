import Compliance
import RuleGraph
import SourceText
import Testing

@testable import Reporting

/// The HTML report: valid, harmless, and whole in itself.
@Suite("The HTML report")
struct HTMLReportTests {
  /// A document's tags in their order; nil when they are not well formed.
  struct Markup {
    var tags: [(name: String, attributes: [String: String])] = []
    var problems: [String] = []

    private static let void: Set<String> = ["meta", "br", "hr", "col"]
    /// What a browser would close by itself when another such element begins.
    private static let noNesting: Set<String> = ["p", "li", "tr", "td", "th", "dt", "dd", "a", "option"]

    init(_ text: String) {
      var open: [String] = []
      var rest = Substring(text)
      if rest.hasPrefix("<!DOCTYPE html>") { rest = rest.dropFirst(15) } else { problems.append("no doctype") }
      while let start = rest.firstIndex(of: "<") {
        rest = rest[rest.index(after: start)...]
        guard let end = rest.firstIndex(of: ">") else {
          problems.append("a tag is not closed")
          return
        }
        let body = rest[..<end]
        rest = rest[rest.index(after: end)...]
        if body.first == "/" {
          if open.last == String(body.dropFirst()) {
            open.removeLast()
          } else {
            problems.append("</\(body)> in \(open)")
          }
          continue
        }
        let name = String(body.prefix { $0.isLetter || $0.isNumber })
        let attributes = Self.attributes(body.dropFirst(name.count), &problems)
        tags.append((name, attributes))
        if Self.void.contains(name) { continue }
        if Self.noNesting.contains(name), open.last == name { problems.append("<\(name)> in itself") }
        if open.last == "p", ["div", "p", "pre", "table", "ul", "dl"].contains(name) {
          problems.append("\(name) in p")
        }
        open.append(name)
        if name == "style", let close = rest.firstRange(of: "</style>") { rest = rest[close.lowerBound...] }
      }
      if !open.isEmpty { problems.append("\(open) stay open") }
    }

    private static func attributes(_ text: Substring, _ problems: inout [String]) -> [String: String] {
      var result: [String: String] = [:]
      var rest = text.drop { $0 == " " }
      while !rest.isEmpty {
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" }
        rest = rest[name.endIndex...]
        guard !name.isEmpty, rest.hasPrefix("=\"") else {
          problems.append("an attribute is malformed: \(text)")
          return result
        }
        rest = rest.dropFirst(2)
        guard let quote = rest.firstIndex(of: "\"") else {
          problems.append("a value is not closed")
          return result
        }
        if result[String(name)] != nil { problems.append("\(name) is there twice") }
        result[String(name)] = String(rest[..<quote])
        rest = rest[rest.index(after: quote)...].drop { $0 == " " }
      }
      return result
    }
  }

  private static func chain(_ name: String) -> RuleGraph {
    var graph = RuleGraph(dialect: .nftables, source: SourceFile(path: name, text: name))
    graph.tables.append(Table(name: graph.names.intern(name), family: .inet))
    for hook in [Hook.input, .forward] {
      graph.chains.append(
        Chain(
          name: graph.names.intern(name + hook.keyword), table: 0,
          base: BaseChain(type: .filter, hook: hook, priority: 0, policy: .drop)))
    }
    graph.chains.append(Chain(name: graph.names.intern("lost " + name), table: 0))
    return graph
  }

  private static var hostile: String {
    let firewall = LoadedFirewall(
      name: HostileReport.text, entry: nil, graphs: [chain(HostileReport.text)], diagnostics: [[]])
    return HTMLReport(HostileReport.report, version: "1", firewalls: [firewall]).render()
  }

  @Test func isWellFormed() {
    for text in [Self.hostile, HTMLReport(CheckReport(), version: "1").render()] {
      #expect(Markup(text).problems == [])
    }
  }

  @Test func holdsNothingOfAFileAsMarkup() {
    let markup = Markup(Self.hostile)
    let names = Set(markup.tags.map(\.name))
    #expect(names.isDisjoint(with: ["script", "img", "iframe", "object", "embed", "link", "base", "form", "input"]))
    #expect(!markup.tags.contains { $0.attributes.keys.contains { $0.hasPrefix("on") || $0 == "style" } })
    #expect(!Self.hostile.unicodeScalars.contains { $0 != "\n" && $0.value < 0x20 })
    #expect(!Self.hostile.unicodeScalars.contains("\u{202E}"))
  }

  /// Opened from a disk without a network it looks the same.
  @Test func refersToNothingOutside() {
    let text = Self.hostile
    for tag in Markup(text).tags {
      for (name, value) in tag.attributes {
        switch name {
        case "href": #expect(value.hasPrefix("#"), "\(value)")
        case "src", "srcset", "action", "data", "poster", "background", "cite": Issue.record("\(name) of \(tag.name)")
        case "xmlns": #expect(value == "http://www.w3.org/2000/svg")
        default: #expect(!value.contains("http"), "\(name)=\(value)")
        }
      }
    }
    let style = "\(HTMLReport.style)"
    for word in ["url(", "@import", "http", "//", "expression"] { #expect(!style.contains(word), "\(word)") }
  }

  @Test func identifiersAreDistinctAndMet() {
    let markup = Markup(Self.hostile)
    let identifiers = markup.tags.compactMap { $0.attributes["id"] }
    #expect(Set(identifiers).count == identifiers.count)
    for target in markup.tags.compactMap({ $0.attributes["href"] }) {
      #expect(identifiers.contains(String(target.dropFirst())))
    }
  }

  @Test func everySectionIsThere() {
    for word in ["Required flows", "Findings", "Suppressed", "Remarks", "Chains", "Files"] {
      #expect(Self.hostile.contains("<h2>\(word)</h2>"), "\(word)")
    }
    #expect(Self.hostile.contains("✗ blocked"))
    #expect(Self.hostile.contains("is stale"))
  }

  @Test func largeReportsAreCut() {
    var report = CheckReport()
    let finding = Finding(code: "FW203", severity: .warning, message: "m")
    report.findings = Array(repeating: finding, count: HTMLReport.limit + 3)
    let text = HTMLReport(report, version: "1").render()
    #expect(text.contains("3 more findings are not shown"))
    var graph = Self.chain("a")
    for index in 0..<500 { graph.chains.append(Chain(name: graph.names.intern("c\(index)"), table: 0)) }
    #expect(ChainChart([graph]).leftOut == 503 - ChainChart.limit)
  }

  /// Chains that call one another in a circle, which no kernel loads, are drawn as well.
  @Test func circlesEnd() {
    var graph = Self.chain("a")
    for target in [UInt32(2), 0, 2] {
      graph.chains[Int(target == 2 ? 0 : 2)].rules.append(UInt32(graph.rules.count))
      graph.rules.append(
        Rule(
          firstItem: 0, itemCount: 0, verdict: Verdict(.jump, target), understanding: .exact, range: SourceRange(0, 1)))
    }
    let chart = ChainChart([graph])
    #expect(chart.boxes.count == 3)
    #expect(chart.calls.count == 2)
    #expect(chart.width < 10_000)
  }
}
