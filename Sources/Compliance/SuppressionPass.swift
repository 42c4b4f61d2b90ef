import PacketSets
import Requirements
import RuleGraph
import SourceText

/// Takes suppressed findings out of reports, and reports suppressions that are unused (FW901), expired (FW902) or
/// without a reason (FW903).
///
/// One pass for all sites of a run, as a file may stand in several and its comments count once.
public struct SuppressionPass {
  private let today: CalendarDate
  private let selects: (String) -> Bool
  private let map = SourceMap()
  private var suppressions: [Suppression] = []
  private var seen: Set<String> = []
  private var severities: [String: Severity?] = [:]

  /// Makes a pass of a day; suppressions whose end is before it have no effect.
  ///
  /// - Parameter selects: whether the check of a code ran; of others it is not known whether a suppression is used.
  public init(today: CalendarDate, selects: @escaping (String) -> Bool = { _ in true }) {
    self.today = today
    self.selects = selects
  }

  /// Moves the suppressed findings of one site's report to `suppressed`; those that `mark` marked stay.
  public mutating func apply(to report: inout CheckReport, of input: CheckInput) {
    let first = suppressions.count
    let reader = SuppressionReader(map: map)
    for firewall in input.firewalls {
      for graph in firewall.graphs {
        for source in graph.sources where seen.insert(source.path).inserted {
          suppressions += reader.read(source, dialect: graph.dialect)
        }
      }
    }
    if let site = input.site {
      for code in ["FW901", "FW902", "FW903"] where severities[code] == nil {
        if let severity = site.severity(of: code) { severities[code] = .some(severity) }
      }
      if seen.insert(site.source.path).inserted { suppressions += reader.read(site) }
    }
    guard !suppressions.isEmpty else { return }
    judge(from: first, report, input)
    let entries = input.site.map { $0.source.path }
    var kept: [Finding] = []
    for finding in report.findings {
      guard let index = match(finding, siteFile: entries) else {
        kept.append(finding)
        continue
      }
      if finding.isMandatory {
        suppressions[index].refused.insert(finding.code)
        kept.append(finding)
      } else {
        suppressions[index].used.insert(finding.code)
        report.suppressed.append(SuppressedFinding(finding: finding, suppression: suppressions[index].note))
      }
    }
    report.findings = kept
  }

  /// Marks the findings of a site that nothing can suppress.
  public static func mark(_ findings: inout [Finding], _ site: Site?) {
    let units = (site?.units ?? []).reduce(AddressSet()) { set, unit in
      unit.published.reduce(set.union(unit.allAddresses)) { $0.union(AddressSet($1.address)) }
    }
    for index in findings.indices where isMandatory(findings[index], units: units) {
      findings[index].isMandatory = true
    }
  }

  /// What was not understood, and what must never face the Internet.
  private static func isMandatory(_ finding: Finding, units: AddressSet) -> Bool {
    switch finding.code {
    case "FW204", "FW501", "FW503": true
    // What lets everything in lets in what must never face the Internet.
    case "FW201": finding.packet.map { units.contains($0.destination) } ?? true
    default: false
    }
  }

  private func match(_ finding: Finding, siteFile: String?) -> Int? {
    suppressions.indices.first { index in
      let suppression = suppressions[index]
      guard suppression.mistakes.isEmpty, suppression.note.until.map({ $0 >= today }) ?? true else { return false }
      // An entry of a site file is about that site only.
      if suppression.note.kind == .site, suppression.note.location?.path != siteFile { return false }
      return suppression.matches(finding)
    }
  }

