import Compliance
import RuleGraph
import SourceText

/// `check` as one HTML file that needs nothing else: the matrix of rows and firewalls, the findings with their lines,
/// what is suppressed and why, and the chains as a drawing.
///
/// No scripts, and no reference to anything outside of the file.
public struct HTMLReport {
  let report: CheckReport
  let lines: [String: LineIndex]
  private let version: String
  private let charts: [(name: String, graphs: [RuleGraph])]

  /// Findings that are shown.
  static let limit = 2000

  /// Makes a report of the program's version; `firewalls` are drawn.
  public init(_ report: CheckReport, version: String, firewalls: [LoadedFirewall] = []) {
    self.report = report
    self.version = version
    charts = firewalls.map { ($0.name, $0.graphs) }
    let paths = Set(report.findings.compactMap { $0.location?.path })
    lines = report.sources.filter { paths.contains($0.key) }.mapValues { LineIndex($0) }
  }

  /// The whole document.
  public func render() -> String {
    let head = HTMLNode.element(
      "head", [],
      .element("meta", [HTMLNode.Attribute("charset", "utf-8")]),
      .element(
        "meta",
        [
          HTMLNode.Attribute("name", "viewport"), HTMLNode.Attribute("content", "width=device-width, initial-scale=1"),
        ]),
      .element("title", text: "fwlint: \(verdict)"), .style(Self.style))
    var sections = [heading]
    if !report.requirements.isEmpty { sections.append(matrix) }
    sections.append(findings)
    if !report.suppressed.isEmpty { sections.append(suppressed) }
    if !remarks.isEmpty { sections.append(remarkList) }
    sections += drawings
    sections.append(inputs)
    let body = HTMLNode.element("body", [], .element("main", [], sections))
    let html = HTMLNode.element("html", [HTMLNode.Attribute("lang", "en")], head, body)
    return "<!DOCTYPE html>\n" + html.render() + "\n"
  }

  private var remarks: [String] { report.remarks + BaselineText.remarks(report) }

