import Compliance
import SourceText

extension HTMLReport {
  /// All findings, with a notice where there are too many to show.
  var findings: HTMLNode {
    var nodes: [HTMLNode] = [.element("h2", text: "Findings")]
    if report.findings.isEmpty { nodes.append(.element("p", class: "good", text: "Nothing to report.")) }
    for (index, finding) in report.findings.prefix(Self.limit).enumerated() { nodes.append(article(finding, index)) }
    let rest = report.findings.count - Self.limit
    if rest > 0 { nodes.append(.element("p", class: "warning", text: "\(rest) more findings are not shown.")) }
    return .element("section", [], nodes)
  }

  private func article(_ finding: Finding, _ index: Int) -> HTMLNode {
    let name = CheckRegistry.check(finding.code)?.name ?? ""
    let place = finding.location.map { "\($0.path):\($0.line):\($0.column)" } ?? finding.firewall ?? ""
    var nodes: [HTMLNode] = [
      .element(
        "div", class: "head", [],
        .element("strong", class: finding.severity.rawValue, text: "\(finding.severity.rawValue) \(finding.code)"),
        .element("span", text: name), .element("code", class: "place faint", text: place)),
      .element("h3", text: Self.sentence(finding.message)),
    ]
    if let frame = frame(finding) { nodes.append(frame) }
    let details = details(finding)
    if !details.isEmpty { nodes.append(.element("dl", details)) }
    return .element(
      "article",
      [
        HTMLNode.Attribute("class", finding.severity.rawValue), HTMLNode.Attribute("id", "finding-\(index + 1)"),
      ], nodes)
  }

  private func frame(_ finding: Finding) -> HTMLNode? {
    guard let location = finding.location, let source = report.sources[location.path],
      let index = lines[location.path], let frame = CodeFrame(source, index, location)
    else { return nil }
    let scalars = Array(frame.text.unicodeScalars)
    func text(_ range: Range<Int>) -> HTMLNode {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars[range.clamped(to: 0..<scalars.count)])
      return .text(String(view))
    }
    let end = min(frame.caretStart + frame.caretLength, scalars.count)
    let start = min(frame.caretStart, end)
    return .element(
      "pre", [], .element("span", class: "number", text: "\(frame.number)  "), text(0..<start),
      .element("mark", [], text(start..<end)), text(end..<scalars.count))
  }

  private func details(_ finding: Finding) -> [HTMLNode] {
    var nodes: [HTMLNode] = []
    func add(_ title: String, _ value: HTMLNode) {
      nodes += [.element("dt", text: title), .element("dd", [], value)]
    }
    if let packet = finding.packet { add("Packet", .element("code", text: PacketText.line(packet))) }
    if finding.region.count > 3 {
      add("Where", .many(finding.region.map { HTMLNode.element("p", text: $0.phrase) }))
    }
    for related in finding.related.prefix(20) {
      let place = "\(related.location.path):\(related.location.line):\(related.location.column)"
      add("See", .many([.element("code", text: place), .text(" \(related.message)")]))
    }
    if finding.related.count > 20 { add("See", .text("\(finding.related.count - 20) more places")) }
    if !finding.remediation.isEmpty { add("Fix", .element("pre", text: finding.remediation)) }
    return nodes
  }

  /// A message as a heading: its first letter is a capital, unless it is a name.
  private static func sentence(_ message: String) -> String {
    guard let first = message.first, first.isLowercase else { return message }
    return first.uppercased() + message.dropFirst()
  }
}
