import SourceText

/// Findings that were there before, so that only new ones count.
///
/// An entry is known by its fingerprint, which holds no line numbers, message texts or folders, and by the file that it
/// is in. A finding of an entry whose file is no longer looked at is still known: the file was renamed with its folder.
public struct Baseline: Sendable, Hashable {
  /// Findings of one fingerprint in one file.
  public struct Entry: Sendable, Hashable {
    public var fingerprint: String
    /// Code of the check, for people who read the file.
    public var code: String
    /// The firewall, or the file of findings that belong to none; relative to the site file where there is one.
    public var path: String
    /// How many such findings there are.
    public var count: Int

    /// Makes an entry.
    public init(fingerprint: String, code: String, path: String, count: Int) {
      self.fingerprint = fingerprint
      self.code = code
      self.path = path
      self.count = count
    }
  }

  /// Sorted by path, code and fingerprint.
  public var entries: [Entry]

  /// Makes a baseline of entries.
  public init(entries: [Entry]) { self.entries = entries }

  /// The baseline of a report: all findings that may be suppressed at all, those that a baseline suppressed among them.
  public init(_ report: CheckReport) {
    let accepted = report.suppressed.filter { $0.suppression.kind == .baseline }.map(\.finding)
    var counts: [Entry: Int] = [:]
    for finding in report.findings + accepted where !finding.isMandatory {
      counts[Self.entry(finding), default: 0] += 1
    }
    entries = counts.map { entry, count in
      Entry(fingerprint: entry.fingerprint, code: entry.code, path: entry.path, count: count)
    }.sorted { ($0.path, $0.code, $0.fingerprint) < ($1.path, $1.code, $1.fingerprint) }
  }

  private static func entry(_ finding: Finding) -> Entry {
    let path = finding.firewall.map(portable) ?? finding.location.map { Fingerprint.file($0.path) } ?? ""
    return Entry(fingerprint: Fingerprint.base(finding.fingerprint), code: finding.code, path: path, count: 0)
  }

  /// A path that means the same on every machine.
  private static func portable(_ path: String) -> String {
    path.hasPrefix("/") ? Fingerprint.file(path) : path
  }

  /// Moves the findings of a report that the baseline knows to `suppressed`, and notes its stale entries.
  ///
  /// - Parameters:
  ///   - isSelected: whether findings of a code are looked at; entries of others are not called stale.
  ///   - isWhole: whether every firewall of the sites was looked at; else only entries of those that were can be stale.
  public func apply(to report: inout CheckReport, isWhole: Bool = true, isSelected: (String) -> Bool = { _ in true }) {
    var left: [Entry: Int] = [:]
    for entry in entries {
      var key = entry
      key.count = 0
      left[key, default: 0] += max(0, entry.count)
    }
    // What is new at its own place may be known from a place that is gone.
    let places = Set(report.firewalls.map(Self.portable) + report.findings.map { Self.entry($0).path })
    func place(of finding: Finding) -> Entry? {
      let own = Self.entry(finding)
      if left[own, default: 0] > 0 { return own }
      return left.filter { candidate, count in
        count > 0 && candidate.fingerprint == own.fingerprint && candidate.code == own.code
          && !places.contains(candidate.path)
      }.keys.min { $0.path < $1.path }
    }
    var kept: [Finding] = []
    var matched = 0
    for finding in report.findings {
      guard !finding.isMandatory, let entry = place(of: finding) else {
        kept.append(finding)
        continue
      }
      left[entry, default: 0] -= 1
      matched += 1
      report.suppressed.append(SuppressedFinding(finding: finding, suppression: SuppressionNote(kind: .baseline)))
    }
    report.findings = kept
    let stale = left.filter { entry, count in
      count > 0 && isSelected(entry.code) && (isWhole || places.contains(entry.path))
    }.map { entry, count in
      Entry(fingerprint: entry.fingerprint, code: entry.code, path: entry.path, count: count)
    }.sorted { ($0.path, $0.code, $0.fingerprint) < ($1.path, $1.code, $1.fingerprint) }
    report.baseline = BaselineOutcome(matched: matched, stale: stale)
  }
}

/// What came of comparing a report with a baseline.
public struct BaselineOutcome: Sendable, Hashable {
  /// Findings that the baseline knows.
  public var matched: Int
  /// Entries that nothing was found for any more.
  public var stale: [Baseline.Entry]

  /// Makes an outcome.
  public init(matched: Int, stale: [Baseline.Entry]) {
    self.matched = matched
    self.stale = stale
  }
}