  /// The outcome in a few words.
  private var verdict: String {
    let counts = Severity.allCases.reversed().map { (report.count($0), $0.rawValue) }.filter { $0.0 > 0 }
    return counts.isEmpty
      ? "no findings" : counts.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }.joined(separator: ", ")
  }

  private var heading: HTMLNode {
    var chips: [HTMLNode] = []
    func add(_ count: Int, _ word: String, _ look: String) {
      chips.append(.element("li", class: "chip \(count == 0 ? "" : look)", text: "\(count) \(word)"))
    }
    if report.findings.isEmpty { chips.append(.element("li", class: "chip good", text: "no findings")) }
    add(report.count(.error), report.count(.error) == 1 ? "error" : "errors", "error")
    add(report.count(.warning), report.count(.warning) == 1 ? "warning" : "warnings", "warning")
    add(report.count(.note), report.count(.note) == 1 ? "note" : "notes", "note")
    if !report.suppressed.isEmpty { add(report.suppressed.count, "suppressed", "") }
    let policy = report.policyName.map { "Policy \($0) \(report.policyVersion ?? ""). " } ?? ""
    let files = "\(report.inputs.count) file\(report.inputs.count == 1 ? "" : "s")"
    return .element(
      "header", [], .element("h1", text: "Firewall compliance"),
      .element("p", class: "faint", text: "\(policy)\(files), \(report.ruleCount) rules. fwlint \(version)."),
      .element("ul", [HTMLNode.Attribute("class", "chips")], chips))
  }

  // MARK: Rows and firewalls

  private var matrix: HTMLNode {
    var firewalls: [String] = []
    var known: Set<String> = []
    for row in report.requirements where known.insert(row.firewall).inserted { firewalls.append(row.firewall) }
    var order: [String] = []
    var statuses: [String: [String: RequirementVerdict]] = [:]
    for row in report.requirements {
      let key = "\(row.id)\u{1F}\(row.feature)"
      if statuses[key] == nil { order.append(key) }
      statuses[key, default: [:]][row.firewall] = row
    }
    let head = HTMLNode.element(
      "tr",
      ["Row", "Feature", "Direction"].map { HTMLNode.element("th", [HTMLNode.Attribute("scope", "col")], text: $0) }
        + firewalls.map { .element("th", class: "place", [HTMLNode.Attribute("scope", "col")], text: $0) })
    let body = order.map { key -> HTMLNode in
      let own = statuses[key] ?? [:]
      guard let row = own.first?.value else { return .many([]) }
      return .element(
        "tr", [],
        .element("th", [HTMLNode.Attribute("scope", "row")], text: row.id), .element("td", text: row.feature),
        .element("td", text: row.direction), .many(firewalls.map { cell(own[$0]) }))
    }
    return .element(
      "section", [], .element("h2", text: "Required flows"),
      .element(
        "div", class: "scroll", [],
        .element("table", [], .element("thead", [], head), .element("tbody", [], body))))
  }

  private func cell(_ row: RequirementVerdict?) -> HTMLNode {
    guard let row else { return .element("td", class: "not-applicable", text: "–") }
    let word = Self.mark(row.status) + " " + row.status.rawValue
    let index = report.findings.prefix(Self.limit).firstIndex {
      $0.firewall == row.firewall && $0.requirements.contains(row.id)
    }
    guard let index, row.status != .open, row.status != .notApplicable else {
      return .element("td", class: "status \(row.status.rawValue)", text: word)
    }
    return .element(
      "td", class: "status \(row.status.rawValue)", [],
      .element("a", [HTMLNode.Attribute("href", "#finding-\(index + 1)")], text: word))
  }

  private static func mark(_ status: RequirementStatus) -> String {
    switch status {
    case .open: "✓"
    case .partial: "◐"
    case .blocked: "✗"
    case .undecided: "?"
    case .notApplicable: "–"
    }
  }

  // MARK: The rest

  private var remarkList: HTMLNode {
    .element(
      "section", [], .element("h2", text: "Remarks"),
      .element("ul", [], remarks.map { HTMLNode.element("li", class: "place", text: $0) }))
  }

  private var suppressed: HTMLNode {
    let rows = report.suppressed.prefix(Self.limit).map { entry -> HTMLNode in
      let note = entry.suppression
      let place = entry.finding.location.map { "\($0.path):\($0.line)" } ?? entry.finding.firewall ?? ""
      return .element(
        "tr", [], .element("th", [HTMLNode.Attribute("scope", "row")], text: entry.finding.code),
        .element("td", class: "place", text: place), .element("td", text: entry.finding.message),
        .element("td", text: note.kind.rawValue), .element("td", text: note.reason ?? ""),
        .element("td", text: note.until?.description ?? ""))
    }
    let head = HTMLNode.element(
      "tr", ["Check", "Where", "What", "By", "Why", "Until"].map { HTMLNode.element("th", text: $0) })
    return .element(
      "section", [], .element("h2", text: "Suppressed"),
      .element(
        "div", class: "scroll", [],
        .element("table", [], .element("thead", [], head), .element("tbody", [], rows))))
  }

  private var drawings: [HTMLNode] {
    let figures = charts.compactMap { name, graphs -> HTMLNode? in
      let chart = ChainChart(graphs)
      guard !chart.boxes.isEmpty else { return nil }
      let rest = chart.leftOut == 0 ? "" : ", \(chart.leftOut) more chains are not drawn"
      return .element(
        "figure", [], .element("figcaption", text: name + rest),
        .element("div", class: "scroll", [], chart.svg(title: "Chains of \(name)")))
    }
    return figures.isEmpty
      ? []
      : [
        .element(
          "section", [], .element("h2", text: "Chains"),
          .element(
            "p", class: "faint",
            text:
              "Base chains have a bold border; dashed boxes are chains that no base chain leads to; dashed lines are "
              + "gotos."), .many(figures))
      ]
  }

  private var inputs: HTMLNode {
    let rows = report.inputs.map { input in
      HTMLNode.element(
        "tr", [], .element("td", class: "place", text: input.path), .element("td", text: input.dialect),
        .element("td", class: "place", [], .element("code", text: input.sha256)))
    }
    let head = HTMLNode.element("tr", ["File", "Language", "SHA-256"].map { HTMLNode.element("th", text: $0) })
    return .element(
      "section", [], .element("h2", text: "Files"),
      .element(
        "div", class: "scroll", [],
        .element("table", [], .element("thead", [], head), .element("tbody", [], rows))))
  }
}

extension HTMLNode {
  /// An element of a list of children.
  static func element(_ name: StaticString, _ children: [HTMLNode]) -> HTMLNode { .element(name, [], children) }
}