  /// Notes of which codes it can be said that a suppression has no effect.
  private mutating func judge(from first: Int, _ report: CheckReport, _ input: CheckInput) {
    let isWhole = input.site.map { site in
      site.firewalls.count == input.firewalls.count { $0.entry != nil }
    }
    // Where a check left something out, its findings are not known.
    let isCut = report.remarks.contains { $0.contains("left out") || $0.contains("left it out") }
    let isExhausted = !report.exhausted.isEmpty
    let loaded = Set(input.firewalls.map(\.name))
    let files = Set(input.firewalls.flatMap { $0.graphs.flatMap { $0.sources.map(\.path) } })
    for index in suppressions.indices {
      let suppression = suppressions[index]
      let isSite = suppression.lines == nil || suppression.note.location?.path == input.site?.source.path
      if !isSite, !files.contains(suppression.note.location?.path ?? "") { continue }
      if isSite, index < first { continue }
      if isSite, suppression.firewalls.isEmpty ? isWhole != true : !loaded.isSuperset(of: suppression.firewalls) {
        continue
      }
      for code in suppression.codes {
        guard selects(code) else { continue }
        let needsSite = code.hasPrefix("FW1") || code.hasPrefix("FW2") || code == "FW302"
        if needsSite, input.site == nil || isExhausted { continue }
        if code.hasPrefix("FW4") || code.hasPrefix("FW5"), isCut { continue }
        if case .some(.none) = input.site?.severity(of: code) { continue }
        suppressions[index].judged.insert(code)
      }
    }
  }

  // MARK: FW901 to FW903

  /// Adds the findings on the suppressions themselves, when the reports of all sites have been gone through.
  public func finish(_ report: inout CheckReport) {
    let own = findings()
    guard !own.isEmpty else { return }
    report.findings = (report.findings + own).sorted { $0.precedes($1) }
    report.sources.merge(map.sources) { first, _ in first }
  }

  private func findings() -> [Finding] {
    var findings: [Finding] = []
    for suppression in suppressions {
      if !suppression.mistakes.isEmpty {
        let text = suppression.mistakes.joined(separator: "; ")
        add("FW901", "this suppression has no effect: \(text)", suppression, "correct it, or delete it", &findings)
        continue
      }
      if let until = suppression.note.until, until < today {
        let codes = suppression.codes.joined(separator: ", ")
        add(
          "FW902", "this suppression of \(codes) ended on \(until)", suppression,
          "mend what it suppressed, or extend it knowingly", &findings)
        continue
      }
      for code in suppression.codes { findings += unused(code, suppression) }
      if suppression.note.reason == nil {
        let codes = suppression.codes.joined(separator: ", ")
        let remedy = suppression.note.kind == .site ? "add the key reason" : "add reason=\"...\""
        add("FW903", "this suppression of \(codes) gives no reason", suppression, remedy, &findings)
      }
    }
    return findings
  }

  private func unused(_ code: String, _ suppression: Suppression) -> [Finding] {
    var findings: [Finding] = []
    let name = CheckRegistry.check(code).map { "\(code) (\($0.name))" } ?? code
    if suppression.refused.contains(code) {
      add(
        "FW901", "\(name) cannot be suppressed here", suppression,
        "mend the finding; what must never face the Internet and what was not understood is always reported", &findings,
        key: code)
    } else if suppression.judged.contains(code), !suppression.used.contains(code) {
      let place = suppression.lines == nil ? "no finding of \(name) fits this suppression" : "there is no \(name) here"
      add("FW901", "\(place), so this suppression hides nothing", suppression, "delete it", &findings, key: code)
    }
    return findings
  }

  private func add(
    _ code: String, _ message: String, _ suppression: Suppression, _ remedy: String, _ findings: inout [Finding],
    key: String = ""
  ) {
    var severity = CheckRegistry.severity(of: code)
    if let override = severities[code] {
      guard let override else { return }
      severity = override
    }
    let codes = suppression.codes.joined(separator: ",") + " " + suppression.requirements.joined(separator: ",")
    var finding = Finding(
      code: code, severity: severity, message: message, requirements: suppression.requirements,
      location: suppression.note.location, remediation: remedy,
      fingerprint: Fingerprint.make([code, Fingerprint.file(suppression.note.location?.path ?? ""), codes, key]))
    finding.isMandatory = true
    findings.append(finding)
  }
}
