import Requirements
import SourceText

/// What accepts a finding, so that it no longer counts.
public struct SuppressionNote: Sendable, Hashable {
  /// Where it is written.
  public enum Kind: String, Sendable, Hashable {
    /// In a comment of the config.
    case comment
    /// Under `suppressions` of the site file.
    case site
    /// In a baseline.
    case baseline
  }

  public var kind: Kind
  /// Why; nil when nobody says.
  public var reason: String?
  /// The last day on which it holds.
  public var until: CalendarDate?
  /// The comment or entry; nil for baselines.
  public var location: Location?

  /// Makes a note.
  public init(kind: Kind, reason: String? = nil, until: CalendarDate? = nil, location: Location? = nil) {
    self.kind = kind
    self.reason = reason
    self.until = until
    self.location = location
  }
}

/// A finding that something accepts.
public struct SuppressedFinding: Sendable, Hashable {
  public var finding: Finding
  public var suppression: SuppressionNote

  /// Makes an entry.
  public init(finding: Finding, suppression: SuppressionNote) {
    self.finding = finding
    self.suppression = suppression
  }
}

/// A suppression of a config's comments or of the site file, and what became of it.
struct Suppression {
  var note: SuppressionNote
  var codes: [String]
  /// Ids of rows; empty: whichever.
  var requirements: [String]
  /// Paths of firewalls; empty: whichever.
  var firewalls: [String] = []
  var fingerprints: [String] = []
  /// The lines of the comment's file that it speaks of; nil for the site file's entries.
  var lines: ClosedRange<Int>?
  var mistakes: [String] = []
  /// Codes that it suppressed findings of.
  var used: Set<String> = []
  /// Codes of findings that it met and that must not be suppressed.
  var refused: Set<String> = []
  /// Codes of which it can be said whether it has an effect: their checks ran on everything that it speaks of.
  var judged: Set<String> = []

  /// Whether it speaks of a finding.
  func matches(_ finding: Finding) -> Bool {
    guard codes.contains(finding.code) else { return false }
    if let lines {
      guard let location = finding.location, location.path == note.location?.path else { return false }
      // A range that ends at the start of a line does not hold anything of that line.
      let last = location.endColumn == 1 && location.endLine > location.line ? location.endLine - 1 : location.endLine
      guard lines.overlaps(location.line...max(location.line, last)) else { return false }
    }
    if !firewalls.isEmpty {
      guard let firewall = finding.firewall, firewalls.contains(firewall) else { return false }
    }
    if !fingerprints.isEmpty {
      let prints = [finding.fingerprint, Fingerprint.base(finding.fingerprint)]
      guard fingerprints.contains(where: prints.contains) else { return false }
    }
    guard !requirements.isEmpty else { return true }
    guard !finding.requirements.isEmpty else { return false }
    // A gap may be the same flow of two rows; an opening under several rows concerns each of them.
    return finding.code.hasPrefix("FW1")
      ? finding.requirements.contains(where: requirements.contains)
      : finding.requirements.allSatisfy(requirements.contains)
  }
}
