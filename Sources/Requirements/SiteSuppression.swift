import SourceText

/// Findings that the site file accepts, for those that have no line to write a comment on.
public struct SiteSuppression: Sendable, Hashable {
  /// Codes such as `FW101`; never empty.
  public var codes: [String]
  /// Ids of rows; empty: whichever.
  public var requirements: [String]
  /// Paths of the site's firewalls; empty: whichever.
  public var firewalls: [String]
  /// Fingerprints of single findings; empty: whichever.
  public var fingerprints: [String]
  /// The last day on which it holds; nil: for ever.
  public var until: CalendarDate?
  /// Why; nil when the site does not say.
  public var reason: String?
  public var range: SourceRange

  /// Makes an entry.
  public init(
    codes: [String], requirements: [String] = [], firewalls: [String] = [], fingerprints: [String] = [],
    until: CalendarDate? = nil, reason: String? = nil, range: SourceRange = SourceRange(0, 0)
  ) {
    self.codes = codes
    self.requirements = requirements
    self.firewalls = firewalls
    self.fingerprints = fingerprints
    self.until = until
    self.reason = reason
    self.range = range
  }
}
